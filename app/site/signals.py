"""What higher features add to the demonstration."""

from blinker import Signal

demonstration_laid = Signal()
"""``(sender=None, edition=, by=, now=)``: the edition whose registration is open is laid."""
