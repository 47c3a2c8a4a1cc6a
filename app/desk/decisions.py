"""What waits for an organiser: one line a decision, with its day and its action.

A line comes from the state of an edition, or from a milestone that is overdue or next. Where both
ask for the same act they are one line: the state's words, the milestone's day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import url_for

from app.desk import evaluations
from app.desk.decision_lines import Decision, in_order
from app.editions import milestone_queries, milestone_templates, progress, rows, timeline
from app.editions import queries as editions
from app.editions.milestones import DECIDED
from app.hosting import checklist, proposals
from app.hosting import queries as hosting
from app.i18n import gettext as _
from app.i18n import ngettext
from app.series.queries import all_series
from scheduler.lifecycle import EditionStatus
from scheduler.milestones import MilestoneStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from app.editions.models import Edition, EditionMilestone
    from app.editions.rows import EditionRow
    from app.hosting.models import CallForHosts

_S = EditionStatus
_UNDECIDED = frozenset({_S.CALL_OPEN, _S.UNDER_EVALUATION})
CALL_SOON = timedelta(days=60)  # so long before its day a call for hosts is something to prepare


def next_decisions(today: date, ahead: Sequence[EditionRow] | None = None) -> list[Decision]:
    """Return what waits, the most urgent first.

    ``ahead`` are the editions that are not over, where the caller has read them already.
    """
    every = editions.unfinished(today)
    called = [edition.id for edition in every if edition.status is _S.CALL_OPEN]
    calls = hosting.calls_of(called) if called else {}
    counts = hosting.count_standing(called) if called else {}
    undecided = [edition.id for edition in every if edition.status in _UNDECIDED]
    days = milestone_queries.decision_days(undecided) if undecided else {}
    laid: dict[int, list[EditionMilestone]] = {}
    for row in milestone_queries.of_editions([edition.id for edition in every]) if every else ():
        laid.setdefault(row.edition_id, []).append(row)
    judged = [edition for edition in every if edition.status is _S.UNDER_EVALUATION]
    running = evaluations.of_rounds([edition.id for edition in judged]) if judged else {}
    found = _calls_due(rows.editions_ahead(all_series(), today) if ahead is None else ahead, today)
    for edition in every:
        by_state = None
        if edition.dtend > today or edition.status is _S.POSTPONED:
            by_state = _decision(
                edition,
                calls.get(edition.id),
                counts.get(edition.id, 0),
                days.get(edition.id),
                today,
            )
        its_rows = laid.get(edition.id, [])
        by_milestones = _by_milestones(edition, its_rows, by_state, today)
        if by_state is not None and edition.id in running:  # instead of what the state asks for
            by_milestones = [one for one in by_milestones if one.action_url != by_state.action_url]
            by_state = running[edition.id]
        found += _merged(by_state, by_milestones)
    due_days = {
        edition.id: row.due_on
        for edition in judged
        for row in laid.get(edition.id, [])
        if row.key == DECIDED
    }
    found += evaluations.of_judging(
        [edition for edition in judged if edition.id not in running], due_days
    )
    found += _overdue_tasks(today) + _proposals()
    return in_order(found, today)


def _merged(by_state: Decision | None, by_milestones: Sequence[Decision]) -> list[Decision]:
    """Say what asks for the same act once: in the state's words, by the earliest day."""
    merged: dict[str, Decision] = {}
    if by_state is not None:
        merged[by_state.action_url] = by_state
    for decision in by_milestones:
        standing = merged.get(decision.action_url)
        if standing is None:
            merged[decision.action_url] = decision
        elif standing.due_on is None:
            merged[decision.action_url] = replace(standing, due_on=decision.due_on)
    return list(merged.values())


def _by_milestones(
    edition: Edition,
    rows: Sequence[EditionMilestone],
    by_state: Decision | None,
    today: date,
) -> list[Decision]:
    """Return a line for each milestone of ``edition`` that is overdue or next."""
    if edition.status is _S.CANCELLED or edition.dates_to_follow:
        return []
    manage = f"{url_for('editions.manage', slug=edition.slug)}#milestones"
    found = []
    for step in progress.follow(edition, rows, today):
        if step.status not in {MilestoneStatus.OVERDUE, MilestoneStatus.NEXT}:
            continue
        item = step.milestone
        act = timeline.act_of(edition, item.key)
        if act is None and by_state is not None and step.status is MilestoneStatus.NEXT:
            continue  # its act is not possible yet; what comes before it has its line
        label, url = act or (_("See the edition"), manage)
        said = _("%(title)s.", title=_(item.title))
        found.append(Decision(edition, said, item.due_on, label, url))
    return found


def _overdue_tasks(today: date) -> list[Decision]:
    """Return a line for each item of a host's checklist that is ours and overdue."""
    return [
        Decision(
            task.edition,
            _("%(title)s.", title=checklist.title_of(task)),
            task.due_on,
            _("See the checklist"),
            f"{url_for('hosts.show', slug=task.edition.slug)}#checklist",
        )
        for task in checklist.overdue_of_organisers(today)
    ]


def _proposals() -> list[Decision]:
    """Return a line for each proposal of a host that waits for an answer."""
    return [
        Decision(
            one.edition,
            _("The host proposes a change."),
            None,
            _("Answer it"),
            url_for("proposals.answer", slug=one.edition.slug, number=one.number),
        )
        for one in proposals.waiting()
    ]


def _calls_due(ahead: Iterable[EditionRow], today: date) -> list[Decision]:
    """Return a line for each projected edition whose call for hosts is due."""
    projected = [one for one in ahead if one.status is _S.PROJECTED and one.dtstart > today]
    series = {one.series.id: one.series for one in projected}
    templates = milestone_templates.templates(list(series.values()))
    leads = {series_id: progress.call_lead(steps) for series_id, steps in templates.items()}
    found = []
    for edition in projected:
        lead = leads[edition.series.id]
        due_on = lead.due_on(edition.dtstart) if lead else None
        if due_on is not None and due_on <= today + CALL_SOON:
            earliest = progress.earliest_opening(templates[edition.series.id], today)
            found.append(_call_due(edition, due_on, is_possible=edition.dtstart >= earliest))
    return found


def _call_due(edition: EditionRow, due_on: date, *, is_possible: bool) -> Decision:
    if not is_possible:
        said = _("No call for hosts yet, and not enough time before these days.")
        manage = url_for("editions.manage", slug=edition.slug)
        return Decision(edition, said, due_on, _("See the edition"), manage)
    url = url_for("calls.open_call", slug=edition.slug)
    return Decision(edition, _("Open the call for hosts."), due_on, _("Open the call"), url)


def _decision(  # noqa: PLR0911 - one line a state
    edition: Edition,
    call: CallForHosts | None,
    offer_count: int,
    decide_by: date | None,
    today: date,
) -> Decision | None:
    def act(name: str) -> str:
        return url_for("editions.act", slug=edition.slug, name=name)

    compare = url_for("hosting.compare", slug=edition.slug)
    match edition.status:
        case _S.CALL_OPEN:
            return _called(edition, call, offer_count, decide_by, today)
        case _S.UNDER_EVALUATION:
            said = _("Select a host among the offers.")
            return Decision(edition, said, decide_by, _("Compare the offers"), compare)
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


def _called(
    edition: Edition,
    call: CallForHosts | None,
    offer_count: int,
    decide_by: date | None,
    today: date,
) -> Decision | None:
    """Return the line of an open call; the call of a need runs by itself until somebody offers."""
    compare = url_for("hosting.compare", slug=edition.slug)
    if call is None or not call.is_rolling:
        closes_on = call.last_day if call else None
        said = ngettext(
            "The call for hosts runs; one offer so far.",
            "The call for hosts runs; %(num)s offers so far.",
            offer_count,
        )
        if closes_on is not None and closes_on < today:
            said = _("The call for hosts has ended: close it and compare the offers.")
        return Decision(edition, said, closes_on, _("Compare the offers"), compare)
    if decide_by is None:
        return None
    said = _("An offer waits: close the call, and let the committee decide.")
    return Decision(edition, said, decide_by, _("Compare the offers"), compare)
