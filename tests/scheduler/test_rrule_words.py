from __future__ import annotations

from datetime import date

import pytest

from scheduler.recurrence import RecurrenceRule, describe

START = date(2027, 3, 2)


@pytest.mark.parametrize(
    ("rrule", "words"),
    [
        ("FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU", "every 3 years, first Tuesday of March"),
        ("FREQ=YEARLY", "every year, 2 March"),
        ("FREQ=YEARLY;BYMONTH=6,9", "every year, the 2nd of June and September"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "every year, the last day of February"),
        (
            "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR",
            "every year, each Friday that is the 13th of the month",
        ),
        ("FREQ=YEARLY;BYDAY=20MO,-1FR", "every year, 20th Monday and last Friday of the year"),
        (
            "FREQ=YEARLY;BYYEARDAY=100,-1,-2",
            (
                "every year, day 100 of the year, the second last day of the year and the last "
                "day of the year"
            ),
        ),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "every year, each Monday in week 20 of the year"),
        ("FREQ=YEARLY;BYWEEKNO=-1", "every year, each Tuesday in the last week of the year"),
        ("FREQ=YEARLY;BYYEARDAY=61;BYMONTH=3", "every year, day 61 of the year in March"),
        ("FREQ=MONTHLY", "every month, the 2nd of the month"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=-2MO", "every 2 months, second last Monday of the month"),
        (
            "FREQ=MONTHLY;BYMONTH=3,6;BYDAY=1TU,FR",
            "every month, first Tuesday and each Friday of March and June",
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU,WE;BYSETPOS=1,-1",
            "every month, each Tuesday and Wednesday, only the first and last of each month",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
            "every 2 weeks, each Tuesday and Sunday, weeks start on Sunday",
        ),
        ("FREQ=WEEKLY;BYMONTH=3", "every week, each Tuesday, only in March"),
        (
            "FREQ=DAILY;INTERVAL=10;BYMONTH=3;BYMONTHDAY=2,12,22;BYDAY=TU,FR",
            (
                "every 10 days, only on Tuesday or Friday, only on the 2nd, the 12th or the 22nd "
                "of the month, only in March"
            ),
        ),
        ("FREQ=DAILY;COUNT=1", "every day, 1 time"),
        ("FREQ=YEARLY;COUNT=10", "every year, 2 March, 10 times"),
        ("FREQ=YEARLY;UNTIL=20400305", "every year, 2 March, until 5 March 2040"),
        (
            "FREQ=YEARLY;BYMONTH=3;BYDAY=MO;BYMONTHDAY=19,20,21,22,23,24,25",
            "every year, Monday of the last full week of March",
        ),
        (
            "FREQ=YEARLY;BYMONTH=3;BYDAY=MO;BYMONTHDAY=21,22,23,24,25,26,27",
            "every year, Monday of the last full working week (Monday to Friday) of March",
        ),
        (
            "FREQ=YEARLY;BYMONTH=2;BYDAY=MO;BYMONTHDAY=-13,-12,-11,-10,-9,-8,-7",
            "every year, Monday of the last full week of February",
        ),
        (
            "FREQ=YEARLY;BYMONTH=9;BYDAY=MO;BYMONTHDAY=8,9,10,11,12,13,14",
            "every year, Monday of the second full week of September",
        ),
    ],
)
def test_every_part_is_named(rrule: str, words: str) -> None:
    assert describe(RecurrenceRule(rrule, START)) == words


def test_length_and_dates_by_hand_are_named() -> None:
    days = tuple(date(2030 + number, 3, 5) for number in range(5))
    rule = RecurrenceRule("FREQ=YEARLY", START, rdates=days[:1], exdates=(*days[2:], days[2]))
    assert describe(rule, 3) == (
        "every year, 2 March, 3 days, also on 5 March 2030,"
        " except 5 March 2032, 5 March 2033 and 5 March 2034"
    )
    rule = RecurrenceRule("FREQ=YEARLY", START, exdates=days)
    assert describe(rule, 1) == "every year, 2 March, 1 day, except 5 days"


def test_february_is_not_read_by_the_rules_of_longer_months() -> None:
    # 16 to 22 is the last full week of February in common years alone.
    rule = RecurrenceRule("FREQ=YEARLY;BYMONTH=2;BYDAY=MO;BYMONTHDAY=16,17,18,19,20,21,22", START)
    assert "full week" not in describe(rule)
