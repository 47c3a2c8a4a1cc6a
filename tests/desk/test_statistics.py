"""Who takes part, in numbers, and without a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.accounts.models import Role
from app.database import write
from app.registrations import service as registrations
from app.registrations.models import AttendeeRole
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from tests.conftest import Client


def test_counts_are_told_by_country_region_role_and_state(client: Client) -> None:
    edition = make_edition(capacity=3)
    alboria = make_country("XAB", name="Alboria", region="africa")
    brevania = make_country("XAC", name="Brevania", region="europe")
    for number, country in enumerate((alboria, alboria, brevania, brevania)):
        person = make_person(name=f"Guest {number}")
        registration = registrations.register(edition, person, now=OPENING)
        write(registration)
        registration.country_code = country.code
        registration.role = AttendeeRole.SPEAKER if number == 0 else AttendeeRole.PARTICIPANT
    client.sign_in(make_person(role=Role.COMMITTEE))
    page = words(client.get(f"/organise/editions/{edition.slug}/statistics"))
    assert "3 of 3 places are taken. One person waits." in page
    for told in (
        "By country Country Have a place Alboria 2 Brevania 1",
        "By region Region Have a place Africa 2 Europe 1",
        "By role Role Have a place Participant 2 Speaker 1",
        "By state State Registrations Place confirmed 3 On the waiting list 1",
    ):
        assert told in page
    assert "Guest" not in page
    # Each chart is a table with a caption and heads; the bars say nothing that is not in it.
    text = client.get(f"/organise/editions/{edition.slug}/statistics").text
    charts = re.findall(r'<table class="table chart">.*?</table>', text, re.DOTALL)
    assert len(charts) == 4
    for chart in charts:
        assert re.search(r"<caption[^>]*>[^<]+</caption>", chart)
        bars, hidden = chart.count("<svg"), chart.count('aria-hidden="true"')
        assert chart.count('scope="row"') == bars == hidden > 0


def test_without_registrations_it_says_what_will_stand_there(client: Client) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    page = client.get(f"/organise/editions/{make_edition().slug}/statistics")
    assert "Nobody has registered yet" in page.text
