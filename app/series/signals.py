"""What higher features listen to: a series has changed.

Sent inside the change's transaction; a listener only writes rows.
"""

from blinker import Signal

series_changed = Signal()
"""``(sender=None, series=)``: its title, kind, region or rule are other than before."""
