"""What stands on letters, badges and certificates, put into the values of their templates."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import segno
from flask_babel import get_locale

from app.countries import queries as countries
from app.documents.models import INITIAL, DocumentKind
from app.i18n import gettext as _
from app.outbox import address
from app.paper import typeset
from app.placeholders import fill
from app.registrations.models import AttendeeRole
from app.site.dates import format_day, format_span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from app.documents.models import DocumentText, IssuedDocument
    from app.registrations.models import VisaRequest


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose name a paper carries, and under which number."""

    name: str
    country: str
    reference: str
    code: str
    issued_on: date
    facts: tuple[tuple[str, str], ...] = ()  # further ones, term and value


def letter(document: IssuedDocument, text: DocumentText) -> bytes:
    """Return the PDF of an invitation, a visa support letter or a certificate."""
    registration = document.registration
    request = registration.visa_request if document.kind is DocumentKind.VISA_SUPPORT else None
    return _letter(
        text,
        Bearer(
            name=request.full_name if request else registration.person.name,
            country=registration.country.name if registration.country else "",
            reference=document.reference,
            code=document.code,
            issued_on=document.issued_at.date(),
            facts=_passport(request) if request else (),
        ),
    )


def _passport(request: VisaRequest) -> tuple[tuple[str, str], ...]:
    """Return what a consulate compares with the passport."""
    locale = _locale()
    nationality = countries.find(request.nationality_code)
    return (
        (_("Name as in the passport"), request.full_name),
        (_("Nationality"), nationality.name if nationality else request.nationality_code),
        (_("Passport number"), request.passport_number),
        (_("Valid until"), format_day(request.passport_expires_on, locale=locale)),
        (_("Date of birth"), format_day(request.born_on, locale=locale)),
    )


def example(text: DocumentText) -> bytes:
    """Return the letter as it looks, for nobody."""
    reference = f"{text.edition.slug}/{INITIAL[text.kind]}-0000"
    name, country = _("A. N. Example"), _("Example country")
    return _letter(text, Bearer(name, country, reference, "example", text.modified_at.date()))


def _letter(text: DocumentText, bearer: Bearer) -> bytes:
    edition, locale = text.edition, _locale()
    days = format_span(edition.dtstart, edition.dtend, weekdays=True, locale=locale)
    filled = {
        "name": bearer.name,
        "country": bearer.country or _("(no country told)"),  # the words were changed since
        "event": edition.title,
        "days": days,
        "place": edition.place,
        "venue": ", ".join(filter(None, [edition.venue, edition.venue_address])) or edition.place,
        "number": bearer.reference,
    }
    values = {
        "lang": locale.split("_", maxsplit=1)[0],
        "title": title_of(text.kind),
        "issuer": text.issuer,
        "date": format_day(bearer.issued_on, locale=locale),
        "number": bearer.reference,
        "name": bearer.name,
        "event": edition.title,
        "days": days,
        "kind": edition.series.kind,
        "paragraphs": [fill(part, filled) for part in text.body.split("\n\n") if part.strip()],
        "facts": bearer.facts,
        "signatory": text.signatory,
        "signatory_title": text.signatory_title,
        "demonstration": _("Demonstration data") if edition.is_demonstration else "",
        "words": {
            "number": _("Number"),
            "verify": _("Scan to see that this document is valid."),
            "certify": _("This is to certify that"),
        },
        "qr": _qr(bearer.code),
    }
    template = "certificate.typ" if text.kind is DocumentKind.CERTIFICATE else "letter.typ"
    return typeset(template, letter=values)


def badges(documents: Sequence[IssuedDocument]) -> bytes:
    """Return the PDF of badges, four to a sheet of A4, each A6, with marks to cut along."""
    locale = _locale()
    values = {
        "lang": locale.split("_", maxsplit=1)[0],
        "title": _("Badges"),
        "badges": [_badge(document, locale) for document in documents],
        "words": {"nobody": _("Nobody holds a place who has no badge yet.")},
    }
    return typeset("badges.typ", sheet=values)


def _badge(document: IssuedDocument, locale: str) -> dict[str, Any]:
    registration = document.registration
    edition = registration.edition
    return {
        "name": registration.person.name or registration.person.display_name.partition("@")[0],
        "line": registration.country.name if registration.country else "",
        "affiliation": registration.affiliation,
        "role": ""
        if registration.role is AttendeeRole.PARTICIPANT
        else role_words(registration.role),
        "event": edition.title,
        "days": format_span(edition.dtstart, edition.dtend, locale=locale),
        "place": edition.place,
        "kind": edition.series.kind,
        "number": document.reference,
        "demonstration": _("Demonstration data") if edition.is_demonstration else "",
        "qr": _qr(document.code),
    }


def role_words(role: AttendeeRole) -> str:
    """Return as what somebody comes, in the reader's language."""
    return {
        AttendeeRole.PARTICIPANT: _("Participant"),
        AttendeeRole.SPEAKER: _("Speaker"),
        AttendeeRole.HOST: _("Host"),
        AttendeeRole.COMMITTEE: _("Committee"),
        AttendeeRole.OBSERVER: _("Observer"),
    }[role]


def title_of(kind: DocumentKind) -> str:
    """Return what a document of ``kind`` is called, in the reader's language."""
    return {
        DocumentKind.INVITATION: _("Letter of invitation"),
        DocumentKind.VISA_SUPPORT: _("Visa support letter"),
        DocumentKind.BADGE: _("Badge"),
        DocumentKind.CERTIFICATE: _("Certificate of attendance"),
    }[kind]


def _qr(code: str) -> str:
    """Return the QR code, as SVG, of the page that vouches for the document with ``code``."""
    drawn = io.BytesIO()
    url = address("documents.verify", code=code)
    segno.make(url, error="m", micro=False).save(drawn, kind="svg", border=0, xmldecl=False)
    return drawn.getvalue().decode()


def _locale() -> str:
    return str(get_locale() or "en")
