"""Words that are code to a browser stay words, on every page that anybody can reach."""

from __future__ import annotations

import re
from collections import deque
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from sqlalchemy import String, Text, cast, literal, select, update
from sqlalchemy.exc import IntegrityError

from app import audit, database
from app.accounts.models import Person
from app.clock import utcnow
from app.database import Model, db
from app.editions.models import Edition
from app.registrations import service as registrations
from app.site import demo
from app.site.history import WORDS
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from tests.conftest import Client

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)> {{{7*7}}} javascript:alert(3)"
TECHNICAL = re.compile(
    r"(^|_)(id|slug|code|codes|region|tzid|tz|uid|domain|hash|salt|token|key|keys|rrule|rdate|exdate|email"
    r"|address|password|uniquifier|method|media_type|sha256|stored_name|path|kind|status|action"
    r"|fingerprint|certainty|version|level|url|public_id|language|languages|color|colour|error|secret)$"
)
UNTOUCHED = {"audit_entry", "audit_head", "country", "association", "outbox_message"}
PAGES_MAX = 150  # a role
STARTS = ["/", "/calendar", "/series", "/hosting/", "/subscribe", "/me", "/organise/",
          "/organise/audit", "/organise/mail", "/organise/people"]  # fmt: skip


class _Links(HTMLParser):
    """Collects where a page leads, and what of it could run."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.targets += [found[name] for name in ("href", "src") if found.get(name)]
        runs = [name for name in found if name.startswith("on")]
        is_ours = tag != "script" or found.get("type") == "application/ld+json" or (
            found.get("src", "").startswith("/static/")
        )  # fmt: skip
        if runs or not is_ours:
            self.faults.append(self.get_starttag_text() or tag)


def poison() -> int:
    """Put code into every column that holds words; return into how many."""
    database.write()
    count = 0
    for table in Model.metadata.sorted_tables:
        columns = [
            column
            for column in table.columns
            if type(column.type) in {String, Text}
            and not column.primary_key
            and not column.foreign_keys
            and not column.unique
            and not TECHNICAL.search(column.name)
        ]
        number = cast(table.primary_key.columns[0], String)  # some words must differ
        for column in columns if table.name not in UNTOUCHED else ():
            words = literal(EVIL[: (column.type.length or 2000) - 8]).concat(number)
            try:
                with db.session.begin_nested():
                    db.session.execute(update(table).values({column.name: words}))
            except IntegrityError:
                continue  # the database has a say in what may stand here
            count += 1
    db.session.commit()
    return count


def crawl(client: Client, starts: list[str]) -> dict[str, str]:
    """Return the pages that links lead to, by their paths; one query of each is enough."""
    waiting, pages, seen = deque(starts), {}, set()
    while waiting and len(pages) < PAGES_MAX:
        target = waiting.popleft()
        path = urlsplit(target).path
        if path in seen or path.startswith(("/static/", "/feeds/")) or path.endswith(".pdf"):
            continue
        seen.add(path)
        with client.get(target) as answer:
            assert answer.status_code < 500, target
            if answer.mimetype != "text/html" or answer.status_code != 200:
                continue
            pages[path] = answer.text
        links = _Links()
        links.feed(pages[path])
        waiting += [urljoin(target, link) for link in links.targets if not urlsplit(link).netloc]
    return pages


def test_no_words_run_on_any_page(client: Client) -> None:
    demo.load_and_commit(lambda _line: None)
    edition = db.session.scalar(
        select(Edition).filter_by(status=EditionStatus.REGISTRATION_OPEN).limit(1)
    )
    people = {
        person.email.partition("@")[0]: person for person in db.session.scalars(select(Person))
    }
    told = registrations.Particulars(
        affiliation=EVIL, position=EVIL, dietary_needs=EVIL, access_needs=EVIL
    )
    registrations.register(edition, people["participant"], now=utcnow(), told=told)
    for action in WORDS:
        changes = {"city": [EVIL, EVIL], "venue": [EVIL, EVIL], "name": [EVIL, EVIL]}
        audit.record(action, edition, by=None, now=utcnow(), reason=EVIL, changes=changes)
    assert poison() > 25
    faults: dict[str, list[str]] = {}
    for role in ("", "participant", "contact-xaa", "committee1", "organiser"):
        if role:
            client.sign_in(people[role])
        pages = crawl(client, STARTS)
        assert len(pages) > 15
        assert any("&lt;script&gt;alert(1)" in page for page in pages.values())
        faults |= {f"{role} {path}": found for path, page in pages.items() if (found := runs(page))}
    assert faults == {}


def runs(page: str) -> list[str]:
    """Return what on a page would run that is not ours."""
    links = _Links()
    links.feed(page)
    addresses = [target for target in links.targets if target.lower().startswith("javascript:")]
    return links.faults + addresses + [mark for mark in ("<script>alert", "{49}") if mark in page]


def test_no_words_break_the_feeds(client: Client) -> None:
    demo.load_and_commit(lambda _line: None)
    poison()
    news = client.get("/feeds/news.atom").text
    assert "<script>" not in news
    for name in ("all.ics", "deadlines.ics"):
        body = client.get(f"/feeds/{name}").text
        lines = body.replace("\r\n ", "").splitlines()
        assert (lines[0], lines[-1], body.count("BEGIN:VCALENDAR")) == (
            "BEGIN:VCALENDAR",
            "END:VCALENDAR",
            1,
        )
        assert [line for line in lines if not re.match(r"[A-Z-]+[:;]", line)] == []
