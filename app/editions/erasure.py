"""What is made from an edition's words is made anew once somebody is erased from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app import publication
from app.accounts.signals import words_erased
from app.database import db
from app.editions.models import Edition
from app.editions.signals import edition_revised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@words_erased.connect
def _publish_anew(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    swept: Mapping[str, Sequence[Any]],
    now: datetime,
) -> None:
    """Let pages and feeds follow."""
    for key in swept.get(Edition.__tablename__, ()):
        edition = db.session.get_one(Edition, key)
        db.session.refresh(edition)
        edition_revised.send(None, edition=edition)
    publication.touch(now=now)
