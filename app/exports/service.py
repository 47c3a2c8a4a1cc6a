"""Use cases: ask, grant or decline, fetch, end.

The file is made once, when it is granted, and lies outside of what is served under a random name
for a day. Every step stands in the log, and so does every download.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database, disk, retention
from app.accounts import consents, grants
from app.accounts import queries as accounts
from app.accounts.models import Person, Purpose, Role
from app.accounts.signals import person_erased
from app.database import db
from app.exports import tables
from app.exports.models import Release, ReleaseKind, ReleaseStatus
from app.i18n import lazy_gettext as _l
from app.outbox import settings
from app.registrations.models import Registration
from scheduler.errors import N_, ConflictError
from scheduler.lifecycle import TAKEN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.editions.models import Edition

LIFE = timedelta(hours=24)


class SamePersonError(ConflictError):
    """Somebody who grants their own wish."""

    message = N_("Another organiser has to grant what you have asked for.")


class OneOriginError(ConflictError):
    """Somebody who may be the one who asked, under a second account."""

    message = N_(
        "You count as one person with who asked: one of you made the other an organiser, or the "
        "same person made you both. Another organiser has to grant it, or who runs this site "
        "confirms that you are two."
    )


class AskerGoneError(ConflictError):
    """A wish of somebody who organises no more."""

    message = N_("Who asked for this is no organiser any more. Ask for it yourself.")


class DecidedError(ConflictError):
    """A second decision, or a change of what is over."""

    message = N_("This has been decided already.")


class FileGoneError(ConflictError):
    """A file whose day is over."""

    message = N_("The file is gone: it is kept for 24 hours. Ask for it anew.")


def ask(edition: Edition, kind: ReleaseKind, reason: str, *, by: Person, now: datetime) -> Release:
    """Record that ``by`` wants the personal data of the people of ``edition``, and why."""
    database.write(edition)
    release = Release(
        edition_id=edition.id,
        kind=kind,
        status=ReleaseStatus.ASKED,
        reason=reason,
        asked_by_id=by.id,
        asked_at=now,
    )
    db.session.add(release)
    db.session.flush()
    _note("asked", release, by, now, reason)
    return release


def grant(release: Release, *, by: Person, now: datetime, real_now: datetime) -> None:
    """Let the wish come true: the file is made, or the list shown.

    Raises:
        SamePersonError, OneOriginError: ``by`` has asked for it, or may be who did.
        AskerGoneError: nobody is left who could use it.
        DecidedError: it was decided before.
    """
    database.write(release)
    _insist_on_two(release, by, real_now)
    _decide(release, ReleaseStatus.GRANTED, by, now)
    if release.kind is not ReleaseKind.LIST:
        lines = tables.participants(release.edition)
        made = tables.as_csv if release.kind is ReleaseKind.CSV else tables.as_xlsx
        release.stored_name = secrets.token_hex(24)
        release.expires_at = real_now + LIFE
        disk.write(release.path, made(lines))
    db.session.flush()
    _note("granted", release, by, now)


def decline(release: Release, *, by: Person, now: datetime) -> None:
    """Let it not come true.

    Raises:
        DecidedError: it was decided before.
    """
    if by.id == release.asked_by_id:  # taken back
        database.write(release)
        _insist(release, ReleaseStatus.ASKED)
        release.status = ReleaseStatus.ENDED
    else:
        _decide(release, ReleaseStatus.DECLINED, by, now)
    db.session.flush()
    _note("declined", release, by, now)


def fetch(release: Release, *, by: Person, now: datetime, real_now: datetime) -> bytes:
    """Return the file, and note that it was fetched.

    Raises:
        FileGoneError: its day is over.
    """
    database.write(release)
    is_over = release.expires_at is None or real_now >= release.expires_at
    if release.status is not ReleaseStatus.GRANTED or is_over or not release.path.is_file():
        raise FileGoneError
    _note("fetched", release, by, now)
    return release.path.read_bytes()


def end(release: Release, *, by: Person, now: datetime) -> None:
    """Take the list down, or throw the file away, before its time.

    Raises:
        DecidedError: it is not there.
    """
    database.write(release)
    _insist(release, ReleaseStatus.GRANTED)
    _let_go(release)
    _note("ended", release, by, now)


def shown_list(edition: Edition) -> Release | None:
    """Return the grant under which the list of participants is shown."""
    return db.session.scalar(
        select(Release)
        .filter_by(edition_id=edition.id, kind=ReleaseKind.LIST, status=ReleaseStatus.GRANTED)
        .limit(1)
    )


def who_agreed(edition: Edition) -> Sequence[Registration]:
    """Return who has a place at ``edition`` and agreed to stand in the list, by name."""
    found = db.session.scalars(
        select(Registration)
        .join(Registration.person)
        .where(
            Registration.edition_id == edition.id,
            Registration.status.in_(TAKEN),
            consents.agreeing(Purpose.PARTICIPANTS_LIST),
        )
    ).all()
    return sorted(found, key=lambda row: row.person.display_name.casefold())


def of_edition(edition: Edition) -> Sequence[Release]:
    """Return what was asked for of ``edition``, the newest first."""
    return db.session.scalars(
        select(Release).filter_by(edition_id=edition.id).order_by(Release.id.desc())
    ).all()


def find(public_id: str) -> Release | None:
    """Return one wish."""
    return db.session.scalar(select(Release).filter_by(public_id=public_id))


def others(person: Person, now: datetime) -> tuple[bool, bool]:
    """Return whether there is another organiser, and whether one could grant what this one asks."""
    found = [one for one in accounts.with_role(Role.ORGANISER) if one.id != person.id]
    return bool(found), any(grants.are_two(person, one, now) for one in found)


def may_grant(release: Release, person: Person, now: datetime) -> bool:
    """Whether ``person`` surely is another person than the organiser who asked."""
    asker = release.asked_by
    return asker is not None and grants.are_two(asker, person, now)


def _insist_on_two(release: Release, by: Person, now: datetime) -> None:
    if by.id == release.asked_by_id:
        raise SamePersonError
    if release.asked_by is None or not grants.organises(release.asked_by, now):
        raise AskerGoneError
    if not may_grant(release, by, now):
        raise OneOriginError


def _decide(release: Release, target: ReleaseStatus, by: Person, now: datetime) -> None:
    database.write(release)
    _insist(release, ReleaseStatus.ASKED)
    release.status, release.decided_by_id, release.decided_at = target, by.id, now


def _insist(release: Release, status: ReleaseStatus) -> None:
    if release.status is not status:
        raise DecidedError


def _let_go(release: Release) -> None:
    if release.stored_name:
        disk.drop(release.path)
    release.status, release.stored_name = ReleaseStatus.ENDED, ""
    db.session.flush()


def _note(what: str, release: Release, by: Person, now: datetime, reason: str = "") -> None:
    audit.record(
        f"release.{what}",
        release.edition,
        by=by,
        now=now,
        reason=reason,
        changes={"release": [None, release.kind.value]},
    )


@retention.rule(_l("Files of personal data that were granted"), _l("24 hours"), real_time=True)
def _let_go_of_files(now: datetime) -> int:
    """Delete the files whose day is over, and those without a row."""
    over = db.session.scalars(
        select(Release).where(Release.status == ReleaseStatus.GRANTED, Release.expires_at <= now)
    ).all()
    for release in over:
        _let_go(release)
    known = set(db.session.scalars(select(Release.stored_name)))
    files = (settings().instance_path / "exports").glob("*")
    return len(over) + disk.drop_strays(path for path in files if path.name not in known)


@person_erased.connect
def _let_go_of_all(sender: object, *, person: Person, now: datetime) -> None:  # noqa: ARG001
    """Delete the files that name somebody who is to be forgotten."""
    editions = select(Registration.edition_id).where(Registration.person_id == person.id)
    for release in db.session.scalars(
        select(Release).where(Release.stored_name != "", Release.edition_id.in_(editions))
    ):
        _let_go(release)
