"""What is held about a person: given to them, and erased without a trace.

Each feature tells and erases its own, by the signals of :mod:`app.accounts.signals`. What is left
is found by its words: every text column of the database is searched for the person's address and
full name, so that a remark somebody else wrote names them no longer.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, String, Text, cast, delete, or_, select, update

from app import audit, audit_proof, database, held_files, outbox
from app.accounts import erased, queries
from app.accounts.models import (
    Consent,
    Grant,
    Identity,
    Passkey,
    Person,
    RecoveryCode,
    Role,
    SignIn,
    SignInLink,
)
from app.accounts.signals import person_data, person_erased, words_erased
from app.database import Model, db
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Column, Table

ERASED = "(erased)"
OWN_WAY = {"audit_entry", "audit_head", "outbox_message", "person", "sign_in_link"}
"""Tables that are not searched for words: their rows are erased whole, or in a way of their own."""


class LastOrganiserError(ConflictError):
    """Erasing whoever alone may organise."""

    message = N_("Nobody else is organiser. Make somebody else one first.")


class UnknownPersonError(DomainError):
    """An address that nobody here has."""

    message = N_("Nobody here has the address {email}.")


# -- my data ---------------------------------------------------------------------------------


def data_of(person: Person) -> dict[str, Any]:
    """Return all that is held about ``person``, fit for JSON."""
    held = {
        "person": {
            "email": person.email,
            "name": person.name,
            "has_password": person.password is not None,
            "has_authenticator_app": person.totp_secret is not None,
            "created_at": _said(person.created_at),
            "verified_at": _said(person.verified_at),
        },
        "roles": [
            {
                "role": grant.role.value,
                "for": grant.scope_key,
                "given_at": _said(grant.granted_at),
                "ends_at": _said(grant.ends_at),
            }
            for grant in person.grants
        ],
        "consents": [
            {
                "purpose": consent.purpose.value,
                "version": consent.version,
                "text": consent.text,
                "given_at": _said(consent.given_at),
                "withdrawn_at": _said(consent.withdrawn_at),
            }
            for consent in db.session.scalars(
                select(Consent).filter_by(person_id=person.id).order_by(Consent.id)
            )
        ],
        "sign_ins": [
            {
                "device": sign_in.device,
                "began_at": _said(sign_in.began_at),
                "expires_at": _said(sign_in.expires_at),
                "ended_at": _said(sign_in.ended_at),
            }
            for sign_in in db.session.scalars(
                select(SignIn).filter_by(person_id=person.id).order_by(SignIn.id)
            )
        ],
        "passkeys": [
            {
                "name": passkey.name,
                "made_at": _said(passkey.made_at),
                "used_at": _said(passkey.used_at),
            }
            for passkey in queries.passkeys_of(person)
        ],
        "identities": [
            {"issuer": identity.issuer, "subject": identity.subject}
            for identity in queries.identities_of(person)
        ],
        "mails": [
            {
                "subject": message.subject,
                "text": "(a sign-in link)" if message.is_secret else message.text,
                "written_at": _said(message.created_at),
                "sent_at": _said(message.sent_at),
            }
            for message in outbox.to(person.email)
        ],
        "acts": [
            {
                "at": _said(entry.at),
                "act": entry.action,
                "by_me": entry.person_id == person.id,
                "reason": entry.reason,
                "changes": entry.changes,
            }
            for entry in audit.concerning(person)
        ],
    }
    for _listener, (name, value) in person_data.send(None, person=person):
        held[name] = value
    return held


def _said(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# -- erasing ---------------------------------------------------------------------------------


def find(email: str) -> Person:
    """Return the person who has this address.

    Raises:
        UnknownPersonError: nobody has.
    """
    person = queries.find(email)
    if person is None:
        raise UnknownPersonError(email=email)
    return person


def erase(person: Person, *, by: Person | None, now: datetime, reason: str = "") -> None:
    """Erase ``person``, as if they had never been; a place they held is given back.

    It opens the transaction, since it may have to begin again (:func:`app.database.give_way`):
    their words are looked for in every table. Commit, then ask for :func:`app.database.scrub`:
    what a database lets go of lies in its files for a while.

    Raises:
        LastOrganiserError: nobody could organise any more.
        BusyError: others were writing the same rows all the time.
    """
    database.give_way(lambda: _erase(person, by=by, now=now, reason=reason))
    db.session.expunge(person)


def _erase(person: Person, *, by: Person | None, now: datetime, reason: str) -> None:
    if {other.id for other in queries.with_role(Role.ORGANISER)} == {person.id}:
        raise LastOrganiserError
    erased.note(person)
    person_erased.send(None, person=person, now=now)
    held_files.drop_all(person.id)
    database.write(person)
    words = [person.email, *([person.name] if " " in person.name.strip() else [])]
    outbox.erase(words)
    audit_proof.forget(person)
    audit_proof.forget_actor(person.id)
    audit_proof.forget_words(words)
    swept = _sweep(words)
    if swept:
        words_erased.send(None, swept=swept, now=now)
    is_own = by is not None and by.id == person.id
    for table in (Grant, SignIn, Consent, Passkey, RecoveryCode, Identity):
        db.session.execute(delete(table).where(table.person_id == person.id))
    db.session.execute(delete(SignInLink).where(SignInLink.email == person.email))
    db.session.flush()
    # Past the mapper, which would load and touch what the database's own keys take along.
    db.session.execute(delete(Person).where(Person.id == person.id))
    audit.record(
        "person.erased", _Nobody, by=None if is_own else by, now=now, reason=_without(words, reason)
    )


class _Nobody:
    """What the log names as the subject of an erasure."""

    __tablename__ = "person"
    id = 0


def _without(words: Sequence[str], text: str) -> str:
    return _pattern(words).sub(ERASED, text)


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    # Words of their own: "ann@example.org" is not in "joann@example.org".
    spelt = "|".join(re.escape(word) for word in words)
    return re.compile(rf"(?<![\w.+-])(?:{spelt})(?![\w-])", re.IGNORECASE)


def _sweep(words: Sequence[str]) -> dict[str, list[Any]]:
    """Take ``words`` out of every text column; return the keys of changed rows by table."""
    swept: dict[str, list[Any]] = {}
    for table in Model.metadata.sorted_tables:
        columns = [column for column in table.columns if _holds_words(column)]
        if columns and table.name not in OWN_WAY:
            keys = _sweep_table(table, columns, words)
            if keys:
                swept[table.name] = keys
    return swept


def _holds_words(column: Column[Any]) -> bool:
    kind = type(column.type)
    return kind in {String, Text, JSON} and not column.primary_key and not column.foreign_keys


def _sweep_table(table: Table, columns: list[Column[Any]], words: Sequence[str]) -> list[Any]:
    named = [
        cast(column, String).icontains(
            json.dumps(word)[1:-1] if isinstance(column.type, JSON) else word, autoescape=True
        )
        for column in columns
        for word in words
    ]
    keys = list(table.primary_key.columns)
    changed = []
    # Locked as they are read: what somebody else writes meanwhile must not be written over.
    found = select(*keys, *columns).where(or_(*named)).with_for_update()
    for row in db.session.execute(found).all():
        was = dict(zip(columns, row[len(keys) :], strict=True))
        now_is = {column: _without_in(words, value) for column, value in was.items()}
        values = {
            column.name: now_is[column] for column in columns if was[column] != now_is[column]
        }
        if values:
            here = [key == value for key, value in zip(keys, row, strict=False)]
            db.session.execute(update(table).where(*here).values(values))
            changed.append(row[0] if len(keys) == 1 else tuple(row[: len(keys)]))
    return changed


def _without_in(words: Sequence[str], value: Any) -> Any:  # noqa: ANN401 - what JSON can hold
    if isinstance(value, str):
        return _without(words, value)
    if isinstance(value, list):
        return [_without_in(words, part) for part in value]
    if isinstance(value, dict):
        return {key: _without_in(words, part) for key, part in value.items()}
    return value
