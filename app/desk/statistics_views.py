"""The page of who takes part, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template
from flask_babel import get_locale

from app.accounts import access
from app.desk import statistics
from app.editions import queries as editions

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("statistics", __name__, url_prefix="/organise")


@bp.get("/editions/<slug>/statistics")
@access.needs(access.read_plan)
def show(slug: str) -> ResponseReturnValue:
    """Show counts by state, country, region, role and day; no name is among them."""
    edition = editions.get(slug)
    return render_template(
        "desk/statistics.html",
        edition=edition,
        found=statistics.of(edition, str(get_locale() or "en")),
    )
