"""Public pages are kept for visitors for as long as nothing at all is written, and no longer."""

from __future__ import annotations

import gzip
from functools import partial
from typing import TYPE_CHECKING

import pytest

from app import database, publication
from app.database import db
from app.series.models import Series
from app.site import kept_pages
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_edition, make_person, make_series

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client

PATHS = ("/", "/calendar", "/series", "/series/symposium", "/hosting/", "/subscribe", "/privacy")


@pytest.fixture
def edge(app: Flask) -> kept_pages.PageEdge:
    """The layer of pages, which lies behind that of feeds."""
    found = vars(app.wsgi_app)["_wsgi_app"]
    assert isinstance(found, kept_pages.PageEdge)
    return found


@pytest.fixture
def made(edge: kept_pages.PageEdge, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that the views were asked for."""
    asked: list[str] = []
    inner = edge._wsgi_app  # noqa: SLF001 - what lies behind

    def ask(environ: dict[str, str], start_response: object) -> object:
        asked.append(environ["PATH_INFO"])
        return inner(environ, start_response)

    monkeypatch.setattr(edge, "_wsgi_app", ask)
    monkeypatch.setattr(kept_pages, "real_seconds", lambda: 1_800_000_000)
    return asked


def assert_asked(made: list[str], count: int) -> None:
    """PostgreSQL tells of a commit in any database of its cluster, and other tests write there."""
    is_alone = db.engine.dialect.name == "sqlite"
    assert len(made) == count if is_alone else len(made) >= count


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_made_once_for_all_visitors(path: str, client: Client, made: list[str]) -> None:
    make_series()
    db.session.commit()
    first, again = client.get(path), client.get(path)
    assert (first.status_code, again.data) == (200, first.data)
    assert_asked(made, 1)
    assert first.headers["Content-Security-Policy"] == again.headers["Content-Security-Policy"]
    assert again.headers["Cache-Control"] == "no-cache"
    assert {part.strip() for part in again.headers["Vary"].split(",")} == {
        "Accept-Encoding",
        "Cookie",
    }


def test_whatever_is_written_makes_every_page_anew(client: Client, made: list[str]) -> None:
    series = make_series()
    db.session.commit()
    assert "Another title" not in client.get("/series").text
    database.write()
    db.session.get_one(Series, series.id).title = "Another title"
    db.session.commit()  # without a word to anybody: not even the public stamp moves on
    assert "Another title" in client.get("/series").text
    assert_asked(made, 2)
    database.write()
    publication.touch(now=OPENING)
    db.session.rollback()
    client.get("/series")
    assert_asked(made, 2)  # what was undone is no change


def test_what_the_clock_changes_comes_with_the_next_minute(
    client: Client, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offset = client.application.extensions["clock_offset"].total_seconds()
    full_minute = 1_800_000_000 - offset
    for seconds, count in ((0, 1), (59, 1), (60, 2)):
        monkeypatch.setattr(kept_pages, "real_seconds", lambda s=seconds: full_minute + s)
        client.get("/")
        assert_asked(made, count)


def test_who_is_signed_in_gets_a_page_of_their_own_and_leaves_none(
    client: Client, made: list[str]
) -> None:
    person = make_person(name="Ann Other")
    db.session.commit()
    client.sign_in(person)
    for _ in range(2):
        page = client.get("/")
        assert ("Ann Other" in page.text, page.headers["Cache-Control"]) == (True, "no-store")
    visitor = client.application.test_client()
    assert "Ann Other" not in visitor.get("/").text
    assert_asked(made, 3)


def test_pages_with_a_form_and_what_is_not_there_are_never_kept(
    client: Client, made: list[str]
) -> None:
    edition = make_edition(status=EditionStatus.REGISTRATION_OPEN)
    db.session.commit()
    for path in ("/login", f"/editions/{edition.slug}/register", "/series/of-nobody"):
        client.application.test_client().get(path)
        client.application.test_client().get(path)
        assert made.count(path) == 2


def test_a_kept_page_is_answered_by_the_rules_of_http(client: Client, made: list[str]) -> None:
    whole = client.get("/series")
    packed = client.get("/series", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == whole.data
    assert packed.headers["ETag"] != whole.headers["ETag"]
    known = client.get("/series", headers={"If-None-Match": whole.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")
    head = client.head("/series")
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(whole.data)))
    assert client.get("/series?page=2").status_code == 200
    assert_asked(made, 2)


def test_an_address_that_is_made_up_is_not_kept_and_no_host_is_taken_for_another(
    client: Client, made: list[str]
) -> None:
    for _ in range(2):
        client.get(f"/series?x={'y' * kept_pages.ADDRESS_MAX}")
        assert client.get("/series", headers={"Host": "evil.example"}).status_code == 400
    assert len(made) == 4


def test_what_comes_from_memory_is_counted(
    client: Client,
    edge: kept_pages.PageEdge,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[int] = []
    counting = {status: partial(counted.append, status) for status in (200, 304)}
    monkeypatch.setattr(edge, "_count", counting)
    for _ in range(3):
        tag = client.get("/series").headers["ETag"]
    client.get("/series", headers={"If-None-Match": tag})
    assert len(counted) == 4 - len(made)
    assert_asked(made, 1)
