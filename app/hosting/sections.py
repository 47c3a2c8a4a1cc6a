"""The sections of an offer: what each asks for, what of it is told, what the costs sum to."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.hosting.models import HostingOffer


class Section(StrEnum):
    """One page of the long form."""

    AUTHORITY = "authority"
    DATES = "dates"
    VENUE = "venue"
    ACCESS = "access"
    ASSURANCES = "assurances"
    PROGRAMME = "programme"
    COSTS = "costs"
    CONTACTS = "contacts"


class Payer(StrEnum):
    """Who bears a cost."""

    HOST = "host"
    GROUP = "group"
    PARTICIPANT = "participant"


ASKED: Mapping[Section, tuple[str, ...]] = {
    Section.AUTHORITY: ("authority", "signatory", "letter"),
    Section.DATES: ("windows",),
    Section.VENUE: ("city", "venue", "capacity", "breakout_rooms", "accessibility", "hotels"),
    Section.ACCESS: ("airport", "transfer", "visa_who", "visa_days", "no_barrier"),
    Section.ASSURANCES: ("legal", "security_contact"),
    Section.PROGRAMME: ("languages", "interpretation", "network"),
    Section.COSTS: ("rows", "grants"),
    Section.CONTACTS: ("fallback", "contact_name", "contact_email"),
}
"""What an offer needs to be whole; everything else is welcome."""


NEEDED: Mapping[Section, tuple[str, ...]] = {
    Section.AUTHORITY: ("letter",),
    Section.DATES: ("windows",),
    Section.VENUE: ("city", "venue", "capacity"),
}
"""What of it no offer is sent in without."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what is asked for is told."""

    section: Section
    told: int
    asked: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.told == self.asked


def facts_of(offer: HostingOffer) -> dict[str, dict[str, Any]]:
    """Return everything that ``offer`` says, by section and field, fit for JSON."""
    facts: dict[str, dict[str, Any]] = {
        section.value: dict(offer.details.get(section.value, {})) for section in Section
    }
    facts[Section.AUTHORITY] |= {
        "authority": offer.authority,
        "letter": offer.letter.name if offer.letter else "",
    }
    facts[Section.DATES] |= {
        "windows": [[row.dtstart.isoformat(), row.dtend.isoformat()] for row in offer.windows]
    }
    facts[Section.VENUE] |= {
        "city": offer.city,
        "venue": offer.venue,
        "capacity": offer.capacity,
    }
    facts[Section.CONTACTS] |= {"note": offer.note}
    return facts


def standing(offer: HostingOffer, section: Section) -> dict[str, Any]:
    """Return what ``offer`` says in ``section``, its letter told by its content."""
    facts = facts_of(offer)[section]
    if section is Section.AUTHORITY:
        facts["letter"] = offer.letter.sha256 if offer.letter else ""
    return facts


def typed(facts: Mapping[str, Any], letter: tuple[bytes, str] | None) -> dict[str, Any]:
    """Return what was typed as `standing` tells it; without a new letter none is told."""
    told = dict(facts)
    if "windows" in told:
        told["windows"] = [[first.isoformat(), end.isoformat()] for first, end in told["windows"]]
    if letter is not None:
        told["letter"] = hashlib.sha256(letter[0]).hexdigest()
    return told


def read_windows(told: Iterable[tuple[str, str]]) -> list[tuple[date, date]]:
    """Return windows from `typed`."""
    return [(date.fromisoformat(first), date.fromisoformat(end)) for first, end in told]


def completeness(offer: HostingOffer) -> list[Completeness]:
    """Return for each section how much of it is told."""
    facts = facts_of(offer)
    return [
        Completeness(section, sum(is_told(facts[section].get(key)) for key in keys), len(keys))
        for section, keys in ASKED.items()
    ]


def is_told(value: object) -> bool:
    """Whether a fact says something; that a visa takes 0 days does."""
    return value is not None and value is not False and value not in ("", [])


def share_told(parts: Iterable[Completeness]) -> int:
    """Return how much is told, in percent; 100 only when nothing is missing."""
    found = list(parts)
    return 100 * sum(part.told for part in found) // sum(part.asked for part in found)


def cost_sums(rows: Iterable[Mapping[str, str]]) -> dict[str, dict[Payer, Decimal]]:
    """Return what each payer would bear, by currency; nothing is converted.

    >>> rows = [{"payer": "host", "amount": "100.50", "currency": "EUR"}] * 2
    >>> cost_sums(rows)["EUR"][Payer.HOST]
    Decimal('201.00')
    """
    sums: dict[str, dict[Payer, Decimal]] = defaultdict(lambda: dict.fromkeys(Payer, Decimal(0)))
    for row in rows:
        sums[row["currency"]][Payer(row["payer"])] += Decimal(row["amount"])
    return dict(sorted(sums.items()))


def differences(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> list[tuple[Section, str, Any, Any]]:
    """Return what two versions say differently: section, field, before, after."""
    return [
        (section, key, was, now_is)
        for section in Section
        for key in sorted({*before.get(section, {}), *after.get(section, {})})
        if (was := before.get(section, {}).get(key)) != (now_is := after.get(section, {}).get(key))
        and (is_told(was) or is_told(now_is))
    ]
