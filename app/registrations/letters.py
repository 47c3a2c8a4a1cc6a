"""What registration writes to people: what happened, what comes next, by when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.i18n import gettext as _
from app.outbox import Letter, address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.registrations.models import Registration


def _letter(
    registration: Registration,
    subject: str,
    paragraphs: Sequence[str],
    closing: Sequence[str] = (),
    **facts: Any,  # noqa: ANN401 - further parts of the letter
) -> Letter:
    edition = registration.edition
    return Letter(
        subject=subject,
        paragraphs=paragraphs,
        action=(
            _("See your registration"),
            address("registrations.show", public_id=registration.public_id),
        ),
        event=edition.title,
        place=edition.place,
        closing=closing,
        **({"days": (edition.dtstart, edition.dtend)} | facts),
    )


def registered(registration: Registration, position: int | None) -> Letter:
    """To a person who has just registered: a place, or a place in the queue."""
    title = registration.edition.title
    if position is None:
        return _letter(
            registration,
            _("You have a place: %(title)s", title=title),
            [_("You are registered for %(title)s and have a place.", title=title)],
            [_("If you cannot come, cancel on that page: the next in the queue moves up.")],
        )
    return _letter(
        registration,
        _("You are on the waiting list: %(title)s", title=title),
        [
            _(
                "Every place at %(title)s is taken. You are number %(position)s in the queue.",
                title=title,
                position=position,
            )
        ],
        [_("When a place becomes free, the first in the queue gets it and is written to at once.")],
    )


def moved_up(registration: Registration) -> Letter:
    """To a person whom a freed seat took in."""
    title = registration.edition.title
    return _letter(
        registration,
        _("You now have a place: %(title)s", title=title),
        [_("A place at %(title)s became free, and it is yours.", title=title)],
        [_("If you cannot come any more, cancel on that page: the next in the queue moves up.")],
    )


def cancelled(registration: Registration) -> Letter:
    """To a person who gave the place back."""
    title = registration.edition.title
    return _letter(
        registration,
        _("Registration cancelled: %(title)s", title=title),
        [_("Your registration for %(title)s is cancelled.", title=title)],
        [_("You can register again while registration is open.")],
    )


def edition_changed(registration: Registration, change: str, reason: str) -> Letter:
    """To everyone who holds or awaits a place: the event's days, place or fate have changed."""
    edition = registration.edition
    title, place = edition.title, edition.place
    words = {
        "edition.moved": _("%(title)s has moved to other days.", title=title),
        "edition.relocated": _("%(title)s now takes place in %(place)s.", title=title, place=place),
        "edition.postponed": _("%(title)s is postponed.", title=title),
        "edition.reinstated": _("%(title)s takes place after all.", title=title),
        "edition.cancelled": _("%(title)s is cancelled.", title=title),
    }
    paragraphs = [words[change]]
    if reason:
        paragraphs.append(_("The reason: %(reason)s", reason=reason))
    closing = []
    if edition.dates_to_follow:
        closing.append(_("New dates will follow; you keep your place until then."))
    elif change != "edition.cancelled":
        closing.append(_("You keep your place. If the change does not suit you, cancel it there."))
    facts = {"days": None} if edition.dates_to_follow else {}
    return _letter(registration, f"{words[change].rstrip('.')}", paragraphs, closing, **facts)
