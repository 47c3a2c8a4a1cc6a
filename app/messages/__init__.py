"""Messages of organisers to the people of an edition, and the reminders nobody has to write."""
