"""The command line: starts the whole program, feeds it, plays its time forward, and asks it how things stand."""
