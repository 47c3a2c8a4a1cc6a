"""The desk's pages of known events: the list, one event, and the import of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app import clock
from app.accounts import access
from app.accounts.access import the_person
from app.countries import queries as countries
from app.database import db
from app.editions import clashing, event_files, kept_events, known_events, queries
from app.editions.known_event_forms import (
    CERTAINTY_WORDS,
    LEVEL_WORDS,
    RULE,
    ImportForm,
    ImportRestForm,
    KnownEventForm,
    RemoveKnownEventForm,
)
from app.forms import options, put
from app.i18n import gettext as _
from app.i18n import ngettext
from scheduler import recurrence
from scheduler.errors import DomainError, NotFoundError, RecurrenceRuleError
from scheduler.known_dates import (
    GENERAL_CONFERENCE,
    MAX_MARGIN_DAYS,
    KnownDateError,
    Level,
    span,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue
    from wtforms import Field

    from app.editions.models import KnownEvent
    from scheduler.known_dates import KnownDate
    from scheduler.recurrence import RecurrenceRule

bp = Blueprint("known_events", __name__, url_prefix="/organise/known-events")

FAULTS_SHOWN = 50
YEARS_AHEAD = (3, 120)  # where the next occurrence of a rule is looked for


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list; ``event`` is ``None`` for what is built in.

    ``dtstart`` and ``dtend`` are the days, or of a rule the next ones from today on.
    """

    known: KnownDate
    event: KnownEvent | None
    dtstart: date
    dtend: date
    rhythm: str = ""


@bp.get("")
@access.needs(access.read_plan)
def index() -> ResponseReturnValue:
    """List the events of others: what lies ahead, or all with ``?past=1``."""
    today = clock.today()
    rows = _rows(queries.known_events(), today)
    ahead = [row for row in rows if row.dtend > today]
    shows_past = "past" in request.args
    return render_template(
        "editions/known_events.html",
        rows=rows if shows_past else ahead,
        past_count=len(rows) - len(ahead),
        shows_past=shows_past,
        level_words=LEVEL_WORDS,
        certainty_words=CERTAINTY_WORDS,
        may_organise=access.organise(the_person()),
    )


@bp.route("/new", methods=["GET", "POST"])
@access.needs(access.organise)
def add() -> ResponseReturnValue:
    """Add an event; ``?like=general-conference`` begins with what is built in."""
    is_like = request.method == "GET" and request.args.get("like") == "general-conference"
    form = KnownEventForm.like(GENERAL_CONFERENCE) if is_like else KnownEventForm()
    return _edit(form, None)


@bp.route("/<int:event_id>", methods=["GET", "POST"])
@access.needs(access.organise)
def edit(event_id: int) -> ResponseReturnValue:
    """Change an event."""
    event = _event(event_id)
    return _edit(KnownEventForm() if request.method == "POST" else KnownEventForm.of(event), event)


@bp.post("/<int:event_id>/delete")
@access.needs(access.organise)
def remove(event_id: int) -> ResponseReturnValue:
    """Take an event away."""
    event = _event(event_id)
    name = event.name
    if RemoveKnownEventForm().validate_on_submit():
        known_events.remove(event, by=the_person(), now=clock.utcnow())
        db.session.commit()
        flash(_("%(name)s is deleted.", name=name), "success")
    return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)


@bp.route("/import", methods=["GET", "POST"])
@access.needs(access.organise)
def import_file() -> ResponseReturnValue:
    """Import a file of events; what cannot be read is told with its line."""
    form = ImportForm()
    checked, kept = None, ""
    if form.validate_on_submit():
        name = form.file.data.filename or ""
        content = form.file.data.stream.read(event_files.SIZE_MAX + 1)
        try:
            reading = event_files.read_file(name, content)
            checked = known_events.check_file(reading, level=Level(form.level.data))
            if checked.facts and (not checked.faults or form.takes_rest.data):
                added_count, known_count = known_events.add_all(
                    checked.facts, name=name[-120:], by=the_person(), now=clock.utcnow()
                )
                db.session.commit()
                _flash_imported(added_count, known_count, len(checked.faults))
                return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.file)
        else:
            form.form_errors.append(_why_nothing(checked))
            kept = kept_events.keep(name[-120:], checked.facts) if checked.facts else ""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    return _import_page(form, checked, kept), status


@bp.post("/import/rest")
@access.needs(access.organise)
def import_rest() -> ResponseReturnValue:
    """Import what could be read of a file, as the page before has shown it."""
    form = ImportRestForm()
    try:
        name, facts = kept_events.take(form.kept.data if form.validate_on_submit() else "")
        added_count, known_count = known_events.add_all(
            facts, name=name, by=the_person(), now=clock.utcnow()
        )
    except DomainError as error:
        db.session.rollback()
        again = ImportForm(formdata=None)
        put(again, error)
        return _import_page(again, None, ""), HTTPStatus.UNPROCESSABLE_ENTITY
    db.session.commit()
    _flash_imported(added_count, known_count, 0)
    return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)


def _import_page(form: ImportForm, checked: known_events.Checked | None, kept: str) -> str:
    return render_template(
        "editions/known_events_import.html",
        form=form,
        faults=checked.faults[:FAULTS_SHOWN] if checked else [],
        more_count=max(0, len(checked.faults) - FAULTS_SHOWN) if checked else 0,
        sound_count=len(checked.facts) if checked else 0,
        rest_form=ImportRestForm(formdata=None, kept=kept) if kept else None,
    )


def _edit(form: KnownEventForm, event: KnownEvent | None) -> ResponseReturnValue:
    form.country.choices = options([("", _("None")), *countries.names()])
    if form.validate_on_submit():
        try:
            facts = form.facts(clock.today())
            if event is None:
                known_events.add(facts, by=the_person(), now=clock.utcnow())
            else:
                known_events.change(event, facts, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error, _field_of(form, error))
        else:
            db.session.commit()
            flash(_("%(name)s is saved.", name=facts.name), "success")
            return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "editions/known_event.html", form=form, event=event, remove_form=RemoveKnownEventForm()
    )
    return page, status


def _field_of(form: KnownEventForm, error: DomainError) -> Field | None:
    """Return the field that an error is about, ``None`` for the form as a whole."""
    if isinstance(error, RecurrenceRuleError):
        return form.rrule
    if isinstance(error, known_events.KnownEventTakenError):
        return form.name
    if not isinstance(error, KnownDateError):
        return None
    if not 0 <= (form.margin_days.data or 0) <= MAX_MARGIN_DAYS:
        return form.margin_days
    if form.known.data == RULE:
        return form.length_days
    return {"month": form.year, "year": form.year}.get(form.known.data, form.first_day)


def _flash_imported(added_count: int, known_count: int, fault_count: int) -> None:
    said = [ngettext("%(num)d event is imported.", "%(num)d events are imported.", added_count)]
    if known_count:
        said.append(ngettext("%(num)d was known.", "%(num)d were known.", known_count))
    if fault_count:
        said.append(
            ngettext("%(num)d line was left out.", "%(num)d lines were left out.", fault_count)
        )
    flash(" ".join(said), "success" if not fault_count else "warning")


def _why_nothing(checked: known_events.Checked) -> str:
    if not checked.faults:
        return _("There is no event in this file.")
    if not checked.facts:
        return _("Nothing of this file can be imported.")
    return ngettext(
        "Nothing is imported yet: %(num)d line cannot be read. Correct the file and choose it "
        "again, or import the rest as it is listed below.",
        "Nothing is imported yet: %(num)d lines cannot be read. Correct the file and choose it "
        "again, or import the rest as it is listed below.",
        len(checked.faults),
    )


def _rows(events: Sequence[KnownEvent], today: date) -> list[Row]:
    """Return the lines of the list, by day; a rule stands at its next occurrence."""
    found: list[tuple[KnownDate, KnownEvent | None]] = [
        (event.known_date, event) for event in events
    ]
    found += [(known, None) for known in clashing.built_in(known for known, _event in found)]
    rows = (_row(known, event, today) for known, event in found)
    return sorted(rows, key=lambda row: (row.dtstart, row.dtend, row.known.name))


def _row(known: KnownDate, event: KnownEvent | None, today: date) -> Row:
    if known.rule is None:
        return Row(known, event, *span(known))
    rhythm = recurrence.describe(known.rule, known.length_days)
    length = timedelta(days=known.length_days)
    # A rule that has come to its end stands where it began.
    dtstart = _next(known.rule, today - length + timedelta(days=1)) or known.rule.dtstart
    return Row(known, event, dtstart, dtstart + length, rhythm)


def _next(rule: RecurrenceRule, start: date) -> date | None:
    for years in YEARS_AHEAD:
        days = recurrence.occurrences(rule, start, start + timedelta(days=366 * years))
        if days:
            return days[0]
    return None


def _event(event_id: int) -> KnownEvent:
    event = queries.find_known_event(event_id)
    if event is None:
        raise NotFoundError
    return event
