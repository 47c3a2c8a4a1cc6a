"""HTTP of the feeds: codings, hosts, headers, limits; the same from the view and from memory."""

from __future__ import annotations

import gzip
import sys
from typing import TYPE_CHECKING

import pytest

import config
from app import create_app, database, publication
from app.database import db
from app.editions import service as editions
from app.feeds import kept, queries, service, views
from app.feeds.kept import KeptFeed, KeptFeeds, coding_for, moment_of
from app.feeds.models import FeedComponent
from tests.factories import OPENING, make_edition, make_person

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from flask import Flask
    from flask.testing import FlaskClient

    from tests.conftest import Client

ALL = "/feeds/all.ics"
UNPACK = {"gzip": gzip.decompress, "zstd": zstd.decompress, None: bytes}


@pytest.mark.parametrize(
    ("accepted", "coding", "suffix"),
    [
        ("gzip", "gzip", "-gz"),
        ("br, gzip, deflate", "gzip", "-gz"),
        ("x-gzip", "gzip", "-gz"),
        ("*", "gzip", "-gz"),
        ("zstd", "zstd", "-zst"),
        ("gzip, deflate, br, zstd", "zstd", "-zst"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip", "-gz"),
        ("GZIP;q=0.2, zstd;q=0.3", "zstd", "-zst"),
        ("gzip;q=0, zstd;q=0, identity", None, ""),
        ("gzip;q=0.5, identity;q=1", None, ""),
        ("gzip;q=0, *;q=1", None, ""),
        ("br, deflate", None, ""),
        ("identity;q=0", None, ""),
        ("", None, ""),
        ("gzip;q=often, nonsense;;,", None, ""),
    ],
)
def test_each_coding_has_a_tag_of_its_own_and_the_same_content(
    client: Client, accepted: str, coding: str | None, suffix: str
) -> None:
    make_edition(commit=True)
    plain = client.get(ALL)
    client.application.extensions["kept_feeds"].clear()
    for _ in range(2):  # from the view, then from memory
        packed = client.get(ALL, headers={"Accept-Encoding": accepted})
        assert packed.headers.get("Content-Encoding") == coding
        assert UNPACK[coding](packed.data) == plain.data
        assert packed.headers["ETag"] == plain.headers["ETag"][:-1] + suffix + '"'
        assert packed.headers["Content-Length"] == str(len(packed.data))
        assert packed.headers["Vary"] == "Accept-Encoding"
        again = client.get(
            ALL, headers={"Accept-Encoding": accepted, "If-None-Match": packed.headers["ETag"]}
        )
        assert (again.status_code, again.data, again.headers["ETag"], again.headers["Vary"]) == (
            304, b"", packed.headers["ETag"], "Accept-Encoding",
        )  # fmt: skip


def test_who_has_it_in_another_coding_is_told_the_tag_it_has_it_under(client: Client) -> None:
    make_edition(commit=True)
    plain = client.get(ALL).headers["ETag"]
    packed = client.get(ALL, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    told = [
        client.get(ALL, headers={"Accept-Encoding": "gzip", "If-None-Match": tags})
        for tags in (plain, f"{plain}, {packed}", "*", f"W/{plain}")
    ]
    assert [(answer.status_code, answer.headers["ETag"]) for answer in told] == [
        (304, plain), (304, packed), (304, packed), (304, plain),
    ]  # fmt: skip


def make_kept(body: bytes = b"BEGIN:VCALENDAR\r\n" * 99, stamp: int = 1) -> KeptFeed:
    return KeptFeed(body, "text/calendar", "all.ics", OPENING, stamp, OPENING.date())


def test_a_body_is_compressed_once_and_not_again_where_it_did_not_change() -> None:
    feeds, first = KeptFeeds(), make_kept()
    assert first.packed("gzip") is first.packed("gzip")
    feeds.put(ALL, first)
    same, other = make_kept(stamp=2), make_kept(b"other", stamp=3)
    feeds.put(ALL, same)
    assert same.packed("gzip") is first.packed("gzip")
    feeds.put(ALL, other)
    assert gzip.decompress(other.packed("gzip")) == b"other"


def test_two_processes_compress_to_the_same_bytes() -> None:
    one, two = make_kept(), make_kept()
    assert [one.packed(coding) for coding in kept.SUFFIXES] == [
        two.packed(coding) for coding in kept.SUFFIXES
    ]


def test_what_a_process_keeps_is_bounded_by_number_and_by_bytes() -> None:
    feeds = KeptFeeds(bytes_max=1000)
    for number in range(9):
        feeds.put(f"/feeds/{number}", make_kept(bytes(300)))
    held = [number for number in range(9) if feeds.get(f"/feeds/{number}")]
    assert held == [6, 7, 8]
    feeds.put("/feeds/large", make_kept(bytes(5000)))  # serves, alone
    assert [feeds.get("/feeds/8"), feeds.get("/feeds/large") is None] == [None, False]
    feeds = KeptFeeds(number_max=2)
    for number in range(9):
        feeds.put(f"/feeds/{number}", make_kept(b"x"))
    assert [number for number in range(9) if feeds.get(f"/feeds/{number}")] == [7, 8]


def test_a_header_of_any_length_costs_no_memory() -> None:
    coding_for.cache_clear()
    environ = {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "gzip, " + "x" * 10**6}
    assert dict(make_kept().answer(environ)[1])["Content-Encoding"] == "gzip"
    assert coding_for.cache_info().currsize == 1


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1:8000", "a b"])
def test_no_feed_is_told_under_a_foreign_host(client: Client, host: str) -> None:
    make_edition(commit=True)
    for _ in range(2):
        assert client.get(ALL).status_code == 200
        answer = client.get(ALL, headers={"Host": host})
        assert (answer.status_code, answer.mimetype) == (400, "text/plain")
        assert "VCALENDAR" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "LocalHost"])
def test_a_feed_is_told_under_our_names(client: Client, host: str) -> None:
    asked = [ALL, ALL, "/", "/"]  # each made, then from memory
    answers = [client.get(path, headers={"Host": host}) for path in asked]
    assert [answer.status_code for answer in answers] == [200] * 4


@pytest.fixture
def https(app: Flask, tmp_path: Path) -> Iterator[FlaskClient]:
    """The application as it stands behind HTTPS, on the database of the test."""
    settings = config.read(
        {
            "SYMPOSIA_SECRET_KEY": "of this test",
            "SYMPOSIA_INSTANCE_PATH": str(tmp_path),
            "SYMPOSIA_DATABASE_URL": app.config["SYMPOSIA"].database_url,
            "SYMPOSIA_BASE_URL": "https://symposia.example.net",
        }
    )
    behind = create_app(settings)
    yield behind.test_client()
    with behind.app_context():
        db.engine.dispose()


def test_over_https_every_answer_insists_on_it(https: FlaskClient) -> None:
    make_edition(commit=True)
    asked = {"base_url": "https://symposia.example.net"}
    first = https.get(ALL, **asked)
    known = {"If-None-Match": first.headers["ETag"]}
    answers = [first, https.get(ALL, **asked), https.get(ALL, headers=known, **asked)]
    assert [answer.status_code for answer in answers] == [200, 200, 304]
    told = [answer.headers["Strict-Transport-Security"] for answer in answers]
    assert told == [https.get("/healthz", **asked).headers["Strict-Transport-Security"]] * 3


def test_a_feed_comes_whole_or_not_at_all(client: Client) -> None:
    make_edition(commit=True)
    whole = client.get(ALL)
    for _ in range(2):
        part = client.get(ALL, headers={"Range": "bytes=0-99"})
        assert (part.status_code, part.data) == (200, whole.data)
        assert "Content-Range" not in part.headers


def test_a_feed_that_cannot_be_made_leaves_clients_what_they_have(client: Client) -> None:
    make_edition(title="Sound")
    edition = make_edition(commit=True)
    whole = client.get(ALL)
    database.write(edition)
    edition.uid = ""  # which no calendar can carry
    edition.component_tag = None
    db.session.get_one(FeedComponent, edition.id).key = "another making"
    publication.touch(now=OPENING)
    answer = client.get(ALL, headers={"If-None-Match": whole.headers["ETag"]})
    assert (answer.status_code, answer.mimetype) == (422, "text/plain")
    assert "VCALENDAR" not in answer.text


def test_who_tries_addresses_in_bulk_is_told_when_to_come_back(https: FlaskClient) -> None:
    asked = {"base_url": "https://symposia.example.net"}
    found = [https.get("/feeds/personal/wrong.ics", **asked) for _ in range(121)]
    assert {answer.status_code for answer in found[:120]} == {404}
    assert (found[-1].status_code, found[-1].mimetype) == (429, "text/plain")
    assert 1 <= int(found[-1].headers["Retry-After"]) <= 61


def test_a_write_that_leaves_a_feed_as_it_was_leaves_its_tag(client: Client) -> None:
    edition, other = make_edition(title="One"), make_edition(title="Other")
    path = f"/feeds/edition/{edition.slug}.ics"
    before = client.get(path)
    editions.describe(other, title="Changed", summary="", by=make_person(), now=OPENING)
    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 304


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 15 Jan 99999999999999999999 09:00:00 GMT",
        "Fri, 15 Jan 0 09:00:00 GMT",
        "Fri, 31 Feb 2027 09:00:00 GMT",
        "Fri, 15 Jan 2027 09:00:00 +99999999",
        "Fri, 15 Jan 2027 08:59:59 GMT",
        "Sat, 16 Jan 2027 09:00:00 GMT",  # not what we told: of another history, it may be
        "0",
        "",
        "x" * 5000,
    ],
)
def test_a_date_that_we_did_not_tell_tells_us_nothing(client: Client, date: str) -> None:
    make_edition(commit=True)
    for _ in range(2):  # from the view, then from memory
        answer = client.get(ALL, headers={"If-Modified-Since": date})
        assert (answer.status_code, answer.mimetype) == (200, "text/calendar")


@pytest.mark.parametrize(
    "date",
    ["Fri, 15 Jan 2027 09:00:00 GMT", "Friday, 15-Jan-27 09:00:00 GMT", "Fri Jan 15 09:00:00 2027"],
)
def test_our_date_is_read_in_each_form_that_http_knows(client: Client, date: str) -> None:
    make_edition(commit=True)
    for _ in range(2):
        assert client.get(ALL, headers={"If-Modified-Since": date}).status_code == 304


def test_who_asks_for_one_version_alone_gets_no_other(client: Client) -> None:
    make_edition(commit=True)
    tag = client.get(ALL).headers["ETag"]
    packed = client.get(ALL, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    until, before = "Fri, 15 Jan 2027 09:00:00 GMT", "Fri, 15 Jan 2027 08:59:59 GMT"
    asked = [
        ({"If-Match": tag}, 200),
        ({"If-Match": f'"other", {packed}'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": f"W/{tag}"}, 412),  # RFC 9110 §13.1.1: compared strongly
        ({"If-Match": tag, "If-None-Match": tag}, 304),
        ({"If-Match": tag, "If-Unmodified-Since": before}, 200),  # the tag decides
        ({"If-Unmodified-Since": until}, 200),
        ({"If-Unmodified-Since": before}, 412),
        ({"If-Unmodified-Since": "yesterday"}, 200),
    ]
    for _ in range(2):
        answers = [client.get(ALL, headers=headers) for headers, _expected in asked]
        assert [answer.status_code for answer in answers] == [expected for _, expected in asked]
        refused = next(answer for answer in answers if answer.status_code == 412)
        assert (refused.data, refused.mimetype, refused.headers["ETag"]) == (b"", "text/plain", tag)
        client.application.extensions["kept_feeds"].clear()


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/all.ics?month=3",
        "/feeds/all.ics?region=atlantis",
        "/feeds/all.ics?region=africa&region=europe",
        "/feeds/all.ics?=x",
        "/feeds/all.ics/",
        "/feeds//all.ics",
        "/feeds/series//symposium.ics",
        "/feeds/%2Fall.ics",
        "/feeds/all.ics;x",
        "/feeds/all.ics%00",
        "/feeds/ALL.ics",
        "/feeds/",
        "/feeds/series/symposium.ics?region=africa",
        "/feeds/region/africa.ics?series=symposium",
        "/feeds/deadlines.ics?edition=x",
        "/feeds/news.atom?series=symposium",
        "/feeds/personal/%ff.ics",
    ],
)
def test_an_address_that_names_no_feed_erases_nothing(client: Client, path: str) -> None:
    make_edition(commit=True)
    for method in ("GET", "HEAD"):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert b"VCALENDAR" not in client.get(path).data


def test_another_spelling_of_an_address_is_answered_from_what_is_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_edition(commit=True)
    first = client.get(ALL, headers={"Accept-Encoding": "gzip"})
    monkeypatch.setattr(kept.gzip, "compress", None)  # would not be repeated
    again = client.get(f"{ALL}?series=&region=", headers={"Accept-Encoding": "gzip"})
    assert (again.status_code, again.data) == (200, first.data)


@pytest.mark.parametrize(
    ("path", "module", "name"),
    [
        ("/feeds/deadlines.ics", service, "deadlines"),
        ("/feeds/news.atom", views, "atom"),
        (ALL, queries, "component_tags"),
    ],
)
def test_old_content_never_has_the_date_of_what_came_after(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str, module: ModuleType, name: str
) -> None:
    make_edition(commit=True)
    read = getattr(module, name)

    def read_before_others_write(*args: object, **more: object) -> object:
        found = read(*args, **more)
        database.write()
        publication.touch(now=OPENING)
        return found

    monkeypatch.setattr(module, name, read_before_others_write)
    before = publication.last_change()
    assert moment_of(client.get(path).headers["Last-Modified"]) == before


def test_what_a_write_may_have_mixed_is_not_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_edition(commit=True)
    stamps = iter([1, 2])  # PostgreSQL shows a reader what others commit between two reads
    with monkeypatch.context() as patched:
        patched.setattr(publication, "stamp", lambda: next(stamps))
        assert client.get(ALL).status_code == 200
    assert client.application.extensions["kept_feeds"].get(ALL) is None
