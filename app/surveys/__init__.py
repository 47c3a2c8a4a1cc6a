"""Surveys after an event: what people thought, and nobody can tell who thought it."""
