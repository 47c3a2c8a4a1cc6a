"""Registrations told to their person, erased with them, and let go when their time is over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, or_, select, update

from app import audit_proof, database, retention
from app.accounts import privacy
from app.accounts.models import Grant, Person, SignIn
from app.accounts.signals import person_data, person_erased
from app.database import Model, db
from app.editions.models import Edition
from app.i18n import lazy_gettext as _l
from app.registrations import queries, question_queries, seating, service, waiting
from app.registrations.answer_words import answer_words
from app.registrations.models import (
    Answer,
    ErasedRegistrations,
    Profile,
    Registration,
    VisaRequest,
)
from app.registrations.signals import registration_erased
from scheduler import lifecycle

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Column
    from sqlalchemy.orm import InstrumentedAttribute

_R = lifecycle.RegistrationStatus
NEEDS_KEPT = timedelta(days=30)  # after the event
KEPT = timedelta(days=730)  # after the event
IDLE_KEPT = timedelta(days=730)  # without signing in
BATCH = 500


@person_data.connect
def _tell(sender: object, *, person: Person) -> tuple[str, list[dict[str, Any]]]:  # noqa: ARG001
    """Tell a person their registrations."""
    told = [
        {
            "id": registration.public_id,
            "edition": registration.edition.title,
            "status": registration.status.value,
            "position": waiting.number(registration),
            "country": registration.country_code,
            "role": registration.role.value,
            "nominated_as": registration.nominated_as,
            "party_of": party.people if (party := queries.party_of(registration)) else None,
            "affiliation": registration.affiliation,
            "function": registration.position,
            "dietary_needs": registration.dietary_needs,
            "access_needs": registration.access_needs,
            "registered_at": registration.registered_at.isoformat(),
            "confirmed_at": _said(registration.confirmed_at),
            "cancelled_at": _said(registration.cancelled_at),
            "answers": [
                {"question": answer.question.label, "answer": answer_words(answer)}
                for answer in question_queries.of_registration(registration).values()
            ],
            **_what_hangs_on(registration),
        }
        for registration in queries.of_person(person)
    ]
    return "registrations", told


@person_data.connect
def _tell_profile(sender: object, *, person: Person) -> tuple[str, dict[str, Any]]:  # noqa: ARG001
    """Tell a person what they told once for every event."""
    profile = db.session.get(Profile, person.id)
    if profile is None:
        return "profile", {}
    return "profile", {
        "country": profile.country_code,
        "affiliation": profile.affiliation,
        "function": profile.position,
    }


def _what_hangs_on(registration: Registration) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table that lead to ``registration``, whichever feature's they are.

    Keys and codes are left out: they say nothing, or open something. Answers are told with their
    questions.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for table in Model.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name != Registration.__tablename__ or table is Answer.__table__:
                continue
            columns = [column for column in table.columns if not _is_key(column)]
            rows = db.session.execute(
                select(table.c[key.parent.name], *columns).where(key.parent == registration.id)
            ).all()
            if rows:
                names = [column.name for column in columns]
                found[table.name] = [
                    dict(zip(names, map(_fit_for_json, row[1:]), strict=True)) for row in rows
                ]
    return found


def _is_key(column: Column[Any]) -> bool:
    if any(key.column.table.name == "country" for key in column.foreign_keys):
        return False  # XAA says something
    is_number = column.primary_key or column.foreign_keys
    return bool(is_number) or column.name.endswith(("_id", "code", "hash", "token"))


def _fit_for_json(value: Any) -> Any:  # noqa: ANN401 - what a column can hold
    if isinstance(value, date):  # a moment is one, too
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | dict | list) else str(value)


def _said(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@person_erased.connect
def _erase(sender: object, *, person: Person, now: datetime) -> None:  # noqa: ARG001
    """Give back the places of a person, then keep only counts."""
    _let_go(Registration.nominated_by_id, person.id)
    nominees = Registration.nominated_by_id == person.id
    if db.session.scalar(select(Registration.id).where(nominees).limit(1)):
        db.session.execute(update(Registration).where(nominees).values(nominated_by_id=None))
    for registration in sorted(queries.of_person(person), key=lambda row: row.edition_id):
        database.write(registration.edition)
        database.write(registration)
        edition = registration.edition
        is_ahead = registration.is_live and not edition.has_begun(edition.day_at(now))
        if is_ahead and _R.CANCELLED in lifecycle.REGISTRATION_MOVES[registration.status]:
            service.cancel(registration, by=person, now=now)
        count_out(registration)
        if is_ahead:  # who was let in on the eve cancels no more, and still leaves a place
            seating.fill_seats(edition, now=now)


def _let_go(key: InstrumentedAttribute[int | None], number: int) -> None:
    """Let other registrations point to nobody instead."""
    db.session.execute(update(Registration).where(key == number).values({key: None}))


def count_out(registration: Registration) -> None:
    """Delete ``registration``, and what the log tells of it; its edition keeps the count.

    The caller's transaction has locked the edition.
    """
    key = (registration.edition_id, registration.status)
    counted = db.session.get(ErasedRegistrations, key)
    if counted is None:
        counted = ErasedRegistrations(edition_id=key[0], status=key[1], registration_count=0)
        db.session.add(counted)
    counted.registration_count += 1
    db.session.execute(
        update(Registration)
        .where(Registration.replaces_id == registration.id)
        .values(replaces_id=None)
    )
    registration_erased.send(None, registration=registration)
    _let_go(Registration.replaces_id, registration.id)
    audit_proof.forget(registration)
    db.session.delete(registration)
    db.session.flush()
    seating.drop_if_empty(registration.party_id)


# -- in the course of time -------------------------------------------------------------------


@retention.rule(_l("Dietary and access needs"), _l("until 30 days after the event"))
def _let_go_of_needs(now: datetime) -> int:
    """Empty what was told for the days of the event alone."""
    ended = select(Edition.id).where(Edition.dtend <= (now - NEEDS_KEPT).date())
    done = db.session.execute(
        update(Registration)
        .where(
            Registration.edition_id.in_(ended),
            or_(Registration.dietary_needs != "", Registration.access_needs != ""),
        )
        .values(dietary_needs="", access_needs="")
        .execution_options(synchronize_session=False)
    )
    return retention.rows(done)


@retention.rule(_l("Passports, told for a visa letter"), _l("until 30 days after the event"))
def _let_go_of_passports(now: datetime) -> int:
    """Delete what a consulate needed to know."""
    ended = select(Registration.id).join(Registration.edition)
    ended = ended.where(Edition.dtend <= (now - NEEDS_KEPT).date())
    done = db.session.execute(
        delete(VisaRequest)
        .where(VisaRequest.registration_id.in_(ended))
        .execution_options(synchronize_session=False)
    )
    return retention.rows(done)


@retention.rule(_l("Registrations"), _l("24 months after the event; then only how many there were"))
def _let_go_of_registrations(now: datetime) -> int:
    """Count out what is older than anybody asks for."""
    old = db.session.scalars(
        select(Registration)
        .join(Registration.edition)
        .where(Edition.dtend <= (now - KEPT).date())
        .order_by(Registration.edition_id, Registration.id)
        .limit(BATCH)
    ).all()
    for registration in old:
        database.write(registration.edition)
        count_out(registration)
    return len(old)


@retention.rule(
    _l("Accounts"),
    _l("24 months after the last signing in, where there is neither a role nor a registration"),
    real_time=True,
)
def _let_go_of_people(now: datetime) -> int:
    """Erase who has not been here for long and whom nothing needs."""
    since = now - IDLE_KEPT
    idle = db.session.scalar(
        select(Person)
        .where(
            Person.created_at < since,
            ~exists().where(Grant.person_id == Person.id),
            ~exists().where(Registration.person_id == Person.id),
            ~exists().where(SignIn.person_id == Person.id, SignIn.began_at >= since),
        )
        .order_by(Person.id)
        .limit(1)  # a transaction each: it may have to begin again
    )
    if idle is None:
        return 0
    privacy.erase(idle, by=None, now=now)
    return 1
