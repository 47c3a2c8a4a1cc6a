"""What higher features listen to: an edition's days, place or fate have changed.

Sent inside the change's transaction; a listener only writes rows. ``change`` is the audit action.
"""

from blinker import Signal

edition_revised = Signal()
"""``(sender=None, edition=)``: anything of it changed, or it is new."""

edition_changed = Signal()
"""``(sender=None, edition=, change=, reason=, former_host=, now=)``: dates, place or status.

What people feel; ``former_host`` is the code of a country that hosts it no more.
"""

capacity_changed = Signal()
"""``(sender=None, edition=, now=)``: there are more or fewer seats than before."""
