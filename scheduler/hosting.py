"""Where an event is hosted: gates, weighted scores, recusals, and a secret ranked ballot.

Gates are passed or not, each with its evidence. Whoever judges gives 0 to 5 for a criterion;
weights sum to 100, so that a total lies between 0 and 100. The regional balance is nobody's
opinion: it is computed from where the events were held before.

Ballots are counted by the Schulze method (M. Schulze, "A new monotonic, clone-independent,
reversal symmetric, and Condorcet-consistent single-winner election method", Social Choice and
Welfare 36, 2011, 267-303). An offer that beats every other one in pairs wins; where there is a
circle of defeats, the strongest chain of them decides. A second offer of the same kind neither
helps nor hurts the first, ranking an offer higher never hurts it, and the count needs nothing but
the ballots, in whatever order: it is the same whoever repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING

from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

SCORE_MAX = 5
EVALUATORS_MIN = 3
WEIGHTS_SUM = 100
QUORUM = Fraction(2, 3)


class Gate(StrEnum):
    """A condition that an offer meets or not."""

    LETTER = "letter"
    CAPACITY = "capacity"
    NO_BARRIER = "no_barrier"
    LEGAL = "legal"
    SECURITY_CONTACT = "security_contact"
    DATES = "dates"
    ACCESSIBLE = "accessible"


class Criterion(StrEnum):
    """What an offer is scored by."""

    VENUE = "venue"
    ACCESS = "access"
    SECURITY = "security"
    COST = "cost"
    BALANCE = "balance"
    PROGRAMME = "programme"
    LANGUAGES = "languages"


DEFAULT_WEIGHTS: Mapping[Criterion, int] = {
    Criterion.VENUE: 20,
    Criterion.ACCESS: 20,
    Criterion.SECURITY: 15,
    Criterion.COST: 15,
    Criterion.BALANCE: 15,
    Criterion.PROGRAMME: 10,
    Criterion.LANGUAGES: 5,
}

JUDGED = tuple(criterion for criterion in Criterion if criterion is not Criterion.BALANCE)
"""The criteria that people score; the balance is computed."""


class WeightsError(DomainError):
    """Weights that are no share of a hundred."""

    message = N_("The weights must be whole numbers from 0 that sum to 100; these sum to {total}.")


class ScoreError(DomainError):
    """A score outside the scale, or a criterion left out."""

    message = N_("Give each criterion a score from 0 to 5.")


class BallotError(DomainError):
    """A ballot that ranks nothing, or something that is not to be voted on."""

    message = N_("Give at least one of the offers a place; 1 is the best.")


# -- gates and scores ------------------------------------------------------------------------


def open_gates(results: Mapping[Gate, bool]) -> list[Gate]:
    """Return the gates that nobody has checked yet.

    >>> len(open_gates({Gate.LETTER: True, Gate.CAPACITY: False}))
    5
    """
    return [gate for gate in Gate if gate not in results]


def is_eligible(results: Mapping[Gate, bool]) -> bool:
    """Whether every gate has been checked and passed."""
    return all(results.get(gate, False) for gate in Gate)


def check_weights(weights: Mapping[Criterion, int]) -> None:
    """Insist on a weight for each criterion, 100 in all.

    Raises:
        WeightsError: they are anything else.

    >>> check_weights(DEFAULT_WEIGHTS)
    """
    total = sum(weights.values())
    is_whole = set(weights) == set(Criterion) and min(weights.values()) >= 0
    if total != WEIGHTS_SUM or not is_whole:
        raise WeightsError(total=total)


def check_scores(scores: Mapping[Criterion, int]) -> None:
    """Insist on one score from 0 to 5 for each criterion that people judge.

    Raises:
        ScoreError: one is missing, too many, or off the scale.
    """
    if set(scores) != set(JUDGED) or not all(0 <= score <= SCORE_MAX for score in scores.values()):
        raise ScoreError


@dataclass(frozen=True, slots=True)
class Spread:
    """What several people gave for one criterion."""

    mean: Fraction
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Rating:
    """What an offer's scores come to: of 100, and for each criterion."""

    total: Fraction
    spreads: Mapping[Criterion, Spread]
    evaluator_count: int

    @property
    def is_complete(self) -> bool:
        """Whether as many people have scored as a decision wants."""
        return self.evaluator_count >= EVALUATORS_MIN


def rate(
    sheets: Sequence[Mapping[Criterion, int]], balance: int, weights: Mapping[Criterion, int]
) -> Rating | None:
    """Return what the score ``sheets`` of one offer come to, ``None`` without any.

    >>> sheet = dict.fromkeys(JUDGED, 4)
    >>> rate([sheet, sheet], 4, DEFAULT_WEIGHTS).total
    Fraction(80, 1)
    """
    if not sheets:
        return None
    spreads = {
        criterion: Spread(
            Fraction(sum(sheet[criterion] for sheet in sheets), len(sheets)),
            min(sheet[criterion] for sheet in sheets),
            max(sheet[criterion] for sheet in sheets),
        )
        for criterion in JUDGED
    } | {Criterion.BALANCE: Spread(Fraction(balance), balance, balance)}
    total = sum(
        (weights[criterion] * spread.mean / SCORE_MAX for criterion, spread in spreads.items()),
        Fraction(0),
    )
    return Rating(total, spreads, len(sheets))


def ranking(ratings: Mapping[str, Rating | None], eligible: Collection[str]) -> list[list[str]]:
    """Return the offers from the best total down, those with equal totals together.

    What has not passed its gates, or has no scores, is not ranked.
    """
    totals = {
        offer: rating.total
        for offer, rating in ratings.items()
        if rating is not None and offer in eligible
    }
    return [
        sorted(offer for offer, its in totals.items() if its == total)
        for total in sorted(set(totals.values()), reverse=True)
    ]


# -- regional balance ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Balance:
    """How long a region has waited: ``since`` events were held elsewhere after its last."""

    score: int
    since: int
    last_year: int | None  # none: it has never hosted


def regional_balance(
    region: str | None, held: Iterable[tuple[int, str | None]], region_count: int
) -> Balance:
    """Return how much it is the turn of ``region``; ``held`` are pairs of year and region.

    A region that hosted the last event gets 0; one that has waited while every other region could
    have had its turn, or has never hosted, gets 5. So does the one region of a series of its own
    (``region_count`` 1): nobody else could have a turn.

    >>> held = [(2019, "europe"), (2022, "africa"), (2024, "europe")]
    >>> [regional_balance(name, held, 4).score for name in ("europe", "africa", "americas")]
    [0, 2, 5]
    >>> regional_balance("europe", held, 1).score
    5
    """
    past = sorted((year, where or "") for year, where in held)
    own = [index for index, (_, where) in enumerate(past) if where == region]
    if not own:
        return Balance(SCORE_MAX, len(past), None)
    since = len(past) - 1 - own[-1]
    turns = region_count - 1
    score = round(Fraction(SCORE_MAX * min(since, turns), turns)) if turns else SCORE_MAX
    return Balance(score, since, past[own[-1]][0])


# -- who judges ------------------------------------------------------------------------------


def is_recused(countries: Collection[str], bidding: Collection[str], *, has_interest: bool) -> bool:
    """Whether somebody of these ``countries`` keeps out of the choice among ``bidding`` ones.

    >>> is_recused({"XAA"}, {"XAA", "XAB"}, has_interest=False)
    True
    """
    return has_interest or not set(countries).isdisjoint(bidding)


# -- the ballot ------------------------------------------------------------------------------

Ballot = tuple[tuple[str, ...], ...]
"""Groups of offers from the best down; those in one group are equal, those in none come last."""


def ballot_of(places: Mapping[str, int]) -> Ballot:
    """Return the ballot that gives each offer its place; 1 is the best, gaps mean nothing.

    >>> ballot_of({"a": 1, "b": 3, "c": 1})
    (('a', 'c'), ('b',))
    """
    return tuple(
        tuple(sorted(offer for offer, its in places.items() if its == place))
        for place in sorted(set(places.values()))
    )


def check_ballot(ballot: Ballot, candidates: Collection[str]) -> None:
    """Insist that ``ballot`` ranks some of ``candidates``, each once.

    Raises:
        BallotError: it does not.
    """
    named = [offer for group in ballot for offer in group]
    if not named or len(set(named)) != len(named) or not set(named) <= set(candidates):
        raise BallotError


def has_quorum(cast: int, entitled: int) -> bool:
    """Whether two thirds of those who may vote have done so.

    >>> [has_quorum(cast, 4) for cast in (2, 3)]
    [False, True]
    """
    return entitled > 0 and Fraction(cast, entitled) >= QUORUM


@dataclass(frozen=True, slots=True)
class Count:
    """What ballots come to.

    ``preferred[a, b]`` ballots rank ``a`` above ``b``; ``strengths[a, b]`` is the strength of the
    strongest chain of defeats from ``a`` to ``b``. ``order`` has the best first, equals together.
    """

    order: tuple[tuple[str, ...], ...]
    preferred: Mapping[tuple[str, str], int]
    strengths: Mapping[tuple[str, str], int]
    ballot_count: int

    @property
    def winners(self) -> tuple[str, ...]:
        """Whom nobody beats; more than one is a tie."""
        return self.order[0] if self.order else ()


def count_ballots(ballots: Iterable[Ballot], candidates: Collection[str]) -> Count:
    """Count ``ballots`` by the Schulze method, winning votes as the strength of a defeat.

    >>> count_ballots([(("a",), ("b",)), (("a",), ("b",)), (("b",), ("a",))], ["a", "b"]).winners
    ('a',)
    """
    names = sorted(candidates)
    preferred = dict.fromkeys(permutations(names, 2), 0)
    ballot_count = 0
    for ballot in ballots:
        ballot_count += 1
        place = {offer: at for at, group in enumerate(ballot) for offer in group}
        for one, other in preferred:
            if place.get(one, len(ballot)) < place.get(other, len(ballot)):
                preferred[one, other] += 1
    strengths = _strongest_chains(names, preferred)
    return Count(_order(names, strengths), preferred, strengths, ballot_count)


def _strongest_chains(
    names: Sequence[str], preferred: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """Return the strongest chain between each two (Floyd and Warshall; Schulze, section 2.3)."""
    strengths = {
        (one, other): votes if votes > preferred[other, one] else 0
        for (one, other), votes in preferred.items()
    }
    for between in names:
        for one, other in permutations(names, 2):
            if between not in {one, other}:
                chain = min(strengths[one, between], strengths[between, other])
                strengths[one, other] = max(strengths[one, other], chain)
    return strengths


def _order(
    names: Sequence[str], strengths: Mapping[tuple[str, str], int]
) -> tuple[tuple[str, ...], ...]:
    """Return the offers, whoever is beaten by none of those left first.

    "Beats" is transitive (Schulze, section 4.1), so somebody always is left unbeaten.
    """
    left, order = list(names), []
    while left:
        best = tuple(
            one
            for one in left
            if all(strengths[one, other] >= strengths[other, one] for other in left if other != one)
        )
        order.append(best)
        left = [name for name in left if name not in best]
    return tuple(order)
