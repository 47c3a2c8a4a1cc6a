from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import hosting
from scheduler.hosting import DEFAULT_WEIGHTS, JUDGED, Ballot, Criterion, Gate

# -- published counts ------------------------------------------------------------------------


def ballots(**counts: int) -> list[Ballot]:
    """Return as many ballots as told of each order, written as a word: ``acdb=8``."""
    return [
        tuple((name,) for name in order) for order, count in counts.items() for _ in range(count)
    ]


def test_the_first_example_of_schulzes_paper() -> None:
    """Schulze 2011, section 3.1: 21 voters, four candidates."""
    count = hosting.count_ballots(ballots(acdb=8, badc=2, cdba=4, dbac=4, dcba=3), "abcd")
    assert count.preferred == {
        ("a", "b"): 8, ("a", "c"): 14, ("a", "d"): 10,
        ("b", "a"): 13, ("b", "c"): 6, ("b", "d"): 2,
        ("c", "a"): 7, ("c", "b"): 15, ("c", "d"): 12,
        ("d", "a"): 11, ("d", "b"): 19, ("d", "c"): 9,
    }  # fmt: skip
    assert count.strengths == {
        ("a", "b"): 14, ("a", "c"): 14, ("a", "d"): 12,
        ("b", "a"): 13, ("b", "c"): 13, ("b", "d"): 12,
        ("c", "a"): 13, ("c", "b"): 15, ("c", "d"): 12,
        ("d", "a"): 13, ("d", "b"): 19, ("d", "c"): 13,
    }  # fmt: skip
    assert count.order == (("d",), ("a",), ("c",), ("b",))


def test_the_example_of_45_voters_that_every_account_of_the_method_gives() -> None:
    count = hosting.count_ballots(
        ballots(acbed=5, adecb=5, bedac=8, cabed=3, caebd=7, cbade=2, dceba=7, ebadc=8), "abcde"
    )
    assert [count.preferred["a", other] for other in "bcde"] == [20, 26, 30, 22]
    assert [count.strengths["e", other] for other in "abcd"] == [25, 28, 28, 31]
    assert [count.strengths[other, "e"] for other in "abcd"] == [24, 24, 24, 24]
    assert count.order == (("e",), ("a",), ("c",), ("b",), ("d",))


@pytest.mark.parametrize(
    ("cast", "order"),
    [
        (
            {"acbd": 5, "acdb": 2, "adcb": 3, "bacd": 4, "cbda": 3, "cdba": 3, "dacb": 1,
             "dbac": 5, "dcba": 4},
            (("d",), ("a",), ("c",), ("b",)),
        ),
        (
            {"abdec": 3, "adebc": 5, "adecb": 1, "badec": 2, "bdeca": 2, "cabde": 4, "cbade": 6,
             "dbeca": 2, "decab": 5},
            (("b",), ("a",), ("d",), ("e",), ("c",)),
        ),
    ],
    ids=["second", "third"],
)  # fmt: skip
def test_the_examples_of_30_voters_that_the_methods_author_gives(
    cast: dict[str, int], order: tuple[tuple[str, ...], ...]
) -> None:
    found = ballots(**cast)
    names = "".join(name for group in order for name in group)
    assert (len(found), hosting.count_ballots(found, names).order) == (30, order)


def test_the_authors_example_of_9_voters_is_a_tie_of_two() -> None:
    count = hosting.count_ballots(ballots(abcd=3, dabc=2, dbca=2, cbda=2), "abcd")
    assert (count.strengths["d", "a"], count.strengths["b", "c"]) == (6, 7)
    assert count.winners == ("b", "d")


@pytest.mark.parametrize(
    ("cast", "winners"),
    [
        ({"abcd": 12, "adbc": 6, "bcda": 9, "cdab": 15, "dbac": 21}, "d"),
        ({"acdb": 6, "badc": 1, "cbda": 3, "dbac": 3, "dcba": 2}, "ad"),
        ({"adebcf": 3, "bfecda": 3, "cabfde": 4, "dbcefa": 1, "defabc": 4, "ecbdfa": 2,
          "facdbe": 2}, "a"),
        # Two who rank d last, added to these, make d win: nobody should rather have stayed away.
        ({"adebcf": 3, "bfecda": 3, "cabfde": 4, "dbcefa": 1, "defabc": 4, "ecbdfa": 2,
          "facdbe": 2, "aefcbd": 2}, "d"),
        ({"abdc": 3, "adbc": 5, "adcb": 1, "badc": 2, "bdca": 2, "cabd": 4, "cbad": 6, "dbca": 2,
          "dcab": 5}, "a"),
        ({"abdec": 3, "adebc": 5, "adecb": 1, "badec": 2, "bdeca": 2, "cabde": 4, "cbade": 6,
          "dbeca": 2, "decab": 5}, "b"),
        ({"adbec": 9, "bcade": 6, "bcdea": 5, "cdbea": 2, "decba": 6, "eacbd": 14, "ecabd": 2,
          "edacb": 1}, "b"),
        ({"adbec": 9, "baced": 1, "cbade": 6, "cdbea": 2, "cdeab": 5, "decab": 6, "ebacd": 14,
          "ebcad": 2}, "e"),
    ],
    ids=["3", "4", "5 before", "5 after", "6 before", "6 after", "8", "9"],
)  # fmt: skip
def test_the_other_examples_of_schulzes_paper(cast: dict[str, int], winners: str) -> None:
    """Their numbers in its section 3."""
    names = set().union(*cast)
    assert hosting.count_ballots(ballots(**cast), names).winners == tuple(winners)


def test_the_papers_example_of_equal_places_and_incomplete_ballots() -> None:
    """Schulze, section 3, example 7: by winning votes d wins, by margins a, by ratios b."""
    cast = {
        "a b c d": 6, "ab": 8, "ac": 8, "ac d": 18, "acd": 8, "b": 40, "c b d": 4, "c d a": 9,
        "cd": 8, "d a b": 14, "d b c": 11, "d c a": 4,
    }  # fmt: skip
    found = [
        tuple(tuple(group) for group in order.split())
        for order, number in cast.items()
        for _ in range(number)
    ]
    count = hosting.count_ballots(found, "abcd")
    # In pairs, 138 voters: who has no place comes last, equals prefer neither.
    assert [count.preferred[pair] for pair in (("a", "b"), ("b", "a"))] == [67, 55]
    assert [count.preferred[pair] for pair in (("c", "d"), ("d", "c"))] == [45, 29]
    assert (count.ballot_count, count.winners) == (138, ("d",))


def test_a_real_vote_of_213_of_whom_58_ranked_less_than_two() -> None:
    """Tideman's collection of ranked votes, A77: of three, most gave one or two a place."""
    cast = {"3": 39, "13": 38, "31": 36, "32": 29, "12": 28, "21": 15, "1": 14, "23": 9, "2": 5}
    count = hosting.count_ballots(ballots(**cast), "123")
    pairs = [("1", "3"), ("3", "1"), ("1", "2"), ("2", "1"), ("3", "2"), ("2", "3")]
    assert [count.preferred[pair] for pair in pairs] == [95, 113, 116, 58, 142, 57]
    assert (count.ballot_count, count.order) == (213, (("3",), ("1",), ("2",)))


def test_a_circle_of_equal_defeats_is_a_tie_for_the_chairs() -> None:
    count = hosting.count_ballots(ballots(abc=1, bca=1, cab=1), "abc")
    assert count.winners == ("a", "b", "c")


def test_no_ballot_at_all_decides_nothing() -> None:
    assert hosting.count_ballots([], "ab").winners == ("a", "b")


# -- laws of the count -----------------------------------------------------------------------

places = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 4), min_size=1)
any_ballots = st.lists(places.map(hosting.ballot_of), max_size=12)


@given(any_ballots, st.randoms())
def test_the_count_is_the_same_in_whatever_order_the_ballots_lie(
    cast: list[Ballot], chance: object
) -> None:
    mixed = list(cast)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # a random.Random
    assert hosting.count_ballots(mixed, "abcd") == hosting.count_ballots(cast, "abcd")


@given(any_ballots)
def test_who_beats_all_others_in_pairs_wins(cast: list[Ballot]) -> None:
    count = hosting.count_ballots(cast, "abcd")
    for one in "abcd":
        others = [other for other in "abcd" if other != one]
        if all(count.preferred[one, other] > count.preferred[other, one] for other in others):
            assert count.winners == (one,)


@given(any_ballots)
def test_the_order_holds_everybody_once_and_nobody_is_beaten_from_below(
    cast: list[Ballot],
) -> None:
    count = hosting.count_ballots(cast, "abcd")
    assert Counter(name for group in count.order for name in group) == Counter("abcd")
    for at, group in enumerate(count.order):
        for one in group:
            for other in (name for later in count.order[at:] for name in later if name != one):
                assert count.strengths[one, other] >= count.strengths[other, one]


@given(any_ballots)
def test_turning_every_ballot_round_dethrones_a_sole_winner(cast: list[Ballot]) -> None:
    whole = [(*ballot, rest) for ballot in cast if (rest := _unranked(ballot)) or not rest]
    whole = [tuple(group for group in ballot if group) for ballot in whole]
    forwards = hosting.count_ballots(whole, "abcd").winners
    backwards = hosting.count_ballots([ballot[::-1] for ballot in whole], "abcd").winners
    assert len(forwards) > 1 or forwards != backwards


def _unranked(ballot: Ballot) -> tuple[str, ...]:
    return tuple(name for name in "abcd" if all(name not in group for group in ballot))


@pytest.mark.parametrize(
    "ballot", [(), (("a",), ("a",)), (("a", "x"),)], ids=["empty", "twice", "foreign"]
)
def test_a_ballot_that_cannot_be_counted_is_refused(ballot: Ballot) -> None:
    with pytest.raises(hosting.BallotError, match="at least one of the offers"):
        hosting.check_ballot(ballot, "abcd")


@given(st.integers(0, 40), st.integers(1, 40))
def test_a_quorum_is_two_thirds_and_not_one_fewer(cast: int, entitled: int) -> None:
    assert hosting.has_quorum(cast, entitled) is (3 * cast >= 2 * entitled)


# -- scores ----------------------------------------------------------------------------------

weights = st.permutations(list(DEFAULT_WEIGHTS.values())).map(
    lambda values: dict(zip(Criterion, values, strict=True))
)
sheets = st.fixed_dictionaries({criterion: st.integers(0, 5) for criterion in JUDGED})


@given(st.lists(sheets, min_size=1, max_size=6), st.integers(0, 5), weights)
def test_a_total_lies_between_nothing_and_a_hundred(
    given_: list[dict[Criterion, int]], balance: int, its: dict[Criterion, int]
) -> None:
    rating = hosting.rate(given_, balance, its)
    assert rating is not None
    assert 0 <= rating.total <= 100
    assert rating.is_complete is (len(given_) >= 3)
    assert all(spread.lowest <= spread.mean <= spread.highest for spread in rating.spreads.values())


@given(sheets, st.sampled_from(JUDGED), st.integers(0, 5), weights)
def test_a_better_score_never_lowers_the_total(
    sheet: dict[Criterion, int], better: Criterion, balance: int, its: dict[Criterion, int]
) -> None:
    raised = sheet | {better: 5}
    before, after = (hosting.rate([one], balance, its) for one in (sheet, raised))
    assert before is not None
    assert after is not None
    assert after.total >= before.total


@given(st.fixed_dictionaries({criterion: st.integers(-5, 60) for criterion in Criterion}))
def test_weights_are_shares_of_a_hundred_or_refused(its: dict[Criterion, int]) -> None:
    if sum(its.values()) == 100 and min(its.values()) >= 0:
        hosting.check_weights(its)
    else:
        with pytest.raises(hosting.WeightsError, match=f"these sum to {sum(its.values())}"):
            hosting.check_weights(its)


@pytest.mark.parametrize("score", [-1, 6])
def test_a_score_off_the_scale_is_refused(score: int) -> None:
    with pytest.raises(hosting.ScoreError, match="from 0 to 5"):
        hosting.check_scores(dict.fromkeys(JUDGED, 3) | {Criterion.VENUE: score})


def test_what_fails_a_gate_is_not_ranked_however_well_it_scores() -> None:
    fine, better = (dict.fromkeys(JUDGED, score) for score in (3, 5))
    ratings = {
        "fine": hosting.rate([fine], 3, DEFAULT_WEIGHTS),
        "like it": hosting.rate([fine], 3, DEFAULT_WEIGHTS),
        "barred": hosting.rate([better], 5, DEFAULT_WEIGHTS),
        "unread": None,
    }
    assert hosting.ranking(ratings, {"fine", "like it", "unread"}) == [["fine", "like it"]]
    assert ratings["fine"] is not None
    assert ratings["fine"].total == Fraction(60)


def test_an_offer_is_eligible_once_every_gate_is_passed() -> None:
    passed = dict.fromkeys(Gate, True)
    assert hosting.is_eligible(passed)
    assert not hosting.is_eligible(passed | {Gate.DATES: False})
    del passed[Gate.LETTER]
    assert not hosting.is_eligible(passed)
    assert hosting.open_gates(passed) == [Gate.LETTER]


# -- regional balance and recusal ------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(2000, 2030), st.sampled_from("abcd")), max_size=12))
def test_whoever_hosted_last_has_no_turn_and_whoever_never_did_has_all(
    held: list[tuple[int, str]],
) -> None:
    scores = {region: hosting.regional_balance(region, held, 4) for region in "abcde"}
    assert scores["e"].score == 5
    assert all(0 <= balance.score <= 5 for balance in scores.values())
    if held:
        assert scores[max(held)[1]].score == 0
    for one, other in permutations("abcd", 2):
        if scores[one].since < scores[other].since:
            assert scores[one].score <= scores[other].score


@given(st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc")), st.booleans())
def test_a_bidding_country_and_a_declared_interest_keep_out(
    own: set[str],
    bidding: set[str],
    has_interest: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    assert hosting.is_recused(own, bidding, has_interest=has_interest) is (
        has_interest or bool(own & bidding)
    )
