from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import Role
from app.database import db
from app.hosting import drafts, merging, queries, sections
from app.hosting.models import HostingOffer
from app.hosting.sections import Section
from scheduler.hosting import Gate
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    OPENING,
    PDF,
    make_country,
    make_offer,
    make_person,
)
from tests.pages import alert, fields, words, words_in

if TYPE_CHECKING:
    from app.editions.models import Edition
    from tests.conftest import Client

COST = {"rows-0-item": "Hall"} | {f"rows-{number}-payer": "host" for number in range(4)}


@pytest.fixture
def path(edition: Edition) -> str:
    """The address of a draft of XAA."""
    country = make_country("XAA", name="Alboria")
    by = make_person("first@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")
    offer = drafts.begin(edition, country, by=by, now=OPENING)
    drafts.save(offer, Section.VENUE, {"city": "Albor", "venue": "Hall", "capacity": 80}, by=by,
                now=OPENING)  # fmt: skip
    db.session.commit()
    return f"/hosting/offers/{offer.public_id}"


@pytest.fixture
def deputy(client: Client, path: str) -> Client:  # noqa: ARG001 - there is something to write
    return client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))


def told(section: Section) -> dict[str, object]:
    db.session.expire_all()
    return sections.facts_of(db.session.query(HostingOffer).one())[section]


def test_what_only_one_of_two_changed_is_kept_without_a_question(deputy: Client, path: str) -> None:
    page = f"{path}/sections/venue"
    one, other = fields(deputy.get(page)), fields(deputy.get(page))
    assert deputy.submit(page, **one | {"city": "Besk", "hotels": "Six."}).status_code == 303
    assert deputy.submit(page, **other | {"accessibility": "Lifts."}).status_code == 303
    kept = told(Section.VENUE)
    assert [kept[key] for key in ("city", "hotels", "accessibility", "venue", "capacity")] == [
        "Besk", "Six.", "Lifts.", "Hall", 80,
    ]  # fmt: skip


def test_what_both_changed_comes_back_with_the_words_of_both(deputy: Client, path: str) -> None:
    page = f"{path}/sections/venue"
    one, other = fields(deputy.get(page)), fields(deputy.get(page))
    deputy.submit(page, **one | {"hotels": "Six hotels, 90 EUR.", "city": "Besk"})
    answer = deputy.submit(page, **other | {"hotels": "Ask the ministry.", "venue": "Dome"})
    assert (answer.status_code, "A colleague has changed the same" in alert(answer)) == (422, True)
    theirs = words_in(answer, "class", "notice notice--warning")
    assert "Hotels Six hotels, 90 EUR." in theirs
    assert "Besk" not in theirs  # nobody else touched the city
    again = fields(answer)
    assert (again["hotels"], again["venue"]) == ("Ask the ministry.", "Dome")
    assert (told(Section.VENUE)["hotels"], told(Section.VENUE)["venue"]) == (
        "Six hotels, 90 EUR.",
        "Hall",
    )
    both = "Six hotels, 90 EUR. Ask the ministry."
    assert deputy.submit(page, **again | {"hotels": both}).status_code == 303
    kept = told(Section.VENUE)
    assert [kept[key] for key in ("hotels", "venue", "city")] == [both, "Dome", "Besk"]


def test_a_button_pressed_twice_asks_nothing(deputy: Client, path: str) -> None:
    page = f"{path}/sections/venue"
    typed = fields(deputy.get(page)) | {"hotels": "Six."}
    assert [deputy.submit(page, **typed).status_code for _ in range(2)] == [303, 303]


@pytest.mark.parametrize(
    ("section", "mine", "theirs", "said"),
    [
        (
            "dates",
            {"first_1": "2027-09-13", "last_1": "2027-09-20"},
            {"first_1": "2027-09-20", "last_1": "2027-09-28"},
            "Windows 20–28 Sept 2027",
        ),
        ("costs", COST | {"rows-0-amount": "9"}, COST | {"rows-0-amount": "7000"}, "7,000 EUR"),
        ("access", {"visa_days": "0"}, {"visa_days": "12"}, "Days until a visa is given 12"),
        ("contacts", {"note": "Mine."}, {"note": "Theirs."}, "Theirs."),
    ],
)
def test_days_and_costs_are_not_lost_either(
    section: str, mine: dict[str, str], theirs: dict[str, str], said: str, deputy: Client, path: str
) -> None:
    page = f"{path}/sections/{section}"
    empty = fields(deputy.get(page))
    deputy.submit(page, **empty | theirs)
    kept = told(Section(section))
    answer = deputy.submit(page, **empty | mine)
    assert (answer.status_code, said in words_in(answer, "class", "notice notice--warning")) == (
        422,
        True,
    )
    assert told(Section(section)) == kept
    assert deputy.submit(page, **fields(answer)).status_code == 303
    assert told(Section(section)) != kept


def test_a_letter_takes_no_colleagues_letter_away(deputy: Client, path: str) -> None:
    page = f"{path}/sections/authority"
    empty = fields(deputy.get(page))
    for name in ("first.pdf", "second.pdf"):
        letter = (BytesIO(PDF.replace(b"letter", name.encode())), name)
        answer = deputy.submit(page, **empty | {"letter": letter, "signatory": name})
    assert answer.status_code == 422
    assert "another letter" in words_in(answer, "class", "notice notice--warning")
    assert told(Section.AUTHORITY)["letter"] == "first.pdf"


def test_the_short_form_takes_nothing_back_either(client: Client, edition: Edition) -> None:
    offer = make_offer(edition, make_country("XAA", name="Alboria"))
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    page = f"/hosting/offers/{offer.public_id}/edit"
    one, other = fields(client.get(page)), fields(client.get(page))
    assert client.submit(page, **one | {"city": "Besk", "note": "Theirs."}).status_code == 303
    assert client.submit(page, **other | {"venue": "Dome"}).status_code == 303
    answer = client.submit(page, **other | {"note": "Mine."})
    assert (answer.status_code, fields(answer)["note"]) == (422, "Mine.")
    assert "Theirs." in words_in(answer, "class", "notice notice--warning")
    db.session.expire_all()
    assert (offer.city, offer.venue, offer.note) == ("Besk", "Dome", "Theirs.")


def test_two_organisers_who_check_the_same_gate_are_told(client: Client, edition: Edition) -> None:
    edition.status = EditionStatus.UNDER_EVALUATION
    offer = make_offer(edition, make_country("XAA", name="Alboria"))
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/hosting/offers/{offer.public_id}/gates"
    one, other = fields(client.get(page)), fields(client.get(page))
    shown = {"letter": "passed", "letter_evidence": "Page 1"}
    assert client.submit(page, **one | shown).status_code == 303
    typed = {"letter": "failed", "letter_evidence": "Unsigned", "legal": "passed"}
    answer = client.submit(page, **other | typed | {"legal_evidence": "Page 2"})
    assert answer.status_code == 422
    assert "Signed letter passed: Page 1" in words_in(answer, "class", "notice notice--warning")
    assert fields(answer)["letter_evidence"] == "Unsigned"
    assert set(queries.gates_of([offer])[offer.id]) == {Gate.LETTER}
    assert client.submit(page, **fields(answer)).status_code == 303
    found = queries.gates_of([offer])[offer.id]
    assert (found[Gate.LETTER].is_passed, found[Gate.LEGAL].evidence) == (False, "Page 2")


def test_a_section_says_what_an_offer_is_not_sent_in_without(deputy: Client, path: str) -> None:
    page = words(deputy.get(f"{path}/sections/venue"))
    for label in ("City (needed)", "Venue (needed)", "Rooms for groups (asked for)"):
        assert label in page
    dates = words(deputy.get(f"{path}/sections/dates"))
    assert "First wish: from (needed)" in dates
    assert "Second wish: from (optional)" in dates
    authority = words(deputy.get(f"{path}/sections/authority"))
    assert "The government’s letter (needed)" in authority
    assert "Partners (optional)" in authority


# -- the law ---------------------------------------------------------------------------------

words_of_one = st.sampled_from(["", "a", "b", "c"])
facts = st.fixed_dictionaries({"x": words_of_one, "y": words_of_one})


@given(facts, facts, facts)
def test_nobodys_words_are_lost_without_a_question(
    had: dict[str, str], theirs: dict[str, str], mine: dict[str, str]
) -> None:
    merged, both = merging.merge(merging.marks(had), theirs, mine)
    for key, before in had.items():
        is_asked = mine[key] != before != theirs[key] != mine[key]
        assert (key in both) is is_asked
        if not is_asked:
            assert merged[key] == (theirs[key] if mine[key] == before else mine[key])
    seen = merging.remark(merging.marks(had), theirs, both)
    assert merging.merge(seen, theirs, mine)[1] == []  # asked once, then the writer's word holds
