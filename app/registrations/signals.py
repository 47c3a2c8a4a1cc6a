"""What higher features add to a person's place."""

from blinker import Signal

papers_asked = Signal()
"""``(sender=None, registration=, now=)``: asks for documents as ``[(words, address)]``."""

registration_erased = Signal()
"""``(sender=None, registration=)``: only a count of it will stay; inside the transaction."""

tasks_asked = Signal()
"""``(sender=None, registration=, now=)``: asks what there is to do, ``[(words, address)]``."""
