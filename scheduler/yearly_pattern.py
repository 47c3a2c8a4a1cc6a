"""The form in which people say when a yearly event falls, and its RECUR value."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scheduler.errors import RecurrenceRuleError
from scheduler.rrule_parts import (
    MAX_INTERVAL,
    WEEKDAYS,
    Frequency,
    Recur,
    WeekdayNumber,
    read_recur,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEBRUARY = 2
_LEAP_YEAR = 2000
_MONDAY = (WeekdayNumber(0),)
_WEEK, _WORKING_WEEK = 7, 5


@dataclass(frozen=True, slots=True)
class YearlyPattern:
    """Every so many years in one month, on one day of it, said in one of three ways.

    - ``ordinal`` (1 to 4, or -1 for the last) and ``weekday`` (``"MO"`` to ``"SU"``);
    - ``full_week`` (1 to 3, or -1): the Monday of a week, Monday to Sunday, that lies wholly
      in the month;
    - ``month_day``: a fixed day of the month.

    >>> YearlyPattern(3, 3, ordinal=1, weekday="TU").rrule()
    'FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU'
    >>> YearlyPattern(1, 3, full_week=-1).rrule()
    'FREQ=YEARLY;BYMONTH=3;BYDAY=MO;BYMONTHDAY=19,20,21,22,23,24,25'

    Raises:
        RecurrenceRuleError: it says none of the three, several, or what no calendar has.
    """

    interval: int
    month: int
    ordinal: int | None = None
    weekday: str | None = None
    full_week: int | None = None
    month_day: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.interval <= MAX_INTERVAL or self.month not in range(1, 13):
            refuse("years are counted from 1 on and months from 1 to 12.")
        match (self.ordinal, self.weekday, self.full_week, self.month_day):
            case (1 | 2 | 3 | 4 | -1, str(weekday), None, None) if weekday in WEEKDAYS:
                return
            case (None, None, 1 | 2 | 3 | -1, None):
                return
            # 29 February counts: it comes in leap years.
            case (None, None, None, int(day)) if 1 <= day <= monthrange(_LEAP_YEAR, self.month)[1]:
                return
        refuse(
            "it needs a weekday (the 1st to 4th or the last), a full week (the 1st to 3rd or the"
            " last) or a day that the month has, and only one of them."
        )

    def rrule(self) -> str:
        """Return the RECUR value (RFC 5545 §3.3.10) of this pattern."""
        every = "" if self.interval == 1 else f"INTERVAL={self.interval};"
        head = f"FREQ=YEARLY;{every}BYMONTH={self.month};"
        if self.weekday is not None:
            return f"{head}BYDAY={self.ordinal}{self.weekday}"
        if self.full_week is not None:
            days = ",".join(map(str, _mondays(self.month, self.full_week, _WEEK)))
            return f"{head}BYDAY=MO;BYMONTHDAY={days}"
        return f"{head}BYMONTHDAY={self.month_day}"

    @classmethod
    def read(cls, rrule: str) -> YearlyPattern | None:
        """Return the pattern of ``rrule``, or ``None`` when it says more than the form can show.

        >>> YearlyPattern.read("FREQ=YEARLY;INTERVAL=2;BYMONTH=9;BYDAY=2MO").weekday
        'MO'
        >>> YearlyPattern.read("FREQ=YEARLY;BYMONTH=9;BYDAY=2MO;COUNT=3") is None
        True
        """
        try:
            recur = read_recur(rrule)
        except RecurrenceRuleError:
            return None
        # The parts that the form can show; any other makes the comparison fail.
        shown = Recur(
            Frequency.YEARLY,
            interval=recur.interval,
            bymonth=recur.bymonth,
            byday=recur.byday,
            bymonthday=recur.bymonthday,
        )
        if recur != shown or len(recur.bymonth) != 1:
            return None
        (month,) = recur.bymonth
        week = full_week(recur)
        try:
            match recur.byday, recur.bymonthday:
                case (WeekdayNumber(weekday, ordinal),), () if ordinal:
                    name = WEEKDAYS[weekday]
                    return cls(recur.interval, month, ordinal=ordinal, weekday=name)
                case (), (day,):
                    return cls(recur.interval, month, month_day=day)
                case _ if week and week[1] == _WEEK:
                    return cls(recur.interval, month, full_week=week[0])
        except RecurrenceRuleError:
            pass  # A fifth Friday or a day counted from the end: more than the form can show.
        return None


def full_week(recur: Recur) -> tuple[int, int] | None:
    """Return which full week of its month the Monday of ``recur`` opens, and its length in days.

    Weeks count from 1, and -1 is the last. The length is 7 (to Sunday) or 5 (to Friday): of the
    two, only the last week differs. ``None`` means that the rule is not of this kind.
    """
    if recur.byday != _MONDAY or len(recur.bymonth) != 1:
        return None
    for week, length in ((1, 7), (2, 7), (3, 7), (-1, 7), (-1, 5)):
        for month in (recur.bymonth[0], _FEBRUARY):
            if recur.bymonthday == tuple(_mondays(month, week, length)):
                return week, length
    return None


def _mondays(month: int, week: int, length: int) -> Sequence[int]:
    """Return the days of ``month`` on which the Monday of a full week can fall."""
    if week > 0:
        return range(7 * week - 6, 7 * week + 1)
    if month == _FEBRUARY:
        # Its length varies, so its days are counted from the end.
        return range(-length - 6, -length + 1)
    end = monthrange(_LEAP_YEAR, month)[1] - length + 1
    return range(end - 6, end + 1)
