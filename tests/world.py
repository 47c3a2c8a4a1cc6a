"""One small world for the matrix of docs/access.md: a person of each role, each kind of thing.

A thing is what stands in an address: a name for the document, and the values of the variables.
It belongs to the own people of the world; the other ones hold the same roles elsewhere.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from app import clock, outbox, uploads
from app.accounts import grants, links
from app.accounts import service as accounts
from app.accounts.models import Role
from app.countries import queries as countries
from app.database import db
from app.desk.models import RotationPin, RotationRun, RunKind, RunStatus
from app.desk.rotation_instance import Settings
from app.documents import service as documents
from app.documents.models import DocumentKind
from app.editions import agreements, known_events, milestones, override_queries, overrides
from app.editions.models import AgreementAct
from app.exports import service as exports
from app.exports.models import ReleaseKind
from app.feeds import personal
from app.feeds import queries as feeds
from app.hosting import (
    balloting,
    checklist,
    choosing,
    consensus,
    host_team,
    interests,
    judges,
    needs,
    proposals,
)
from app.hosting import queries as hosting_queries
from app.hosting import service as hosting
from app.hosting.host_models import TaskOwner
from app.hosting.models import OfferAnnex
from app.messages import queries as message_queries
from app.messages import service as messages
from app.registrations import answering, parties, questions
from app.registrations import queries as registration_queries
from app.registrations import service as registrations
from app.registrations.models import QuestionKind
from app.series.models import SeriesKind
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    PDF,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
    make_series,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.need_models import EngagementNeed

OWN, OTHER = "", "other "
# A column of the matrix stands for the own and, where there is one, the other person of a role.
COLUMNS = {
    "visitor": (OWN,),
    "participant": (OWN, OTHER),
    "contact": (OWN, OTHER),
    "host team": (OWN, OTHER),
    "visa officer": (OWN, OTHER),
    "committee": (OWN,),
    "chair": (OWN,),
    "organiser": (OWN,),
}


@dataclass(frozen=True, slots=True)
class World:
    """Who asks, by role, and what they ask for, by its name in the document."""

    people: Mapping[str, Person | None]
    things: Mapping[str, Mapping[str, object]]


def make_world() -> World:
    """Make the world, and commit it."""
    own, other = _editions()
    people = _people(own, other)
    things = {
        "an announced edition": {"slug": own.slug},
        "a static file": {"filename": "css/tokens.css"},
        "a feed of a series": {"kind": "series", "key": own.series.slug, "suffix": "ics"},
        "all formats": {"suffix": "json"},
        "a sign-in link": {"token": _link()},
        "a passkey": {"passkey_id": 1},
        "a session": {"session_id": 10_000},
        "an identity": {"identity_id": 1},
        "the series": {"slug": own.series.slug},
        "the feed of everything": {"kind": "all"},
        "a purpose": {"purpose": "photo"},
        **_things_of_participants(own, people),
        **_things_of_contacts(people),
        **_things_of_hosts(own, people),
        **_a_vote(people),
        **_things_of_the_desk(people),
        **_things_of_the_rotation(people),
        **_messages(own, people),
        **_roles(people),
    }
    db.session.commit()
    return World(people, things)


def _editions() -> tuple[Edition, Edition]:
    """Make two announced editions that are near enough for their host teams to see people."""
    series = make_series("practitioner-workshop", rrule=None, dtstart=None, length_days=5)
    own_country, other_country = make_country("XAB"), make_country("XAC")
    start = clock.today() + timedelta(days=30)
    own = make_edition(series=series, dtstart=start, country_code=own_country.code)
    other = make_edition(
        series=series, dtstart=start + timedelta(days=7), country_code=other_country.code
    )
    return own, other


def _people(own: Edition, other: Edition) -> dict[str, Person | None]:
    def person(
        column: str, role: Role | None, scope: str = "", *, is_chair: bool = False
    ) -> Person:
        made = make_person(f"{column.replace(' ', '-')}@example.org", name=column.title())
        if role is not None:
            accounts.grant(made, role, scope, now=made.created_at, is_chair=is_chair)
        return made

    return {
        "visitor": None,
        "participant": person("participant", None),
        "other participant": person("other participant", None),
        "contact": person("contact", Role.NATIONAL_CONTACT, "XAB"),
        "other contact": person("other contact", Role.NATIONAL_CONTACT, "XAC"),
        "host team": person("host team", Role.HOST_TEAM, own.slug),
        "other host team": person("other host team", Role.HOST_TEAM, other.slug),
        "visa officer": person("visa officer", Role.VISA_OFFICER, own.slug),
        "other visa officer": person("other visa officer", Role.VISA_OFFICER, other.slug),
        "committee": person("committee", Role.COMMITTEE),
        "chair": person("chair", Role.COMMITTEE, is_chair=True),
        "organiser": person("organiser", Role.ORGANISER),
    }


def _link() -> str:
    return links.make_link(
        "newcomer@example.org", life=links.MAILED_LINK_LIFE, now=clock.real_utcnow()
    )


def _things_of_participants(
    edition: Edition, people: Mapping[str, Person | None]
) -> dict[str, Mapping[str, object]]:
    participant = _the(people, "participant")
    registration = registrations.register(edition, participant, now=clock.utcnow())
    asks = questions.QuestionFacts(QuestionKind.FILE, "A scan", "to look at it")
    question = questions.add(edition, asks, by=_the(people, "organiser"), now=clock.utcnow())
    given = {question.id: answering.Given(upload=(PDF, "scan.pdf"))}
    answering.keep(registration, given, now=clock.utcnow())
    token = personal.make(participant, "my phone", has_alarms=False, now=clock.utcnow())
    party = parties.form(edition, make_person("leads@example.org"), 3, now=clock.utcnow())
    state = registration_queries.party_of(party)
    organiser = _the(people, "organiser")
    kind = DocumentKind.INVITATION
    words = {"issuer": "The secretariat", "signatory": "A. Signatory", "body": "Welcome, {name}."}
    documents.write(edition, kind, words, by=organiser, now=clock.utcnow())
    document = documents.issue(registration, kind, by=organiser, now=clock.utcnow())
    release = exports.ask(edition, ReleaseKind.CSV, "A hotel", by=participant, now=clock.utcnow())
    return {
        "the registration": {"public_id": registration.public_id},
        "a file sent as an answer": {
            "public_id": registration.public_id,
            "question_id": question.id,
        },
        "a party": {"code": state.code if state else ""},
        "a question": {"slug": edition.slug, "number": question.id},
        "a question to move": {"slug": edition.slug, "number": question.id, "act": "up"},
        "a registration of the edition": {
            "slug": edition.slug,
            "public_id": registration.public_id,
        },
        "the personal feed": {"feed_id": feeds.personal_feeds(participant)[0].id},
        "its secret address": {"token": token},
        "a letter of the edition": {"slug": edition.slug, "kind": kind.value},
        "a letter of the registration": {"public_id": registration.public_id, "kind": kind.value},
        "the letter": {"code": document.code},
        "a wish of another": {"public_id": release.public_id, "act": "decline"},
        "a file that is not there": {"public_id": release.public_id},
        "a visa request": {"slug": edition.slug, "public_id": registration.public_id},
    }


def _things_of_contacts(people: Mapping[str, Person | None]) -> dict[str, Mapping[str, object]]:
    """Make two calls, one of them published, with an offer of each contact's country."""
    contact = _the(people, "contact")
    series = make_series()
    start = clock.today() + timedelta(days=600)
    called = make_edition(series=series, status=EditionStatus.CALL_OPEN, dtstart=start)
    make_call(called)
    milestones.sync(called, by=contact, now=clock.utcnow())
    published = make_edition(
        series=series, status=EditionStatus.CALL_OPEN, dtstart=start + timedelta(days=90)
    )
    make_call(published, is_published=True)
    offer = make_offer(called, make_country("XAB"), by=contact)
    offer.letter = uploads.store(PDF, "letter.pdf", now=clock.utcnow())
    annex = OfferAnnex(offer_id=offer.id, title="Plan of the hall", file=offer.letter)
    db.session.add(annex)
    call = hosting_queries.call_of(called)
    assert call is not None
    for name in ("committee", "chair"):
        judges.assign(call, _the(people, name), None, by=contact, now=clock.utcnow())
    hosting.keep_version(offer, by=contact, now=clock.utcnow())
    interest = interests.tell(
        series,
        make_country("XAB"),
        interests.InterestFacts(months=(3,), first_year=2030, last_year=2040),
        by=contact,
        now=clock.utcnow(),
    )
    return {
        "a call": {"slug": called.slug},
        "a milestone": {"slug": called.slug, "key": "survey", "what": "waive"},
        "a published call": {"slug": published.slug},
        "the offer": {"public_id": offer.public_id},
        "a section": {"public_id": offer.public_id, "name": "venue"},
        "an annex": {"public_id": offer.public_id, "annex_id": annex.id},
        "the interest": {"public_id": interest.public_id},
        "a need of a member": {"public_id": _need(people).public_id},
    }


def _need(people: Mapping[str, Person | None]) -> EngagementNeed:
    """Make a need that a member of the committee, not the chair, has proposed."""
    facts = needs.NeedFacts(
        title="Ports", purpose="To train", reason="New", year=2032, months=(5, 6)
    )
    series = make_series("regional", region="africa", kind=SeriesKind.REGIONAL_ENGAGEMENT)
    return needs.propose(series, facts, by=_the(people, "committee"), now=clock.utcnow())


def _things_of_hosts(
    edition: Edition, people: Mapping[str, Person | None]
) -> dict[str, Mapping[str, object]]:
    """Make the agreement with the host of an edition, with its letter."""
    now = clock.utcnow()
    facts = agreements.Record(now.date(), "Signed", (PDF, "signed.pdf"))
    signed = agreements.record(
        edition, AgreementAct.ACCEPTED, facts, by=_the(people, "organiser"), now=now
    )
    slug = edition.slug
    contact = _the(people, "contact")
    invitation = host_team.invite(
        edition, "helper@example.org", by=contact, now=clock.real_utcnow()
    )
    proposal = proposals.propose(
        edition, proposals.Change(reason="Larger", city="Fez"), by=contact, now=now
    )
    return {
        "an act on the agreement": {"slug": slug, "act": "amended"},
        "a letter of the agreement": {"slug": slug, "record_id": signed.id},
        "days or place to propose": {"slug": slug, "what": "place"},
        "a proposal": {"slug": slug, "number": proposal.number},
        "an item of the host": _item(edition, TaskOwner.HOST),
        "an item of ours": _item(edition, TaskOwner.ORGANISER),
        "an item to waive": {
            "slug": slug,
            "task_id": _item(edition, TaskOwner.HOST)["task_id"],
        },
        "a member of the host team": {
            "slug": slug,
            "grant_id": _the(people, "host team").grants[0].id,
        },
        "an invitation to the team": {"slug": slug, "invitation_id": invitation.id},
    }


def _a_vote(people: Mapping[str, Person | None]) -> dict[str, Mapping[str, object]]:
    """Make an edition on whose host the committee votes in secret, among two other countries."""
    organiser, now = _the(people, "organiser"), clock.utcnow()
    edition = make_edition(
        series=make_series(),
        status=EditionStatus.UNDER_EVALUATION,
        dtstart=clock.today() + timedelta(days=780),
    )
    make_call(edition)
    offer, other = (make_offer(edition, make_country(code)) for code in ("XAD", "XAE"))
    choice = choosing.Choice(
        offer=offer,
        reserve=other,
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        reason="Because",
        weighed="This and that",
    )
    closes_at = now + timedelta(days=7)
    row = consensus.propose(edition, choice, closes_at=closes_at, by=organiser, now=now)
    consensus.answer(row, _the(people, "chair"), agrees=False, reason="Why not?", now=now)
    balloting.open_ballot(row, closes_at=closes_at, by=organiser, now=now)
    return {"a vote of the committee": {"slug": edition.slug}}


def _item(edition: Edition, owner: TaskOwner) -> dict[str, object]:
    task = next(task for task in checklist.tasks(edition) if task.owner is owner)
    return {"slug": edition.slug, "task_id": task.id, "what": "done"}


def _things_of_the_desk(people: Mapping[str, Person | None]) -> dict[str, Mapping[str, object]]:
    organiser, now = _the(people, "organiser"), clock.utcnow()
    series = make_series()
    ahead = make_edition(series=series, status=EditionStatus.PROJECTED, dtstart=date(2033, 3, 1))
    skipped = make_edition(
        series=series,
        status=EditionStatus.PROJECTED,
        dtstart=date(2036, 3, 4),
        recurrence_id=date(2036, 3, 4),
    )
    overrides.skip(skipped, reason="Because", by=organiser, now=now)
    event = known_events.add(
        known_events.KnownEventFacts(
            name="A conference of others", dtstart=date(2028, 5, 1), dtend=date(2028, 5, 3)
        ),
        by=organiser,
        now=now,
    )
    letter = outbox.Letter(subject="News", paragraphs=["There is some."])
    mail_id = outbox.post("somebody@example.org", letter, now=now)
    return {
        "an edition ahead": {"slug": ahead.slug},
        "an act": {"slug": ahead.slug, "name": "override"},
        "a skipped occurrence": {"override_id": override_queries.skipped(clock.today())[0].id},
        "a known event": {"event_id": event.id},
        "a mail": {"message_id": mail_id},
    }


def _things_of_the_rotation(people: Mapping[str, Person | None]) -> dict[str, Mapping[str, object]]:
    """Make a plan of hosts as the planner leaves it, with no slot but the one that is fixed."""
    organiser, now = _the(people, "organiser"), clock.utcnow()
    slot = make_edition(
        series=make_series(), status=EditionStatus.PROJECTED, dtstart=date(2039, 3, 1)
    )
    run = RotationRun(
        kind=RunKind.PLAN,
        status=RunStatus.DONE,
        inputs={"settings": asdict(Settings()), "pins": []},
        result={
            "slots": [],
            "levels": [],
            "fairness": {
                "hostings": {},
                "longest_absence": {},
                "gap": 0,
                "repeats": 0,
                "gini": 0.0,
            },
        },
        requested_by=organiser,
        requested_at=now,
    )
    pin = RotationPin(
        edition=slot,
        country=countries.find("XAB"),
        reason="Because",
        person_id=organiser.id,
        made_at=now,
    )
    db.session.add_all([run, pin])
    db.session.flush()
    return {"a plan of hosts": {"run_id": run.id}, "a slot": {"slug": slot.slug}}


def _messages(
    edition: Edition, people: Mapping[str, Person | None]
) -> dict[str, Mapping[str, object]]:
    """Make the draft of a message to the people of an edition."""
    group = message_queries.Group(["confirmed"])
    said = messages.Words("News of {event}", "Dear {name},\n\nsee you soon.", group)
    message = messages.write(edition, said, by=_the(people, "organiser"), now=clock.utcnow())
    return {
        "a message": {"message_id": message.id},
        "a message to send": {"message_id": message.id, "act": "send"},
    }


def _roles(people: Mapping[str, Person | None]) -> dict[str, Mapping[str, object]]:
    """Make a deputy of the own contact, and invitations that wait."""
    contact, organiser, now = (
        _the(people, "contact"),
        _the(people, "organiser"),
        clock.real_utcnow(),
    )
    offer = grants.Offer(Role.NATIONAL_CONTACT, "XAB", is_deputy=True)
    invited, token = grants.invite("deputy@example.org", offer, by=contact, now=now)
    deputy = grants.accept(token, make_person("deputy@example.org"), now=now)
    invited, _token = grants.invite("next@example.org", offer, by=contact, now=now)
    email = _the(people, "participant").email
    mine, token = grants.invite(email, grants.Offer(Role.COMMITTEE), by=organiser, now=now)
    return {
        "a person": {"person_id": contact.id},
        "a deputy": {"person_id": deputy.person_id},
        "a role": {"grant_id": contact.grants[0].id},
        "the deputy": {"grant_id": deputy.id},
        "an invitation": {"invitation_id": mine.id, "what": "withdraw"},
        "a deputy's invitation": {"invitation_id": invited.id, "what": "resend"},
        "the participant's invitation": {"token": token},
    }


def _the(people: Mapping[str, Person | None], column: str) -> Person:
    person = people[column]
    assert person is not None
    return person
