"""The command line: starts the platform, sends orders, moves its clock, and shows its state."""
