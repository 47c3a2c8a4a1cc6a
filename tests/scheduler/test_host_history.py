from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.host_history import Record, records

held = st.lists(st.tuples(st.sampled_from(["africa", "europe"]), st.integers(2000, 2060)))


@given(held)
def test_every_edition_is_counted_once_whatever_the_order(told: list[tuple[str, int]]) -> None:
    found = records(told)
    assert sum(record.count for record in found.values()) == len(told)
    assert found == records(reversed(told))


@given(st.lists(st.integers(2000, 2060), min_size=1))
def test_gaps_span_what_lies_between_the_first_and_the_last(years: list[int]) -> None:
    record = records(("africa", year) for year in years)["africa"]
    assert (record.count, record.last) == (len(years), max(years))
    if record.longest_gap is None:
        assert len(years) == 1
    else:
        assert record.longest_gap <= max(years) - min(years) <= record.longest_gap * len(years)


def test_who_never_hosted_has_no_gap() -> None:
    never = Record()
    assert (never.count, never.last, never.longest_gap) == (0, None, None)
