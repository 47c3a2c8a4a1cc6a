"""Editions: one symposium, workshop or engagement each, from its projection to its reports."""
