"""What the committee is written while a host is decided on."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

from flask_babel import format_date, format_datetime

from app.i18n import gettext as _
from app.outbox import Letter, address

if TYPE_CHECKING:
    from datetime import datetime

    from app.hosting.decision_models import CommitteeRound, HostDecision


def round_opened(row: CommitteeRound) -> Letter:
    """To the members with a say: a proposal."""
    edition = row.edition
    return Letter(
        subject=_("Do you agree? The host of %(edition)s", edition=edition.title),
        paragraphs=[
            _(
                "The committee is asked whether %(country)s hosts %(edition)s in %(city)s.",
                country=row.offer.country.name,
                edition=edition.title,
                city=row.offer.city,
            ),
            _("The reason given: %(reason)s", reason=row.reason),
            _(
                "Agree or object by %(until)s. Without an objection the proposal is the decision.",
                until=_until(row),
            ),
        ],
        action=(_("Agree or object"), address("decisions.show", slug=edition.slug)),
        days=(row.dtstart, row.dtend),
        event=edition.title,
    )


def objected(row: CommitteeRound) -> Letter:
    """To organisers and chairs: the committee will vote."""
    return Letter(
        subject=_("An objection: the host of %(edition)s", edition=row.edition.title),
        paragraphs=[
            _(
                "A member of the committee objects to the proposal for %(edition)s, with a reason. "
                "A secret ballot follows.",
                edition=row.edition.title,
            ),
            _(
                "Open it when the committee has read the objection. On %(moment)s it opens by "
                "itself.",
                moment=_moment(row.closes_at),
            ),
        ],
        action=(
            _("Read the objection, open the ballot"),
            address("decisions.show", slug=row.edition.slug),
        ),
    )


def ballot_opened(row: CommitteeRound) -> Letter:
    """To those who may vote: the ballot is open."""
    return Letter(
        subject=_("Your ballot: the host of %(edition)s", edition=row.edition.title),
        paragraphs=[
            _(
                "The committee votes on the host of %(edition)s. Give the offers their places, "
                "by %(until)s.",
                edition=row.edition.title,
                until=_until(row),
            ),
            _("The ballot is secret: nobody can tell which one is yours. It is cast once."),
        ],
        action=(_("Vote"), address("decisions.vote", slug=row.edition.slug)),
    )


def ballot_ended(row: CommitteeRound) -> Letter:
    """To organisers and chairs: something is left for them to do."""
    return Letter(
        subject=_("The ballot has ended: the host of %(edition)s", edition=row.edition.title),
        paragraphs=[
            _(
                "The ballot on the host of %(edition)s has ended; %(cast)s of %(voters)s voted.",
                edition=row.edition.title,
                cast=row.ballot_count,
                voters=row.voter_count,
            )
        ],
        action=(_("See what comes next"), address("decisions.show", slug=row.edition.slug)),
    )


def called_off(row: CommitteeRound) -> Letter:
    """To the committee: the round ended without a decision."""
    return Letter(
        subject=_("Called off: the round on the host of %(edition)s", edition=row.edition.title),
        paragraphs=[
            _(
                "The committee is no longer asked about the host of %(edition)s.",
                edition=row.edition.title,
            ),
            _("The reason given: %(reason)s", reason=row.end_reason),
        ],
        action=(_("See where it stands"), address("decisions.show", slug=row.edition.slug)),
    )


def decided(decision: HostDecision) -> Letter:
    """To the committee and the organisers: the decision."""
    edition, offer = decision.offer.edition, decision.offer
    reserve = decision.reserve
    return Letter(
        subject=_("Decided: the host of %(edition)s", edition=edition.title),
        paragraphs=[
            _(
                "%(country)s hosts %(edition)s in %(city)s.",
                country=offer.country.name,
                edition=edition.title,
                city=offer.city,
            ),
            _("The reserve is %(country)s.", country=reserve.country.name)
            if reserve is not None
            else _("No reserve was named."),
            _("The reason: %(reason)s", reason=decision.reason),
            _("This is not public yet. It becomes so when the edition is announced."),
        ],
        action=(_("See the decision"), address("decisions.show", slug=edition.slug)),
        days=(edition.dtstart, edition.dtend),
        event=edition.title,
        place=edition.place,
    )


def _moment(moment: datetime) -> str:
    return _("%(moment)s (UTC)", moment=format_datetime(moment, "d MMMM y, HH:mm"))


def _until(row: CommitteeRound) -> str:
    if row.closes_at.time() != time.min:
        return _moment(row.closes_at)
    # The midnight that ends a day is that day's: "14 December, 00:00" reads as a day more.
    return _("%(day)s, 24:00 (UTC)", day=format_date(row.last_day, "EEEE d MMMM y"))
