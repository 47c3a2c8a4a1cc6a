"""What documents write to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.i18n import gettext as _
from app.outbox import Letter, address
from app.registrations import letters

if TYPE_CHECKING:
    from app.editions.models import Edition
    from app.registrations.models import Registration


def visa_letter_ready(registration: Registration) -> Letter:
    """To a person whose visa support letter can be fetched."""
    title = registration.edition.title
    return letters.about(
        registration,
        _("Your visa support letter is ready: %(title)s", title=title),
        [
            _(
                "The visa support letter for %(title)s is on the page of your place. Fetch it "
                "there; it is not sent by mail, since it has your passport number on it.",
                title=title,
            )
        ],
    )


def visa_letter_asked(edition: Edition, *, has_officer: bool) -> Letter:
    """To who issues it, or else to who can find somebody: a request waits. Nobody is named."""
    title = edition.title
    if has_officer:
        words = _("Somebody asked for a visa support letter for %(title)s.", title=title)
        action = (_("See the requests"), address("visas.index", slug=edition.slug))
    else:
        words = _(
            "Somebody asked for a visa support letter for %(title)s, and it has no visa officer: "
            "nobody can issue the letter. Invite one.",
            title=title,
        )
        action = (_("Invite a visa officer"), address("people.index"))
    return Letter(
        subject=_("A visa support letter is asked for: %(title)s", title=title),
        paragraphs=[words],
        action=action,
    )


def visa_letter_returned(registration: Registration, *, was_issued: bool) -> Letter:
    """To a person who has something to correct; what it is stands behind sign-in."""
    title = registration.edition.title
    paragraphs = [
        _("The visa officer cannot issue your letter for %(title)s as it stands.", title=title)
    ]
    if was_issued:
        paragraphs = [
            _("The visa officer has taken back your letter for %(title)s.", title=title),
            _("Please do not use your copy: whoever checks it is told that it is not valid."),
        ]
    return letters.about(
        registration,
        _("Your visa support letter: please look again: %(title)s", title=title),
        paragraphs,
        [_("The reason stands on the form; correct it there and send it again.")],
        action=(_("See the reason"), address("visas.ask", public_id=registration.public_id)),
    )
