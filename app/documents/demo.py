"""What the letters of the demonstration say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.documents import service
from app.documents.models import DocumentKind
from app.site.signals import demonstration_laid

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition

OFFICE = {
    "issuer": "Secretariat of the demonstration",
    "signatory": "Olivia Organiser",
    "signatory_title": "Head of the secretariat",
}
CONTACT = (
    "Whoever wants to ask about this letter reaches the secretariat at "
    "letters@symposia.example.org or under +000 000 0000; the code below shows that it is valid."
)
BODIES = {
    DocumentKind.INVITATION: (
        "Dear {name},\n\n"
        "it is our pleasure to invite you to {event}, {days}, at {venue} in {place}.\n\n"
        "The sessions begin at 9:00 on the first day. There is no fee. Each participant bears the "
        "costs of travel and stay, unless a travel grant was given.\n\n"
        f"{CONTACT}"
    ),
    DocumentKind.VISA_SUPPORT: (
        "To the consular section concerned\n\n"
        "We confirm that {name} holds a confirmed place at {event}, which takes place on {days} "
        "at {venue} in {place}, and ask you to consider the application for a visa favourably and "
        "in time.\n\n"
        "The visit serves this event alone. The participant, or the organisation that sends them, "
        "bears the costs of travel, stay and health insurance.\n\n"
        f"{CONTACT}"
    ),
    DocumentKind.CERTIFICATE: "took part in {event}, on {days} in {place}.",
}


@demonstration_laid.connect
def _write(sender: object, *, edition: Edition, by: Person, now: datetime) -> None:  # noqa: ARG001
    """Write the letters of the edition whose registration is open."""
    for kind, body in BODIES.items():
        service.write(edition, kind, OFFICE | {"body": body}, by=by, now=now)
