"""Who hosted what and who hosts next, for the committee and the organisers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.desk import host_slots
from app.editions import queries as editions
from app.series import queries as series_queries
from app.site import host_history

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("host_slots", __name__, url_prefix="/organise")


@bp.get("/hosts")
@access.needs(access.read_plan)
def show() -> ResponseReturnValue:
    """Show the slots ahead with what is suggested and decided, and who hosted so far."""
    today = clock.today()
    wanted = host_history.chosen()
    return render_template(
        "desk/hosts.html",
        slots=host_slots.slots(wanted, today, dict(countries.names())),
        history=host_history.of(editions.every_edition(), wanted, today),
        years_of=host_history.years_of,
        wanted=wanted,
        today=today,
        series_choices=[(one.slug, one.title) for one in series_queries.all_series()],
        region_choices=list(REGION_NAMES.items()),
        region_names=REGION_NAMES,
        may_organise=access.organise(the_person()),
    )
