"""The acts that an edition's state allows: for each its form, its words, its one service call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app import clock
from app.countries import queries as countries
from app.editions import (
    agreements,
    disruptions,
    forms,
    opening,
    override_queries,
    overrides,
    service,
)
from app.editions.models import AdmissionPolicy
from app.i18n import lazy_gettext as _l
from scheduler.errors import NotFoundError
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from app.accounts.models import Person
    from app.editions.forms import EditionForm
    from app.editions.models import Edition

_S = EditionStatus
_AHEAD = frozenset(
    {
        _S.CALL_OPEN,
        _S.UNDER_EVALUATION,
        _S.HOST_SELECTED,
        _S.CONFIRMED,
        _S.ANNOUNCED,
        _S.REGISTRATION_OPEN,
        _S.REGISTRATION_CLOSED,
    }
)


@dataclass(frozen=True, slots=True)
class Act:
    """Something an organiser can do with an edition in one of ``states``."""

    name: str
    label: Any
    help: Any
    form: type[EditionForm]
    states: frozenset[EditionStatus]
    do: Callable[[Edition, Any, Person, datetime], None]
    is_grave: bool = False
    fits: Callable[[Edition], bool] = lambda _: True
    removes: bool = False  # the edition has no page any more
    publishes: bool = False  # strangers then see it, so the organiser proves again who they are

    def is_open_to(self, edition: Edition, today: date) -> bool:
        """Whether the state and facts of ``edition`` allow this act."""
        return edition.status_on(today) in self.states and self.fits(edition)


def acts_for(edition: Edition, today: date) -> list[Act]:
    """Return what can be done with ``edition`` now, the next step first."""
    return [act for act in ACTS.values() if act.is_open_to(edition, today)]


def _override(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    overrides.override(
        edition,
        dtstart=form.dtstart,
        dtend=form.dtend,
        reason=form.reason.data,
        by=by,
        now=now,
    )


def _name_host(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    service.select_host(
        edition,
        _country(form),
        city=form.city.data,
        venue=form.venue.data or "",
        dtstart=form.dtstart,
        dtend=form.dtend,
        reason=form.reason.data,
        by=by,
        now=now,
    )


def _confirm(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    service.confirm(
        edition,
        dtstart=form.dtstart,
        dtend=form.dtend,
        tzid=form.tzid.data,
        city=form.city.data,
        venue=form.venue.data or "",
        venue_address=form.venue_address.data or "",
        by=by,
        now=now,
    )


def _record_agreement(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    agreements.record_agreement(edition, waiver=_waiver(form), by=by, now=now)


def _open_registration(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    opening.open_registration(
        edition,
        capacity=form.capacity.data,
        window=form.window,
        by=by,
        now=now,
        policy=AdmissionPolicy(form.policy.data or AdmissionPolicy.OPEN),
    )


def _change_registration(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    opening.change_registration(
        edition, capacity=form.capacity.data, window=form.window, by=by, now=now
    )


def _reschedule(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    disruptions.reschedule(
        edition,
        dtstart=form.dtstart,
        dtend=form.dtend,
        reason=form.reason.data,
        by=by,
        now=now,
    )


def _relocate(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    disruptions.relocate(
        edition,
        _country(form),
        city=form.city.data,
        venue=form.venue.data or "",
        venue_address=form.venue_address.data or "",
        tzid=form.tzid.data,
        reason=form.reason.data,
        is_agreed=form.kind.data == forms.ACCEPTED,
        waiver=_waiver(form),
        by=by,
        now=now,
    )


def _waiver(form: Any) -> str:  # noqa: ANN401 - one with `kind` and `waiver`
    return form.waiver.data if form.kind.data == forms.WAIVED else ""


def _postpone(edition: Edition, form: Any, by: Person, now: datetime) -> None:  # noqa: ANN401
    disruptions.postpone(
        edition,
        dtstart=form.dtstart,
        dtend=form.dtend,
        reason=form.reason.data,
        by=by,
        now=now,
    )


def _country(form: Any) -> Any:  # noqa: ANN401 - the form's choices hold only countries
    country = countries.find(form.country.data)
    if country is None:
        raise NotFoundError
    return country


ACTS: dict[str, Act] = {
    act.name: act
    for act in (
        Act(
            "confirm",
            _l("Confirm days and place"),
            _l("Days, time zone and venue are fixed. Members see the edition as confirmed."),
            forms.ConfirmForm,
            frozenset({_S.HOST_SELECTED, _S.POSTPONED}),
            _confirm,
        ),
        Act(
            "agreement",
            _l("Record the agreement"),
            _l("An edition can be announced once the agreement is signed, or waived in writing."),
            forms.AgreementForm,
            _AHEAD - {_S.CALL_OPEN, _S.UNDER_EVALUATION} | {_S.POSTPONED},
            _record_agreement,
            fits=lambda edition: not edition.has_agreement,
        ),
        Act(
            "announce",
            _l("Announce it"),
            _l("From now on everyone sees the edition, and every feed carries it as confirmed."),
            forms.AnnounceForm,
            frozenset({_S.CONFIRMED}),
            lambda edition, _, by, now: service.announce(edition, by=by, now=now),
            publishes=True,
        ),
        Act(
            "open-registration",
            _l("Open registration"),
            _l(
                "Everyone with a verified address can register from its first day on, by itself; "
                "you say who decides on a place."
            ),
            forms.OpenRegistrationForm,
            frozenset({_S.ANNOUNCED, _S.REGISTRATION_CLOSED}),
            _open_registration,
            fits=lambda edition: not edition.opens_by_itself(clock.today()),
        ),
        Act(
            "change-registration",
            _l("Change capacity or days of registration"),
            _l("Added places are filled from the queue at once."),
            forms.ChangeRegistrationForm,
            frozenset({_S.ANNOUNCED, _S.REGISTRATION_OPEN}),
            _change_registration,
            fits=lambda edition: edition.status is _S.REGISTRATION_OPEN,
        ),
        Act(
            "close-registration",
            _l("Close registration"),
            _l("Nobody can register any more. The queue still moves up."),
            forms.CloseRegistrationForm,
            frozenset({_S.REGISTRATION_OPEN}),
            lambda edition, _, by, now: service.set_status(
                edition, _S.REGISTRATION_CLOSED, by=by, now=now
            ),
        ),
        Act(
            "save-the-date",
            _l("Publish a save-the-date"),
            _l("Days and city become public as tentative, before the announcement."),
            forms.SaveTheDateForm,
            frozenset({_S.HOST_SELECTED, _S.CONFIRMED}),
            lambda edition, _, by, now: service.publish_save_the_date(edition, by=by, now=now),
            fits=lambda edition: not edition.is_public,
            publishes=True,
        ),
        Act(
            "override",
            _l("Move this one edition"),
            _l("Its rule stays. Plans keep the edition where you put it, and show your reason."),
            forms.OverrideForm,
            frozenset({_S.PROJECTED}),
            _override,
        ),
        Act(
            "release-override",
            _l("Follow the rule again"),
            _l("The next plan moves the edition back to the day of its rule."),
            forms.ReleaseOverrideForm,
            frozenset({_S.PROJECTED}),
            lambda edition, _, by, now: overrides.release(edition, by=by, now=now),
            fits=lambda edition: override_queries.of_edition(edition) is not None,
        ),
        Act(
            "skip",
            _l("Skip this occurrence"),
            _l("The edition goes at once, and no plan brings it back until you take it up again."),
            forms.SkipForm,
            frozenset({_S.PROJECTED}),
            lambda edition, form, by, now: overrides.skip(
                edition, reason=form.reason.data, by=by, now=now
            ),
            fits=lambda edition: edition.recurrence_id is not None,
            removes=True,
        ),
        Act(
            "name-host",
            _l("Name a host without a call"),
            _l("For an edition whose host is known from the start."),
            forms.HostForm,
            frozenset({_S.PROJECTED}),
            _name_host,
        ),
        Act(
            "describe",
            _l("Change title or text"),
            _l("Words only: subscribers are not alarmed."),
            forms.DescribeForm,
            frozenset(_S) - {_S.CANCELLED},
            lambda edition, form, by, now: service.describe(
                edition,
                title=form.title.data or "",
                summary=form.summary.data or "",
                by=by,
                now=now,
            ),
        ),
        Act(
            "move",
            _l("Move to other days"),
            _l("Everybody who is registered is written to; calendars follow by themselves."),
            forms.RescheduleForm,
            _AHEAD | {_S.POSTPONED},
            _reschedule,
        ),
        Act(
            "relocate",
            _l("Move to another place"),
            _l("Everybody who is registered is written to; calendars follow by themselves."),
            forms.RelocateForm,
            _AHEAD - {_S.CALL_OPEN, _S.UNDER_EVALUATION} | {_S.POSTPONED},
            _relocate,
        ),
        Act(
            "locate",
            _l("Put the city on the map"),
            _l("Calendars show a pin there, to about a kilometre. It goes if the city changes."),
            forms.LocateForm,
            frozenset(_S) - {_S.CANCELLED},
            lambda edition, form, by, now: service.locate(edition, form.geo, by=by, now=now),
            fits=lambda edition: bool(edition.city),
        ),
        Act(
            "postpone",
            _l("Postpone"),
            _l("The edition stays in every calendar as tentative, on its new or its old days."),
            forms.PostponeForm,
            _AHEAD,
            _postpone,
            is_grave=True,
        ),
        Act(
            "cancel",
            _l("Cancel the edition"),
            _l("This cannot be taken back. Calendars show it as cancelled."),
            forms.CancelEditionForm,
            _AHEAD | {_S.POSTPONED, _S.PROJECTED},
            lambda edition, form, by, now: disruptions.cancel(
                edition, reason=form.reason.data, by=by, now=now
            ),
            is_grave=True,
        ),
    )
}
