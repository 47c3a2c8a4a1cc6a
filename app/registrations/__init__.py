"""Registrations: a person's place at an edition, from the button to the door."""
