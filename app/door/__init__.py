"""The door: who has come, on which day."""
