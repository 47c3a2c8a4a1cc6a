"""What a role is called with its scope: "National contact, Alboria"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.accounts.forms import ROLE_LABELS
from app.countries import queries as countries
from app.editions import queries
from app.i18n import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.accounts.models import Grant, Invitation


def scope_names() -> dict[str, str]:
    """Return what scopes are called, by their key: countries by code, editions by slug."""
    return dict(countries.names()) | {
        edition.slug: edition.title for edition in queries.every_edition()
    }


def role_words(held: Grant | Invitation, names: Mapping[str, str]) -> str:
    """Return a role with its scope in words: "National contact, Alboria"."""
    pieces: list[Any] = [ROLE_LABELS[held.role]]
    if held.is_chair:
        pieces.append(_("chair"))
    if held.is_deputy:
        pieces.append(_("deputy"))
    if held.scope_key:
        pieces.append(names.get(held.scope_key, held.scope_key))
    return ", ".join(str(piece) for piece in pieces)
