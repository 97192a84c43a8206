"""Notifications writes to patients: about visits, reminders and cancellations, at lawful hours."""
