"""Use cases of judging offers: gates with evidence, evaluators, scores; and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import audit, database
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.models import Role
from app.countries.service import REGION_NAMES
from app.database import db
from app.hosting import merging, queries
from app.hosting.judging_models import Evaluator, OfferGate, ScoreSheet
from app.hosting.models import STANDING, UNDECIDED
from scheduler import hosting, lifecycle
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.hosting import EVALUATORS_MIN, Balance, Criterion, Gate, Rating
from scheduler.lifecycle import OfferStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.hosting.models import CallForHosts, HostingOffer


class RecusedError(ConflictError):
    """A judgement of somebody who has to keep out."""

    message = N_("You keep out of this choice ({reason}), so you neither score nor vote.")


class NoEvaluatorError(ConflictError):
    """A score of somebody who was not asked."""

    message = N_("You are not among the evaluators of this call. Ask an organiser to assign you.")


class NotJudgedError(ConflictError):
    """A judgement of what is not to be judged."""

    message = N_("The offer of {country} is {status}; it cannot be judged now.")


class EvidenceMissingError(DomainError):
    """A gate that is passed, or not, without saying why."""

    message = N_("Say what shows it: a page of the letter, a call, a document.")


@dataclass(frozen=True, slots=True)
class Judged:
    """All that the committee knows of one offer, as far as the reader may see it."""

    offer: HostingOffer
    gates: Mapping[Gate, OfferGate]
    sheets: Sequence[ScoreSheet]
    rating: Rating | None
    balance: Balance
    may_see_scores: bool

    @property
    def is_eligible(self) -> bool:
        """Whether every gate is passed."""
        return hosting.is_eligible({gate: row.is_passed for gate, row in self.gates.items()})


def assign(
    call: CallForHosts, person: Person, country_code: str | None, *, by: Person, now: datetime
) -> Evaluator:
    """Ask ``person`` to judge the offers of a call; again only changes the country."""
    database.write(call)
    found = queries.evaluator(call, person) or Evaluator(
        call_id=call.id, person_id=person.id, assigned_at=now
    )
    found.country_code = country_code
    db.session.add(found)
    db.session.flush()
    audit.record("edition.evaluator_assigned", call.edition, by=by, now=now)
    return found


def declare_interest(evaluator: Evaluator, words: str, *, by: Person, now: datetime) -> None:
    """Declare an interest: from now on the member keeps out, and its scores do not count."""
    database.write(evaluator)
    evaluator.interest = words
    db.session.flush()
    audit.record("edition.interest_declared", evaluator.call.edition, by=by, now=now)


def recusal(call: CallForHosts, person: Person, evaluator: Evaluator | None) -> str:
    """Return why ``person`` keeps out of the choice, nothing where there is no reason to."""
    return keeps_out(queries.offers_for(call.edition), person, evaluator)


def keeps_out(offers: Sequence[HostingOffer], person: Person, evaluator: Evaluator | None) -> str:
    """Return why ``person`` keeps out of the choice among ``offers``, nothing without a reason."""
    bidding = {offer.country_code for offer in offers if offer.status in STANDING}
    own = set(access.countries_of(person))
    interest = ""
    if evaluator is not None:
        own |= {evaluator.country_code} if evaluator.country_code else set()
        interest = evaluator.interest
    if not hosting.is_recused(own, bidding, has_interest=bool(interest)):
        return ""
    names = [offer.country.name for offer in offers if offer.country_code in own & bidding]
    return ", ".join(dict.fromkeys(names)) or interest


def entitled(call: CallForHosts) -> list[Person]:
    """Return the members of the committee who decide: all but those who keep out."""
    evaluators = {row.person_id: row for row in queries.evaluators_of(call)}
    offers = queries.offers_for(call.edition)
    return [
        person
        for person in accounts.with_role(Role.COMMITTEE)
        if not keeps_out(offers, person, evaluators.get(person.id))
    ]


def gate_facts(gates: Mapping[Gate, OfferGate]) -> dict[str, tuple[bool, str]]:
    """Return what was found of each gate, as forms carry and `check_gates` takes it."""
    return {gate.value: (row.is_passed, row.evidence) for gate, row in gates.items()}


def check_gates(
    offer: HostingOffer,
    found: Mapping[Gate, tuple[bool, str]],
    *,
    seen: str = "",
    by: Person,
    now: datetime,
) -> None:
    """Record which gates an offer passes, each with its evidence; eligible once it passes all.

    What is as it was keeps who checked it. ``seen`` are the marks of what was found before
    (`merging.marks`).

    Raises:
        EvidenceMissingError: nothing shows it.
        NotJudgedError: the offer is not under evaluation.
        WrittenMeanwhileError: somebody else has checked the same, and found otherwise.
    """
    if not all(evidence for _is_passed, evidence in found.values()):
        raise EvidenceMissingError
    database.write(offer)
    _insist_open(offer)
    gates = queries.gates_of([offer])[offer.id]
    typed = {gate.value: result for gate, result in found.items()}
    merged, both = merging.merge(seen, gate_facts(gates), typed)
    if both:
        raise merging.WrittenMeanwhileError
    for gate in found:
        if gate in gates and gate_facts(gates)[gate.value] == merged[gate.value]:
            continue
        row = gates.setdefault(gate, OfferGate(offer_id=offer.id, gate=gate))
        row.is_passed, row.evidence = merged[gate.value]
        row.person_id, row.checked_at = by.id, now
        db.session.add(row)
        db.session.flush()
        audit.record(
            "offer.gate_checked", offer, by=by, now=now,
            changes={"gate": [None, gate.value], "passed": [None, row.is_passed]},
        )  # fmt: skip
    passed = {gate: row.is_passed for gate, row in gates.items()}
    if offer.status is OfferStatus.SUBMITTED and hosting.is_eligible(passed):
        _move(offer, OfferStatus.ELIGIBLE, by, now)


def score(
    offer: HostingOffer,
    scores: Mapping[Criterion, int],
    comments: Mapping[Criterion, str],
    *,
    by: Person,
    now: datetime,
) -> None:
    """Record an evaluator's scores of one offer; given again, they replace the first.

    Raises:
        NoEvaluatorError, RecusedError: ``by`` was not asked, or keeps out.
        ScoreError: a criterion has no score from 0 to 5.
        NotJudgedError: the offer is not under evaluation.
    """
    hosting.check_scores(scores)
    database.write(offer)
    call = queries.call_of(offer.edition)
    evaluator = queries.evaluator(call, by) if call is not None else None
    if call is None or evaluator is None:
        raise NoEvaluatorError
    if reason := recusal(call, by, evaluator):
        raise RecusedError(reason=reason)
    _insist_open(offer)
    sheet = queries.sheet_of(offer, by) or ScoreSheet(offer_id=offer.id, person_id=by.id)
    sheet.scores = {criterion.value: value for criterion, value in scores.items()}
    sheet.comments = {criterion.value: words for criterion, words in comments.items() if words}
    sheet.given_at = now
    db.session.add(sheet)
    db.session.flush()
    audit.record("offer.scored", offer, by=by, now=now)
    offers = queries.offers_for(offer.edition)
    evaluators = {row.person_id: row for row in queries.evaluators_of(call)}
    sheet_count = len(_counted(evaluators, offers, queries.sheets_of([offer])[offer.id]))
    if offer.status is OfferStatus.ELIGIBLE and sheet_count >= EVALUATORS_MIN:
        _move(offer, OfferStatus.EVALUATED, by, now)


def judge(call: CallForHosts, reader: Person | None) -> list[Judged]:
    """Return every offer of a call with its gates and, as far as ``reader`` may, its scores."""
    offers = queries.offers_for(call.edition)
    gates, sheets = queries.gates_of(offers), queries.sheets_of(offers)
    evaluators = {row.person_id: row for row in queries.evaluators_of(call)}
    held = queries.held_regions(call.edition)
    region_count = 1 if call.edition.series.region else len(REGION_NAMES)
    is_organiser = access.organise(reader)
    found = []
    for offer in offers:
        counted = _counted(evaluators, offers, sheets[offer.id])
        own = reader is not None and any(one.person_id == reader.id for one in counted)
        may_see = is_organiser or own or offer.status not in UNDECIDED
        balance = hosting.regional_balance(offer.country.region, held, region_count)
        by_criterion = [
            {Criterion(name): value for name, value in sheet.scores.items()} for sheet in counted
        ]
        rating = hosting.rate(by_criterion, balance.score, call.weights) if may_see else None
        shown = counted if may_see else []
        found.append(Judged(offer, gates[offer.id], shown, rating, balance, may_see))
    return found


def _counted(
    evaluators: Mapping[int, Evaluator],
    offers: Sequence[HostingOffer],
    sheets: Sequence[ScoreSheet],
) -> list[ScoreSheet]:
    """Return the sheets of those who do not keep out."""
    return [
        sheet
        for sheet in sheets
        if not keeps_out(offers, sheet.person, evaluators.get(sheet.person_id))
    ]


def _insist_open(offer: HostingOffer) -> None:
    if offer.status not in UNDECIDED:
        raise NotJudgedError(
            country=offer.country.name, status=offer.status.value.replace("_", " ")
        )


def _move(offer: HostingOffer, target: OfferStatus, by: Person, now: datetime) -> None:
    offer.status = lifecycle.move(lifecycle.OFFER_MOVES, offer.status, target)
    offer.modified_at = now
    db.session.flush()
    audit.record(f"offer.{target.value}", offer, by=by, now=now)
