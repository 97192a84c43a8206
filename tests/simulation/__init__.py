"""Seeded simulations of the engine and of the services. README.md says what is proved where."""
