"""What a file tells, kept in the page between two requests: signed, and for a while only."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from app.editions.known_events import KnownEventFacts
from app.editions.models import Precision
from scheduler.errors import N_, DomainError
from scheduler.known_dates import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

LIFE_SECONDS = 60 * 60
SIZE_MAX = 700_000  # characters; a form may have a megabyte


class KeptEventsError(DomainError):
    """What was kept has expired, or is not what we kept."""

    message = N_("What was read of the file is kept for an hour. Choose the file again.")


def keep(name: str, facts: Sequence[KnownEventFacts]) -> str:
    """Return the events of the file of that ``name`` as one text, empty if it would be too long."""
    text = _serializer().dumps([name, [_plain(each) for each in facts]])
    kept = text.decode() if isinstance(text, bytes) else text
    return kept if len(kept) <= SIZE_MAX else ""


def take(kept: str) -> tuple[str, list[KnownEventFacts]]:
    """Return the name of the file and its events.

    Raises:
        KeptEventsError: they were kept too long ago, or by somebody else.
    """
    try:
        name, facts = _serializer().loads(kept, max_age=LIFE_SECONDS)
    except BadData as error:
        raise KeptEventsError from error
    return name, [_facts(each) for each in facts]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="known events of a file")


def _plain(facts: KnownEventFacts) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in asdict(facts).items()
    }


def _facts(plain: dict[str, Any]) -> KnownEventFacts:
    dtend = plain["dtend"]
    days = {
        "dtstart": date.fromisoformat(plain["dtstart"]),
        "dtend": date.fromisoformat(dtend) if dtend else None,
    }
    words = {"precision": Precision(plain["precision"]), "level": Level(plain["level"])}
    return KnownEventFacts(**plain | days | words)
