from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import deciding
from scheduler.deciding import ROUND_MOVES, Round, RoundStatus
from scheduler.errors import ConflictError
from scheduler.hosting import Ballot, ballot_of, count_ballots, has_quorum
from scheduler.lifecycle import MoveError

START = datetime(2027, 1, 4, 9, tzinfo=UTC)
OFFERS = ("a", "b", "c")
S = RoundStatus


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def begun(*members: int) -> Round:
    return deciding.begin("a", members or (1, 2, 3), closes_at=day(7), now=START)


def voting(*voters: int) -> Round:
    voters = voters or (1, 2, 3)
    objected = deciding.answer(begun(*voters), voters[0], agrees=False, now=START)
    return deciding.open_ballot(objected, voters, OFFERS, closes_at=day(14), now=START)


def test_without_an_objection_the_proposal_is_the_decision_once_the_round_closes() -> None:
    agreed = deciding.answer(begun(), 1, agrees=True, now=START)
    with pytest.raises(deciding.StillOpenError):
        deciding.decide(agreed, "a", is_chair=True, now=day(6))
    decided = deciding.decide(agreed, "a", is_chair=False, now=day(7))
    assert (decided.status, decided.chosen) == (S.DECIDED, ("a",))


def test_when_all_have_agreed_nobody_waits() -> None:
    standing = begun(1, 2)
    for member in (1, 2):
        standing = deciding.answer(standing, member, agrees=True, now=START)
    assert deciding.decide(standing, "a", is_chair=False, now=START).status is S.DECIDED


def test_who_has_agreed_may_still_object_and_an_objection_stands() -> None:
    agreed = deciding.answer(begun(), 1, agrees=True, now=START)
    with pytest.raises(deciding.AgreedError):
        deciding.answer(agreed, 1, agrees=True, now=START)
    objected = deciding.answer(agreed, 1, agrees=False, now=START)
    assert (objected.agreed, objected.objected) == (frozenset(), {1})
    with pytest.raises(deciding.AnsweredError):
        deciding.answer(objected, 1, agrees=True, now=START)
    with pytest.raises(MoveError):
        deciding.decide(objected, "a", is_chair=True, now=day(8))


def test_an_answer_after_the_closing_moment_or_of_somebody_recused_is_refused() -> None:
    with pytest.raises(deciding.AnsweringClosedError):
        deciding.answer(begun(), 1, agrees=False, now=day(7))
    with pytest.raises(deciding.NotMemberError):
        deciding.answer(begun(), 9, agrees=False, now=START)


def test_voters_are_fixed_when_the_ballot_opens_and_stay_when_it_opens_again() -> None:
    voted = deciding.cast(voting(), 1, now=START)
    lapsed = deciding.close_ballot(voted, OFFERS, cast_count=1, voter_count=3, now=day(14))
    assert lapsed.status is S.LAPSED
    again = deciding.open_ballot(lapsed, {1, 2, 3, 4}, OFFERS, closes_at=day(21), now=day(14))
    assert (again.voters, again.voted) == ({1, 2, 3}, {1})
    with pytest.raises(deciding.VotedError):
        deciding.cast(again, 1, now=day(15))
    with pytest.raises(deciding.NotMemberError):
        deciding.cast(again, 4, now=day(15))


def test_a_tie_is_broken_by_a_chair_among_those_that_are_tied() -> None:
    standing = voting(1, 2)
    for voter in (1, 2):
        standing = deciding.cast(standing, voter, now=START)
    tied = deciding.close_ballot(standing, ("a", "b"), cast_count=2, voter_count=2, now=START)
    assert tied.status is S.TIED
    with pytest.raises(deciding.ChairError):
        deciding.decide(tied, "a", is_chair=False, now=START)
    with pytest.raises(deciding.WinnerError):
        deciding.decide(tied, "c", is_chair=True, now=START)
    assert deciding.decide(tied, "b", is_chair=True, now=START).chosen == ("b",)


def test_a_ballot_needs_two_offers_and_time() -> None:
    objected = deciding.answer(begun(), 1, agrees=False, now=START)
    with pytest.raises(deciding.CandidatesError):
        deciding.open_ballot(objected, (1,), ("a",), closes_at=day(9), now=START)
    with pytest.raises(deciding.ClosingError):
        deciding.open_ballot(objected, (1,), OFFERS, closes_at=START, now=START)
    with pytest.raises(deciding.NotMemberError):
        deciding.open_ballot(objected, (), OFFERS, closes_at=day(9), now=START)
    with pytest.raises(deciding.NotMemberError):
        deciding.begin("a", (), closes_at=day(9), now=START)


def test_a_vote_is_called_off_only_where_it_leads_nowhere() -> None:
    with pytest.raises(deciding.UnderWayError):
        deciding.call_off(voting(), leads_nowhere=False)
    assert deciding.call_off(voting(), leads_nowhere=True).status is S.CALLED_OFF
    assert deciding.call_off(begun(), leads_nowhere=False).status is S.CALLED_OFF


# -- whatever people do ----------------------------------------------------------------------

people = st.integers(1, 5)
acts = st.one_of(
    st.tuples(st.just("answer"), people, st.booleans()),
    st.tuples(st.just("open"), st.frozensets(people, max_size=5), st.integers(-1, 6)),
    st.tuples(st.just("vote"), people, st.permutations(OFFERS)),
    st.tuples(st.just("close")),
    st.tuples(st.just("decide"), st.sampled_from(OFFERS), st.booleans()),
    st.tuples(st.just("call off"), st.booleans()),
    st.tuples(st.just("wait"), st.integers(1, 8)),
)


class Committee:
    """A round and the ballots in its box, as they follow from a list of acts."""

    def __init__(self) -> None:
        self.standing = begun(1, 2, 3, 4)
        self.now = START
        self.box: list[Ballot] = []
        self.cast_by: list[int] = []
        self.was_tied = self.by_chair = False

    def do(self, act: tuple[object, ...]) -> None:
        before = self.standing
        try:
            self._do(*act)
        except ConflictError:
            assert self.standing is before
        if self.standing.status is not before.status:
            assert self.standing.status in ROUND_MOVES[before.status]

    def _do(self, name: str, *how: object) -> None:
        standing, now = self.standing, self.now
        if name == "wait":
            self.now += timedelta(days=how[0])
        elif name == "answer":
            self.standing = deciding.answer(standing, how[0], agrees=how[1], now=now)
        elif name == "open":
            closes_at = now + timedelta(days=how[1])
            self.standing = deciding.open_ballot(
                standing, how[0], OFFERS, closes_at=closes_at, now=now
            )
        elif name == "vote":
            self.standing = deciding.cast(standing, how[0], now=now)
            self.box.append(ballot_of({offer: place for place, offer in enumerate(how[1])}))
            self.cast_by.append(how[0])
        elif name == "close":
            winners = count_ballots(self.box, OFFERS).winners
            self.standing = deciding.close_ballot(
                standing,
                winners,
                cast_count=len(self.box),
                voter_count=len(standing.voters),
                now=now,
            )
        elif name == "decide":
            self.was_tied = standing.status is S.TIED
            self.by_chair = bool(how[1])
            self.standing = deciding.decide(standing, how[0], is_chair=how[1], now=now)
        else:
            self.standing = deciding.call_off(standing, leads_nowhere=how[0])


BEGINNINGS = (
    (),
    (("answer", 1, False), ("open", {1, 2, 3}, 6)),
    (("answer", 1, True), ("answer", 2, True), ("wait", 8)),
)


@given(st.sampled_from(BEGINNINGS), st.lists(acts, max_size=40))
def test_no_sequence_of_acts_decides_without_its_conditions(
    beginning: tuple[tuple[object, ...], ...], sequence: list[tuple[object, ...]]
) -> None:
    committee = Committee()
    for act in (*beginning, *sequence):
        committee.do(act)
        end = committee.standing
        # Each voter has voted once at most, and nobody else has.
        assert len(set(committee.cast_by)) == len(committee.cast_by) == len(committee.box)
        assert set(committee.cast_by) == end.voted <= end.voters
        if end.status is not S.DECIDED:
            continue
        (chosen,) = end.chosen
        if not end.objected:
            assert chosen == "a"
            assert committee.now >= day(7) or end.members <= end.agreed
            assert not committee.box
        else:
            winners = count_ballots(committee.box, OFFERS).winners
            assert chosen in winners
            assert has_quorum(len(committee.box), len(end.voters))
            assert len(winners) == 1 or (committee.was_tied and committee.by_chair)
        break
