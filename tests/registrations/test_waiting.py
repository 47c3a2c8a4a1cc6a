"""The number in the queue: what is said before is what is so after, by every rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.registrations import delegations, seating, selection, service, waiting
from app.registrations.models import QuotaScope
from app.registrations.service import Particulars
from scheduler.admission import Order
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, limit, make_country, make_edition, make_person
from tests.pages import CountedQueries, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Registration
    from tests.conftest import Client

CODES = ("XAA", "XAB", "XAC")


@pytest.fixture(autouse=True)
def _countries() -> None:
    for code, region in zip(CODES, ("africa", "africa", "europe"), strict=True):
        make_country(code, region=region)


def make(capacity: int | None, *quotas: tuple[QuotaScope, str, int], order: Order) -> Edition:
    edition = make_edition(capacity=capacity)
    limit(edition, *quotas, order=order)
    return edition


def come(edition: Edition, country: str = "", person: Person | None = None) -> Registration:
    told = Particulars(country_code=country or None)
    return service.register(edition, person or make_person(), now=OPENING, told=told)


def of_country(code: str) -> Person:
    person = make_person()
    service.keep_profile(person, Particulars(country_code=code), now=OPENING)
    return person


def test_what_many_wait_for_is_found_out_in_as_many_statements_as_for_one() -> None:
    edition = make(None, (QuotaScope.COUNTRY, "", 1), order=Order.TIME)
    rows = [come(edition, "XAB") for _ in range(4)][1:]
    assert {row.status for row in rows} == {Status.WAITLISTED}
    asked = []
    for some in (rows[:1], rows):
        with CountedQueries() as counted:
            told = waiting.waits(edition, some)
        assert told == dict.fromkeys([row.id for row in some], "Country XAB: 1 of 1 taken")
        asked.append(counted.count)
    assert asked[0] == asked[1]


def test_a_full_country_counts_its_own_queue_and_no_other() -> None:
    edition = make(None, (QuotaScope.COUNTRY, "", 1), order=Order.TIME)
    for code in ("XAA", "XAB", "XAA", "XAB", "XAB", "XAA"):
        come(edition, code)
    assert waiting.prospect(edition, of_country("XAB")) == waiting.Prospect(
        3, "Country XAB: 1 of 1 taken"
    )
    assert waiting.prospect(edition, of_country("XAC")) == waiting.Prospect()
    assert waiting.prospect(edition, None) == waiting.Prospect()


def test_who_is_held_stands_in_nobodys_way() -> None:
    edition = make(1, order=Order.TIME)
    come(edition)
    held, behind = come(edition), come(edition)
    organiser = make_person()
    selection.decide_many(edition, [held], "wait", reason="", by=organiser, now=OPENING)

    assert waiting.number(behind) == 1
    assert waiting.prospect(edition, make_person()).number == 2
    before = seating.taken_at(edition)
    assert waiting.turn(come(edition), before=before)[0] == 2


def test_where_balance_rules_a_new_country_goes_before_those_that_are_in() -> None:
    edition = make(2, order=Order.BALANCE)
    rows = [come(edition, "XAA") for _ in range(4)]
    assert waiting.prospect(edition, of_country("XAB")).number == 1
    assert waiting.prospect(edition, of_country("XAA")).number == 3
    first = come(edition, "XAB")
    assert waiting.numbers([*rows, first]) == {first.id: 1, rows[2].id: 2, rows[3].id: 3}
    service.cancel(rows[0], by=rows[0].person, now=OPENING)
    assert first.status is Status.CONFIRMED


def test_where_the_ranking_rules_a_nominee_stands_by_rank() -> None:
    edition, contact, country = make(1, order=Order.RANKING), make_person(), make_country("XAA")
    come(edition, "XAB")
    unranked = come(edition, "XAA")
    nominee = delegations.nominate(edition, country, "n@example.org", "", by=contact, now=OPENING)
    nominee.person.verified_at = OPENING
    assert waiting.prospect(edition, nominee.person, nominee).number == 1
    assert waiting.prospect(edition, of_country("XAA")).number == 2
    come(edition, person=nominee.person)
    assert waiting.numbers([unranked, nominee]) == {nominee.id: 1, unranked.id: 2}


limits = st.dictionaries(
    st.sampled_from([(QuotaScope.COUNTRY, ""), (QuotaScope.COUNTRY, "XAA"),
                     (QuotaScope.REGION, "africa"), (QuotaScope.RESERVED, "host"),
                     (QuotaScope.ROLE, "participant")]),
    st.integers(0, 3),
    max_size=3,
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    capacity=st.none() | st.integers(1, 6),
    limits=limits,
    order=st.sampled_from(Order),
    countries=st.lists(st.sampled_from(["", *CODES]), min_size=1, max_size=9),
)
def test_what_one_is_told_before_registering_is_so_after_it(
    capacity: int | None,
    limits: dict[tuple[QuotaScope, str], int],
    order: Order,
    countries: list[str],
) -> None:
    edition = make(capacity, *((*key, most) for key, most in limits.items()), order=order)
    asks_country = any(scope in {QuotaScope.COUNTRY, QuotaScope.REGION} for scope, _key in limits)
    for code in (code or ("XAC" if asks_country else "") for code in countries):
        person = of_country(code)
        told = waiting.prospect(edition, person)
        row = come(edition, code, person)
        assert (row.status is Status.WAITLISTED) == (told.number is not None)
        assert waiting.number(row) == told.number
        assert waiting.waits(edition, [row]).get(row.id, "") == told.waits_for


def test_the_page_says_the_number_and_why_to_a_person_and_the_general_figure_to_a_visitor(
    client: Client,
) -> None:
    edition = make(3, (QuotaScope.COUNTRY, "XAA", 1), order=Order.TIME)
    for code in ("XAA", "XAA", "XAB"):
        come(edition, code)
    page = f"/editions/{edition.slug}/register"
    assert "would be number" not in words(client.get(page))
    client.sign_in(of_country("XAA"))
    told = words(client.get(page))
    assert "you would be number 2 in the queue Country XAA: 1 of 1 taken" in told
