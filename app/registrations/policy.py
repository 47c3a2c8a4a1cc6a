"""A change of the admission policy or of the places, while people have registered already.

What happens to each state is said before; it is then done by the same acts as on the desk.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from app.editions.models import AdmissionPolicy
from app.editions.service import check_capacity, revising
from app.i18n import gettext as _
from app.i18n import ngettext
from app.registrations import queries, seating, selection
from scheduler import lifecycle
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition

_R = RegistrationStatus
UNDECIDED = frozenset({_R.SUBMITTED, _R.ENDORSED})


def change(
    edition: Edition, policy: AdmissionPolicy, capacity: int | None, *, by: Person, now: datetime
) -> None:
    """Set who decides on a place, and how many there are; nobody loses one by it.

    Where places are given in order of arrival from now on, whoever waits for a decision gets one
    or a turn in the queue, by the moment at which they registered.

    Raises:
        CapacityError: it is no number of seats.
    """
    check_capacity(capacity)
    if (policy, capacity) == (edition.admission_policy, edition.capacity):
        return
    opens = policy is AdmissionPolicy.OPEN is not edition.admission_policy
    is_off = edition.status is EditionStatus.CANCELLED or seating.is_over(edition, now)
    with revising(edition, "edition.registration_changed", by=by, now=now):
        edition.admission_policy, edition.capacity = policy, capacity
    undecided = [row for row in queries.live(edition) if row.status in UNDECIDED]
    if opens and undecided and not is_off:
        selection.decide_many(edition, undecided, "accept", reason="", by=by, now=now)
    else:
        seating.fill_seats(edition, now=now)


def consequences(edition: Edition, policy: AdmissionPolicy) -> list[str]:
    """Say what becomes of the registrations of ``edition`` if ``policy`` holds from now on."""
    if policy is edition.admission_policy:
        return []
    rows = queries.live(edition)
    count = Counter(row.status for row in rows)
    seated = sum(count[status] for status in lifecycle.SEATED)
    found = [ngettext("%(num)s place stays.", "All %(num)s places stay.", seated)] if seated else []
    if count[_R.WAITLISTED]:
        found.append(
            ngettext(
                "%(num)s in the queue keeps the turn.",
                "%(num)s in the queue keep their turn.",
                count[_R.WAITLISTED],
            )
        )
    undecided = count[_R.SUBMITTED] + count[_R.ENDORSED]
    if undecided:
        found.append(_undecided(policy, undecided))
    if count[_R.RETURNED]:
        found.append(_("%(num)s returned for changes stay so.", num=count[_R.RETURNED]))
    if count[_R.DRAFT]:
        found.append(
            ngettext(
                "%(num)s draft follows the new rule once sent.",
                "%(num)s drafts follow the new rule once sent.",
                count[_R.DRAFT],
            )
        )
    nowhere = sum(row.status in UNDECIDED and row.country_code is None for row in rows)
    if policy is AdmissionPolicy.NOMINATION and nowhere:
        found.append(
            _("%(num)s told no country, so no contact sees them: decide yourself.", num=nowhere)
        )
    return found


def _undecided(policy: AdmissionPolicy, count: int) -> str:
    if policy is AdmissionPolicy.OPEN:
        return _(
            "%(num)s who wait for a decision get a place or a turn now, in order of arrival.",
            num=count,
        )
    if policy is AdmissionPolicy.APPROVAL:
        return _("%(num)s who wait for a decision wait for the organisers alone.", num=count)
    return _("%(num)s who wait for a decision wait for their country, then for you.", num=count)
