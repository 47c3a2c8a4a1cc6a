"""Backups: everything an installation holds in one file, proved, and put back whole."""
