"""Rows for tests: say what the test is about, the rest is made up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from app import database, publication
from app.accounts import service as accounts
from app.accounts import sessions
from app.accounts.models import Method
from app.clock import real_utcnow, utcnow
from app.countries.models import Country
from app.database import db
from app.editions import service as editions
from app.hosting.judging_models import OfferGate
from app.hosting.models import CallForHosts, HostingOffer, OfferWindow
from app.registrations import questions, seating, selection
from app.registrations.models import QuestionKind
from app.series.models import Series, SeriesKind
from scheduler.admission import Order
from scheduler.hosting import Gate
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from app.accounts.models import Person, Role
    from app.editions.models import Edition
    from app.registrations.models import Question, QuotaScope, WalkIns

OPENING = datetime(2027, 1, 15, 9, tzinfo=UTC)
PDF = b"%PDF-1.4\nA letter.\n%%EOF\n"
_number = count(1)
Row = TypeVar("Row")


def make_person(
    email: str = "",
    *,
    name: str = "",
    role: Role | None = None,
    scope: str = "",
    verified: bool = True,
    commit: bool = False,
) -> Person:
    """Make a person, with a role if one is named."""
    email = email or f"person{next(_number)}@example.org"
    person = accounts.find_or_create(email, now=OPENING)
    person.name = name
    person.verified_at = OPENING if verified else None
    if role is not None:
        accounts.grant(person, role, scope, now=OPENING)
    return _done(person, commit=commit)


def make_country(code: str = "XAA", *, commit: bool = False, **facts: object) -> Country:
    """Make a country, or return the one that is there."""
    database.write()
    country = db.session.get(Country, code)
    if country is None:
        facts = {"name": f"Country {code}", "official_name": f"Country {code}"} | facts
        country = Country(code=code, **facts)
        db.session.add(country)
    return _done(country, commit=commit)


def make_series(slug: str = "symposium", *, commit: bool = False, **facts: object) -> Series:
    """Make a series, the triennial symposium unless told otherwise, or return the one there."""
    database.write()
    series = db.session.query(Series).filter_by(slug=slug).one_or_none()
    if series is None:
        facts = {
            "title": slug.replace("-", " ").title(),
            "kind": SeriesKind.SYMPOSIUM,
            "rrule": "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU",
            "dtstart": date(2024, 3, 5),
            "length_days": 3,
        } | facts
        series = Series(slug=slug, created_at=OPENING, modified_at=OPENING, **facts)
        db.session.add(series)
    return _done(series, commit=commit)


def make_edition(
    *,
    series: Series | None = None,
    status: EditionStatus = EditionStatus.REGISTRATION_OPEN,
    dtstart: date | None = None,
    days: int = 3,
    title: str = "",
    commit: bool = False,
    **facts: object,
) -> Edition:
    """Make an edition, four months ahead and open for registration unless told otherwise.

    What is announced is public, and stands in the feeds.
    """
    series = series or make_series()
    database.write()
    dtstart = dtstart or max(utcnow(), OPENING).date() + timedelta(days=120)
    public = status not in {
        EditionStatus.PROJECTED,
        EditionStatus.CALL_OPEN,
        EditionStatus.UNDER_EVALUATION,
        EditionStatus.HOST_SELECTED,
        EditionStatus.CONFIRMED,
    }
    edition = editions.make(
        series,
        dtstart,
        dtstart + timedelta(days=days),
        now=OPENING,
        status=status,
        own_title=title,
        **(
            {
                "public_since": OPENING if public else None,
                "announced_at": OPENING if public else None,
            }
            | facts
        ),
    )
    if edition.public_since:
        publication.touch(now=OPENING)
    return _done(edition, commit=commit)


def open_session(person: Person) -> str:
    """Begin a real session of ``person``, both proofs given; return its token. Commits."""
    db.session.commit()
    token = sessions.open_session(
        person,
        method=Method.PASSWORD,
        device="test",
        now=real_utcnow(),
        has_second_factor=True,
    )
    db.session.commit()
    return token


def make_call(edition: Edition, *, commit: bool = False, **facts: object) -> CallForHosts:
    """Make a call for hosts that runs for another two months."""
    database.write()
    now = max(utcnow(), OPENING)
    facts = {"opened_at": OPENING, "closes_at": now + timedelta(days=60)} | facts
    call = CallForHosts(edition=edition, **facts)
    db.session.add(call)
    return _done(call, commit=commit)


def make_offer(
    edition: Edition, country: Country, *, by: Person | None = None, commit: bool = False,
    **facts: object,
) -> HostingOffer:  # fmt: skip
    """Make a submitted offer whose one window is the edition's own days and a week more."""
    database.write()
    facts = {
        "status": OfferStatus.SUBMITTED,
        "city": "Offerville",
        "venue": "Town Hall",
        "capacity": 80,
        "submitted_by": by,
        "submitted_at": OPENING,
        "modified_at": OPENING,
    } | facts
    offer = HostingOffer(edition=edition, country=country, **facts)
    offer.windows = [
        OfferWindow(rank=1, dtstart=edition.dtstart, dtend=edition.dtend + timedelta(days=7))
    ]
    db.session.add(offer)
    return _done(offer, commit=commit)


def pass_gates(offer: HostingOffer) -> HostingOffer:
    """Let an offer pass every gate, so that it can be scored."""
    database.write()
    for gate in Gate:
        db.session.add(
            OfferGate(
                offer_id=offer.id, gate=gate, is_passed=True, evidence="Seen", checked_at=OPENING
            )
        )
    offer.status = OfferStatus.ELIGIBLE
    return _done(offer, commit=False)


def make_question(
    edition: Edition, label: str, kind: QuestionKind = QuestionKind.TEXT, **facts: object
) -> Question:
    """Ask one question more at an edition, after the others."""
    organiser = make_person("asks@example.org")
    told: dict[str, Any] = {"purpose": "to plan the days", **facts}
    said = questions.QuestionFacts(kind=kind, label=label, **told)
    return questions.add(edition, said, by=organiser, now=OPENING)


def limit(
    edition: Edition, *quotas: tuple[QuotaScope, str, int], order: Order = Order.TIME,
    answer_days: int | None = None, walk_ins: WalkIns | None = None, by: Person | None = None,
    now: datetime = OPENING,
) -> None:  # fmt: skip
    """Set all limits of an edition, as their page does, and seat whom they let in."""
    selection.record_limits(
        edition, {(scope, key): most for scope, key, most in quotas}, order=order,
        answer_days=answer_days, walk_ins=walk_ins, by=by or make_person(), now=now,
    )  # fmt: skip
    seating.fill_seats(edition, now=now)


def _done(row: Row, *, commit: bool) -> Row:
    db.session.flush()
    if commit:
        db.session.commit()
    return row
