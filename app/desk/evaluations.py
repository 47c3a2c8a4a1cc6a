"""What waits while a host is chosen: conditions, scores, rounds of the committee that close.

An organiser reads where each choice stands, a member of the committee what is asked of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from app.accounts import access
from app.desk.decision_lines import Decision
from app.editions import queries as editions
from app.hosting import committee, judges, judging
from app.hosting import decision_queries as rounds
from app.hosting import queries as hosting
from app.hosting.models import UNDECIDED
from app.i18n import gettext as _
from app.i18n import ngettext
from scheduler import hosting as rules
from scheduler.deciding import ANSWERABLE, RoundStatus
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound
    from app.hosting.models import CallForHosts, HostingOffer


def of_rounds(edition_ids: Sequence[int]) -> dict[int, Decision]:
    """Return where the running round of each of these editions stands, by edition."""
    running = rounds.running_of(edition_ids)
    if not running:
        return {}
    agreed, voted = rounds.count_agreed(running), rounds.count_voted(running)
    return {
        row.edition_id: _of_round(row, agreed.get(row.id, 0), voted.get(row.id, 0))
        for row in running
    }


def _of_round(row: CommitteeRound, agreed_count: int, voted_count: int) -> Decision:
    label, due_on = _("See the decision"), row.last_day
    match row.status:
        case RoundStatus.CONSENSUS_OPEN:
            said = ngettext(
                "The committee is asked; %(num)d member has agreed.",
                "The committee is asked; %(num)d members have agreed.",
                agreed_count,
            )
        case RoundStatus.OBJECTED:
            said, label = _("A member objects: open the secret ballot."), _("Open the ballot")
        case RoundStatus.BALLOT_OPEN:
            said = _(
                "The secret ballot runs; %(cast)s of %(voters)s have voted.",
                cast=voted_count,
                voters=row.voter_count,
            )
        case RoundStatus.LAPSED:
            said = _("The ballot had no quorum: open it again.")
        case RoundStatus.TIED:
            said = _("The ballot is tied: a chair decides.")
        case _:
            said, label = _("The ballot is counted: record the decision."), _("Record it")
    return Decision(row.edition, said, due_on, label, _decision_page(row.edition))


def of_judging(judged: Sequence[Edition], due_days: Mapping[int, date | None]) -> list[Decision]:
    """Return the offers that wait for their conditions, and for scores, of these editions."""
    ids = [edition.id for edition in judged]
    offers = hosting.offers_by_edition(ids) if ids else {}
    waiting = [one for found in offers.values() for one in found if one.status in UNDECIDED]
    if not waiting:
        return []
    gates, sheets = judging.gates_now(waiting), judging.sheets_now(waiting)
    calls, found = hosting.calls_of(ids), []
    for edition in judged:
        its = [one for one in waiting if one.edition_id == edition.id]
        unchecked = [
            one
            for one in its
            if rules.open_gates({gate: row.is_passed for gate, row in gates[one.id].items()})
        ]
        due_on = due_days.get(edition.id)
        if unchecked:
            said = ngettext(
                "Check the conditions of %(num)d offer.",
                "Check the conditions of %(num)d offers.",
                len(unchecked),
            )
            url = url_for("judging.gates", public_id=unchecked[0].public_id)
            found.append(Decision(edition, said, due_on, _("Check the conditions"), url))
        given = {(sheet.offer_id, sheet.person_id) for one in its for sheet in sheets[one.id]}
        call = calls.get(edition.id)
        scored = [one for one in its if judging.passes_all(gates[one.id])]
        asked = _asked(call, offers[edition.id], scored) if call is not None else set()
        if asked - given:
            said = _(
                "Scores are due: %(given)s of %(asked)s are given.",
                given=len(asked & given),
                asked=len(asked),
            )
            url = url_for("judging.evaluators", slug=edition.slug)
            found.append(Decision(edition, said, due_on, _("See the evaluators"), url))
    return found


def _asked(
    call: CallForHosts, offers: Sequence[HostingOffer], open_ones: Sequence[HostingOffer]
) -> set[tuple[int, int]]:
    """Return who is to score which offer: all evaluators but those who keep out."""
    people = [
        row.person_id
        for row in hosting.evaluators_of(call)
        if not judges.keeps_out(offers, row.person, row)
    ]
    return {(offer.id, person) for offer in open_ones for person in people}


def of_member(person: Person, now: datetime) -> list[Decision]:
    """Return what is asked of a member of the committee: scores, answers, a ballot."""
    if not access.judge_offers(person):
        return []
    found = []
    for edition in editions.with_status(EditionStatus.UNDER_EVALUATION):
        if committee.recusal(edition, person):
            continue
        row = rounds.running(edition)
        if row is not None:
            found += _asked_in(row, person, now)
        else:
            found += _scores_of(edition, person)
    return found


def _asked_in(row: CommitteeRound, person: Person, now: datetime) -> list[Decision]:
    standing, edition, due_on = committee.standing(row), row.edition, row.last_day
    if person.id not in standing.members or now >= row.closes_at:
        return []
    if row.status in ANSWERABLE and person.id not in standing.agreed | standing.objected:
        said, label = _("Agree to the proposed host, or object."), _("Answer")
        return [Decision(edition, said, due_on, label, _decision_page(edition))]
    if row.status is RoundStatus.BALLOT_OPEN and person.id in standing.voters - standing.voted:
        said, label = _("The secret ballot waits for yours."), _("Vote")
        return [
            Decision(edition, said, due_on, label, url_for("decisions.vote", slug=edition.slug))
        ]
    return []


def _scores_of(edition: Edition, person: Person) -> list[Decision]:
    call = hosting.call_of(edition)
    if call is None or hosting.evaluator(call, person) is None:
        return []
    offers = [one for one in hosting.offers_for(edition) if one.status in UNDECIDED]
    gates, sheets = judging.gates_now(offers), judging.sheets_now(offers)
    missing = [
        one
        for one in offers
        if judging.passes_all(gates[one.id])
        and all(sheet.person_id != person.id for sheet in sheets[one.id])
    ]
    return [
        Decision(
            edition,
            _("Score the offer of %(country)s.", country=one.country.name),
            None,
            _("Score it"),
            url_for("judging.scores", public_id=one.public_id),
        )
        for one in missing
    ]


def _decision_page(edition: Edition) -> str:
    return url_for("decisions.show", slug=edition.slug)
