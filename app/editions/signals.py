"""What higher features listen to: an edition's days, place or fate have changed.

Sent inside the change's transaction; a listener only writes rows. ``change`` is the audit action.
"""

from blinker import Signal

edition_revised = Signal()
"""``(sender=None, edition=)``: anything of it changed, or it is new."""

edition_changed = Signal()
"""``(sender=None, edition=, change=, reason=, now=)``: dates, place or status that people feel."""

capacity_changed = Signal()
"""``(sender=None, edition=, now=)``: there are more or fewer seats than before."""
