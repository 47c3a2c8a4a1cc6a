from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import audit, database, publication
from app.database import db
from app.editions import agreements, disruptions, opening, service
from app.editions.disruptions import OverError
from app.editions.models import Edition, Precision
from app.editions.service import (
    AgreementMissingError,
    CapacityError,
    PlaceMissingError,
    ReasonMissingError,
    SpanError,
    YearError,
)
from app.outbox import OutboxMessage
from app.registrations import service as registrations
from scheduler.errors import DomainError
from scheduler.ical import EntryStatus
from scheduler.lifecycle import AgreementStatus, EditionStatus, MoveError
from scheduler.timespan import UnknownZoneError
from tests.factories import OPENING, make_country, make_edition, make_person, make_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.accounts.models import Person

S = EditionStatus
FIRST, END = date(2027, 6, 8), date(2027, 6, 11)
LATER, LATER_END = date(2027, 9, 7), date(2027, 9, 10)


@dataclass
class Desk:
    """Does things with one edition, as an organiser with good reasons would."""

    edition: Edition
    by: Person
    now: datetime = OPENING

    def _who(self) -> dict[str, object]:
        return {"by": self.by, "now": self.now}

    def select_host(self, dtstart: date = FIRST, dtend: date = END, city: str = "Rabat") -> None:
        service.select_host(
            self.edition, make_country("XAA"), city=city, venue="Hall",
            dtstart=dtstart, dtend=dtend, by=self.by, now=self.now,
        )  # fmt: skip

    def confirm(
        self,
        dtstart: date | None = None,
        dtend: date | None = None,
        tzid: str = "Africa/Casablanca",
        city: str = "Rabat",
    ) -> None:
        service.confirm(
            self.edition, dtstart=dtstart or self.edition.dtstart,
            dtend=dtend or self.edition.dtend, tzid=tzid, city=city, venue="Hall",
            venue_address="1 Street", by=self.by, now=self.now,
        )  # fmt: skip

    def agree(self, waiver: str = "") -> None:
        agreements.record_agreement(self.edition, waiver=waiver, by=self.by, now=self.now)

    def announce(self) -> None:
        service.announce(self.edition, by=self.by, now=self.now)

    def save_the_date(self) -> None:
        service.publish_save_the_date(self.edition, by=self.by, now=self.now)

    def open_registration(self, capacity: int | None = 40, closes_on: date | None = None) -> None:
        window = opening.Window(closes_on=closes_on)
        opening.open_registration(
            self.edition, capacity=capacity, window=window, by=self.by, now=self.now
        )

    def change_registration(self, capacity: int | None, closes_on: date | None = None) -> None:
        window = opening.Window(closes_on=closes_on)
        opening.change_registration(
            self.edition, capacity=capacity, window=window, by=self.by, now=self.now
        )

    def reschedule(
        self, dtstart: date = LATER, dtend: date = LATER_END, reason: str = "Ramadan"
    ) -> None:
        disruptions.reschedule(
            self.edition, dtstart=dtstart, dtend=dtend, reason=reason, by=self.by, now=self.now
        )

    def relocate(
        self, city: str = "Fez", reason: str = "Strike", tzid: str = "Africa/Casablanca"
    ) -> None:
        disruptions.relocate(
            self.edition, make_country("XAA"), city=city, venue="Other Hall", venue_address="",
            tzid=tzid, reason=reason, by=self.by, now=self.now,
        )  # fmt: skip

    def postpone(
        self, dtstart: date | None = None, dtend: date | None = None, reason: str = "Flood"
    ) -> None:
        disruptions.postpone(
            self.edition, dtstart=dtstart, dtend=dtend, reason=reason, by=self.by, now=self.now
        )

    def cancel(self, reason: str = "No funds") -> None:
        disruptions.cancel(self.edition, reason=reason, by=self.by, now=self.now)

    def release_host(self) -> None:
        disruptions.release_host(self.edition, reason="Elections", by=self.by, now=self.now)

    def describe(self) -> None:
        service.describe(self.edition, title=" A \n title ", summary="x", by=self.by, now=self.now)

    def told(self) -> tuple[EditionStatus, int]:
        return self.edition.status, self.edition.sequence


def desk(status: EditionStatus = S.ANNOUNCED, **facts: object) -> Desk:
    facts = {"dtstart": FIRST, "city": "Rabat", "tzid": "Africa/Casablanca"} | facts
    country = make_country("XAA")
    edition = make_edition(status=status, country_code=country.code, **facts)  # type: ignore[arg-type]
    made = Desk(edition, make_person("organiser@example.org"))
    db.session.commit()  # a refusal rolls back, and must find the edition as it stood
    return made


# -- the way from a projection to registration ------------------------------------------------


def test_an_edition_goes_from_its_projection_to_registration() -> None:
    made = desk(S.PROJECTED)
    steps = [
        (lambda: made.select_host(LATER, LATER_END, "Fez"), S.HOST_SELECTED, 1),
        (lambda: made.confirm(city="Fez"), S.CONFIRMED, 2),  # the venue's address is new
        (made.agree, S.CONFIRMED, 2),
        (made.announce, S.ANNOUNCED, 3),  # TENTATIVE becomes CONFIRMED
        (made.open_registration, S.REGISTRATION_OPEN, 3),
    ]
    told = []
    for act, _status, _sequence in steps:
        act()
        told.append(made.told())
    assert told == [(status, sequence) for _act, status, sequence in steps]
    assert (made.edition.dtstart, made.edition.city, made.edition.tzid) == (
        LATER,
        "Fez",
        "Africa/Casablanca",
    )
    assert [entry.action for entry in audit.history(made.edition)] == [
        "edition.host_selected",
        "edition.confirmed",
        "edition.agreement_recorded",
        "edition.announced",
        "edition.registration_opened",
    ]


def test_announcing_needs_the_agreement_or_a_waiver() -> None:
    made = desk(S.CONFIRMED)
    with pytest.raises(AgreementMissingError, match="record the agreement"):
        made.announce()
    db.session.rollback()
    assert made.told() == (S.CONFIRMED, 0)
    assert not made.edition.is_public
    made.agree("The host is an international organisation.")
    made.announce()
    assert (made.edition.status, made.edition.is_public) == (S.ANNOUNCED, True)


def test_the_agreement_itself_replaces_a_waiver() -> None:
    made = desk(S.CONFIRMED)
    made.agree("Too late for one.")
    made.agree()
    assert (made.edition.agreement, made.edition.agreement_waiver) == (
        AgreementStatus.ACCEPTED,
        "",
    )


@pytest.mark.parametrize("status", sorted(set(S) - {S.HOST_SELECTED, S.POSTPONED}))
def test_only_a_chosen_or_postponed_edition_is_confirmed(status: EditionStatus) -> None:
    made = desk(status)
    with pytest.raises(MoveError):
        made.confirm()
    db.session.rollback()


def test_confirming_needs_a_place_and_a_zone_that_there_is() -> None:
    made = desk(S.HOST_SELECTED)
    with pytest.raises(PlaceMissingError):
        made.confirm(city="")
    db.session.rollback()
    for tzid in ("", "Mars/Olympus", "Europe", "CEST", "../etc/passwd", "Europe/Paris "):
        with pytest.raises(UnknownZoneError, match="There is no time zone"):
            made.confirm(tzid=tzid)
        db.session.rollback()
    assert made.told() == (S.HOST_SELECTED, 0)


def test_a_save_the_date_is_public_and_tentative() -> None:
    made = desk(S.HOST_SELECTED)
    made.save_the_date()
    assert (made.edition.is_public, made.edition.public_entry_status) == (
        True,
        EntryStatus.TENTATIVE,
    )
    first = made.edition.public_since
    made.now += timedelta(days=1)
    made.save_the_date()
    assert made.edition.public_since == first
    with pytest.raises(MoveError, match="save-the-date"):
        desk(S.CALL_OPEN).save_the_date()
    db.session.rollback()


def test_registration_closes_at_the_end_of_its_last_day_at_the_place() -> None:
    made = desk(tzid="Pacific/Auckland")
    made.open_registration(closes_on=date(2027, 3, 1))
    closes_at = made.edition.registration_closes_at
    assert closes_at == datetime(2027, 3, 1, 11, tzinfo=UTC)
    assert [
        made.edition.takes_registrations(moment)
        for moment in (closes_at - timedelta(seconds=1), closes_at)
    ] == [True, False]


@pytest.mark.parametrize("capacity", [0, -1, 100_001])
def test_a_capacity_is_a_number_of_seats(capacity: int) -> None:
    made = desk()
    with pytest.raises(CapacityError, match="from 1 to 100000"):
        made.open_registration(capacity)
    db.session.rollback()
    assert (made.edition.status, made.edition.capacity) == (S.ANNOUNCED, None)


def test_registration_closes_neither_in_the_past_nor_after_the_event() -> None:
    made = desk()
    for day in (OPENING.date() - timedelta(days=1), END):
        with pytest.raises(opening.ClosingDayError):
            made.open_registration(closes_on=day)
        db.session.rollback()
    made.open_registration(closes_on=END - timedelta(days=1))


def test_added_seats_are_filled_from_the_queue_at_once() -> None:
    made = desk(S.REGISTRATION_OPEN, capacity=1)
    people = [make_person() for _ in range(3)]
    rows = [
        registrations.register(made.edition, person, now=OPENING + timedelta(minutes=minute))
        for minute, person in enumerate(people)
    ]
    made.change_registration(2)
    assert [row.status.value for row in rows] == ["confirmed", "confirmed", "waitlisted"]
    made.change_registration(1)
    assert [row.status.value for row in rows] == ["confirmed", "confirmed", "waitlisted"]
    made.change_registration(None)
    assert [row.status.value for row in rows] == ["confirmed"] * 3


@pytest.mark.parametrize("status", [S.ANNOUNCED, S.REGISTRATION_CLOSED, S.POSTPONED, S.CANCELLED])
def test_a_registration_that_does_not_run_is_not_changed(status: S) -> None:
    made = desk(status, capacity=1)
    with pytest.raises(opening.RegistrationNotOpenError, match="is not open"):
        made.change_registration(2)
    db.session.rollback()


# -- what nobody planned ---------------------------------------------------------------------


def test_postponing_without_new_dates_keeps_the_old_ones_as_tentative() -> None:
    made = desk()
    made.postpone()
    edition = made.edition
    assert (edition.dtstart, edition.dtend, edition.dates_to_follow) == (FIRST, END, True)
    assert (edition.public_entry_status, edition.sequence) == (EntryStatus.TENTATIVE, 1)


def test_postponing_to_new_dates_and_bringing_it_back() -> None:
    made = desk()
    uid = made.edition.uid
    made.postpone(LATER, LATER_END)
    assert (made.edition.dtstart, made.edition.dates_to_follow) == (LATER, False)
    made.confirm()
    assert made.edition.status is S.CONFIRMED
    assert [entry.action for entry in audit.history(made.edition)] == [
        "edition.postponed",
        "edition.reinstated",
    ]
    made.agree()
    made.announce()
    assert (made.edition.public_entry_status, made.edition.uid) == (EntryStatus.CONFIRMED, uid)


def test_a_cancelled_edition_stays_cancelled() -> None:
    made = desk()
    made.cancel()
    db.session.commit()
    acts: list[Callable[[], None]] = [
        made.cancel,
        made.postpone,
        made.reschedule,
        made.confirm,
        made.announce,
        made.open_registration,
    ]
    for act in acts:
        with pytest.raises(MoveError):
            act()
        db.session.rollback()
    assert made.told() == (S.CANCELLED, 1)


@pytest.mark.parametrize("status", [S.IN_PROGRESS, S.COMPLETED, S.REPORTED, S.CLOSED])
def test_what_is_under_way_or_over_is_neither_moved_nor_cancelled(status: EditionStatus) -> None:
    made = desk(status)
    for act in (made.cancel, made.postpone, made.reschedule, made.relocate):
        with pytest.raises(DomainError):
            act()
        db.session.rollback()
    assert made.told() == (status, 0)


def test_from_its_first_day_an_edition_can_no_longer_be_changed() -> None:
    made = desk(S.REGISTRATION_OPEN)
    made.now = datetime(2027, 6, 8, 0, tzinfo=UTC)
    for act in (made.cancel, made.postpone, made.reschedule, made.relocate):
        with pytest.raises(OverError, match="has begun or is over"):
            act()
        db.session.rollback()
    made.now -= timedelta(seconds=1)
    made.reschedule()
    assert made.edition.dtstart == LATER


def test_every_grave_change_needs_its_reason() -> None:
    made = desk()
    for act in (made.cancel, made.postpone, made.reschedule, made.relocate):
        with pytest.raises(ReasonMissingError):
            act(reason=" \n")
        db.session.rollback()
    assert made.told() == (S.ANNOUNCED, 0)


def test_a_projection_is_not_moved_by_hand_this_way() -> None:
    made = desk(S.PROJECTED)
    for act in (made.reschedule, made.relocate):
        with pytest.raises(MoveError):
            act()
        db.session.rollback()


@pytest.mark.parametrize(
    ("dtstart", "dtend", "error"),
    [
        (FIRST, FIRST, SpanError),
        (FIRST, FIRST - timedelta(days=1), SpanError),
        (FIRST, FIRST + timedelta(days=61), SpanError),
        (date(1, 1, 1), date(1, 1, 3), YearError),
        (date(9999, 12, 30), date(9999, 12, 31), YearError),
        (date(2200, 12, 31), date(2201, 1, 1), YearError),
    ],
)
def test_a_span_that_no_event_has_is_refused_everywhere(
    dtstart: date, dtend: date, error: type[DomainError]
) -> None:
    for status, name in (
        (S.ANNOUNCED, "reschedule"),
        (S.ANNOUNCED, "postpone"),
        (S.HOST_SELECTED, "confirm"),
        (S.PROJECTED, "select_host"),
    ):
        made = desk(status)
        before = made.told()
        with pytest.raises(error):
            getattr(made, name)(dtstart=dtstart, dtend=dtend)
        db.session.rollback()
    series, person = make_series(), make_person()
    db.session.commit()
    with pytest.raises(error):
        service.add_by_hand(series, dtstart, dtend, reason="x", by=person, now=OPENING)
    assert before == (S.PROJECTED, 0)


def test_a_relocated_edition_has_a_new_place_and_everybody_is_told() -> None:
    made = desk(S.REGISTRATION_OPEN)
    person = make_person("delegate@example.org")
    registrations.register(made.edition, person, now=OPENING)
    made.relocate("Fez")
    assert (made.edition.city, made.edition.venue, made.edition.sequence) == (
        "Fez",
        "Other Hall",
        1,
    )
    mail = db.session.query(OutboxMessage).order_by(OutboxMessage.id.desc()).first()
    assert mail
    assert (mail.to_address, mail.subject) == (
        "delegate@example.org",
        "Symposium 2027 now takes place in Fez, Country XAA",
    )
    assert "Strike" in mail.text


@pytest.mark.parametrize("tzid", ["Nowhere/Land", ""])
def test_a_place_has_a_zone_that_there_is(tzid: str) -> None:
    made = desk()
    with pytest.raises(UnknownZoneError):
        made.relocate(tzid=tzid)
    with pytest.raises(PlaceMissingError):
        made.relocate(city="")
    db.session.rollback()
    assert made.told() == (S.ANNOUNCED, 0)


def test_everybody_with_a_place_or_in_the_queue_is_told_of_each_change() -> None:
    made = desk(S.REGISTRATION_OPEN, capacity=1)
    for name in ("seated", "waiting", "gone"):
        row = registrations.register(made.edition, make_person(f"{name}@example.org"), now=OPENING)
    registrations.cancel(row, by=row.person, now=OPENING)
    db.session.query(OutboxMessage).delete()
    for act in (made.reschedule, made.postpone, made.confirm, made.cancel):
        act()
    mails = db.session.query(OutboxMessage).order_by(OutboxMessage.id).all()
    assert [(mail.to_address.partition("@")[0], mail.subject) for mail in mails] == [
        (name, f"Symposium 2027 {what}")
        for what in (
            "has moved to other days",
            "is postponed",
            "takes place after all",
            "is cancelled",
        )
        for name in ("seated", "waiting")
    ]


def test_the_host_withdraws_and_the_place_is_forgotten() -> None:
    made = desk(S.CONFIRMED, venue="Hall", venue_address="1 Street")
    made.agree()
    made.release_host()
    edition = made.edition
    assert edition.status is S.UNDER_EVALUATION
    assert (edition.country_code, edition.city, edition.venue, edition.venue_address) == (
        None,
        "",
        "",
        "",
    )
    assert (edition.has_agreement, edition.place) == (False, "")
    with pytest.raises(MoveError):
        desk(S.ANNOUNCED).release_host()
    db.session.rollback()


def test_words_alone_raise_no_sequence() -> None:
    made = desk()
    made.describe()
    assert (made.edition.own_title, made.edition.title, made.told()) == (
        "A title",
        "A title",
        (S.ANNOUNCED, 0),
    )


def test_moving_a_month_to_a_day_makes_it_exact() -> None:
    made = desk(S.CALL_OPEN, precision=Precision.MONTH)
    made.reschedule()
    assert made.edition.precision is Precision.DAY


def test_an_edition_begins_and_ends_by_itself() -> None:
    edition = desk(S.REGISTRATION_CLOSED).edition
    days = [FIRST - timedelta(days=1), FIRST, END - timedelta(days=1), END]
    assert [edition.status_on(day) for day in days] == [
        S.REGISTRATION_CLOSED,
        S.IN_PROGRESS,
        S.IN_PROGRESS,
        S.COMPLETED,
    ]


def test_the_public_revision_only_ever_moves_on() -> None:
    made = desk()
    moments = [publication.last_change()]
    for _ in range(3):
        made.describe()  # within one second: an HTTP date could not tell them apart
        moments.append(publication.last_change())
    made.now -= timedelta(days=1)
    made.describe()
    moments.append(publication.last_change())
    assert moments == sorted(set(moments))  # type: ignore[type-var]
    hidden = desk(S.CALL_OPEN)
    hidden.describe()
    assert publication.last_change() == moments[-1]


# -- the law of SEQUENCE ---------------------------------------------------------------------

ACTS = (
    "select_host",
    "confirm",
    "agree",
    "announce",
    "save_the_date",
    "open_registration",
    "reschedule",
    "relocate",
    "postpone",
    "cancel",
    "release_host",
    "describe",
)


def seen(edition: Edition) -> tuple[object, ...]:
    """What a calendar shows: RFC 5545 wants a higher SEQUENCE when any of it changes."""
    return (
        edition.dtstart,
        edition.dtend,
        edition.city,
        edition.country_code,
        edition.venue,
        edition.venue_address,
        edition.public_entry_status,
    )


@settings(
    max_examples=25,
    deadline=None,
    # Each example makes its own edition in the same empty database.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    status=st.sampled_from([S.PROJECTED, S.HOST_SELECTED, S.CONFIRMED, S.ANNOUNCED]),
    acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 40)), min_size=1, max_size=8),
)
def test_sequence_rises_exactly_when_calendars_must_be_told(
    status: EditionStatus, acts: list[tuple[str, int]]
) -> None:
    made = desk(status)
    uid, series = made.edition.uid, made.edition.series_id
    db.session.commit()
    for name, shift in acts:
        before, sequence, revised = (
            seen(made.edition),
            made.edition.sequence,
            made.edition.modified_at,
        )
        made.now += timedelta(minutes=1)
        move = timedelta(days=shift)
        arguments = (
            {"dtstart": FIRST + move, "dtend": END + move}
            if name in {"select_host", "confirm", "reschedule"}
            or (name == "postpone" and shift % 2)
            else {}
        )
        try:
            getattr(made, name)(**arguments)
        except DomainError:
            db.session.rollback()
            assert (seen(made.edition), made.edition.sequence) == (before, sequence)
            continue
        db.session.commit()
        rise = 1 if seen(made.edition) != before else 0
        assert made.edition.sequence == sequence + rise
        assert made.edition.modified_at >= revised
        assert (made.edition.uid, made.edition.series_id) == (uid, series)
    database.write()
    db.session.delete(made.edition)
    db.session.commit()
