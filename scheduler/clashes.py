"""Clashes of an event's days with the world's and our own, and the nearest weeks without.

*Hard*: the same series or city on the same days, a national holiday of the host, the expected
week of the IAEA General Conference. *Soft*: the larger observances, other known events, and what
only may fall on the days. *Load*: two own events less than eight weeks apart.

Known dates come from `observances`, from rules such as `GENERAL_CONFERENCE` and from the caller's
own records. What no calendar yields is never taken for free: `unknowns` says it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scheduler.known_dates import (
    GENERAL_CONFERENCE,
    KnownDate,
    KnownDateError,
    Level,
    Precision,
    expand,
    reach,
    say_days,
    say_month,
    span,
)
from scheduler.observances import (
    national_holidays,
    observances,
    unknown_holidays,
    unknown_observances,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "GENERAL_CONFERENCE",
    "Clash",
    "FreeWeek",
    "KnownDate",
    "KnownDateError",
    "Level",
    "OwnEvent",
    "Precision",
    "expand",
    "find_all_clashes",
    "find_clashes",
    "free_weeks",
    "national_holidays",
    "observances",
    "overlaps",
    "say_days",
    "unknown_holidays",
    "unknown_observances",
    "unknowns",
]

LOAD_WEEKS = 8
SEARCH_WEEKS = 26

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_LOAD_GAP = timedelta(weeks=LOAD_WEEKS)


class OwnEvent(NamedTuple):
    """One of our events on the days ``[dtstart, dtend)``; ``key`` tells it from the others.

    ``series`` may be empty for an event outside any series, ``city`` while it is not known.
    """

    key: str
    title: str
    series: str
    dtstart: date
    dtend: date
    city: str = ""
    country_code: str = ""


class Clash(NamedTuple):
    """What lies on, or too near, an event's days: ``[dtstart, dtend)``, and why it matters."""

    level: Level
    name: str
    dtstart: date
    dtend: date
    reason: str
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class FreeWeek:
    """Days ``[dtstart, dtend)`` without a hard clash, with the clashes that remain.

    ``distance_weeks`` counts from the week looked around, negative for earlier.
    """

    dtstart: date
    dtend: date
    clashes: tuple[Clash, ...]
    distance_weeks: int
    reason: str = ""


def find_clashes(
    event: OwnEvent,
    known: Sequence[KnownDate],
    own: Sequence[OwnEvent],
    host_country: str | None,
) -> list[Clash]:
    """Return what clashes with ``event``, by level, the gravest first, then by day.

    ``own`` may hold the event itself (the same key): it is left out. ``host_country`` is an ISO
    3166-1 alpha-2 code, or ``None`` while there is no host.

    >>> symposium = OwnEvent("s", "Symposium 2027", "symposium", date(2027, 3, 2), date(2027, 3, 5))
    >>> for clash in find_clashes(symposium, observances(2027, 2027), [], None):
    ...     print(clash.level, clash.name, clash.estimated)
    soft Ramadan True

    Raises:
        RecurrenceRuleError: the rule of a known date is not usable.
    """
    days = expand(known, event.dtstart, event.dtend)
    return _judge(event, days, own, host_country)


def find_all_clashes(
    events: Sequence[OwnEvent],
    known: Sequence[KnownDate],
    own: Sequence[OwnEvent],
    hosts: Mapping[str, str],
) -> dict[str, list[Clash]]:
    """Return `find_clashes` of each of ``events`` by its key, with ``hosts`` by key too.

    One sorted sweep finds who meets whom, so many events cost n log n and what they meet.
    """
    clashes = _find_each(events, known, own, [hosts.get(event.key) for event in events])
    return {event.key: found for event, found in zip(events, clashes, strict=True)}


def overlaps(
    spans: Sequence[tuple[date, date]], others: Sequence[tuple[date, date]] | None = None
) -> list[tuple[int, int]]:
    """Return the index pairs of ``spans`` and ``others`` that share a day, in no set order.

    Spans are ``[dtstart, dtend)`` and hold a day each. Without ``others``: the pairs among
    ``spans``, each once, the earlier first. A sorted sweep: n log n, and one step a pair.

    >>> week, monday = (date(2027, 3, 1), date(2027, 3, 6)), (date(2027, 3, 8), date(2027, 3, 9))
    >>> overlaps([week, monday], [(date(2027, 3, 5), date(2027, 3, 8))])
    [(0, 0)]
    >>> overlaps([monday, week, week])
    [(1, 2)]
    """
    mine = _Sorted.of(spans)
    if others is None:
        return mine.pairs_within(mine, range(1, len(spans) + 1))
    theirs = _Sorted.of(others)
    # Of two that share a day, one begins within the other; ties count for ``others``.
    pairs = mine.pairs_within(theirs, [theirs.rank(begin) for begin in mine.begins()])
    after = [mine.rank(begin + 1) for begin in theirs.begins()]
    return pairs + [(index, other) for other, index in theirs.pairs_within(mine, after)]


class _Sorted(NamedTuple):
    """Spans by their first day; ``ends`` has the day after the last by the span's index.

    A key is one number, the first day with the index in its last ``shift`` bits: numbers sort
    and compare much faster than dates, and faster than indexes by a key each.
    """

    keys: list[int]
    ends: list[int]
    shift: int

    @classmethod
    def of(cls, spans: Sequence[tuple[date, date]]) -> _Sorted:
        shift = len(spans).bit_length()
        keys = [dtstart.toordinal() << shift | index for index, (dtstart, _) in enumerate(spans)]
        keys.sort()
        return cls(keys, [dtend.toordinal() for _, dtend in spans], shift)

    def begins(self) -> Iterable[int]:
        """Return the first days, ascending."""
        return (key >> self.shift for key in self.keys)

    def rank(self, day: int) -> int:
        """Return how many spans begin before ``day``."""
        return bisect_left(self.keys, day << self.shift)

    def pairs_within(self, others: _Sorted, first: Iterable[int]) -> list[tuple[int, int]]:
        """Pair each span with the others from rank ``first`` on that begin before its end."""
        pairs: list[tuple[int, int]] = []
        add, ends, shift = pairs.append, self.ends, others.shift
        mask, other_mask = (1 << self.shift) - 1, (1 << shift) - 1
        keys = [*others.keys, (date.max.toordinal() + 1) << shift]
        # The plain loop beats bisect and slices: most spans meet none or few.
        for key, start in zip(self.keys, first, strict=True):
            index, rank = key & mask, start
            end = ends[index] << shift
            while keys[rank] < end:
                add((index, keys[rank] & other_mask))
                rank += 1
        return pairs


def unknowns(event: OwnEvent, known: Iterable[KnownDate], host_country: str | None) -> list[str]:
    """Return a sentence for each thing that cannot be compared with ``event``, since unknown.

    The host's holidays and the observances where their calendars end, and the known dates of
    which only the month, the year or a window is told.
    """
    years = range(event.dtstart.year, (event.dtend - _DAY).year + 1)
    sentences = [] if host_country is None else unknown_holidays(host_country, years)
    sentences += unknown_observances(years[0], years[-1])
    for day in expand(known, event.dtstart, event.dtend):
        if day.precision != "day":
            sentences.append(f"The days of {day.name} ({_say_vaguely(day)}) are not known.")
    return sentences


def free_weeks(  # noqa: PLR0913 - what a week is compared with, and how far to look
    event: OwnEvent,
    known: Sequence[KnownDate],
    own: Sequence[OwnEvent],
    around: date,
    limit: int,
    *,
    host_country: str | None = None,
    not_before: date | None = None,
) -> list[FreeWeek]:
    """Return up to ``limit`` weeks without a hard clash: those with no soft one first, then near.

    A week keeps the event's weekday and length. The distance counts from the week whose start is
    nearest to ``around``, `SEARCH_WEEKS` each way; ``not_before`` is the first day to offer.
    """
    # The start of the event's weekday nearest to ``around``: three days either side.
    shift = (event.dtstart.weekday() - around.weekday() + 3) % 7 - 3
    length = event.dtend - event.dtstart
    moved = {
        distance: event._replace(dtstart=dtstart, dtend=dtstart + length)
        for distance in range(-SEARCH_WEEKS, SEARCH_WEEKS + 1)
        if (dtstart := around + shift * _DAY + distance * _WEEK) >= (not_before or dtstart)
    }
    clashes = _find_each(list(moved.values()), known, own, [host_country] * len(moved))
    weeks = [
        FreeWeek(week.dtstart, week.dtend, tuple(found), distance)
        for (distance, week), found in zip(moved.items(), clashes, strict=True)
        if all(clash.level is not Level.HARD for clash in found)
    ]
    best = sorted(weeks, key=_rank)[:limit]
    return [
        replace(
            week, reason=_say_week(week, unknowns(moved[week.distance_weeks], known, host_country))
        )
        for week in best
    ]


def _rank(week: FreeWeek) -> tuple[bool, int, int, int]:
    is_soft = any(clash.level is Level.SOFT for clash in week.clashes)
    # Of two as near, the one with less beside it, then the later: more time to prepare.
    return is_soft, abs(week.distance_weeks), len(week.clashes), -week.distance_weeks


def _find_each(
    events: Sequence[OwnEvent],
    known: Sequence[KnownDate],
    own: Sequence[OwnEvent],
    hosts: Sequence[str | None],
) -> list[list[Clash]]:
    """Return the clashes of each event in turn; two sweeps choose the candidates."""
    if not events:
        return []
    spans = [(event.dtstart, event.dtend) for event in events]
    days = expand(known, min(first for first, _ in spans), max(beyond for _, beyond in spans))
    near: list[tuple[list[KnownDate], list[OwnEvent]]] = [([], []) for _ in events]
    for index, other in overlaps(spans, [reach(day) for day in days]):
        near[index][0].append(days[other])
    wide = [(event.dtstart - _LOAD_GAP, event.dtend + _LOAD_GAP) for event in own]
    for index, other in overlaps(spans, wide):
        near[index][1].append(own[other])
    return [
        _judge(event, met, beside, host)
        for event, (met, beside), host in zip(events, near, hosts, strict=True)
    ]


def _judge(
    event: OwnEvent,
    days: Iterable[KnownDate],
    own: Iterable[OwnEvent],
    host_country: str | None,
) -> list[Clash]:
    """Weigh each candidate; those that do not touch the event fall out here."""
    found = [_with_known(event, day) for day in days]
    found += [_with_own(event, other) for other in own]
    if host_country is not None:
        last = event.dtend - _DAY
        holidays = _host_holidays(host_country, event.dtstart.year, last.year)
        found += [_with_holiday(event, day, host_country) for day in holidays]
    clashes = [clash for clash in found if clash is not None]
    return sorted(
        clashes, key=lambda clash: (clash.level.severity, clash.dtstart, clash.name, clash.reason)
    )


def _with_known(event: OwnEvent, day: KnownDate) -> Clash | None:
    dtstart, dtend = span(day)
    first, beyond = reach(day)
    if day.precision != "day" or not _share_a_day(event, first, beyond):
        return None
    ours, theirs = say_days(event.dtstart, event.dtend), say_days(dtstart, dtend)
    estimated = ", estimated" if day.estimated else ""
    if _share_a_day(event, dtstart, dtend):
        is_here = _is_same_city(event.city, day.city)
        level = Level.HARD if is_here else day.level
        verb = "lies in" if dtstart <= event.dtstart and event.dtend <= dtend else "overlaps"
        margin = f", ± {day.margin_days} days" if day.margin_days else ""
        place = f", also in {day.city}" if is_here else ""
        reason = f"{ours} {verb} {day.name} ({theirs}{estimated}{margin}){place}"
    else:
        # What only may fall on the days warns, it does not forbid.
        level = Level.SOFT if day.level is Level.HARD else day.level
        reason = (
            f"{day.name} ({theirs}{estimated}) is uncertain by ± {day.margin_days} days: "
            f"a clash with {ours} is possible"
        )
    return Clash(level, day.name, dtstart, dtend, reason, day.estimated)


def _with_holiday(event: OwnEvent, day: KnownDate, host_country: str) -> Clash | None:
    dtstart, dtend = span(day)
    if not _share_a_day(event, dtstart, dtend):
        return None
    estimated = " (estimated)" if day.estimated else ""
    reason = (
        f"{say_days(dtstart, dtend)} is {day.name}{estimated}, "
        f"a national holiday of the host ({host_country})"
    )
    return Clash(day.level, day.name, dtstart, dtend, reason, day.estimated)


def _with_own(event: OwnEvent, other: OwnEvent) -> Clash | None:
    if other.key == event.key:
        return None
    ours = say_days(event.dtstart, event.dtend)
    theirs = f"{other.title} ({say_days(other.dtstart, other.dtend)})"
    level = Level.LOAD
    if _share_a_day(event, other.dtstart, other.dtend):
        reason = f"{ours} overlaps {theirs}"
        if event.series and event.series == other.series:
            level, reason = Level.HARD, f"{reason} of the same series"
        elif _is_same_city(event.city, other.city) and _may_be_same_country(event, other):
            level, reason = Level.HARD, f"{reason}, also in {other.city}"
    else:
        gap = max(event.dtstart, other.dtstart) - min(event.dtend, other.dtend)
        if gap >= _LOAD_GAP:
            return None
        reason = (
            f"{ours} is less than {LOAD_WEEKS} weeks from {theirs}: {_say_gap(gap.days)} between"
        )
    return Clash(level, other.title, other.dtstart, other.dtend, reason)


@lru_cache(maxsize=4096)
def _host_holidays(country: str, first: int, last: int) -> tuple[KnownDate, ...]:
    return tuple(national_holidays(country, range(first, last + 1)))


def _share_a_day(event: OwnEvent, dtstart: date, dtend: date) -> bool:
    return event.dtstart < dtend and dtstart < event.dtend


def _is_same_city(one: str, other: str) -> bool:
    return bool(one.strip()) and one.strip().casefold() == other.strip().casefold()


def _may_be_same_country(one: OwnEvent, other: OwnEvent) -> bool:
    codes = {one.country_code, other.country_code}
    return len(codes) == 1 or "" in codes


def _say_gap(days: int) -> str:
    count, unit = (days // 7, "week") if days >= _WEEK.days else (days, "day")
    return f"{count or 'no'} {unit}{'' if count in {0, 1} else 's'}"


def _say_vaguely(day: KnownDate) -> str:
    dtstart, dtend = span(day)
    match day.precision:
        case "month":
            return say_month(dtstart)
        case "year":
            return str(dtstart.year)
        case _:
            return say_days(dtstart, dtend)


def _say_week(week: FreeWeek, not_known: Sequence[str]) -> str:
    """Say why a week is offered and what speaks against it: ``2 weeks later: no clash known``."""
    distance = week.distance_weeks
    away = f"{_say_gap(abs(distance) * 7)} {'later' if distance > 0 else 'earlier'}"
    reasons = [clash.reason for clash in week.clashes] or ["no clash known"]
    if week.clashes:
        reasons.insert(0, "no hard clash known")
    sentences = [sentence.removesuffix(".") for sentence in not_known]
    return f"{away if distance else 'the week itself'}: {'; '.join([*reasons, *sentences])}"
