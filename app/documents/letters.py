"""What documents write to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.i18n import gettext as _
from app.outbox import Letter, address

if TYPE_CHECKING:
    from app.registrations.models import Registration


def visa_letter_ready(registration: Registration) -> Letter:
    """To a person whose visa support letter can be fetched."""
    edition = registration.edition
    return Letter(
        subject=_("Your visa support letter is ready: %(title)s", title=edition.title),
        paragraphs=[
            _(
                "The visa support letter for %(title)s is on the page of your place. Fetch it "
                "there; it is not sent by mail, since it has your passport number on it.",
                title=edition.title,
            )
        ],
        action=(
            _("See your registration"),
            address("registrations.show", public_id=registration.public_id),
        ),
        days=(edition.dtstart, edition.dtend),
        event=edition.title,
        place=edition.place,
    )
