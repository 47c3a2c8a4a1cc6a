"""Use cases of judging offers: gates with evidence, scores; and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import audit, database
from app.accounts import access
from app.countries.service import REGION_NAMES
from app.database import db
from app.hosting import judges, merging, queries
from app.hosting.judging_models import Evaluator, OfferGate, ScoreSheet
from app.hosting.models import UNDECIDED
from scheduler import hosting, lifecycle
from scheduler.errors import N_, ConflictError, DomainError
from scheduler.hosting import EVALUATORS_MIN, Balance, Criterion, Gate, Rating
from scheduler.lifecycle import EditionStatus, OfferStatus

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


class CallRunsError(ConflictError):
    """A judgement while countries may still offer, or change what they offer."""

    message = N_(
        "The call for hosts of {edition} is still open. Offers are judged once it is closed, when "
        "no country can change its offer any more."
    )


class RollingError(ConflictError):
    """The same, where a region looks for a host and offers come at any time."""

    message = N_(
        "Countries can still offer to host {edition}, and change what they offer. Offers are "
        "judged once an organiser has closed the call; it may be closed as soon as one has come."
    )


class JudgedAlreadyError(ConflictError):
    """A judgement for an edition whose offers are not, or no more, compared."""

    message = N_("{edition} is {status}; its offers are not being judged.")


class NotEligibleError(ConflictError):
    """A score of an offer that is not known to meet the conditions."""

    message = N_(
        "The offer of {country} is scored once an organiser has found that it meets every "
        "condition."
    )


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
    may_score: bool  # now or later: an evaluator who does not keep out

    @property
    def is_eligible(self) -> bool:
        """Whether every gate is passed."""
        return passes_all(self.gates)


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
        CallRunsError, JudgedAlreadyError, NotJudgedError: the offer is not under evaluation.
        WrittenMeanwhileError: somebody else has checked the same, and found otherwise.
    """
    if not all(evidence for _is_passed, evidence in found.values()):
        raise EvidenceMissingError
    database.write(offer.edition)  # first, as everywhere
    database.write(offer)
    insist_judged(offer)
    gates, current = queries.gates_of([offer])[offer.id], gates_now([offer])[offer.id]
    typed = {gate.value: result for gate, result in found.items()}
    merged, both = merging.merge(seen, gate_facts(gates), typed)
    if both:
        raise merging.WrittenMeanwhileError
    for gate in found:
        if gate in current and gate_facts(current)[gate.value] == merged[gate.value]:
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
    _follow(offer, by, now)


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
        CallRunsError, JudgedAlreadyError, NotJudgedError: the offer is not under evaluation.
        NotEligibleError: it does not meet the conditions, as far as is known.
    """
    hosting.check_scores(scores)
    database.write(offer.edition)  # first, as everywhere
    database.write(offer)
    call = queries.call_of(offer.edition)
    evaluator = queries.evaluator(call, by) if call is not None else None
    if call is None or evaluator is None:
        raise NoEvaluatorError
    if reason := judges.recusal(call, by, evaluator):
        raise RecusedError(reason=reason)
    insist_scored(offer)
    sheet = queries.sheet_of(offer, by) or ScoreSheet(offer_id=offer.id, person_id=by.id)
    sheet.scores = {criterion.value: value for criterion, value in scores.items()}
    sheet.comments = {criterion.value: words for criterion, words in comments.items() if words}
    sheet.given_at = now
    db.session.add(sheet)
    db.session.flush()
    audit.record("offer.scored", offer, by=by, now=now)
    _follow(offer, by, now)


def judge(call: CallForHosts, reader: Person | None) -> list[Judged]:
    """Return every offer of a call with its gates and, as far as ``reader`` may, its scores."""
    offers = queries.offers_for(call.edition)
    gates, sheets = gates_now(offers), sheets_now(offers)
    evaluators = {row.person_id: row for row in queries.evaluators_of(call)}
    held = queries.held_regions(call.edition)
    region_count = 1 if call.edition.series.region else len(REGION_NAMES)
    evaluator = evaluators.get(reader.id) if reader is not None else None
    may_score = evaluator is not None and not judges.keeps_out(offers, evaluator.person, evaluator)
    # An organiser who is asked to judge gives their own scores first, like everybody.
    sees_all = access.organise(reader) and not may_score
    found = []
    for offer in offers:
        counted = _counted(evaluators, offers, sheets[offer.id])
        own = reader is not None and any(one.person_id == reader.id for one in counted)
        may_see = sees_all or own or offer.status not in UNDECIDED
        balance = hosting.regional_balance(offer.country.region, held, region_count)
        by_criterion = [
            {Criterion(name): value for name, value in sheet.scores.items()} for sheet in counted
        ]
        rating = hosting.rate(by_criterion, balance.score, call.weights) if may_see else None
        shown = counted if may_see else []
        found.append(
            Judged(offer, gates[offer.id], shown, rating, balance, may_see, may_score=may_score)
        )
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
        if not judges.keeps_out(offers, sheet.person, evaluators.get(sheet.person_id))
    ]


def gates_now(offers: Sequence[HostingOffer]) -> dict[int, dict[Gate, OfferGate]]:
    """Return the gates of these offers that were checked as they stand, by offer.

    What was found of an earlier version says nothing of the one that was sent in after it.
    """
    sent = queries.last_sent(offers)
    return {
        offer_id: {
            gate: row
            for gate, row in gates.items()
            if offer_id not in sent or row.checked_at >= sent[offer_id]
        }
        for offer_id, gates in queries.gates_of(offers).items()
    }


def sheets_now(offers: Sequence[HostingOffer]) -> dict[int, list[ScoreSheet]]:
    """Return the score sheets of these offers as they stand, by offer."""
    sent = queries.last_sent(offers)
    return {
        offer_id: [
            sheet for sheet in sheets if offer_id not in sent or sheet.given_at >= sent[offer_id]
        ]
        for offer_id, sheets in queries.sheets_of(offers).items()
    }


def meets_conditions(offer: HostingOffer) -> bool:
    """Whether ``offer``, as it stands, has passed every gate."""
    return passes_all(gates_now([offer])[offer.id])


def passes_all(gates: Mapping[Gate, OfferGate]) -> bool:
    """Whether every gate was checked and is passed."""
    return hosting.is_eligible({gate: row.is_passed for gate, row in gates.items()})


def insist_judged(offer: HostingOffer) -> None:
    """Insist that ``offer`` is being judged: its call is closed, and no host is chosen yet.

    Raises:
        CallRunsError, RollingError, JudgedAlreadyError, NotJudgedError: it is not.
    """
    edition = offer.edition
    if edition.status is EditionStatus.CALL_OPEN:
        call = queries.call_of(edition)
        is_rolling = call is not None and call.is_rolling
        raise (RollingError if is_rolling else CallRunsError)(edition=edition.title)
    if edition.status is not EditionStatus.UNDER_EVALUATION:
        raise JudgedAlreadyError(
            edition=edition.title, status=edition.status.value.replace("_", " ")
        )
    if offer.status not in UNDECIDED:
        raise NotJudgedError(
            country=offer.country.name, status=offer.status.value.replace("_", " ")
        )


def insist_scored(offer: HostingOffer) -> None:
    """Insist that evaluators may score ``offer``: it is judged, and meets the conditions.

    Raises:
        NotEligibleError: it does not, as far as is known; others as in `insist_judged`.
    """
    insist_judged(offer)
    if not meets_conditions(offer):
        raise NotEligibleError(country=offer.country.name)


def _follow(offer: HostingOffer, by: Person, now: datetime) -> None:
    """Bring the state of ``offer`` in step with its gates and scores; a shortlist stays one."""
    meets = meets_conditions(offer)
    if offer.status is OfferStatus.SUBMITTED and meets:
        _move(offer, OfferStatus.ELIGIBLE, by, now)
    elif offer.status in {OfferStatus.ELIGIBLE, OfferStatus.EVALUATED} and not meets:
        _move(offer, OfferStatus.SUBMITTED, by, now)
    call = queries.call_of(offer.edition)
    if call is None or offer.status is not OfferStatus.ELIGIBLE:
        return
    offers = queries.offers_for(offer.edition)
    evaluators = {row.person_id: row for row in queries.evaluators_of(call)}
    if len(_counted(evaluators, offers, sheets_now([offer])[offer.id])) >= EVALUATORS_MIN:
        _move(offer, OfferStatus.EVALUATED, by, now)


def _move(offer: HostingOffer, target: OfferStatus, by: Person, now: datetime) -> None:
    offer.status = lifecycle.move(lifecycle.OFFER_MOVES, offer.status, target)
    offer.modified_at = now
    db.session.flush()
    audit.record(f"offer.{target.value}", offer, by=by, now=now)
