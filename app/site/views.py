"""The public pages: what is next, the calendar, a series, an edition."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import text

from app import audit, clock, retention
from app.accounts import access
from app.countries.service import REGION_NAMES
from app.database import db
from app.editions import queries as editions
from app.editions import timeline
from app.feeds import service as feeds
from app.hosting import queries as hosting
from app.outbox import settings
from app.paging import page_of
from app.registrations import queries as registrations
from app.series import queries as series_queries
from app.site import drawing, notice, numbers, structured
from scheduler.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from app.editions.models import Edition

bp = Blueprint("site", __name__)

HOME_YEARS = 6
HOME_EVENTS = 18  # that its strip draws; the calendar has all
SERIES_ROWS = 25
PAGE_LAST = 999
YEAR_FIRST, YEAR_LAST = 1990, 2199
VIEWS = ("year", "month", "list")
OPEN_TO_READ = {"edition.moved", "edition.relocated", "edition.postponed", "edition.reinstated",
                "edition.cancelled", "edition.announced", "edition.save_the_date"}  # fmt: skip


@bp.get("/")
@access.public
def home() -> ResponseReturnValue:
    """Show the next event large, the years ahead, the series, and the calls that are open."""
    today, now = clock.today(), clock.utcnow()
    upcoming = editions.upcoming(today)
    series = series_queries.all_series()
    first_year, last_year = today.year, today.year + HOME_YEARS - 1
    ahead = _drawn(date(first_year, 1, 1), date(last_year + 1, 1, 1), today)
    upcoming_event = upcoming[0] if upcoming else None
    return render_template(
        "site/home.html",
        next_edition=upcoming_event,
        upcoming=upcoming[1:5],
        lanes=tuple(lane for lane in drawing.lanes(series, ahead, today) if lane.events),
        first_year=first_year,
        last_year=last_year,
        today=today,
        series=[(one, drawing.rhythm(one)) for one in series],
        calls=[
            (call, (call.closes_at - now).days)
            for call in hosting.open_calls(now, published_only=True)
        ],
        takes_registrations=upcoming_event is not None and upcoming_event.takes_registrations(now),
    )


@bp.get("/calendar")
@access.public
def calendar() -> ResponseReturnValue:
    """Show the public events of a year, of a month, or as a list."""
    today = clock.today()
    view = request.args.get("view", "year")
    if view not in VIEWS:
        raise NotFoundError
    year = _number("year", today.year, YEAR_FIRST, YEAR_LAST)
    month = _number("month", today.month, 1, 12)
    series, region = request.args.get("series", ""), request.args.get("region", "")
    if (series and series_queries.find(series) is None) or (region and region not in REGION_NAMES):
        raise NotFoundError
    start, end = _window(view, year, month)
    chosen = {"series": series or None, "region": region or None}
    found = editions.public_between(start, end, **chosen)
    nearest = None if found else editions.public_nearest(start, end, **chosen)
    return render_template(
        "site/calendar.html",
        view=view,
        year=year,
        month=month,
        series=series,
        region=region,
        today=today,
        events=[drawing.event_of(edition, today) for edition in found if drawing.is_exact(edition)],
        inexact=[
            drawing.event_of(edition, today) for edition in found if not drawing.is_exact(edition)
        ],
        nearest=drawing.event_of(nearest, today) if nearest else None,
        nearest_is_ahead=nearest is not None and nearest.dtstart >= end,
        series_choices=[(one.slug, one.title) for one in series_queries.all_series()],
        region_choices=list(REGION_NAMES.items()),
        year_first=YEAR_FIRST,
        year_last=YEAR_LAST,
        subscribe_url=url_for("feeds.subscribe", series=series or None, region=region or None),
    )


@bp.get("/series")
@access.public
def all_series() -> ResponseReturnValue:
    """Show every series with its rhythm and its next edition."""
    today = clock.today()
    upcoming = editions.upcoming(today, limit=100)
    rows = []
    for one in series_queries.all_series():
        ahead = next((edition for edition in upcoming if edition.series_id == one.id), None)
        rows.append((one, drawing.rhythm(one), ahead))
    return render_template("series/list.html", rows=rows)


@bp.get("/series/<slug>")
@access.public
def series(slug: str) -> ResponseReturnValue:
    """Show one series: its rule in words, what is ahead, what was held."""
    found = series_queries.find(slug)
    if found is None:
        raise NotFoundError
    today = clock.today()
    ahead, held = editions.public_of_series(slug, today)
    first, beyond, pages = page_of(
        _number("page", 1, 1, PAGE_LAST),
        len(ahead) + len(held),
        lambda page: url_for(".series", slug=slug, page=page),
        length=SERIES_ROWS,
    )
    shown = editions.in_order([*ahead, *held][first:beyond])
    return render_template(
        "series/show.html",
        series=found,
        rhythm=drawing.rhythm(found),
        ahead=[edition for edition in shown if edition.dtend > today],
        held=[edition for edition in shown if edition.dtend <= today],
        held_count=len(held),
        is_first=first == 0,
        pages=pages,
        today=today,
        feed_path=feeds.feed_path(feeds.SERIES, slug),
    )


@bp.get("/editions/<slug>")
@access.public
def edition(slug: str) -> ResponseReturnValue:
    """Show one edition: facts, what to do now, what has changed."""
    found = editions.find(slug)
    if found is None or found.public_since is None:
        raise NotFoundError
    told_since = found.public_since
    person, today, now = access.current_person(), clock.today(), clock.utcnow()
    registration = registrations.find(found, person) if person else None
    sees_venue = access.see_venue(person, found, today) or (
        registration is not None and registration.has_place
    )
    takes_registrations = found.takes_registrations(now)
    # Where it was to be before the world was told is nobody else's matter.
    changes = [
        entry
        for entry in audit.history(found)
        if entry.action in OPEN_TO_READ and entry.at >= told_since
    ]
    return render_template(
        "editions/show.html",
        edition=found,
        status=found.status_on(today).value,
        today=today,
        registration=registration,
        sees_venue=sees_venue,
        takes_registrations=takes_registrations,
        places=registrations.places(found) if takes_registrations else None,
        window=timeline.registration_window(found, now),
        feed_path=feeds.feed_of_edition(found, today),
        milestones=timeline.for_the_public(found, today),
        changes=changes,
        structured=structured.event_of(found, changes),
        may_manage=access.organise(person),
    )


@bp.get("/privacy")
@access.public
def privacy() -> ResponseReturnValue:
    """Say what is held about people, and how long."""
    known = settings()
    return render_template(
        "site/privacy.html",
        own_words=notice.own_words(known.privacy_notice) if known.privacy_notice else None,
        rules=retention.RULES,
        operator=known.operator_name,
        contact=known.operator_contact,
    )


@bp.get("/healthz")
@access.public
def healthz() -> ResponseReturnValue:
    """Say that the process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/metrics")
@access.public
def metrics() -> ResponseReturnValue:
    """Tell the installation's numbers to whoever may watch it; to others there is nothing."""
    if not numbers.may_read(request):
        raise NotFoundError
    response = Response(numbers.told(), content_type=numbers.CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/readyz")
@access.public
def readyz() -> ResponseReturnValue:
    """Say that the database answers too."""
    db.session.execute(text("SELECT 1"))
    return Response("ready\n", mimetype="text/plain")


@bp.get("/favicon.ico")
@access.public
def favicon() -> ResponseReturnValue:
    """Lead clients that ask without looking to the icon."""
    return redirect(url_for("static", filename="img/favicon.svg"))


def _drawn(start: date, end: date, today: date) -> Sequence[Edition]:
    """Return the events of the years to be drawn; the nearest ones ahead where they are many."""
    found = editions.first_public(start, end, HOME_EVENTS + 1)
    if len(found) <= HOME_EVENTS:
        return found
    return editions.first_public(today, end, HOME_EVENTS)


def _number(name: str, default: int, first: int, last: int) -> int:
    """Return a number of the address; a wrong one is an address of nothing."""
    raw = request.args.get(name, "")
    if not raw:
        return default
    is_number = raw.isdecimal() and raw.isascii() and len(raw) <= len(str(last))
    if not is_number or not first <= int(raw) <= last:
        raise NotFoundError
    return int(raw)


def _window(view: str, year: int, month: int) -> tuple[date, date]:
    if view == "month":
        return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    return date(year, 1, 1), date(year + 1, 1, 1)
