"""What higher features listen to: the reference data has changed."""

from blinker import Signal

countries_loaded = Signal()
"""``(sender=None)``: names or regions of countries may be other than before."""
