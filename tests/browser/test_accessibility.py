"""Every page, as each role meets it, under axe-core: light and dark, wide and narrow.

The pages are found by following links, one or two of each kind; so a new page is looked at too.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from app import clock
from app.accounts import service as accounts
from app.accounts.models import Person, Role
from app.database import db
from app.desk import rotation, rotation_answers
from app.documents import service as documents
from app.documents.models import DocumentKind
from app.hosting import balloting, consensus, deciding, service
from app.hosting.choosing import Choice
from app.registrations import questions
from app.registrations import service as registrations
from scheduler.deciding import RoundStatus
from scheduler.lifecycle import EditionStatus
from tests.conftest import POSTGRESQL
from tests.factories import make_call, make_country, make_edition, make_offer, make_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Page

    from tests.conftest import Client

    NewPage = Callable[..., Page]

AXE = Path(__file__).parents[1] / "readers/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# In the dark, only colours are other than in the light.
WAYS: list[tuple[int, Literal["light", "dark"], list[str]]] = [
    (1280, "light", TAGS),
    (375, "light", TAGS),
    (1280, "dark", ["color-contrast"]),
    (375, "dark", ["color-contrast"]),
]
NARROWEST = 320
EACH_KIND = 2

ORGANISER, COMMITTEE = "organiser@symposia.example.org", "committee1@symposia.example.org"
CONTACT, PARTICIPANT = "contact-xaa@symposia.example.org", "participant@symposia.example.org"
OFFERING = "contact-xae@symposia.example.org"  # offers to host what the region needs
JUDGE = "committee3@symposia.example.org"  # proposed a need, and has not scored yet
# What is public looks the same to whoever has signed in, but for these.
PERSONAL = {"site.home", "site.edition"}
MORE = {
    "": ["/nothing-here", "/calendar?view=month", "/calendar?view=list", "/subscribe?country=XAA"],
    ORGANISER: [
        "/organise/plan?years=6",
        "/organise/plan?years=24&by=region",
        "/organise/plan?try=symposium-2027&day=2027-03-16",
        "/organise/pieces",
    ],
}
REFUSED = {
    "": ["/login"],
    ORGANISER: [
        "/organise/series/new",
        "/organise/known-events/new",
        "/organise/known-events/import",
        "/organise/people",
    ],
}

# Forms that are sent as they stand where a role comes upon them: what is missing is told.
REFUSED_KINDS = {
    "short_form.make_offer",
    "needs.add",
    "needs.put_off",
    "needs.decline",
    "interests.add",
    "offers.send_back",
    "decisions.propose",
    "hosts.add_task",
    "hosts.waive_task",
}

pytestmark = [
    pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: npm ci --prefix tests/readers"),
    pytest.mark.skipif(bool(POSTGRESQL), reason="the pages are those that SQLite fills"),
]


class Fault(NamedTuple):
    """What a page does wrong, where, and as it is looked at how."""

    page: str
    looked_at: str
    rule: str
    where: str


@pytest.mark.parametrize(
    "email",
    ["", PARTICIPANT, CONTACT, OFFERING, COMMITTEE, JUDGE, ORGANISER],
    ids=["visitor", "participant", "contact", "offering", "committee", "judge", "organiser"],
)
@pytest.mark.usefixtures("demonstration")
def test_every_page_keeps_to_wcag_and_to_its_width(
    email: str, app: Flask, client: Client, new_page: NewPage
) -> None:
    if email == ORGANISER:
        plan_the_rotation()
    person = db.session.scalar(select(Person).filter_by(email=email)) if email else None
    if person is not None:
        client.sign_in(person)
    addresses = [*found_by_links(app, client, is_visitor=person is None), *MORE.get(email, ())]
    page = new_page(person)
    faults = [fault for address in addresses for fault in faults_of(page, address)]
    # Who has scored would but give the same scores again.
    kinds = REFUSED_KINDS | ({"judging.scores"} if email == JUDGE else set())
    forms = [address for address in addresses if kind_of(app, address) in kinds]
    sent = dict.fromkeys(REFUSED.get(email, ()), "[type=submit]")
    sent |= dict.fromkeys(forms, ":is(.button--primary, .button--danger)")
    for address, button in sent.items():
        page.goto(address)
        page.locator(f"main form[method=post] {button}").first.click()
        page.get_by_role("alert").first.wait_for()
        faults += faults_here(page, f"{address}, refused")
    assert not faults, "\n".join(map(str, faults))


def test_the_pages_of_visa_letters_keep_to_wcag(new_page: NewPage) -> None:
    make_country("XAA", name="Alboria")
    now = clock.utcnow()
    edition = make_edition(city="Albor", dtstart=clock.today() + timedelta(days=200))
    organiser = make_person(role=Role.ORGANISER)
    officer = make_person(role=Role.VISA_OFFICER, scope=edition.slug)
    wishes = questions.Wishes(offers_visa_letters=True)
    questions.set_wishes(edition, wishes, by=organiser, now=now)
    words = {"issuer": "The office", "signatory": "A. Name", "body": "To whom it may concern."}
    documents.write(edition, DocumentKind.VISA_SUPPORT, words, by=organiser, now=now)
    told = documents.Passport("Ana García", "XAA", "X1", edition.dtend, date(1980, 2, 29))
    places = [
        registrations.register(edition, make_person(name=name), now=now)
        for name in ("Waits", "Issued", "Sent Back")
    ]
    for place in places:
        documents.ask_for_visa_letter(place, told, by=place.person, now=now)
    documents.give_visa_letter(places[1], by=officer, now=now)
    documents.return_asking(places[2], by=officer, because="It ends early.", now=now)
    db.session.commit()
    desk, own = new_page(officer), new_page(places[2].person)
    faults = faults_of(desk, f"/visas/{edition.slug}")
    for place in places:
        faults += faults_of(desk, f"/visas/{edition.slug}/{place.public_id}/return")
    faults += faults_of(own, f"/visas/ask/{places[2].public_id}")
    desk.locator("main form [type=submit]").first.click()
    desk.get_by_role("alert").first.wait_for()
    faults += faults_here(desk, "the reason of a return, refused")
    assert not faults, "\n".join(map(str, faults))


def test_every_step_of_a_decision_keeps_to_wcag(new_page: NewPage) -> None:
    dtstart = clock.today() + timedelta(days=500)
    edition = make_edition(status=EditionStatus.UNDER_EVALUATION, dtstart=dtstart)
    make_call(edition, closes_at=clock.utcnow())
    offers = [make_offer(edition, make_country(code)) for code in ("XAA", "XAB", "XAC")]
    chair, *members = (make_person() for _number in range(3))
    accounts.grant(chair, Role.COMMITTEE, now=clock.utcnow(), is_chair=True)
    for member in members:
        accounts.grant(member, Role.COMMITTEE, now=clock.utcnow())
    organiser = make_person(role=Role.ORGANISER)
    choice = Choice(
        offer=offers[0], reserve=offers[1], dtstart=edition.dtstart, dtend=edition.dtend,
        reason="Best.", weighed="Costs.",
    )  # fmt: skip
    now = clock.utcnow()
    until = now + timedelta(days=7)
    page = f"/hosting/calls/{edition.slug}/decision"
    row = consensus.propose(edition, choice, closes_at=until, by=organiser, now=now)
    db.session.commit()
    desk, seat = new_page(organiser), new_page(chair)
    faults = faults_of(desk, page) + faults_of(seat, page)
    consensus.answer(row, members[0], agrees=False, reason="Too far.", now=now)
    db.session.commit()
    faults += faults_of(desk, page) + faults_of(desk, f"{page}/ballot")
    balloting.open_ballot(row, closes_at=until, by=organiser, now=now)
    db.session.commit()
    faults += faults_of(desk, page) + faults_of(seat, page) + faults_of(seat, f"{page}/vote")
    seat.get_by_role("button", name="Cast my ballot").click()
    seat.get_by_role("alert").wait_for()
    faults += faults_here(seat, "an empty ballot")
    # A circle: a tie of three, which the chair breaks.
    for member, turn in zip((chair, *members), range(3), strict=True):
        names = [one.public_id for one in offers[turn:] + offers[:turn]]
        balloting.cast(row, member, {name: at for at, name in enumerate(names, 1)}, now=now)
    balloting.close_ballot(row, by=organiser, now=now)
    db.session.commit()
    faults += faults_of(desk, page) + faults_of(seat, page) + faults_of(seat, f"{page}/record")
    assert row.status is RoundStatus.TIED
    deciding.record(row, choice, by=chair, now=now)
    db.session.commit()
    faults += faults_of(desk, page)
    service.withdraw(offers[0], reason="It burnt.", by=organiser, now=now)
    db.session.commit()
    faults += faults_of(desk, page) + faults_of(desk, f"{page}/reserve")
    assert not faults, "\n".join(map(str, faults))


def plan_the_rotation() -> None:
    organiser = db.session.scalars(select(Person).filter_by(email=ORGANISER)).one()
    rotation.ask_for_plan(base=None, by=organiser, now=clock.utcnow())
    db.session.commit()
    rotation_answers.work(now=clock.real_utcnow, today=clock.today())


def found_by_links(app: Flask, client: Client, *, is_visitor: bool) -> Iterator[str]:
    """Yield the addresses of pages that links lead to, at most so many of each kind."""
    seen: dict[str, list[str]] = {}
    waiting = ["/"]
    while waiting:
        address = waiting.pop(0)
        path, endpoint = urlsplit(address).path, kind_of(app, address)
        if endpoint is None:
            continue
        before = seen.setdefault(endpoint, [])
        if path in before or len(before) >= EACH_KIND:
            continue
        with client.get(address) as answer:
            is_page = answer.mimetype == "text/html" and answer.status_code == HTTPStatus.OK
            text = answer.text if is_page else ""
        if not is_page:
            continue
        before.append(path)
        is_public = endpoint.startswith(("site.", "feeds."))
        if is_visitor or not is_public or endpoint in PERSONAL:
            yield address
        links = re.findall(r'<a [^>]*href="(/[^"#]*)', text)
        waiting += [link.replace("&amp;", "&") for link in links]


def kind_of(app: Flask, address: str) -> str | None:
    """Return the endpoint of an address, nothing if there is none."""
    try:
        found: str = app.url_map.bind("localhost").match(urlsplit(address).path, method="GET")[0]
    except HTTPException:
        return None
    return found


def faults_of(page: Page, address: str) -> list[Fault]:
    """Return what the page of an address does wrong."""
    page.goto(address)
    return faults_here(page, address)


def faults_here(page: Page, name: str) -> list[Fault]:
    """Return what the present page does wrong, in each way of looking at it."""
    found = []
    page.evaluate(AXE.read_text())
    for width, scheme, run_only in WAYS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        result: dict[str, Any] = page.evaluate(
            "runOnly => axe.run({runOnly, resultTypes: ['violations']})", run_only
        )
        found += [
            Fault(name, f"{width} {scheme}", violation["id"], node["html"][:200])
            for violation in result["violations"]
            for node in violation["nodes"]
        ]
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    if wide > NARROWEST:
        found.append(Fault(name, f"{NARROWEST}", "scrolls sideways", f"{wide} pixels wide"))
    return found
