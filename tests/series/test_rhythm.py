from __future__ import annotations

from datetime import date

import pytest

from app.series import service
from scheduler.recurrence import RecurrenceRule


@pytest.mark.parametrize(
    "rrule", ["FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=YEARLY;BYMONTH=3,9;BYDAY=1MO"]
)
def test_editions_may_recur_up_to_once_a_week(rrule: str) -> None:
    service.check_rule(RecurrenceRule(rrule, date(2027, 3, 1)))


@pytest.mark.parametrize("rrule", ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE,FR"])
def test_more_often_is_refused_with_what_would_be_accepted(rrule: str) -> None:
    with pytest.raises(service.TooOftenError, match="once a week at most, such as FREQ=WEEKLY"):
        service.check_rule(RecurrenceRule(rrule, date(2027, 3, 1)))


def test_the_end_of_the_calendar_is_no_fault() -> None:
    service.check_rule(RecurrenceRule("FREQ=YEARLY", date(9999, 3, 1)))
