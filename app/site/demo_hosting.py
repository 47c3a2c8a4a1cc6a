"""The demonstration's call, its three offers and the interests: all of fictional states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.accounts import queries as accounts
from app.accounts.models import Role
from app.countries.models import Country
from app.database import db
from app.hosting import calling, drafts, interests, judges, judging
from app.hosting import queries as hosting_queries
from app.hosting.models import CostShare
from app.hosting.sections import Payer, Section
from app.series.models import Series
from scheduler.hosting import JUDGED, Criterion, Gate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition

LETTER = Path(__file__).parent / "data" / "letter.pdf"
CALL_OPEN_DAYS = 60


@dataclass(frozen=True, slots=True)
class DemoOffer:
    """What a fictional state offers; ``shift_days`` moves its first wish off the rule's week."""

    country: str
    shift_days: int
    sections: Mapping[Section, Mapping[str, Any]]


def _costs(currency: str, *lines: tuple[str, Payer, str]) -> list[dict[str, str]]:
    return [
        {"item": item, "payer": payer.value, "amount": amount, "currency": currency}
        for item, payer, amount in lines
    ]


def _place(city: str, venue: str, capacity: int, **facts: str) -> dict[str, Any]:
    return {"city": city, "venue": venue, "capacity": capacity} | facts


NOTE = "Demonstration data: this offer and its state are invented."
OFFERS = [
    DemoOffer(
        "XAD", 0,
        {
            Section.AUTHORITY: {
                "authority": "Nuclear Security Authority of Dorvenia",
                "signatory": "The Director General of the authority",
                "partners": "The national training centre.",
            },
            Section.VENUE: _place(
                "Dorven", "Dorven Congress Hall", 120,
                breakout_rooms="4 rooms of 30 seats",
                accessibility="Step-free throughout, lifts to every floor, a hearing loop.",
                hotels="Six hotels within ten minutes on foot, from 95 EUR a night.",
            ),
            Section.ACCESS: {
                "airport": "Dorven International, 14 km", "transfer": "Train, every 15 minutes",
                "visa_who": "Visas on application; a letter of invitation is enough.",
                "visa_days": 10, "entry": "", "no_barrier": True,
            },
            Section.ASSURANCES: {
                "legal": "Privileges and immunities as for meetings of international bodies.",
                "security_contact": "Head of event security, Ministry of the Interior",
                "security": "Checks at the door; a room for sensitive conversations.",
            },
            Section.PROGRAMME: {
                "languages": "English, French", "interpretation": "Two booths",
                "network": "Separate network for participants",
                "showcase": "A day at the national training centre.",
            },
            Section.COSTS: {
                "rows": _costs(
                    "EUR", ("Hall and rooms", Payer.HOST, "38000.00"),
                    ("Interpretation", Payer.HOST, "14500.00"),
                    ("Working lunches", Payer.GROUP, "9000.00"),
                    ("Hotel, five nights", Payer.PARTICIPANT, "475.00"),
                ),
                "grants": "Travel of eight participants from states that ask for it.",
            },
            Section.CONTACTS: {
                "fallback": "The rooms of the authority, for eighty.",
                "contact_name": "Contact of Dorvenia",
                "contact_email": "contact-xad@symposia.example.org",
                "contact_phone": "", "note": NOTE,
            },
        },
    ),
    DemoOffer(
        "XAC", 21,
        {
            Section.VENUE: _place(
                "Port Calanth", "Calanthia Training Centre", 80,
                breakout_rooms="2 rooms of 40 seats",
                accessibility="Step-free; the dormitory has two rooms for wheelchairs.",
                hotels="Dormitory on the campus; two hotels at 3 km.",
            ),
            Section.ACCESS: {
                "airport": "Port Calanth, 35 km", "transfer": "A bus of the host",
                "visa_who": "Everyone, by an electronic form.", "visa_days": 21,
                "entry": "", "no_barrier": True,
            },
            Section.ASSURANCES: {
                "legal": "A host agreement with immunities.",
                "security_contact": "Security officer of the centre", "security": "",
            },
            Section.PROGRAMME: {
                "languages": "English", "interpretation": "",
                "network": "The centre's own", "showcase": "Exercises in a full mock-up.",
            },
            Section.COSTS: {
                "rows": _costs(
                    "USD", ("Rooms and equipment", Payer.HOST, "21000.00"),
                    ("Lunches", Payer.HOST, "6500.00"),
                    ("Dormitory, five nights", Payer.PARTICIPANT, "200.00"),
                ),
                "grants": "",
            },
        },
    ),
    DemoOffer(
        "XAB", -28,
        {
            Section.VENUE: _place(
                "Breva City", "Institute of Applied Security, Breva City", 60,
                breakout_rooms="3 rooms of 20 seats", accessibility="", hotels="Four within 2 km.",
            ),
            Section.ACCESS: {
                "airport": "Breva City, 9 km", "transfer": "Tram", "visa_who": "",
                "visa_days": 30, "entry": "", "no_barrier": True,
            },
            Section.COSTS: {
                "rows": _costs(
                    "USD", ("Rooms", Payer.HOST, "8000.00"),
                    ("Simultaneous interpretation", Payer.GROUP, "12000.00"),
                    ("Hotel, five nights", Payer.PARTICIPANT, "410.00"),
                ),
                "grants": "",
            },
        },
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoInterest:
    """What a fictional state could host: years counted from now, months by their numbers."""

    country: str
    series: str
    years: tuple[int, int]
    months: tuple[int, ...]
    cost_share: CostShare
    remark: str
    use_count: int = 1


INTERESTS = [
    DemoInterest(
        "XAA", "symposium", (2, 12), (2, 3, 4), CostShare.SHARED,
        "A congress centre for 300 in Albor, with interpretation.",
    ),
    DemoInterest(
        "XAB", "symposium", (1, 13), (3, 4, 10), CostShare.HOST,
        "Breva City, beside the institute; the host pays venue and local transport.",
        use_count=2,
    ),
    DemoInterest(
        "XAC", "symposium", (2, 13), (1, 2, 3), CostShare.GROUP,
        "Port Calanth in the dry season.",
    ),
    DemoInterest(
        "XAD", "symposium", (1, 10), (3, 5, 6), CostShare.HOST,
        "Dorven Congress Hall; a visit to the national training centre.",
        use_count=2,
    ),
    DemoInterest(
        "XAA", "practitioner-workshop", (2, 14), (8, 9, 10), CostShare.SHARED,
        "Exercises at the research reactor in Albor.", use_count=2,
    ),
    DemoInterest(
        "XAB", "practitioner-workshop", (3, 12), (9, 10), CostShare.HOST,
        "The institute's own rooms for exercises.", use_count=2,
    ),
    DemoInterest(
        "XAC", "practitioner-workshop", (2, 14), (7, 8, 9), CostShare.SHARED,
        "A training centre for eighty people.", use_count=2,
    ),
    DemoInterest(
        "XAE", "practitioner-workshop", (4, 14), (9, 11), CostShare.GROUP,
        "First time as a host; a partner would help.",
    ),
    DemoInterest(
        "XAA", "regional-africa", (6, 14), (5,), CostShare.SHARED,
        "Albor again, after others in the region.",
    ),
    DemoInterest(
        "XAE", "regional-africa", (3, 14), (4, 5, 6), CostShare.HOST,
        "For the region, in Estavia's capital.", use_count=2,
    ),
    DemoInterest(
        "XAB", "regional-americas", (4, 14), (5,), CostShare.SHARED,
        "Breva City again, once the venue is rebuilt.", use_count=2,
    ),
    DemoInterest(
        "XAD", "regional-europe", (2, 14), (4, 5), CostShare.HOST,
        "Dorven, every time the region meets.", use_count=3,
    ),
]  # fmt: skip


def open_call(
    edition: Edition, organiser: Person, contacts: dict[str, Person], now: datetime
) -> None:
    """Open the call for the next workshop, with three offers."""
    calling.open_call(
        edition,
        closes_at=(now + timedelta(days=CALL_OPEN_DAYS)).replace(hour=0, minute=0, second=0),
        text=(
            "Countries are invited to host the practitioner workshop: a week for some sixty "
            "people, with a plenary room, two rooms for exercises and a visit to a facility. "
            "The call has been extended."
        ),
        is_published=True,
        terms=calling.CallTerms(
            conditions=(
                "A plenary room for sixty and two rooms for exercises.\n"
                "Entry for every delegation that is invited.\n"
                "A contact for security, and a visit to a facility."
            ),
            dates=(
                edition.dtstart - timedelta(weeks=8),
                edition.dtstart + timedelta(weeks=8),
            ),
        ),
        by=organiser,
        now=now,
    )
    for offer in OFFERS:
        country = db.session.get_one(Country, offer.country)
        first = edition.dtstart + timedelta(days=offer.shift_days)
        who: dict[str, Any] = {"by": contacts[offer.country], "now": now}
        made = drafts.begin(edition, country, **who)
        windows = [
            (first, first + timedelta(days=5)),
            (first + timedelta(days=7), first + timedelta(days=12)),
        ]
        letter = (LETTER.read_bytes(), f"letter-{offer.country.lower()}.pdf")
        authority = {"authority": f"Nuclear Security Authority of {country.name}"}
        facts: dict[Section, Mapping[str, Any]] = {
            Section.AUTHORITY: authority,
            Section.DATES: {"windows": windows},
            Section.CONTACTS: {"note": NOTE},
            **offer.sections,
        }
        for section, told in facts.items():
            sent = letter if section is Section.AUTHORITY else None
            drafts.save(made, section, told, letter=sent, **who)
        drafts.send_in(made, **who)


EVIDENCE = {
    Gate.LETTER: "Signed, page 1",
    Gate.CAPACITY: "Sixty seats, on the plan of the hall",
    Gate.NO_BARRIER: "Said in the letter",
    Gate.LEGAL: "The letter, page 2",
    Gate.SECURITY_CONTACT: "Named, and called",
    Gate.DATES: "Inside the months of the need",
    Gate.ACCESSIBLE: "Photographs of the entrance",
}
MARKS = ((5, 4, 4, 3, 5, 4), (4, 4, 5, 3, 4, 5))  # of two members, by criteria that people judge
EVALUATOR_COUNT = 3


def ask_evaluators(edition: Edition, organiser: Person, now: datetime) -> list[Person]:
    """Ask three members to judge the offers for ``edition``, and return them."""
    call = hosting_queries.call_of(edition)
    members = accounts.with_role(Role.COMMITTEE)[:EVALUATOR_COUNT]
    if call is None:
        raise LookupError(edition.slug)
    for member in members:
        judges.assign(call, member, None, by=organiser, now=now)
    return list(members)


def judge(edition: Edition, organiser: Person, now: datetime) -> None:
    """Close the call and check its offers; two of three members have scored them."""
    members = ask_evaluators(edition, organiser, now)
    calling.close_call(edition, by=organiser, now=now)
    for offer in hosting_queries.offers_for(edition):
        passed = {gate: (True, evidence) for gate, evidence in EVIDENCE.items()}
        judging.check_gates(offer, passed, by=organiser, now=now)
        for member, marks in zip(members, MARKS, strict=False):
            comments = {Criterion.VENUE: "Demonstration data: an invented score."}
            scores: dict[Criterion, int] = dict(zip(JUDGED, marks, strict=True))
            judging.score(offer, scores, comments, by=member, now=now)


def tell_interests(contacts: dict[str, Person], now: datetime) -> None:
    """Tell what the fictional states could host, so that the rotation has something to plan."""
    series = {found.slug: found for found in db.session.scalars(select(Series))}
    for told in INTERESTS:
        first, last = (now.year + years for years in told.years)
        interests.tell(
            series[told.series],
            db.session.get_one(Country, told.country),
            interests.InterestFacts(
                first_year=first,
                last_year=last,
                months=told.months,
                use_count=told.use_count,
                cost_share=told.cost_share,
                remark=f"{told.remark} Demonstration data: this interest is invented.",
            ),
            by=contacts[told.country],
            now=now,
        )
