"""What is written about needs for regional engagements."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask_babel import format_date

from app.i18n import gettext as _
from app.outbox import Letter, address

if TYPE_CHECKING:
    from datetime import date

    from app.hosting.models import HostingOffer
    from app.hosting.need_models import EngagementNeed


def proposed(need: EngagementNeed) -> Letter:
    """To organisers, the committee and the contacts of the region: a need, open to offers."""
    return _letter(
        need,
        _("A need for an engagement: %(title)s", title=need.title),
        [need.purpose, _("Why: %(reason)s", reason=need.reason)],
        _("Support it, or offer to host"),
        closing=_(
            "Countries of the region can offer to host until %(day)s. No call is needed.",
            day=_day(need.last_day),
        ),
    )


def changed(need: EngagementNeed) -> Letter:
    """To whom it was proposed: it says something else now; nobody has answered to it yet."""
    first, last = format_date(need.dtstart, "MMMM"), need.dtend - timedelta(days=1)
    months = _("%(first)s to %(last)s", first=first, last=format_date(last, "MMMM yyyy"))
    return _letter(
        need,
        _("Changed: %(title)s", title=need.title),
        [need.purpose, _("Why: %(reason)s", reason=need.reason)],
        _("Support it, or offer to host"),
        closing=_(
            "It is needed from %(months)s; countries of the region can offer to host until "
            "%(day)s.",
            months=months,
            day=_day(need.last_day),
        ),
    )


def offered(need: EngagementNeed, decide_by: date) -> Letter:
    """To organisers, chairs and whoever proposed it: the time to decide runs."""
    return _letter(
        need,
        _("An offer waits: %(title)s", title=need.title),
        [
            _("A country has made a complete offer to host the engagement “%(title)s”.",
              title=need.title),
            _("The committee decides by %(day)s.", day=_day(decide_by)),
        ],
        _("See where it stands"),
    )  # fmt: skip


def decided(need: EngagementNeed) -> Letter:
    """To whoever proposed it or supports it: it has a host."""
    edition = need.edition
    if edition is None or edition.country is None:
        raise LookupError(need.public_id)
    return _letter(
        need,
        _("Decided: %(title)s", title=need.title),
        [
            _("%(country)s will host the engagement “%(title)s” in %(city)s.",
              country=edition.country.name, title=need.title, city=edition.city),
            _("This is not public yet. It becomes so when the edition is announced."),
        ],
        _("See the need"),
        days=(edition.dtstart, edition.dtend),
    )  # fmt: skip


def put_off(need: EngagementNeed, until: date, reason: str) -> Letter:
    """To the committee, and the countries whose offers wait: the decision comes later."""
    return _letter(
        need,
        _("The decision is put off: %(title)s", title=need.title),
        [
            _("The committee now decides on the engagement “%(title)s” by %(day)s.",
              title=need.title, day=_day(until)),
            _("The reason given: %(reason)s", reason=reason),
        ],
        _("See where it stands"),
    )  # fmt: skip


def ended(need: EngagementNeed) -> Letter:
    """To everyone concerned: it was withdrawn, or declined."""
    is_withdrawn = need.status.value == "withdrawn"
    subject = (
        _("Withdrawn: %(title)s", title=need.title)
        if is_withdrawn
        else _("Declined: %(title)s", title=need.title)
    )
    said = (
        _("The need for the engagement “%(title)s” was withdrawn.", title=need.title)
        if is_withdrawn
        else _("The committee has declined the engagement “%(title)s”.", title=need.title)
    )
    words = [said, _("The reason given: %(reason)s", reason=need.end_reason)]
    return _letter(need, subject, words, _("See the need"))


def offer_ended(need: EngagementNeed, offer: HostingOffer) -> Letter:
    """To a country: what it offered, or had begun to, is no longer asked for."""
    return _letter(
        need,
        _("No longer asked for: %(title)s", title=need.title),
        [
            _("Thank you for the offer of %(country)s. The engagement “%(title)s” will not take "
              "place, so that nothing follows from it.",
              country=offer.country.name, title=need.title),
            _("The reason given: %(reason)s", reason=need.end_reason),
        ],
        _("See the need"),
    )  # fmt: skip


def _letter(
    need: EngagementNeed,
    subject: str,
    paragraphs: list[str],
    action: str,
    *,
    days: tuple[date, date] | None = None,
    closing: str = "",
) -> Letter:
    return Letter(
        subject=subject,
        paragraphs=paragraphs,
        action=(action, address("needs.show", public_id=need.public_id)),
        days=days,
        event=need.title if days else "",
        closing=[closing] if closing else [],
    )


def _day(day: date) -> str:
    return str(format_date(day, "long"))
