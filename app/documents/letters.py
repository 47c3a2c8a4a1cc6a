"""What documents write to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.i18n import gettext as _
from app.registrations import letters

if TYPE_CHECKING:
    from app.outbox import Letter
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
