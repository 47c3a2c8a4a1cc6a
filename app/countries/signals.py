"""What higher features listen to: the reference data has changed."""

from blinker import Signal

countries_loaded = Signal()
"""``(sender=None, renamed, now)``: regions may be other than before, names of ``renamed`` are."""
