"""Who keeps the door of an edition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import clock
from app.accounts import access
from app.editions import queries as editions

if TYPE_CHECKING:
    from app.editions.models import Edition


def door_of(slug: str) -> Edition:
    """Return the edition whose door the reader keeps; what there is not is not found."""
    edition = editions.get(slug)
    access.require(access.keep_door, edition, clock.today())
    return edition
