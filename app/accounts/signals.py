"""What higher features listen to: a person wants their data, to be forgotten, or new addresses.

Sent inside a transaction that writes; a listener only reads and writes rows.
"""

from blinker import Signal

person_data = Signal()
"""``(sender=None, person=)``: return ``(name, value)``, all that the feature holds about them.

The value is fit for JSON.
"""

person_erased = Signal()
"""``(sender=None, person=, now=)``: erase what names them; only counts may stay.

The person's own row, roles, sessions, mails and what the audit log says of them are erased
afterwards. A listener erases its own entries of the log by ``audit.forget``.
"""

words_erased = Signal()
"""``(sender=None, swept=, now=)``: texts that named them changed; ``{table: [key, …]}``.

For what is made from such texts and kept elsewhere.
"""

addresses_ended = Signal()
"""``(person, now=)``: every secret address of theirs is to end, somebody may have copied it."""

ground_asked = Signal()
"""``(sender=None, person=, role=, scope_key=, now=)``: return whether ``person``, no organiser,
may give ``role`` for ``scope_key``, for a reason that this feature knows."""
