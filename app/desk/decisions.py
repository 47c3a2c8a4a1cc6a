"""What waits for an organiser: one line a decision, with its day and its action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import url_for

from app.editions import queries as editions
from app.hosting import queries as hosting
from app.i18n import gettext as _
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from datetime import date

    from app.editions.models import Edition
    from app.hosting.models import CallForHosts

_S = EditionStatus


@dataclass(frozen=True, slots=True)
class Decision:
    """Something to decide: about which edition, what, by which day if there is one, and where."""

    edition: Edition
    text: str
    due_on: date | None
    action_label: str
    action_url: str


def next_decisions(today: date) -> list[Decision]:
    """Return what waits, the most urgent first."""
    waiting = editions.settled_from(today)
    called = [edition.id for edition in waiting if edition.status is _S.CALL_OPEN]
    calls, counts = hosting.calls_of(called), hosting.count_standing(called)
    rows = [
        _decision(edition, calls.get(edition.id), counts.get(edition.id, 0)) for edition in waiting
    ]
    found = [row for row in rows if row is not None]
    return sorted(found, key=lambda row: (row.due_on or row.edition.dtstart, row.edition.slug))


def _decision(  # noqa: PLR0911 - one line a state
    edition: Edition, call: CallForHosts | None, offer_count: int
) -> Decision | None:
    def act(name: str) -> str:
        return url_for("editions.act", slug=edition.slug, name=name)

    compare = url_for("hosting.compare", slug=edition.slug)
    match edition.status:
        case _S.CALL_OPEN:
            closes_on = call.last_day if call else None
            said = _("The call for hosts runs; %(count)s offers so far.", count=offer_count)
            return Decision(edition, said, closes_on, _("Compare the offers"), compare)
        case _S.UNDER_EVALUATION:
            said = _("Select a host among the offers.")
            return Decision(edition, said, None, _("Compare the offers"), compare)
        case _S.HOST_SELECTED:
            said = _("Confirm days, zone and venue with the host.")
            return Decision(edition, said, None, _("Confirm"), act("confirm"))
        case _S.CONFIRMED if not edition.has_agreement:
            said = _("Record the agreement with the host, or a waiver.")
            return Decision(edition, said, None, _("Record it"), act("agreement"))
        case _S.CONFIRMED:
            said = _("Ready to be announced.")
            return Decision(edition, said, None, _("Announce"), act("announce"))
        case _S.ANNOUNCED:
            said = _("Open registration.")
            label = _("Open registration")
            return Decision(edition, said, None, label, act("open-registration"))
        case _S.POSTPONED if edition.dates_to_follow:
            said = _("Postponed without new dates: find them, then confirm.")
            return Decision(edition, said, None, _("Confirm new days"), act("confirm"))
        case _:
            return None
