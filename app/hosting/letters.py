"""What hosting writes to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import format_date

from app.accounts import queries as accounts
from app.accounts.models import Role
from app.i18n import gettext as _
from app.outbox import Letter, address

if TYPE_CHECKING:
    from app.countries.models import Country
    from app.editions.models import Edition
    from app.hosting.models import CallForHosts, HostingOffer


def organisers() -> list[str]:
    """Return the organisers' addresses."""
    return [person.email for person in accounts.with_role(Role.ORGANISER)]


def host_told(edition: Edition, change: str, reason: str) -> Letter:
    """To the host: organisers have changed what it hosts."""
    title, place = edition.title, edition.place
    said = {
        "edition.moved": _("%(title)s, which you host, has moved to other days.", title=title),
        "edition.relocated": _(
            "%(title)s, which you host, takes place in %(place)s.", title=title, place=place
        ),
        "edition.postponed": _("%(title)s, which you host, is postponed.", title=title),
        "edition.reinstated": _("%(title)s, which you host, takes place after all.", title=title),
        "edition.announced": _("%(title)s, which you host, is announced again.", title=title),
        "edition.cancelled": _("%(title)s, which you host, is cancelled.", title=title),
    }[change]
    return Letter(
        subject=said.rstrip("."),
        paragraphs=[said, *([_("The reason: %(reason)s", reason=reason)] if reason else [])],
        action=(_("See what you host"), address("hosts.show", slug=edition.slug)),
        days=None if edition.dates_to_follow else (edition.dtstart, edition.dtend),
        event=title,
        place=place,
    )


def host_no_more(edition: Edition, reason: str) -> Letter:
    """To a former host: the event takes place in another country."""
    said = _("%(title)s does not take place in your country any more.", title=edition.title)
    return Letter(
        subject=said.rstrip("."),
        paragraphs=[said, _("The reason: %(reason)s", reason=reason)],
        closing=[_("Thank you for what you have done for it.")],
    )


def offer_received(offer: HostingOffer) -> Letter:
    """To the contact: the offer has arrived."""
    return Letter(
        subject=_("Offer received: %(edition)s", edition=offer.edition.title),
        paragraphs=[
            _(
                "The offer of %(country)s to host %(edition)s in %(city)s has been received.",
                country=offer.country.name,
                edition=offer.edition.title,
                city=offer.city,
            ),
            _("You can change or withdraw it while the call is open."),
        ],
        action=(_("See the offer"), address("hosting.offer", public_id=offer.public_id)),
        closing=[_("After the call closes, the offers are compared and every contact is told.")],
    )


def offer_returned(offer: HostingOffer) -> Letter:
    """To the country's contacts: the offer comes back with comments."""
    return Letter(
        subject=_("Offer returned for changes: %(edition)s", edition=offer.edition.title),
        paragraphs=[
            _(
                "The offer of %(country)s to host %(edition)s comes back to you with comments.",
                country=offer.country.name,
                edition=offer.edition.title,
            ),
            _(
                "Answer them in its sections and send it in again by %(day)s. An offer is returned "
                "once.",
                day=format_date(offer.resubmit_until, "long"),
            ),
        ],
        action=(_("See the comments"), address("hosting.offer", public_id=offer.public_id)),
    )


def approached(call: CallForHosts, country: Country) -> Letter:
    """To a country's contacts: they are asked directly."""
    edition = call.edition
    return Letter(
        subject=_("Would you host? %(edition)s", edition=edition.title),
        paragraphs=[
            _(
                "The call for hosts of %(edition)s found nobody. The organisers ask %(country)s "
                "directly whether it would host.",
                edition=edition.title,
                country=country.name,
            ),
            _("Offers are taken until %(day)s.", day=format_date(call.last_day, "long")),
        ],
        action=(_("See the call"), address("hosting.compare", slug=edition.slug)),
        days=(edition.dtstart, edition.dtend),
        event=edition.title,
    )


def offer_withdrawn(offer: HostingOffer) -> Letter:
    """To contact and organisers: the offer is withdrawn."""
    return Letter(
        subject=_("Offer withdrawn: %(edition)s", edition=offer.edition.title),
        paragraphs=[
            _(
                "The offer of %(country)s to host %(edition)s in %(city)s has been withdrawn.",
                country=offer.country.name,
                edition=offer.edition.title,
                city=offer.city,
            )
        ],
        action=(_("See the offer"), address("hosting.offer", public_id=offer.public_id)),
    )


def offer_selected(offer: HostingOffer) -> Letter:
    """To the country's contacts: it hosts."""
    edition = offer.edition
    return Letter(
        subject=_("Selected as host: %(edition)s", edition=edition.title),
        paragraphs=[
            _(
                "The offer of %(country)s has been selected: %(city)s will host %(edition)s.",
                country=offer.country.name,
                city=offer.city,
                edition=edition.title,
            ),
            _("This is not public yet. It becomes so when the edition is announced."),
        ],
        action=(_("See the offer"), address("hosting.offer", public_id=offer.public_id)),
        days=(edition.dtstart, edition.dtend),
        event=edition.title,
        place=edition.place,
        closing=[_("Next comes the agreement with the host; the organisers will write to you.")],
    )


def offer_in_reserve(offer: HostingOffer) -> Letter:
    """To a country's contacts: another one hosts, and theirs stands by."""
    return Letter(
        subject=_("Held in reserve: %(edition)s", edition=offer.edition.title),
        paragraphs=[
            _(
                "Thank you for the offer of %(country)s to host %(edition)s. Another offer has "
                "been selected. Yours is the reserve: should the host withdraw, it comes first.",
                country=offer.country.name,
                edition=offer.edition.title,
            )
        ],
        action=(_("See the offer"), address("hosting.offer", public_id=offer.public_id)),
        closing=[_("If you can no longer stand by, withdraw the offer on its page.")],
    )


def offer_let_go(offer: HostingOffer, reason: str) -> Letter:
    """To a country's contacts: the edition that they would host is cancelled."""
    title = offer.edition.title
    return Letter(
        subject=_("Cancelled: %(title)s", title=title),
        paragraphs=[
            _(
                "Thank you for the offer of %(country)s. %(title)s is cancelled, so that nothing "
                "follows from it.",
                country=offer.country.name,
                title=title,
            ),
            _("The reason: %(reason)s", reason=reason),
        ],
        action=(_("See the open calls"), address("hosting.calls")),
        closing=[_("An offer for another edition is welcome at any time a call is open.")],
    )


def offer_not_selected(offer: HostingOffer) -> Letter:
    """To a country's contacts: another one hosts."""
    return Letter(
        subject=_("Decision on hosting: %(edition)s", edition=offer.edition.title),
        paragraphs=[
            _(
                "Thank you for the offer of %(country)s to host %(edition)s. "
                "Another offer has been selected.",
                country=offer.country.name,
                edition=offer.edition.title,
            )
        ],
        action=(_("See the open calls"), address("hosting.calls")),
        closing=[_("An offer for another edition is welcome at any time a call is open.")],
    )
