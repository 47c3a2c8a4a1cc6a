"""Edition pages as search engines read them: schema.org's Event, in a block of data."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.database import db
from app.editions import disruptions
from app.editions.models import Precision
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person

if TYPE_CHECKING:
    from app.editions.models import Edition
    from tests.conftest import Client

FIRST = date(2027, 6, 8)
DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def announced(**facts: Any) -> Edition:  # noqa: ANN401 - a factory's
    return make_edition(**{"status": EditionStatus.ANNOUNCED, "dtstart": FIRST} | facts)


def told(client: Client, edition: Edition) -> dict[str, Any]:
    (data,) = DATA.findall(client.get(f"/editions/{edition.slug}").text)
    found: dict[str, Any] = json.loads(data)
    return found


def test_an_edition_is_an_event_at_a_city(client: Client) -> None:
    make_country("XAA", name="Alboria", alpha2=None)
    edition = announced(
        title="Meeting", city="Albor", country_code="XAA", venue="Secret Hall",
        venue_address="1 Hidden Lane", summary="What it is about.",
    )  # fmt: skip
    page = f"http://localhost:8000/editions/{edition.slug}"
    assert told(client, edition) == {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": page,
        "url": page,
        "name": "Meeting",
        "description": "What it is about.",
        "startDate": "2027-06-08",
        "endDate": "2027-06-10",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": {
            "@type": "Place",
            "name": "Albor, Alboria",
            "address": {
                "@type": "PostalAddress",
                "addressLocality": "Albor",
                "addressCountry": "Alboria",
            },
        },
        "organizer": {
            "@type": "Organization",
            "name": "Symposia",
            "url": "http://localhost:8000/",
        },
        "superEvent": {
            "@type": "EventSeries",
            "name": "Symposium",
            "url": "http://localhost:8000/series/symposium",
        },
    }


def test_a_country_of_the_standard_goes_by_its_code(client: Client) -> None:
    make_country("FRA", name="France", alpha2="FR")
    place = told(client, announced(country_code="FRA"))["location"]
    assert place["address"] == {"@type": "PostalAddress", "addressCountry": "FR"}


def test_every_change_of_days_is_told(client: Client) -> None:
    edition, who = announced(), {"by": make_person(), "now": OPENING, "reason": "Because"}
    week = timedelta(days=7)

    def state() -> tuple[str, str, list[str] | None]:
        found = told(client, edition)
        status = found["eventStatus"].removeprefix("https://schema.org/")
        return status, found["startDate"], found.get("previousStartDate")

    found = [state()]
    for act in (
        lambda: disruptions.reschedule(
            edition, dtstart=FIRST + week, dtend=FIRST + 2 * week, **who
        ),
        lambda: disruptions.postpone(
            edition, dtstart=FIRST + 4 * week, dtend=FIRST + 5 * week, **who
        ),
        lambda: disruptions.cancel(edition, **who),
    ):
        act()
        found.append(state())
    first, second, third = "2027-06-08", "2027-06-15", "2027-07-06"
    assert found == [
        ("EventScheduled", first, None),
        ("EventRescheduled", second, [first]),
        ("EventRescheduled", third, [first, second]),
        ("EventCancelled", third, [first, second]),
    ]


def test_postponed_without_new_days_keeps_the_old_ones(client: Client) -> None:
    edition = announced()
    disruptions.postpone(
        edition, dtstart=None, dtend=None, reason="Flood", by=make_person(), now=OPENING
    )
    found = told(client, edition)
    assert (found["eventStatus"], found["startDate"], "previousStartDate" in found) == (
        "https://schema.org/EventPostponed",
        "2027-06-08",
        False,
    )


def test_where_the_days_are_not_known_nothing_is_claimed(client: Client) -> None:
    edition = announced(precision=Precision.MONTH, status=EditionStatus.COMPLETED)
    assert DATA.findall(client.get(f"/editions/{edition.slug}").text) == []


@pytest.mark.parametrize(
    "title",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]> & 'single' \"double\" \u2028 \u2029",
        "مؤتمر 🛡️, back\\slash",
    ],
)
def test_no_title_ends_the_block(client: Client, title: str) -> None:
    edition = announced(title=title, summary=title)
    db.session.commit()
    page = client.get(f"/editions/{edition.slug}").text
    (data,) = DATA.findall(page)
    assert json.loads(data)["name"] == title
    assert re.search("[<>&']", data) is None
    assert "<script>" not in page


def test_the_city_stands_where_an_organiser_put_it(client: Client) -> None:
    edition = announced(city="Albor", latitude=-33.93, longitude=18.4)
    point = {"@type": "GeoCoordinates", "latitude": -33.93, "longitude": 18.4}
    assert told(client, edition)["location"]["geo"] == point
    assert "\r\nGEO:-33.93;18.4\r\n" in client.get("/feeds/all.ics").text
    entry = client.get("/feeds/all.json").json[2][0]  # type: ignore[index]
    assert ["geo", {}, "float", [-33.93, 18.4]] in entry[1]
