"""What a rule would change is shown on the series' form, before anything is saved."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from app.database import db
from app.editions import disruptions, planning, queries
from tests.factories import OPENING, make_person, make_series
from tests.pages import fields, words, words_in

if TYPE_CHECKING:
    from tests.conftest import Client

PATH = "/organise/series/yearly"
YEARLY = {"rrule": "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", "dtstart": date(2024, 3, 5)}


@pytest.fixture
def organiser(client: Client) -> Client:
    """The browser of an organiser, with a yearly series planned to 2040 and 2027 cancelled."""
    make_series("yearly", **YEARLY)
    proposal = planning.propose(until=planning.DEFAULT_UNTIL, today=OPENING.date())
    planning.apply(proposal, by=None, now=OPENING)
    edition = queries.find("yearly-2027")
    assert edition
    disruptions.cancel(edition, reason="No host", by=make_person(), now=OPENING)
    db.session.commit()
    return client.sign_in(make_person(role=Role.ORGANISER))


def typed(organiser: Client, **changes: str) -> dict[str, str]:
    form = fields(organiser.get(f"{PATH}/edit")) | changes
    del form["csrf_token"]
    return form


def difference(organiser: Client, **changes: str) -> str:
    answer = organiser.submit(f"{PATH}/edit", **typed(organiser, **changes), preview="1")
    assert answer.status_code == 200
    told = words_in(answer, "id", "rule-preview")
    return told.partition("Nothing is saved yet. Up to 2040: ")[2]


def test_a_moved_rule_lists_each_move_from_where_to_where_and_what_stays(
    organiser: Client,
) -> None:
    told = difference(organiser, month="4")
    assert told.startswith(
        "Move Yearly 2028 7–9 March 2028 → 4–6 April 2028 "
        "moved: the rule now says every year, first Tuesday of April Move Yearly 2029 "
    )
    assert told.count("Move Yearly") == 13
    assert told.endswith("1 edition stays, kept: cancelled")


def test_what_a_shorter_rule_retires_is_told_with_its_reason(organiser: Client) -> None:
    told = difference(
        organiser, rhythm="rrule", rrule=f"{YEARLY['rrule']};COUNT=6", starts_on="2024-03-05"
    )
    assert told.startswith("Remove Yearly 2030 5–7 March 2030 retired: beyond COUNT ")
    assert told.count("Remove") == 11
    assert told.endswith("1 edition stays, kept: cancelled 2 editions stay, kept: as the rule says")


def test_a_denser_rule_tells_what_is_new(organiser: Client) -> None:
    told = difference(
        organiser, rhythm="rrule", rrule="FREQ=YEARLY;BYMONTH=3,9;BYDAY=1TU", starts_on="2024-03-05"
    )
    assert "New Yearly 2028 5–7 September 2028 new: every year, first Tuesday of March" in told


def test_an_unchanged_rule_and_none_change_nothing(organiser: Client) -> None:
    assert difference(organiser).startswith(
        "No edition changes. 1 edition stays, kept: cancelled 13 editions"
    )
    told = difference(organiser, rhythm="none")
    assert told == (
        "No edition changes. 1 edition stays, kept: cancelled "
        "13 editions stay, kept: the series has no rule"
    )


def test_the_live_preview_tells_the_same_and_saves_nothing(organiser: Client) -> None:
    form = typed(organiser, month="4")
    answer = organiser.submit("/organise/series/preview?series=yearly", **form)
    assert "7–9 March 2028" in answer.text
    assert "kept: cancelled" in answer.text
    db.session.rollback()
    assert make_series("yearly").rrule == YEARLY["rrule"]
    assert queries.find("yearly-2028").dtstart == date(2028, 3, 7)  # type: ignore[union-attr]


def test_a_new_series_and_a_refused_rule_have_no_difference(organiser: Client) -> None:
    assert "What the plan would change" not in words(organiser.get("/organise/series/new"))
    form = typed(organiser, rhythm="rrule", rrule="FREQ=YEARLY;INTERVAL=0")
    answer = organiser.submit("/organise/series/preview?series=yearly", **form)
    assert "What the plan would change" not in answer.text
