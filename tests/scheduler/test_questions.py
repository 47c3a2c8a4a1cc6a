"""The order of questions, and of whom they are asked."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.questions import Ask, OrderError, asked, insist_on_order, moved

ANSWERS = ("yes", "no")


@st.composite
def applications(draw: st.DrawFn) -> list[Ask]:
    """Up to eight questions, some of which depend on one before them."""
    row: list[Ask] = []
    for number in draw(st.permutations(range(1, draw(st.integers(1, 8)) + 1))):
        before = [None, *(ask.id for ask in row)]
        decisive = draw(st.sampled_from(before))
        row.append(Ask(number, decisive, draw(st.sampled_from(ANSWERS)) if decisive else ""))
    return row


def answers_to(row: list[Ask]) -> st.SearchStrategy[dict[int, list[str]]]:
    chosen = st.lists(st.sampled_from(ANSWERS), unique=True)
    return st.fixed_dictionaries({ask.id: chosen for ask in row})


@given(data=st.data(), row=applications())
def test_a_question_is_put_to_exactly_those_whom_its_condition_names(
    data: st.DataObject, row: list[Ask]
) -> None:
    answers = data.draw(answers_to(row))
    put = asked(row, answers)
    assert put == [ask.id for ask in row if ask.id in put]  # in their order
    for ask in row:
        is_met = ask.depends_on is None or (
            ask.depends_on in put and ask.answer in answers[ask.depends_on]
        )
        assert (ask.id in put) == is_met


@given(data=st.data(), row=applications())
def test_an_answer_to_what_is_not_asked_changes_nothing(
    data: st.DataObject, row: list[Ask]
) -> None:
    answers = data.draw(answers_to(row))
    put = asked(row, answers)
    assert asked(row, {number: answers[number] for number in put}) == put


@given(data=st.data(), row=applications())
def test_no_moving_makes_a_circle_or_loses_a_question(data: st.DataObject, row: list[Ask]) -> None:
    for _ in range(data.draw(st.integers(1, 12))):
        number = data.draw(st.sampled_from([ask.id for ask in row]))
        step = data.draw(st.integers(-3, 3))
        before = row
        with contextlib.suppress(OrderError):
            row = moved(row, number, step)
        insist_on_order(row)
        assert sorted(ask.id for ask in row) == sorted(ask.id for ask in before)


@given(data=st.data(), row=applications())
def test_moving_back_undoes_moving(data: st.DataObject, row: list[Ask]) -> None:
    number = data.draw(st.sampled_from([ask.id for ask in row[:-1]] or [row[0].id]))
    if len(row) == 1:
        assert moved(row, number, 1) == row
        return
    try:
        down = moved(row, number, 1)
    except OrderError:
        return
    assert moved(down, number, -1) == row


@pytest.mark.parametrize(
    "row",
    [
        [Ask(1, 1, "yes")],
        [Ask(1, 2, "yes"), Ask(2)],
        [Ask(1, 2, "yes"), Ask(2, 1, "yes")],
        [Ask(1, 3, "yes")],
    ],
    ids=["on itself", "on a later one", "in a circle", "on nothing"],
)
def test_a_condition_looks_back_only(row: list[Ask]) -> None:
    with pytest.raises(OrderError):
        insist_on_order(row)
