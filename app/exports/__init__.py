"""Personal data in bulk: one organiser asks, another grants, and the file is gone a day later."""
