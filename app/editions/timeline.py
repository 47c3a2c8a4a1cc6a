"""How milestones are told: as items of the ``timeline`` macro, with their acts and time left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import url_for

from app.editions import milestone_changes, milestone_queries, milestones, progress
from app.i18n import gettext as _
from app.i18n import ngettext
from scheduler.ical import EntryStatus
from scheduler.lifecycle import EditionStatus
from scheduler.milestones import MilestoneStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from app.editions.models import Edition, EditionMilestone
    from scheduler.milestones import Progress

_S = EditionStatus
WEEK = 7
DAYS_UP_TO, WEEKS_UP_TO = 21, 120


@dataclass(frozen=True, slots=True)
class Item:
    """One milestone as the macro draws it; ``actions`` are pairs of label and address."""

    title: str
    state: str
    due: date | None = None
    words: str = ""
    note: str = ""
    label: str = ""
    actions: tuple[tuple[str, str], ...] = ()


def time_left(due_on: date, today: date) -> str:
    """Say how far off a day is, or how late one is: ``in 3 weeks``, ``2 months late``."""
    days = (due_on - today).days
    if not days:
        return _("today")
    count = abs(days)
    if count < DAYS_UP_TO:
        amount = ngettext("%(num)s day", "%(num)s days", count)
    elif count < WEEKS_UP_TO:
        amount = ngettext("%(num)s week", "%(num)s weeks", count // WEEK)
    else:
        months = _whole_months(*sorted((due_on, today)))
        amount = ngettext("%(num)s month", "%(num)s months", months)
    return _("in %(amount)s", amount=amount) if days > 0 else _("%(amount)s late", amount=amount)


def _whole_months(earlier: date, later: date) -> int:
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - (later.day < earlier.day)


def of_edition(edition: Edition, today: date, *, may_act: bool) -> list[Item]:
    """Return the milestones of ``edition`` for the desk; ``may_act`` adds what one can do."""
    if edition.status is _S.CANCELLED:
        return []
    if not edition.is_settled:
        if edition.dtstart <= today:
            return []
        return [_item(found, today) for found in progress.preview(edition, today)]
    rows = {row.key: row for row in milestone_queries.of_editions([edition.id])}
    return [
        _item(
            found,
            today,
            _actions(edition, rows[found.milestone.key]) if may_act else (),
            is_recorded=rows[found.milestone.key].is_recorded,
        )
        for found in progress.follow(edition, rows.values(), today)
    ]


def for_the_public(edition: Edition, today: date) -> list[Item]:
    """Return the milestones of ``edition`` that concern its readers, by day."""
    if edition.status is _S.CANCELLED or edition.dates_to_follow or edition.dtend <= today:
        return []
    is_open = edition.status_on(today) is _S.REGISTRATION_OPEN
    told = sorted(
        (
            row.told_on,
            row.position,
            row.title,
            row.done_on is not None or (is_open and row.key == milestones.REGISTRATION_OPENS),
        )
        for row in milestone_queries.of_editions([edition.id])
        if row.told_on is not None and row.told_status is not EntryStatus.CANCELLED
    )
    # What opened today is behind us; what closes today is not.
    passed = [day < today or (day == today and is_done) for day, _place, _title, is_done in told]
    ahead = (day for (day, *_rest), is_past in zip(told, passed, strict=True) if not is_past)
    nearest = next(ahead, None)
    return [
        Item(_(title), "done", day, label=_("Passed") if day < today else "")
        if is_past
        else Item(_(title), "next" if day == nearest else "later", day, time_left(day, today))
        for (day, _place, title, _is_done), is_past in zip(told, passed, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class RegistrationWindow:
    """How registration stands: ``ahead``, ``open`` or ``closed``; its next moment, or its last."""

    state: str
    at: datetime | None = None
    day: date | None = None  # at the place; of a closing, the last day
    left: str = ""


def registration_window(edition: Edition, now: datetime) -> RegistrationWindow | None:
    """Say when one can register for ``edition``; ``None`` where it was never let open."""
    today = edition.day_at(now)
    status, opens_on = edition.status_on(today), edition.registration_opens_on
    if status is _S.ANNOUNCED and edition.status is _S.REGISTRATION_OPEN and opens_on:
        left = time_left(opens_on, today)
        return RegistrationWindow("ahead", edition.registration_opens_at, opens_on, left)
    closes_on = edition.registration_closes_on
    if edition.takes_registrations(now):
        left = time_left(closes_on, today) if closes_on else ""
        return RegistrationWindow("open", edition.registration_closes_at, closes_on, left)
    if status is _S.REGISTRATION_CLOSED:
        has_passed = closes_on is not None and closes_on < today
        return RegistrationWindow("closed", day=closes_on if has_passed else None)
    return None


def act_of(edition: Edition, key: str) -> tuple[str, str] | None:
    """Return label and address of the act by which a milestone of ``edition`` is done, if it can.

    A milestone that no act records is marked by hand.
    """

    def act(name: str) -> str:
        return url_for("editions.act", slug=edition.slug, name=name)

    compare = url_for("hosting.compare", slug=edition.slug)
    acts = {
        (milestones.CALL_OPENS, _S.PROJECTED): (
            _("Open the call"),
            url_for("calls.open_call", slug=edition.slug),
        ),
        (milestones.OFFERS_CLOSE, _S.CALL_OPEN): (_("Compare the offers"), compare),
        (milestones.DECIDED, _S.CALL_OPEN): (_("Compare the offers"), compare),
        (milestones.DECIDED, _S.UNDER_EVALUATION): (_("Compare the offers"), compare),
        (milestones.REGISTRATION_OPENS, _S.ANNOUNCED): (
            _("Open registration"),
            act("open-registration"),
        ),
        (milestones.REGISTRATION_OPENS, _S.REGISTRATION_OPEN): (
            _("Change the day"),
            act("change-registration"),
        ),
        (milestones.REGISTRATION_CLOSES, _S.REGISTRATION_OPEN): (
            _("Change the closing day"),
            act("change-registration"),
        ),
    }
    if key in milestones.AGREEMENT and edition.status in {_S.HOST_SELECTED, _S.CONFIRMED}:
        return _("Record it"), act("agreement")
    if key == milestones.ANNOUNCEMENT and edition.status is _S.CONFIRMED and edition.has_agreement:
        return _("Announce"), act("announce")
    if key not in milestones.AUTOMATIC:
        return _("Mark as done"), record_url(edition, key, "done")
    return acts.get((key, edition.status))


def record_url(edition: Edition, key: str, what: str) -> str:
    """Return the address at which a milestone is marked as done, waived or taken back."""
    return url_for("milestones.record", slug=edition.slug, key=key, what=what)


def _item(
    found: Progress,
    today: date,
    actions: Sequence[tuple[str, str]] = (),
    *,
    is_recorded: bool = False,
) -> Item:
    milestone = found.milestone
    title = _(milestone.title)
    if milestone.is_optional:
        title = _("%(title)s (optional)", title=title)
    state, acts = found.status.value, tuple(actions)
    if found.status is MilestoneStatus.DONE:
        return Item(title, state, found.done_on, actions=acts)
    if found.status is MilestoneStatus.WAIVED:
        if not is_recorded:  # nobody decided so, its time went by
            return Item(title, state, milestone.due_on, label=_("Passed"), actions=acts)
        return Item(title, state, note=_(found.reason), label=_("Waived"), actions=acts)
    due_on = milestone.due_on
    words = time_left(due_on, today) if due_on is not None else milestone.says
    return Item(title, state, due_on, words, actions=acts)


def _actions(edition: Edition, row: EditionMilestone) -> list[tuple[str, str]]:
    if milestone_changes.may_reopen(row):
        return [(_("Take back"), record_url(edition, row.key, "reopen"))]
    if row.is_recorded:
        return []
    found = []
    if act := act_of(edition, row.key):
        found.append(act)
    if milestone_changes.may_waive(edition, row):
        found.append((_("Waive"), record_url(edition, row.key, "waive")))
    return found
