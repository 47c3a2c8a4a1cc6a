"""Who hosted what, for everyone: the public editions by region, country and series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template

from app import clock
from app.accounts import access
from app.countries.service import REGION_NAMES
from app.database import db
from app.editions import queries as editions
from app.hosting import queries as hosting
from app.series import queries as series_queries
from app.site import host_history

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("host_history", __name__, url_prefix="/hosting")


@bp.get("/history")
@access.public
def show() -> ResponseReturnValue:
    """Show who hosted the public editions, and the calls that everyone may see."""
    today, now = clock.today(), clock.utcnow()
    wanted = host_history.chosen()
    calls = [
        (call, (call.closes_at - now).days)
        for call in hosting.open_calls(now, published_only=True)
        if wanted.series in {"", call.edition.series.slug}
        and wanted.region in {"", call.edition.series.region or wanted.region}
    ]
    return render_template(
        "site/host_history.html",
        history=host_history.of(db.session.scalars(editions.public()), wanted, today),
        calls=calls,
        years_of=host_history.years_of,
        wanted=wanted,
        today=today,
        series_choices=[(one.slug, one.title) for one in series_queries.all_series()],
        region_choices=list(REGION_NAMES.items()),
        sees_desk=access.read_plan(access.current_person()),
    )
