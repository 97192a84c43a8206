"""The read models: worklist, timeline and summary, and the words in which people read them. Nothing is changed here."""
