"""The organiser's pages of series: the list, a new one, changing one, and the live preview."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.database import db
from app.forms import put
from app.i18n import gettext as _
from app.i18n import user_message
from app.series import queries, service
from app.series.forms import RHYTHM_FIELD_OF, SeriesForm
from app.series.signals import rule_tried
from scheduler import recurrence
from scheduler.errors import DomainError, NotFoundError, RecurrenceRuleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from app.series.models import Series
    from app.series.signals import Difference

bp = Blueprint("series", __name__, url_prefix="/organise/series")

PREVIEW_COUNT = 5
PREVIEW_YEARS = 120


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule means: its words and next editions, or why it is refused."""

    words: str = ""
    rrule: str = ""
    spans: tuple[tuple[date, date], ...] = ()
    error: str = ""
    difference: Difference | None = None


@bp.get("")
@access.needs(access.organise)
def index() -> ResponseReturnValue:
    """List the series with their rules in words."""
    rows = [
        (series, recurrence.describe(series.rule, series.length_days) if series.rule else "")
        for series in queries.all_series()
    ]
    return render_template("series/index.html", rows=rows)


@bp.route("/new", methods=["GET", "POST"])
@access.needs(access.organise)
def new() -> ResponseReturnValue:
    """Found a series, or preview its rule."""
    form = SeriesForm()
    if form.validate_on_submit() and "preview" not in request.form:
        try:
            series = service.found(form.facts(clock.today()), by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            _put_on_rhythm(form, error)
        else:
            db.session.commit()
            flash(_("%(title)s is founded. Now apply its plan.", title=series.title), "success")
            return redirect(url_for("desk.plan"), HTTPStatus.SEE_OTHER)
    return _form_page(form, None)


@bp.route("/<slug>/edit", methods=["GET", "POST"])
@access.needs(access.organise)
def edit(slug: str) -> ResponseReturnValue:
    """Change a series, or preview its rule."""
    series = queries.find(slug)
    if series is None:
        raise NotFoundError
    form = SeriesForm() if request.method == "POST" else SeriesForm.of(series)
    if form.validate_on_submit() and "preview" not in request.form:
        try:
            service.change(series, form.facts(clock.today()), by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            _put_on_rhythm(form, error)
        else:
            db.session.commit()
            flash(
                _("%(title)s is saved. Its editions follow with the plan.", title=series.title),
                "success",
            )
            return redirect(url_for("desk.plan"), HTTPStatus.SEE_OTHER)
    return _form_page(form, series)


@bp.post("/preview")
@access.needs(access.organise)
def preview() -> ResponseReturnValue:
    """Answer with the words and next editions of the rule being typed, as a fragment."""
    series = queries.find(request.args.get("series", ""))
    return render_template("series/_preview.html", preview=preview_of(SeriesForm(), series))


def preview_of(form: SeriesForm, series: Series | None) -> Preview:
    """Say what the typed rule means, and what it would change for ``series`` if that stands.

    Never raises, since half-typed rules are the rule.
    """
    today = clock.today()
    try:
        rrule, dtstart = form.read_rule(today)
        length_days = min(max(form.length_days.data or 1, 1), 60)
        if rrule is None or dtstart is None:
            return Preview(difference=_difference(series, None, None, length_days))
        rule = recurrence.RecurrenceRule(rrule, dtstart)
        service.check_rule(rule)
        start = max(today, dtstart)
        days = recurrence.occurrences(
            rule, start, date(min(start.year + PREVIEW_YEARS, 9999), 1, 1)
        )
        length = timedelta(days=length_days)
        return Preview(
            words=recurrence.describe(rule, length_days),
            rrule=rrule,
            spans=tuple((day, day + length) for day in days[:PREVIEW_COUNT]),
            difference=_difference(series, rrule, dtstart, length_days),
        )
    except RecurrenceRuleError as error:
        return Preview(error=user_message(error))


def _difference(
    series: Series | None, rrule: str | None, dtstart: date | None, length_days: int
) -> Difference | None:
    """Ask whoever keeps the plan what a rule would change; nothing stands of a new series."""
    if series is None:
        return None
    facts = replace(service.facts_of(series), rrule=rrule, dtstart=dtstart, length_days=length_days)
    answers: Sequence[tuple[object, Difference]] = rule_tried.send(
        None, series=series, facts=facts, today=clock.today()
    )
    return next((difference for _listener, difference in answers), None)


def _form_page(form: SeriesForm, series: Series | None) -> ResponseReturnValue:
    previewing = "preview" in request.form
    refused = form.is_submitted() and not previewing
    page = render_template(
        "series/form.html", form=form, series=series, preview=preview_of(form, series)
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK


def _put_on_rhythm(form: SeriesForm, error: DomainError) -> None:
    """Show the error on the field of the rhythm that was chosen."""
    field = None
    if isinstance(error, RecurrenceRuleError):
        field = form[RHYTHM_FIELD_OF[form.rhythm.data]]
    elif isinstance(error, service.TitleTakenError):
        field = form.title
    put(form, error, field)
