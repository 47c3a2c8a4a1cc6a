from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from app import database, outbox
from app.accounts.models import Person, Role
from app.clock import utcnow
from app.database import db
from app.editions.models import Edition
from app.outbox import OutboxMessage
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    make_call,
    make_edition,
    make_person,
    make_series,
)
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from tests.conftest import Client

S = EditionStatus


@pytest.fixture
def organiser(client: Client) -> Client:
    """The browser of an organiser."""
    return client.sign_in(make_person("organiser@example.org", role=Role.ORGANISER))


# -- the plan --------------------------------------------------------------------------------


def test_the_plan_is_applied_by_its_form(organiser: Client) -> None:
    make_series()
    page = organiser.get("/organise/plan?until=2033")
    assert "3 changes to apply" in words(page)
    assert "Ramadan" in page.text
    fingerprint = fields(page)["fingerprint"]
    answer = organiser.submit("/organise/plan?until=2033", fingerprint=fingerprint)
    assert (answer.status_code, answer.location) == (303, "/organise/plan?until=2033&years=12")
    found = db.session.query(Edition).order_by(Edition.dtstart)
    assert [edition.slug for edition in found] == [
        "symposium-2027",
        "symposium-2030",
        "symposium-2033",
    ]
    after = words(organiser.get(answer.location))
    assert "3 editions changed." in after
    assert "No change to apply" in after


def test_a_plan_that_was_overtaken_is_shown_again(organiser: Client) -> None:
    series = make_series()
    seen = fields(organiser.get("/organise/plan"))["fingerprint"]
    database.write(series)
    series.rrule = "FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU;COUNT=3"
    answer = organiser.submit("/organise/plan", fingerprint=seen)
    assert (answer.status_code, alert(answer)) == (
        409,
        "The plan has changed since you looked. Look at it again, then apply it.",
    )
    assert db.session.query(Edition).count() == 0
    # What is shown now can be applied.
    again = fields(answer)["fingerprint"]
    assert organiser.submit("/organise/plan", fingerprint=again).status_code == 303
    assert db.session.query(Edition).count() == 2


def test_the_plan_shows_what_would_move_and_go(organiser: Client) -> None:
    series = make_series()
    fingerprint = fields(organiser.get("/organise/plan?until=2030"))["fingerprint"]
    organiser.submit("/organise/plan?until=2030", fingerprint=fingerprint)
    database.write(series)
    series.rrule = "FREQ=YEARLY;INTERVAL=3;BYMONTH=4;BYDAY=2MO;COUNT=2"
    series.dtstart = date(2024, 4, 8)
    page = words(organiser.get("/organise/plan?until=2030"))
    assert "2 changes to apply" in page
    assert "the rule now says every 3 years, second Monday of April" in page
    assert "retired: beyond COUNT" in page
    for years in ("6", "24", "7", "x"):
        assert organiser.get(f"/organise/plan?years={years}").status_code == 200


@pytest.mark.parametrize("until", ["1999", "9999", "-5", "99999999999999999999"])
def test_a_horizon_out_of_reach_is_told_in_words(until: str, organiser: Client) -> None:
    answer = organiser.get(f"/organise/plan?until={until}")
    assert (answer.status_code, "The plan can reach from 2027 to 2126." in words(answer)) == (
        422,
        True,
    )


def test_the_committee_reads_the_plan_without_a_button(client: Client) -> None:
    make_series()
    client.sign_in(make_person(role=Role.COMMITTEE))
    page = client.get("/organise/plan")
    assert ("fingerprint" in fields(page), "changes to apply" in words(page)) == (False, True)


# -- what waits ------------------------------------------------------------------------------


def test_the_desk_says_what_to_decide_next(organiser: Client) -> None:
    series = make_series(title="Meeting")
    for number, status in enumerate(
        (
            S.CALL_OPEN,
            S.UNDER_EVALUATION,
            S.HOST_SELECTED,
            S.CONFIRMED,
            S.ANNOUNCED,
            S.REGISTRATION_OPEN,
            S.CANCELLED,
            S.PROJECTED,
        )
    ):
        edition = make_edition(series=series, status=status, dtstart=date(2028, 1 + number, 4))
        if status is S.CALL_OPEN:
            make_call(edition)
    make_edition(series=series, status=S.POSTPONED, dtstart=date(2029, 1, 2), dates_to_follow=True)
    page = words(organiser.get("/organise/"))
    said = [
        "The call for hosts runs; 0 offers so far.",
        "Select a host among the offers.",
        "Confirm days, zone and venue with the host.",
        "Record the agreement with the host, or a waiver.",
        "Open registration.",
        "Postponed without new dates: find them, then confirm.",
    ]
    assert [sentence for sentence in said if sentence not in page] == []
    assert page.count("Registration open") >= 1


def test_the_committee_sees_the_years_ahead_and_no_decisions(client: Client) -> None:
    make_edition(status=S.UNDER_EVALUATION)
    client.sign_in(make_person(role=Role.COMMITTEE))
    page = words(client.get("/organise/"))
    assert ("Select a host among" in page, "The years ahead" in page) == (False, True)


def test_an_empty_desk_has_a_next_step(organiser: Client) -> None:
    page = words(organiser.get("/organise/"))
    assert "Nothing waits for a decision" in page
    assert "No editions yet" in words(organiser.get("/organise/editions"))


# -- people ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "nobody", "role": "organiser"},
        {"email": "", "role": "organiser"},
        {"email": "a@example.org", "role": "king"},
        {"email": "a@example.org", "role": "national_contact", "country": ""},
        {"email": "a@example.org", "role": "national_contact", "country": "ZZZ"},
        {"email": "a@example.org", "role": "host_team"},
    ],
)
def test_a_role_that_cannot_be_given_is_refused(typed: dict[str, str], organiser: Client) -> None:
    answer = organiser.submit("/organise/people", **typed)
    assert answer.status_code == 422
    assert alert(answer) != ""
    assert (db.session.query(Person).count(), db.session.query(OutboxMessage).count()) == (1, 0)


# -- mail and history ------------------------------------------------------------------------


def post_mail(**facts: object) -> OutboxMessage:
    database.write()
    letter = outbox.Letter(
        subject="Hello", paragraphs=["Read this."], action=("See", "http://localhost:8000/x")
    )
    message = db.session.get_one(OutboxMessage, outbox.post("to@example.org", letter, now=utcnow()))
    for name, value in facts.items():
        setattr(message, name, value)
    db.session.commit()
    return message


def test_the_mail_page_says_what_has_left(organiser: Client) -> None:
    assert "No mail yet" in words(organiser.get("/organise/mail"))
    waiting = post_mail()
    failed = post_mail(error="ConnectionRefusedError", attempt_count=3)
    sent = post_mail()
    outbox.deliver(sent.id, now=utcnow() + timedelta(seconds=1))
    page = words(organiser.get("/organise/mail"))
    states = ("waiting", "tried 3 times: ConnectionRefusedError", "sent")
    assert [state in page for state in states] == [True] * 3
    message = organiser.get(f"/organise/mail/{waiting.id}")
    assert "Read this." in words(message)
    assert 'href="http://localhost:8000/x"' in message.text
    assert organiser.get(f"/organise/mail/{failed.id + 100}").status_code == 404


def test_a_mail_is_shown_as_text_whatever_it_holds(organiser: Client) -> None:
    message = post_mail(text="<script>alert(1)</script>", subject="<b>x</b>")
    page = organiser.get(f"/organise/mail/{message.id}").text
    assert ("<script>alert" in page, "<b>x</b>" in page) == (False, False)


def test_the_audit_page_tells_what_was_done(organiser: Client) -> None:
    make_series()
    fingerprint = fields(organiser.get("/organise/plan"))["fingerprint"]
    organiser.submit("/organise/plan", fingerprint=fingerprint)
    page = words(organiser.get("/organise/audit"))
    assert "Plan applied" in page


def test_every_piece_is_shown(organiser: Client) -> None:
    assert organiser.get("/organise/pieces").status_code == 200


# -- mail ------------------------------------------------------------------------------------


def test_of_many_held_mails_the_page_shows_a_hundred_and_counts_all(organiser: Client) -> None:
    database.write()
    letter = outbox.Letter(subject="Held", paragraphs=["Read this."])
    for _ in range(103):
        outbox.post("ann@example.org", letter, now=utcnow())
    outbox.hold_unsent()
    outbox.post("bob@example.org", outbox.Letter(subject="Late", paragraphs=[]), now=utcnow())
    db.session.commit()
    page = organiser.get("/organise/mail")
    shown = [line for line in words(page).split() if line in {"Held", "Late"}]
    assert shown == ["Held"] * 100 + ["Late"]
    assert "103 mails are held, and leave once an organiser says so." in words(page)
