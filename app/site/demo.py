"""The demonstration: real series, records and events; plainly fictional states and people.

Everything lives in one transaction and is laid relative to the day of loading. A second load
finds the first and changes nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from flask_security import hash_password
from sqlalchemy import select

from app import clock, database, publication
from app.accounts import service as accounts
from app.accounts.models import Person, Role
from app.countries.models import Country
from app.countries.service import load_countries
from app.database import db
from app.editions import agreements, disruptions, known_events, opening, planning
from app.editions import queries as editions_queries
from app.editions import service as editions
from app.editions.models import Edition, KnownEvent, Precision
from app.outbox import settings
from app.registrations import service as registrations
from app.series import service as series_service
from app.series.models import Series, SeriesKind
from app.series.service import SeriesFacts
from app.site import demo_application, demo_hosting, demo_needs, events_file
from app.site.signals import demonstration_laid
from scheduler import recurrence
from scheduler.known_dates import GENERAL_CONFERENCE, Level
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scheduler.recurrence import RecurrenceRule

DOMAIN = "symposia.example.org"
AFRICA_CAPACITY, AFRICA_TAKEN = 40, 38

STATES = [
    ("XAA", "Alboria", "africa"),
    ("XAB", "Brevania", "americas"),
    ("XAC", "Calanthia", "asia-pacific"),
    ("XAD", "Dorvenia", "europe"),
    ("XAE", "Estavia", "africa"),
]
REGIONAL = [
    ("africa", "Africa", 2027),
    ("americas", "Americas", 2028),
    ("asia-pacific", "Asia and the Pacific", 2029),
    ("europe", "Europe", 2030),
]
REGION_OF_RECORD = {"MA": "africa", "AR": "americas", "CL": "americas", "UA": "europe"}


def is_wanted() -> bool:
    """Whether the database is empty: nobody and nothing is in it."""
    found = db.session.scalar(select(Person.id).limit(1)) or db.session.scalar(
        select(Series.id).limit(1)
    )
    db.session.rollback()
    return found is None


def load_and_commit(say: Callable[[str], object]) -> None:
    """Load the demonstration, and ``say`` what a person needs to know."""
    database.write()
    if db.session.get(Country, STATES[0][0]) is not None:
        db.session.rollback()
        say("The demonstration is loaded already; nothing was changed.")
        return
    password = settings().demo_password or secrets.token_urlsafe(9)
    load(password, now=clock.utcnow())
    db.session.commit()
    say(f"Demonstration data loaded. Sign in as organiser@{DOMAIN}")
    if settings().demo_password is None:
        say(f"with the password {password} (the same for every demonstration account)")


def load(password: str, *, now: datetime) -> None:
    """Load the demonstration in the caller's transaction."""
    load_countries(now=now)
    for code, name, region in STATES:
        db.session.add(
            Country(code=code, name=name, official_name=name, region=region, is_fictional=True)
        )
    db.session.flush()
    found_series(now)
    record_events(now)
    organiser, contacts = make_accounts(password, now)
    planning.apply(
        planning.propose(until=planning.DEFAULT_UNTIL, today=now.date()), by=organiser, now=now
    )
    africa = open_registration(organiser, now)
    demo_application.ask(africa, organiser, now)
    demonstration_laid.send(None, edition=africa, by=organiser, now=now)
    accounts.grant(contacts["XAA"], Role.HOST_TEAM, africa.slug, now=now)
    workshop = _next_edition(
        "practitioner-workshop", now, at_least_days=demo_hosting.CALL_OPEN_DAYS + 30
    )
    demo_hosting.open_call(workshop, organiser, contacts, now)
    demo_hosting.ask_evaluators(workshop, organiser, now)
    demo_hosting.tell_interests(contacts, now)
    postpone_and_cancel(organiser, now)
    judged = demo_needs.propose(contacts, now)
    demo_hosting.judge(judged, organiser, now)


def found_series(now: datetime) -> None:
    """Found the real series with their rules."""
    series_service.found(
        SeriesFacts(
            title="International Symposium on Insider Threat Mitigation",
            kind=SeriesKind.SYMPOSIUM,
            region=None,
            summary=(
                "The meeting of policy makers, regulators and operators on mitigating insider "
                "threats, convened by the working group behind INFCIRC/908."
            ),
            rrule="FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU",
            dtstart=date(2024, 3, 5),
            length_days=3,
            rule_note="Every three years from the symposium of 2024.",
        ),
        slug="symposium",
        by=None,
        now=now,
    )
    series_service.found(
        SeriesFacts(
            title="Practitioner Workshop on Insider Threat Mitigation",
            kind=SeriesKind.PRACTITIONER_WORKSHOP,
            region=None,
            summary="A week of hands-on work for the people who run insider threat programmes.",
            rrule="FREQ=YEARLY;INTERVAL=2;BYMONTH=9;BYDAY=2MO",
            dtstart=date(2023, 9, 11),
            length_days=5,
            rule_note="The week of 2023 is not public: its second Monday is a choice.",
        ),
        slug="practitioner-workshop",
        by=None,
        now=now,
    )
    for region, name, first_year in REGIONAL:
        rrule = "FREQ=YEARLY;INTERVAL=4;BYMONTH=5;BYDAY=2TU"
        series_service.found(
            SeriesFacts(
                title=f"Regional Engagement on Insider Threat Mitigation, {name}",
                kind=SeriesKind.REGIONAL_ENGAGEMENT,
                region=region,
                summary=f"Meets the needs of one region: {name}.",
                rrule=rrule,
                dtstart=recurrence.first_occurrence(rrule, date(first_year, 1, 1)),
                length_days=3,
                rule_note="Every fourth year in each region is an assumption.",
            ),
            slug=f"regional-{region}",
            by=None,
            now=now,
        )


def record_events(now: datetime) -> None:
    """Record the past editions of our series and the known events of others."""
    alpha3 = known_events.country_codes()
    series = {found.slug: found for found in db.session.scalars(select(Series))}
    held_count: dict[str, int] = {}
    for row in events_file.rows():
        if events_file.is_projection(row):
            continue
        if not events_file.is_ours(row):
            # What settles the week of the conference is as hard as the week expected.
            level = Level.HARD if row.series == GENERAL_CONFERENCE.kind else Level.SOFT
            facts = known_events.facts_of(row, alpha3, level=level)
            db.session.add(KnownEvent(**asdict(facts)))
            continue
        slug = {
            "symposium": "symposium",
            "practitioner": "practitioner-workshop",
        }.get(row.series) or f"regional-{REGION_OF_RECORD[row.country]}"
        held_count[slug] = held_count.get(slug, 0) + 1
        counted = row.series != "regional"  # nobody has numbered the regional ones
        editions.make(
            series[slug],
            row.dtstart,
            row.dtend,
            now=now,
            status=EditionStatus.COMPLETED,
            precision=row.precision,
            own_title=row.name if row.precision is Precision.WINDOW else "",
            ordinal=held_count[slug] if counted else None,
            recurrence_id=_occurrence_in(series[slug].rule, row.dtstart, row.dtend),
            city=row.city,
            country_code=alpha3.get(row.country),
            summary=_sentence(row.note),
            source=row.source,
            public_since=now,
        )
    publication.touch(now=now)


def make_accounts(password: str, now: datetime) -> tuple[Person, dict[str, Person]]:
    """Make the demonstration accounts; return the organiser and the contacts by country."""
    organiser = _account("organiser", "Olivia Organiser", password, now)
    accounts.grant(organiser, Role.ORGANISER, now=now)
    for number in range(1, 5):
        member = _account(f"committee{number}", f"Committee Member {number}", password, now)
        accounts.grant(member, Role.COMMITTEE, now=now, is_chair=number == 1)
    contacts = {}
    for code, name, _region in STATES:
        contact = _account(f"contact-{code.lower()}", f"Contact of {name}", password, now)
        accounts.grant(contact, Role.NATIONAL_CONTACT, code, now=now)
        contacts[code] = contact
    _account("participant", "Pat Participant", password, now)
    return organiser, contacts


def open_registration(organiser: Person, now: datetime) -> Edition:
    """Bring the next African engagement to open registration, all but full."""
    edition = _next_edition("regional-africa", now, at_least_days=2)
    _host_and_announce(edition, "XAA", "Albor", "Africa/Lagos", organiser, now)
    opening.open_registration(
        edition,
        capacity=AFRICA_CAPACITY,
        by=organiser,
        now=now,
    )
    for number in range(1, AFRICA_TAKEN + 1):
        delegate = accounts.find_or_create(f"delegate{number:02}@{DOMAIN}", now=now)
        delegate.name = f"Demonstration Delegate {number:02}"
        delegate.verified_at = now
        db.session.flush()
        registrations.register(edition, delegate, now=now - timedelta(minutes=60 - number))
    return edition


def postpone_and_cancel(organiser: Person, now: datetime) -> None:
    """Postpone one edition and cancel another, so that feeds show both."""
    postponed = _next_edition("regional-americas", now)
    _host_and_announce(postponed, "XAB", "Breva City", "America/Bogota", organiser, now)
    disruptions.postpone(
        postponed,
        dtstart=None,
        dtend=None,
        reason="Demonstration data: the venue is being rebuilt.",
        by=organiser,
        now=now,
    )
    cancelled = _next_edition("regional-asia-pacific", now)
    _host_and_announce(cancelled, "XAC", "Port Calanth", "Asia/Manila", organiser, now)
    disruptions.cancel(
        cancelled,
        reason="Demonstration data: merged with another meeting.",
        by=organiser,
        now=now,
    )


def _host_and_announce(
    edition: Edition, code: str, city: str, tzid: str, by: Person, now: datetime
) -> None:
    country = db.session.get_one(Country, code)
    editions.select_host(
        edition,
        country,
        city=city,
        venue=f"{city} Conference Centre",
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        by=by,
        now=now,
        reason="Demonstration data",
    )
    edition.is_demonstration = True
    editions.confirm(
        edition,
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        tzid=tzid,
        city=city,
        venue=edition.venue,
        venue_address=f"1 Example Street, {city}",
        by=by,
        now=now,
    )
    agreements.record_agreement(edition, waiver="", by=by, now=now)
    editions.announce(edition, by=by, now=now)


def _next_edition(series: str, now: datetime, *, at_least_days: int = 90) -> Edition:
    """Return the next projected edition of ``series`` that is far enough off."""
    earliest = now.date() + timedelta(days=at_least_days)
    return next(
        edition
        for edition in editions_queries.with_status(EditionStatus.PROJECTED)
        if edition.series.slug == series and edition.dtstart >= earliest
    )


def _account(name: str, full_name: str, password: str, now: datetime) -> Person:
    person = accounts.find_or_create(f"{name}@{DOMAIN}", now=now)
    person.name = full_name
    person.password = hash_password(password)
    person.verified_at = now
    person.is_demonstration = True
    db.session.flush()
    return person


def _occurrence_in(rule: RecurrenceRule | None, dtstart: date, dtend: date) -> date | None:
    """Return the occurrence that a past edition used up, if the rule has one in its days."""
    if rule is None:
        return None
    return next(iter(recurrence.occurrences(rule, dtstart, dtend)), None)


def _sentence(note: str) -> str:
    return f"{note[0].upper()}{note[1:]}." if note else ""
