"""What happens to offers, told to whatever else hangs on them.

Sent inside the change's transaction; a listener only writes rows.
"""

from blinker import Signal

offers_changed = Signal()
"""``(sender=None, edition=, now=)``: an offer came in, went back, was withdrawn or judged."""
