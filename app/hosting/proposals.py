"""What a host proposes to change: other days, or another place; an organiser answers.

Every proposal is kept. A newer one of the same kind replaces the one that waits. Approval moves
the edition like any other move, so pages, feeds and everyone concerned follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app import audit, database, outbox
from app.accounts import queries as accounts
from app.accounts.models import Role
from app.database import db
from app.editions import disruptions
from app.editions import service as editions
from app.hosting import host_team, letters
from app.hosting.host_models import HostProposal, ProposalStatus
from app.i18n import gettext as _
from app.outbox import Letter
from scheduler.errors import N_, ConflictError, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.models import Edition


class SameError(DomainError):
    """A proposal of what stands."""

    message = N_("This is what stands already. Propose something else.")


class PastDaysError(DomainError):
    """Days that are over."""

    message = N_("The days lie in the past. Propose days after today.")


class AnsweredError(ConflictError):
    """An answer to what does not wait for one."""

    message = N_("This proposal has been answered, withdrawn or replaced in the meantime.")


class ZoneMissingError(ConflictError):
    """A place without its time zone."""

    message = N_("{edition} has no time zone yet. Confirm days, zone and place first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is proposed: ``days`` (the end exclusive), or a place."""

    reason: str
    days: tuple[date, date] | None = None
    city: str = ""
    venue: str = ""
    venue_address: str = ""


def propose(edition: Edition, change: Change, *, by: Person, now: datetime) -> HostProposal:
    """Propose ``change`` to the organisers, who are written to.

    Raises:
        NoConfirmedHostError, SameError, PastDaysError: see there.
        SpanError, YearError, PlaceMissingError, ReasonMissingError: see `editions.service`.
    """
    editions.insist_on_reason(change.reason)
    if change.days is not None:
        editions.check_span(*change.days)
        if change.days[0] <= edition.day_at(now):
            raise PastDaysError
    elif not change.city:
        raise editions.PlaceMissingError(edition=edition.title)
    database.write(edition)
    if not host_team.has_team(edition) or edition.has_begun(edition.day_at(now)):
        raise host_team.NoConfirmedHostError(edition=edition.title)
    stands = (edition.dtstart, edition.dtend)
    place = (change.city, change.venue, change.venue_address)
    if (change.days == stands and not edition.dates_to_follow) or (
        change.days is None and place == (edition.city, edition.venue, edition.venue_address)
    ):
        raise SameError
    kept = proposals(edition)
    for other in kept:
        if other.is_open and (other.dtstart is None) is (change.days is None):
            other.status, other.decided_at = ProposalStatus.REPLACED, now
    dtstart, dtend = change.days or (None, None)
    made = HostProposal(
        edition=edition,
        number=len(kept) + 1,
        country_code=edition.country_code,
        dtstart=dtstart,
        dtend=dtend,
        city="" if change.days else change.city,
        venue="" if change.days else change.venue,
        venue_address="" if change.days else change.venue_address,
        reason=change.reason.strip(),
        person_id=by.id,
        made_at=now,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("edition.change_proposed", edition, by=by, now=now, reason=made.reason)
    said = _("The host proposes a change: %(title)s", title=edition.title)
    for email in letters.organisers():
        outbox.post(email, _letter(made, said, made.reason), now=now)
    return made


def approve(proposal: HostProposal, *, answer: str = "", by: Person, now: datetime) -> None:
    """Move the edition as proposed; everyone concerned is written to.

    Raises:
        AnsweredError: it does not wait any more, or another country hosts.
        ZoneMissingError, OverError, SpanError: the edition cannot be moved so.
    """
    edition = _open(proposal)
    if proposal.days is not None:
        dtstart, dtend = proposal.days
        disruptions.reschedule(
            edition,
            dtstart=dtstart,
            dtend=dtend,
            reason=proposal.reason,
            by=by,
            now=now,
        )
    else:
        if edition.country is None or not edition.tzid:
            raise ZoneMissingError(edition=edition.title)
        disruptions.relocate(
            edition,
            edition.country,
            city=proposal.city,
            venue=proposal.venue,
            venue_address=proposal.venue_address,
            tzid=edition.tzid,
            reason=proposal.reason,
            by=by,
            now=now,
        )
    _answer(proposal, ProposalStatus.APPROVED, answer, by, now)


def decline(proposal: HostProposal, answer: str, *, by: Person, now: datetime) -> None:
    """Leave the edition as it is, and say why.

    Raises:
        AnsweredError, ReasonMissingError: see there.
    """
    editions.insist_on_reason(answer)
    _open(proposal)
    _answer(proposal, ProposalStatus.DECLINED, answer, by, now)


def withdraw(proposal: HostProposal, *, by: Person, now: datetime) -> None:
    """Take a proposal back.

    Raises:
        AnsweredError: it does not wait any more.
    """
    edition = _open(proposal)
    proposal.status, proposal.decided_at = ProposalStatus.WITHDRAWN, now
    db.session.flush()
    audit.record("edition.proposal_withdrawn", edition, by=by, now=now)


def proposals(edition: Edition) -> Sequence[HostProposal]:
    """Return everything that hosts of ``edition`` have proposed, oldest first."""
    query = select(HostProposal).filter_by(edition_id=edition.id)
    return db.session.scalars(query.order_by(HostProposal.number)).all()


def find(edition: Edition, number: int) -> HostProposal | None:
    """Return a proposal of ``edition`` by its number."""
    query = select(HostProposal).filter_by(edition_id=edition.id, number=number)
    return db.session.scalar(query)


def waiting() -> Sequence[HostProposal]:
    """Return the proposals that wait for an answer, oldest first."""
    query = select(HostProposal).filter_by(status=ProposalStatus.OPEN)
    found = db.session.scalars(query.order_by(HostProposal.id)).all()
    return [one for one in found if one.edition.country_code == one.country_code]


def _open(proposal: HostProposal) -> Edition:
    edition: Edition = proposal.edition
    database.write(edition)
    database.write(proposal)
    if not proposal.is_open or proposal.country_code != edition.country_code:
        raise AnsweredError
    return edition


def _answer(
    proposal: HostProposal, status: ProposalStatus, answer: str, by: Person, now: datetime
) -> None:
    proposal.status, proposal.decided_at, proposal.answer = status, now, answer.strip()
    db.session.flush()
    edition = proposal.edition
    is_yes = status is ProposalStatus.APPROVED
    action = "edition.proposal_approved" if is_yes else "edition.proposal_declined"
    audit.record(action, edition, by=by, now=now, reason=answer)
    title = edition.title
    said = (
        _("Your proposal is approved: %(title)s", title=title)
        if is_yes
        else _("Your proposal is declined: %(title)s", title=title)
    )
    host = {grant.person.email for grant in host_team.members(edition)}
    for person in accounts.with_role(Role.NATIONAL_CONTACT, proposal.country_code):
        host.add(person.email)
    for email in sorted(host):
        outbox.post(email, _letter(proposal, said, answer.strip()), now=now)


def _letter(proposal: HostProposal, subject: str, words: str) -> Letter:
    edition = proposal.edition
    return Letter(
        subject=subject,
        paragraphs=[f"{subject}.", *([words] if words else [])],
        action=(_("See the proposal"), outbox.address("proposals.index", slug=edition.slug)),
        days=proposal.days or (edition.dtstart, edition.dtend),
        event=edition.title,
        place=", ".join(filter(None, [proposal.venue, proposal.city])) or edition.place,
    )
