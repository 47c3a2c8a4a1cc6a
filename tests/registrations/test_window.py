"""Registration opens and closes by the clock, on the days of its milestones or those set."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app import audit, database
from app.accounts.models import Role
from app.database import db
from app.editions import (
    disruptions,
    milestone_changes,
    milestone_queries,
    opening,
    timeline,
)
from app.editions.models import AdmissionPolicy
from app.editions.opening import Window
from app.outbox import OutboxMessage
from app.registrations import delegations, selection, service
from app.registrations.seating import Candidate
from scheduler.lifecycle import EditionStatus as S
from scheduler.lifecycle import RegistrationStatus as Status
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from flask import Flask

    from app.editions.models import Edition
    from tests.conftest import Client

FAR = date(2030, 3, 5)
ZONE = "Pacific/Auckland"
DAY = timedelta(days=1)


NOTHING_SET = Window()


def let_open(window: Window = NOTHING_SET, **facts: object) -> Edition:
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR, tzid=ZONE, **facts)
    opening.open_registration(edition, capacity=9, window=window, by=make_person(), now=OPENING)
    return edition


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 0, tzinfo=UTC)  # noon or so in Auckland


def test_what_is_let_open_opens_and_closes_on_its_days_with_no_job() -> None:
    first, last = FAR - timedelta(days=200), FAR - timedelta(days=60)
    edition = let_open(Window(opens_on=first, closes_on=last))
    opens_at, closes_at = edition.registration_opens_at, edition.registration_closes_at
    assert (opens_at.astimezone(UTC).hour, closes_at.astimezone(UTC).hour) == (12, 11)
    second = timedelta(seconds=1)
    moments = (opens_at - second, opens_at, closes_at - second, closes_at)
    assert [edition.takes_registrations(moment) for moment in moments] == [
        False,
        True,
        True,
        False,
    ]
    assert [edition.status_on(day) for day in (first - DAY, first, last, last + DAY)] == [
        S.ANNOUNCED,
        S.REGISTRATION_OPEN,
        S.REGISTRATION_OPEN,
        S.REGISTRATION_CLOSED,
    ]


def test_days_stay_what_they_were_when_the_zone_has_new_rules(app: Flask) -> None:
    edition = let_open(Window(opens_on=FAR - timedelta(days=200), closes_on=FAR - 60 * DAY))
    names = ("registration_opens_at", "nominations_close_at", "registration_closes_at")
    right = [getattr(edition, name) for name in names]
    # As it was written before Auckland gave up its summer time, say.
    for name, moment in zip(names, right, strict=True):
        setattr(edition, name, moment + timedelta(hours=1))
    db.session.commit()
    keep = app.test_cli_runner()
    assert keep.invoke(args=["feeds", "keep"]).output == (
        "1 registrations open or close with the new rules of their zone.\n0 events written anew.\n"
    )
    db.session.expire_all()
    assert [getattr(edition, name) for name in names] == right
    # What never was a midnight is nobody's but its own.
    database.write(edition)
    edition.registration_closes_at += timedelta(hours=9)
    db.session.commit()
    assert opening.follow_zones(now=OPENING) == 0


def test_a_person_is_told_the_day_on_which_it_opens_or_closed() -> None:
    edition = let_open(Window(opens_on=date(2029, 9, 1), closes_on=date(2029, 12, 1)))
    with pytest.raises(service.NotYetOpenError, match="opens on 2029-09-01"):
        service.register(edition, make_person(), now=noon(date(2029, 8, 30)))
    row = service.register(edition, make_person(), now=noon(date(2029, 9, 1)))
    assert row.status is Status.CONFIRMED
    after = noon(date(2029, 12, 2))
    for act in (
        lambda: service.register(edition, make_person(), now=after),
        lambda: service.change(row, service.Particulars(), by=row.person, now=after),
    ):
        with pytest.raises(service.ClosedSinceError, match="closed since 2029-12-01"):
            act()


def test_days_that_nobody_set_follow_the_milestones_when_the_event_moves() -> None:
    edition = let_open(Window(opens_on=date(2029, 8, 5)))
    assert edition.registration_opens_on == date(2029, 8, 5)
    assert edition.registration_closes_on == FAR - timedelta(weeks=8)
    assert edition.nominations_close_on == FAR - timedelta(weeks=22)
    later, by = FAR + timedelta(weeks=5), make_person()
    disruptions.reschedule(
        edition, dtstart=later, dtend=later + 3 * DAY, reason="x", by=by, now=OPENING
    )
    assert edition.registration_opens_on == date(2029, 9, 9)
    assert edition.registration_closes_on == later - timedelta(weeks=8)
    opening.change_registration(
        edition, capacity=9, window=Window(closes_on=date(2030, 1, 1)), by=by, now=OPENING
    )
    disruptions.reschedule(
        edition, dtstart=FAR, dtend=FAR + 3 * DAY, reason="x", by=by, now=OPENING
    )
    assert edition.registration_closes_on == date(2030, 1, 1)


def test_what_opens_before_its_milestone_was_due_when_it_opened() -> None:
    edition = let_open()
    due = {
        row.key: (row.due_on, row.done_on) for row in milestone_queries.of_editions([edition.id])
    }
    assert due["registration_opens"] == (OPENING.date(), OPENING.date())
    assert due["registration_closes"] == (FAR - timedelta(weeks=8), None)


def test_where_the_milestone_has_passed_one_may_register_until_the_event() -> None:
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR, tzid=ZONE)
    late = noon(FAR - timedelta(days=20))
    opening.open_registration(edition, capacity=9, by=make_person(), now=late)
    assert edition.registration_closes_on == FAR - DAY
    assert edition.takes_nominations(late)


def test_what_the_clock_closed_can_be_opened_again() -> None:
    edition, by = let_open(), make_person()
    after = noon(FAR - timedelta(weeks=7))
    assert edition.status_on(edition.day_at(after)) is S.REGISTRATION_CLOSED
    opening.open_registration(edition, capacity=9, by=by, now=after)
    assert (edition.takes_registrations(after), edition.registration_closes_on) == (True, FAR - DAY)


@pytest.mark.parametrize(
    ("window", "refusal"),
    [
        (Window(opens_on=OPENING.date() - DAY), opening.OpeningDayError),
        (Window(opens_on=FAR - DAY, closes_on=FAR - 9 * DAY), opening.OpeningDayError),
        (Window(closes_on=FAR + 3 * DAY), opening.ClosingDayError),
        (Window(closes_on=FAR - 9 * DAY, nominations_close_on=FAR), opening.NominationsDayError),
    ],
)
def test_days_that_cannot_be_are_refused(window: Window, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        let_open(window)


def test_a_waived_closing_milestone_leaves_it_open_until_the_event() -> None:
    edition, by = make_edition(status=S.ANNOUNCED, dtstart=FAR), make_person()
    milestone_changes.waive(edition, "registration_closes", reason="Small", by=by, now=OPENING)
    opening.open_registration(edition, capacity=9, by=by, now=OPENING)
    assert edition.registration_closes_on == FAR - DAY


# -- nominations and late entries -------------------------------------------------------------


def test_a_contact_nominates_until_the_day_and_may_replace_after_it() -> None:
    country, contact = make_country("XAA"), make_person()
    edition = let_open(admission_policy=AdmissionPolicy.NOMINATION)
    last_day = edition.nominations_close_on
    by = {"by": contact, "now": noon(last_day)}
    row = delegations.nominate(edition, country, "nia@example.org", "Nia", **by)
    by["now"] = noon(last_day + DAY)
    with pytest.raises(service.NominationsClosedError, match="can still rank and replace"):
        delegations.nominate(edition, country, "late@example.org", "", **by)
    colleague = delegations.replace(row, "colleague@example.org", "", **by)
    assert (row.status, colleague.status) == (Status.REPLACED, Status.DRAFT)


def test_a_late_entry_is_an_organisers_with_a_reason_that_the_person_reads() -> None:
    edition = let_open()
    after = noon(FAR - timedelta(weeks=6))
    row = selection.invite(
        edition, "late@example.org", Candidate(),
        keeps_place=False, reason="Visa came late", by=make_person(), now=after,
    )  # fmt: skip
    assert audit.history(row)[-1].reason == "Visa came late"
    (mail,) = db.session.query(OutboxMessage).filter_by(to_address="late@example.org")
    assert "Visa came late" in mail.text
    row.person.verified_at = after
    assert service.register(edition, row.person, now=after).status is Status.CONFIRMED


# -- pages ------------------------------------------------------------------------------------


def test_the_desk_says_that_registration_opens_by_itself(client: Client) -> None:
    edition = let_open(Window(opens_on=date(2029, 8, 5)))
    page = client.sign_in(make_person(role=Role.ORGANISER)).get(
        f"/organise/editions/{edition.slug}"
    )
    assert "Registration opens by itself On Sunday 5 August 2029" in words(page)
    assert f"/organise/editions/{edition.slug}/open-registration" not in page.text


def test_the_pages_say_when_it_opens_and_closes_at_the_place_and_how_long_that_is(
    client: Client,
) -> None:
    edition = let_open(Window(opens_on=date(2029, 8, 5)))
    for path in (f"/editions/{edition.slug}", f"/editions/{edition.slug}/register"):
        page = client.get(path)
        assert "opens on Sunday 5 August 2029, 00:00 (Auckland time)" in words(page)
        assert 'datetime="2029-08-04T12:00:00+00:00"' in page.text
    opening.change_registration(
        edition, capacity=9, window=Window(closes_on=date(2029, 12, 31)), by=make_person(),
        now=OPENING,
    )  # fmt: skip
    assert timeline.registration_window(edition, OPENING).left == "in 35 months"
    for path in (f"/editions/{edition.slug}", f"/editions/{edition.slug}/register"):
        told = words(client.get(path))
        assert "closes on Monday 31 December 2029, 24:00 (Auckland time)" in told


def test_what_opened_today_is_done_for_the_public_and_the_next_deadline_is_next() -> None:
    edition = let_open(Window(opens_on=date(2029, 8, 5)))
    opens_on = date(2029, 8, 5)
    before, then = (
        [(item.title, item.state) for item in timeline.for_the_public(edition, day)]
        for day in (opens_on - DAY, opens_on)
    )
    title = "Registration opens"
    assert [dict(told)[title] for told in (before, then)] == ["next", "done"]
    assert [state for _title, state in then].count("next") == 1


def test_the_form_proposes_the_days_of_the_milestones(client: Client) -> None:
    edition = make_edition(status=S.ANNOUNCED, dtstart=FAR)
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/organise/editions/{edition.slug}/open-registration"
    assert 'value="2029-08-05"' in client.get(page).text
    told = {"capacity": "9", "opens_on": "2029-08-05", "policy": "open"}
    assert client.submit(page, **told).status_code == 303
    db.session.refresh(edition)
    assert edition.status_on(date(2029, 8, 4)) is S.ANNOUNCED
    manage = words(client.get(f"/organise/editions/{edition.slug}"))
    assert "Change capacity or days of registration" in manage
