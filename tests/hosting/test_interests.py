from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from app import audit
from app.accounts.models import Role
from app.database import db
from app.hosting import interests, queries
from app.hosting.models import CostShare, HostingInterest
from tests.factories import OPENING, make_country, make_person, make_series
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from tests.conftest import Client

TYPED = {
    "country": "XAA",
    "series": "symposium",
    "first_year": "2030",
    "last_year": "2036",
    "months": ["3", "4", "10"],
    "use_count": "2",
    "cost_share": "host",
    "remark": "A congress centre.",
}


@pytest.fixture
def contact() -> Person:
    make_country("XAA", name="Alboria", region="africa")
    make_country("XAB", name="Brevania", region="americas")
    make_series()
    return make_person("a@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")


def make_interest(country: str = "XAA", **facts: object) -> HostingInterest:
    told = {"first_year": 2030, "last_year": 2036, "months": [3, 4]} | facts
    made = interests.tell(
        make_series(), make_country(country), interests.InterestFacts(**told),
        by=make_person(), now=OPENING,
    )  # fmt: skip
    db.session.commit()
    return made


def test_a_contact_tells_changes_and_withdraws_an_interest(client: Client, contact: Person) -> None:
    client.sign_in(contact)
    assert "Tell which series your country could host" in words(client.get("/hosting/interests/"))
    answer = client.submit("/hosting/interests/new", **TYPED)
    told = db.session.query(HostingInterest).one()
    assert (answer.status_code, answer.location) == (303, f"/hosting/interests/{told.public_id}")
    assert [(window.dtstart, window.dtend) for window in told.windows] == [
        (date(2030, 3, 1), date(2030, 5, 1)),
        (date(2030, 10, 1), date(2030, 11, 1)),
    ]
    assert told.windows_in(2032)[0] == (date(2032, 3, 1), date(2032, 5, 1))
    assert "2030–2036 2 editions at most March, April, October" in words(
        client.get("/hosting/interests/")
    )

    page = client.get(f"{answer.location}/edit")
    assert fields(page)["last_year"] == "2036"
    changed = {**TYPED, "months": ["12"], "last_year": "2031", "cost_share": "group"}
    assert client.submit(f"{answer.location}/edit", **changed).status_code == 303
    db.session.expire_all()
    assert (told.last_year, told.cost_share, interests.months_of(told)) == (
        2031,
        CostShare.GROUP,
        [12],
    )

    client.submit(f"{answer.location}/withdraw")
    assert queries.interests() == []
    assert "This interest is withdrawn" in words(client.get(answer.location))
    assert client.submit(f"{answer.location}/edit", **TYPED).status_code == 422
    assert [entry.action for entry in audit.history(told)] == [
        "interest.told",
        "interest.changed",
        "interest.withdrawn",
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"first_year": "2036", "last_year": "2030"},
            "To the year: The last year (2030) lies before the first (2036).",
        ),
        (
            {"first_year": "2020", "last_year": "2026"},
            "To the year: These months are over. Choose years, and months in them, that lie",
        ),
        ({"first_year": "2030", "last_year": "9999"}, "To the year: These months are over."),
        ({"first_year": "soon"}, "From the year: “soon” is not a year. Write it as 2031."),
        ({"months": []}, "Months in which it could be held: Choose the months"),
        ({"months": ["13"]}, "Months in which it could be held: '13' is not a valid choice"),
        ({"series": "nothing"}, "Series: Not a valid choice."),
        ({"series": "regional-europe"}, "Series: Europe Meeting is held in Europe, and Alboria"),
        ({"country": "XAB"}, "Country: Not a valid choice."),
        ({"use_count": "0"}, "How often in these years: Number must be between 1 and 9."),
        ({"cost_share": ""}, "Costs of venue and programme: Choose who would bear the costs."),
    ],
)
def test_what_cannot_be_hosted_is_refused_in_words(
    typed: dict[str, object], said: str, client: Client, contact: Person
) -> None:
    make_series("regional-europe", region="europe", title="Europe Meeting")
    client.sign_in(contact)
    answer = client.submit("/hosting/interests/new", **{**TYPED, **typed})
    assert answer.status_code == 422
    assert alert(answer).startswith(said)
    assert db.session.query(HostingInterest).count() == 0


@pytest.mark.usefixtures("contact")
def test_the_month_that_runs_is_welcome() -> None:
    made = make_interest(first_year=2027, last_year=2027, months=[1])
    assert made.windows_in(2027) == [(date(2027, 1, 1), date(2027, 2, 1))]


def test_a_series_and_its_years_are_told_once(client: Client, contact: Person) -> None:
    make_interest()
    client.sign_in(contact)
    answer = client.submit("/hosting/interests/new", **{**TYPED, "first_year": "2036"})
    assert alert(answer) == (
        "Alboria has told its interest in Symposium for 2030 to 2036 already. "
        "Change that one, or choose other years."
    )
    later = {**TYPED, "first_year": "2037", "last_year": "2038"}
    assert client.submit("/hosting/interests/new", **later).status_code == 303


def test_a_contact_sees_the_own_country_alone(client: Client, contact: Person) -> None:
    own, other = make_interest(), make_interest("XAB")
    client.sign_in(contact)
    page = words(client.get("/hosting/interests/"))
    assert ("Alboria" in page, "Brevania" in page) == (True, False)
    assert client.get(f"/hosting/interests/{own.public_id}").status_code == 200
    path = f"/hosting/interests/{other.public_id}"
    answers = [client.get(path), client.get(f"{path}/edit"), client.submit(f"{path}/withdraw")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert other.stands


@pytest.mark.usefixtures("contact")
def test_the_committee_reads_every_interest_and_changes_none(client: Client) -> None:
    own = make_interest()
    make_interest("XAB")
    client.sign_in(make_person(role=Role.COMMITTEE))
    page = words(client.get("/hosting/interests/"))
    assert ("Alboria" in page, "Brevania" in page) == (True, True)
    path = f"/hosting/interests/{own.public_id}"
    answers = [client.get(path), client.get(f"{path}/edit"), client.submit(f"{path}/withdraw")]
    assert [answer.status_code for answer in answers] == [200, 403, 403]


@pytest.mark.usefixtures("contact")
def test_a_participant_and_a_visitor_see_nothing_of_it(client: Client) -> None:
    path = f"/hosting/interests/{make_interest().public_id}"
    assert client.get(path).status_code == 303
    client.sign_in(make_person())
    assert [client.get(each).status_code for each in ("/hosting/interests/", path)] == [403, 403]
    assert "Interests in the years ahead" not in words(client.get("/hosting/"))
