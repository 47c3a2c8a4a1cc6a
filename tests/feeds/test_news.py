from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from app.database import db
from app.editions import disruptions
from app.editions import service as editions
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_edition, make_person

if TYPE_CHECKING:
    from tests.conftest import Client

A = "{http://www.w3.org/2005/Atom}"


def titles(client: Client) -> list[str]:
    answer = client.get("/feeds/news.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.data)  # noqa: S314 - our own answer
    assert [feed.findtext(f"{A}{name}") for name in ("id", "title")] == [
        "tag:symposia.example.org,2026:news",
        "Symposia: news",
    ]
    return [entry.findtext(f"{A}title") or "" for entry in feed.iter(f"{A}entry")]


def test_news_tell_what_the_world_may_know_newest_first(client: Client) -> None:
    edition, organiser = make_edition(title="<Open> & “free”"), make_person()
    hidden = make_edition(title="Secret", status=EditionStatus.CALL_OPEN)
    by = {"by": organiser, "now": OPENING + timedelta(hours=1)}
    assert titles(client) == []
    editions.set_status(hidden, EditionStatus.UNDER_EVALUATION, **by)
    editions.describe(edition, title=edition.title, summary="Words", **by)
    disruptions.postpone(edition, dtstart=None, dtend=None, reason="The venue flooded", **by)
    disruptions.cancel(edition, reason="No venue", **by)
    db.session.commit()
    assert titles(client) == ["Cancelled: <Open> & “free”", "Postponed: <Open> & “free”"]


def test_news_are_answered_conditionally(client: Client) -> None:
    tag = client.get("/feeds/news.atom").headers["ETag"]
    again = client.get("/feeds/news.atom", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_reader_of_news_finds_them_by_the_address_of_the_site(client: Client) -> None:
    for page in ("/", "/subscribe"):
        link = re.search(
            r'<link rel="alternate" type="application/atom.xml"[^>]*>', client.get(page).text
        )
        assert link is not None
        assert 'href="/feeds/news.atom"' in link[0]
