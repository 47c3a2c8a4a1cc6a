"""Public holidays and the world's larger observances, and where their calendars end.

The days come from the `holidays` package, both Easters from dateutil. Days that follow the sight
of the moon are estimated. What a calendar does not yield is "not known", never free.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter

from scheduler.known_dates import EN_DASH, KnownDate, Level, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# "Eid al-Fitr (estimated)", "Chinese New Year (observed, estimated)": in English, as asked for.
_ESTIMATED = re.compile(r"\s*\((?:(?P<kept>[^()]+), )?estimated\)")

# The package's Hindu calendar ends here, and these countries lose holidays to that in silence.
_HINDU_CALENDAR_UNTIL = 2035
_HINDU_CALENDAR_COUNTRIES = frozenset({"BT", "FJ", "GY", "IN", "MU", "SR"})

_EASTERS: dict[str, Literal[2, 3]] = {
    "Easter (Western)": EASTER_WESTERN,
    "Easter (Orthodox)": EASTER_ORTHODOX,
}
_EASTER_YEARS = range(1583, 4100)
_DAY = timedelta(days=1)


class _Observance(NamedTuple):
    """Days that a country's calendar calls by ``label``; "Holiday" days after it belong to it."""

    name: str
    country: str
    label: str
    estimated: bool = False


_RAMADAN = _Observance("Ramadan", "MV", "First Day of Ramadan", estimated=True)
# The Maldives count Eid as they count Ramadan, so that the eve of one ends the other.
_EID_AL_FITR = _Observance("Eid al-Fitr", "MV", "Eid al-Fitr", estimated=True)
_OBSERVANCES = (
    _EID_AL_FITR,
    _Observance("Eid al-Adha", "MV", "Eid al-Adha", estimated=True),
    _Observance("Lunar New Year", "CN", "Chinese New Year (Spring Festival)"),
    _Observance("Rosh Hashanah", "IL", "Rosh Hashanah"),
    _Observance("Yom Kippur", "IL", "Yom Kippur"),
    _Observance("Diwali", "IN", "Diwali"),
)


class _Holiday(NamedTuple):
    day: date
    name: str
    estimated: bool


def national_holidays(country: str, years: Iterable[int]) -> list[KnownDate]:
    """Return the public holidays of a whole country, ascending, as hard known dates.

    ``country`` is an ISO 3166-1 alpha-2 code (alpha-3 works too); holidays of regions are not
    among them. Days in a row of the same name are one. A country or a year without a calendar
    yields none: `unknown_holidays` says so.

    >>> [day.name for day in national_holidays("AT", [2027])][:3]
    ["New Year's Day", 'Epiphany', 'Easter Monday']
    """
    found = [item for year in sorted(set(years)) for item in _holidays_of(country, year) or ()]
    return _runs(found, level=Level.HARD, source=f"public holidays of {country}")


def unknown_holidays(country: str, years: Iterable[int]) -> list[str]:
    """Return a sentence for each thing that is not known of a country's public holidays.

    >>> unknown_holidays("XAA", [2027])
    ['Public holidays of XAA in 2027 are not known.']
    >>> unknown_holidays("UA", [2027])  # none under martial law
    ['Public holidays of UA in 2027 are not known.']
    """
    asked = sorted(set(years))
    missing = [year for year in asked if _holidays_of(country, year) is None]
    sentences = []
    if missing:
        sentences.append(f"Public holidays of {country} in {_say_years(missing)} are not known.")
    partly = [year for year in asked if year > _HINDU_CALENDAR_UNTIL and year not in missing]
    if partly and country.upper() in _HINDU_CALENDAR_COUNTRIES:
        sentences.append(
            f"Some public holidays of {country} in {_say_years(partly)} are not known "
            f"(the Hindu calendar here ends in {_HINDU_CALENDAR_UNTIL})."
        )
    return sentences


def observances(start_year: int, end_year: int) -> list[KnownDate]:
    """Return the larger observances that touch the years, both included, ascending, all soft.

    Ramadan and both Eids (estimated), Easter, Western and Orthodox, each from Good Friday to
    Easter Monday, Lunar New Year, Rosh Hashanah, Yom Kippur and Diwali. `unknown_observances`
    says which of them a calendar no longer yields.

    >>> [(day.name, str(day.dtstart)) for day in observances(2027, 2027)][1:3]
    [('Ramadan', '2027-02-08'), ('Eid al-Fitr', '2027-03-09')]
    """
    return list(_observances_of(start_year, end_year))


@lru_cache(maxsize=256)  # a page asks for the same years of each week that it offers
def _observances_of(start_year: int, end_year: int) -> tuple[KnownDate, ...]:
    first, beyond = date(start_year, 1, 1), date(end_year + 1, 1, 1)
    # What began in December may last into the first year.
    years = range(start_year - 1, end_year + 2)
    found = [day for item in _OBSERVANCES for day in _days_of(item, years)]
    found += _ramadans(years)
    found += [day for year in years if year in _EASTER_YEARS for day in _easters(year)]
    touching = (day for day in found if span(day)[0] < beyond and first < span(day)[1])
    return tuple(sorted(touching, key=lambda day: (span(day), day.name)))


def unknown_observances(start_year: int, end_year: int) -> list[str]:
    """Return a sentence for each observance that is not known in the years, both included.

    >>> unknown_observances(2030, 2036)
    ['Diwali in 2036 is not known.']
    """
    years = range(start_year, end_year + 1)
    known: dict[str, set[int]] = {}
    for day in _observances_of(start_year, end_year):
        dtstart, dtend = span(day)
        known.setdefault(day.name, set()).update({dtstart.year, (dtend - _DAY).year})
    names = ["Ramadan", *(item.name for item in _OBSERVANCES), *_EASTERS]
    return [
        f"{name} in {_say_years(missing)} is not known."
        for name in names
        if (missing := [year for year in years if year not in known.get(name, ())])
    ]


def _easters(year: int) -> list[KnownDate]:
    return [
        KnownDate(
            name=name,
            dtstart=(sunday := easter(year, method)) - 2 * _DAY,
            dtend=sunday + 2 * _DAY,
            source="dateutil.easter, Good Friday to Easter Monday",
        )
        for name, method in _EASTERS.items()
    ]


def _ramadans(years: Sequence[int]) -> list[KnownDate]:
    starts = [span(day)[0] for day in _days_of(_RAMADAN, years)]
    eids = [span(day)[0] for day in _days_of(_EID_AL_FITR, [*years, years[-1] + 1])]
    ends = {start: min((eid for eid in eids if eid > start), default=None) for start in starts}
    return [
        KnownDate(
            name=_RAMADAN.name,
            dtstart=start,
            dtend=eid,
            estimated=True,
            source="public holidays of MV, first day of Ramadan to the eve of Eid",
        )
        for start, eid in ends.items()
        # The last one in the calendar has no Eid: how it ends is not known.
        if eid is not None
    ]


def _days_of(item: _Observance, years: Iterable[int]) -> list[KnownDate]:
    labels = {item.label, f"{item.label} Holiday"}
    found = [
        holiday._replace(name=item.name, estimated=item.estimated or holiday.estimated)
        for year in years
        for holiday in _holidays_of(item.country, year) or ()
        if holiday.name in labels
    ]
    return _runs(found, level=Level.SOFT, source=f"public holidays of {item.country}")


def _runs(found: list[_Holiday], *, level: Level, source: str) -> list[KnownDate]:
    """Join the days in a row that have one name."""
    runs: dict[str, KnownDate] = {}
    done: list[KnownDate] = []
    for day, name, estimated in sorted(found):
        last = runs.get(name)
        if last is not None and last.dtend == day:
            runs[name] = replace(last, dtend=day + _DAY, estimated=last.estimated or estimated)
            continue
        if last is not None:
            done.append(last)
        runs[name] = KnownDate(
            name=name,
            dtstart=day,
            dtend=day + _DAY,
            level=level,
            estimated=estimated,
            source=source,
        )
    return sorted([*done, *runs.values()], key=lambda day: (span(day), day.name))


@lru_cache(maxsize=4096)
def _holidays_of(country: str, year: int) -> tuple[_Holiday, ...] | None:
    """Return the public holidays of one year, or ``None`` where no calendar yields any."""
    # Half a second of import for the few who plan, so not at the top.
    import holidays  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # India warns that its Hindu calendar ends; `unknown_holidays` says so in our words.
            warnings.simplefilter("ignore", UserWarning)
            calendar = holidays.country_holidays(country.upper(), years=year, language="en_US")
    except NotImplementedError:
        return None
    found = (
        _Holiday(day, _ESTIMATED.sub(_keep_the_rest, name), _ESTIMATED.search(name) is not None)
        for day in calendar
        for name in calendar.get_list(day)
    )
    return tuple(found) or None


def _keep_the_rest(note: re.Match[str]) -> str:
    return f" ({note['kept']})" if note["kept"] else ""


def _say_years(years: Sequence[int]) -> str:
    """Say ascending years, those in a row as first and last."""
    starts = [years[0], *(later for year, later in pairwise(years) if later != year + 1)]
    ends = [*(year for year, later in pairwise(years) if later != year + 1), years[-1]]
    return ", ".join(
        str(start) if start == end else f"{start}{EN_DASH}{end}"
        for start, end in zip(starts, ends, strict=True)
    )
