"""Days in words, in the reader's language: spans, date blocks, moments.

All spans are days with the end exclusive, as in iCalendar; only the words show the last day.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from babel.core import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time

from app.i18n import zone_words

Precision = Literal["day", "month", "year", "window"]

# A window of months is written like months: its days are not known either.
BY_MONTH = frozenset({"month", "window"})

DASH = "\N{EN DASH}"
SPACED_DASH = "\N{THIN SPACE}\N{EN DASH}\N{THIN SPACE}"
DAY = timedelta(days=1)


def parse_locale(name: str) -> Locale:
    """Return the CLDR locale that ``name`` is written in."""
    # The house writes "5 March 2024"; CLDR's plain English would write "March 5, 2024".
    return Locale.parse("en_GB" if name == "en" else name.replace("-", "_"))


def _full_pattern(locale: Locale) -> str:
    return str(locale.date_formats["long"].pattern)


def _last_day(dtstart: date, dtend: date | None) -> date:
    return max(dtstart, dtend - DAY) if dtend else dtstart


@lru_cache(maxsize=4096)
def format_day(day: date, *, weekday: bool = False, locale: str = "en") -> str:
    """Say one day in full: ``5 March 2024``, or ``Tuesday 5 March 2024``."""
    place = parse_locale(locale)
    if weekday and place.language == "en":
        return format_date(day, "EEEE d MMMM y", locale=place)
    return format_date(day, "full" if weekday else "long", locale=place)


def format_moment(moment: datetime, zone: str, *, locale: str = "en") -> str:
    """Say a moment that is already in its zone: ``5 March 2024, 14:00 (Brussels time)``."""
    clock = format_time(moment.timetz(), "HH:mm", tzinfo=moment.tzinfo, locale=parse_locale(locale))
    return f"{format_day(moment.date(), locale=locale)}, {clock} ({zone_words(zone)})"


def format_until(moment: datetime, zone: str, *, locale: str = "en") -> str:
    """Say a closing moment, already in its zone; the midnight that ends a day is that day's 24:00.

    ``Sunday 13 December 2026, 24:00 (UTC)``: "14 December, 00:00" reads as a day more.
    """
    place = parse_locale(locale)
    if moment.time() == time.min:
        day, clock = moment.date() - DAY, "24:00"
    else:
        day = moment.date()
        clock = format_time(moment.timetz(), "HH:mm", tzinfo=moment.tzinfo, locale=place)
    return f"{format_day(day, weekday=True, locale=locale)}, {clock} ({zone_words(zone)})"


@lru_cache(maxsize=4096)
def format_span(
    dtstart: date,
    dtend: date | None,
    precision: Precision = "day",
    *,
    weekdays: bool = False,
    locale: str = "en",
) -> str:
    """Say a span of days as one would write it, from one day to several years.

    >>> from datetime import date
    >>> format_span(date(2024, 3, 5), date(2024, 3, 8))
    '5–7 March 2024'
    >>> format_span(date(2023, 9, 1), date(2023, 10, 1), "month")
    'September 2023'
    """
    place = parse_locale(locale)
    last = _last_day(dtstart, dtend)
    if precision == "year":
        return _joined(str(dtstart.year), str(last.year), DASH)
    if precision in BY_MONTH:
        return _format_months(dtstart, last, place)
    words = _format_days(dtstart, last, place)
    return f"{_format_weekdays(dtstart, last, place)}, {words}" if weekdays else words


@lru_cache(maxsize=4096)
def format_short_span(
    dtstart: date, dtend: date | None, precision: Precision = "day", *, locale: str = "en"
) -> str:
    """Say a span where its year is already known: ``5 Mar``, or ``Sept``."""
    place = parse_locale(locale)
    if precision == "year":
        return str(dtstart.year)
    if precision in BY_MONTH:
        return format_date(dtstart, "LLL", locale=place)
    last = _last_day(dtstart, dtend)
    if last == dtstart:
        return format_date(dtstart, "d MMM", locale=place)
    return str(format_interval(dtstart, last, "MMMd", locale=place))


def _joined(first: str, last: str, dash: str) -> str:
    return first if first == last else f"{first}{dash}{last}"


def _format_months(first: date, last: date, place: Locale) -> str:
    if first.year == last.year and first.month != last.month:
        return f"{format_date(first, 'LLLL', locale=place)}{DASH}{month_of_year(last, place)}"
    return _joined(month_of_year(first, place), month_of_year(last, place), SPACED_DASH)


def month_of_year(day: date, place: Locale) -> str:
    """Say the month of ``day`` and its year: ``September 2023``."""
    return format_date(day, "LLLL y", locale=place)


def format_month(year: int, month: int, *, locale: str = "en") -> str:
    """Say a month and its year: ``September 2023``."""
    return month_of_year(date(year, month, 1), parse_locale(locale))


def _format_days(first: date, last: date, place: Locale) -> str:
    pattern = _full_pattern(place)
    whole = format_date(last, pattern, locale=place)
    if first == last:
        return whole
    if not pattern.startswith("d"):
        # Languages that begin with the year have their own way to shorten a span.
        return str(format_interval(first, last, "yMMMd", locale=place))
    if (first.year, first.month) == (last.year, last.month):
        dot = "." if pattern.startswith("d.") else ""
        return f"{first.day}{dot}{DASH}{whole}"
    until_month = pattern.split("y", 1)[0].rstrip(" ,").removesuffix(" 'de'")
    head = pattern if first.year != last.year else until_month
    return f"{format_date(first, head, locale=place)}{SPACED_DASH}{whole}"


def _format_weekdays(first: date, last: date, place: Locale) -> str:
    names = [format_date(day, "EEE", locale=place) for day in (first, last)]
    return _joined(names[0], names[1], DASH)


@dataclass(frozen=True, slots=True)
class DateBlock:
    """The parts of a date block, from large to small; ``is_long`` asks for smaller type."""

    lines: tuple[str, ...]
    month: str
    year: str
    weekdays: str
    iso: str
    is_long: bool = False


@lru_cache(maxsize=4096)
def date_block_parts(
    dtstart: date, dtend: date | None, precision: Precision = "day", *, locale: str = "en"
) -> DateBlock:
    """Take a span apart for a date block: days large, then month, year and weekdays."""
    place = parse_locale(locale)
    last = _last_day(dtstart, dtend)
    year = _joined(str(dtstart.year), str(last.year), DASH)
    if precision == "year":
        return DateBlock((year,), "", "", "", f"{dtstart:%Y}", is_long=True)
    months = [format_date(day, "LLLL", locale=place) for day in (dtstart, last)]
    if precision in BY_MONTH:
        one_month = (_joined(months[0], months[1], DASH),)
        return DateBlock(one_month, "", year, "", f"{dtstart:%Y-%m}", is_long=True)
    weekdays = _format_weekdays(dtstart, last, place)
    iso = dtstart.isoformat()
    if (dtstart.year, dtstart.month) == (last.year, last.month):
        days = _joined(str(dtstart.day), str(last.day), DASH)
        return DateBlock((days,), months[0], year, weekdays, iso)
    ends = [format_skeleton("MMMd", day, locale=place) for day in (dtstart, last)]
    return DateBlock((f"{ends[0]} {DASH}", ends[1]), "", year, weekdays, iso, is_long=True)
