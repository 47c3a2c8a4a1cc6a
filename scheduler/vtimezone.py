"""VTIMEZONE components (RFC 5545 §3.6.5) that every calendar program reads alike.

Made from the zone's own file as RFC 8536 lays it out: its list of onsets, and the POSIX rule in
its last line that holds after them. What repeats by that rule becomes an RRULE, all else one
RDATE line per onset, since several readers take only the first value of such a line.
"""

from __future__ import annotations

import calendar
import re
import struct
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LAST_YEAR = 2100
"""Until the end of this year, onsets that follow no rule are listed one by one."""

# Moments are naive here: in UTC as ``at``, on the zone's own clock as ``dtstart``.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_WEEKDAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_LAST_WEEK = 5  # POSIX means the last one by "the fifth Sunday"
_TZID = re.compile(r"\w[\w+-]*(/\w[\w+-]*)*", re.ASCII)
_POSIX_RULE = re.compile(
    r"(?P<std><[^>]+>|[A-Za-z]+)(?P<std_offset>[-+:\d]+)"
    r"((?P<dst><[^>]+>|[A-Za-z]+)(?P<dst_offset>[-+:\d]+)?,(?P<start>[^,]+),(?P<end>[^,]+))?"
)
_POSIX_DAY = re.compile(r"M(\d+)\.(\d)\.(\d)(?:/([-+:\d]+))?")


class UnknownTimezoneError(DomainError):
    """A time zone that the tz database does not have."""

    message = N_("There is no time zone “{tzid}”; an IANA name is needed, as Europe/Brussels.")


@lru_cache(maxsize=1024)
def encode_timezone(tzid: str, first_year: int) -> bytes:
    r"""Return the VTIMEZONE of ``tzid``, ready to stand in a calendar.

    It is right from 1 January of ``first_year`` (1970 at the earliest) on the zone's clock to the
    end of 2100, and beyond wherever the zone follows a rule. The bytes are kept: the zone data of
    a running process do not change.

    Raises:
        UnknownTimezoneError: the tz database has no such zone.

    >>> print(encode_timezone("Asia/Tokyo", 2027).decode().replace("\r\n", "\n"), end="")
    BEGIN:VTIMEZONE
    TZID:Asia/Tokyo
    BEGIN:STANDARD
    DTSTART:19700101T000000
    TZOFFSETFROM:+0900
    TZOFFSETTO:+0900
    TZNAME:JST
    END:STANDARD
    END:VTIMEZONE
    """
    zone = _read_zone(tzid)
    # Outlook.com refuses what begins before 1970. A rule needs some years to find its first onset
    # in: the first of November is a Friday after eleven at the latest.
    first_year = min(max(first_year, _EPOCH.year), LAST_YEAR - 12)
    first_day = datetime(first_year, 1, 1)  # noqa: DTZ001
    onsets = [onset for onset in zone.onsets if onset.dtstart > first_day]
    regular = zone.regular_tail(onsets)
    observances = [
        _opening(onsets[0], first_day) if onsets else _lasting(zone.final),
        *_listed(onsets[: len(onsets) - len(regular)]),
        *_ruled(regular, zone.rules),
    ]
    lines = [line for observance in observances for line in observance]
    return "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{tzid}", *lines, "END:VTIMEZONE", ""]).encode()


class _Period(NamedTuple):
    """What a zone's clock shows for a while: seconds east of UTC, and what that is called."""

    offset: int
    is_dst: bool
    name: str


class _Onset(NamedTuple):
    """The moment at which one period gives way to another with a different offset."""

    at: datetime
    before: _Period
    after: _Period

    @property
    def dtstart(self) -> datetime:
        """The onset on the clock as it still runs before it."""
        return self.at + timedelta(seconds=self.before.offset)

    @property
    def kind(self) -> str:
        """The component that begins here.

        Ireland and Morocco call their winter time the saving one; programs expect the greater
        offset under DAYLIGHT, so the direction decides and not the file's flag.
        """
        saves = self.before.is_dst or self.after.is_dst
        return "DAYLIGHT" if saves and self.after.offset > self.before.offset else "STANDARD"


class _Rule(NamedTuple):
    """An onset of each year: the POSIX day ``Mmonth.week.weekday`` and seconds from its midnight.

    The seconds may lie outside the day, up to a week: Cairo's clock goes back at 24:00.
    """

    before: _Period
    after: _Period
    month: int
    week: int
    weekday: int
    seconds: int

    def onset(self, year: int) -> _Onset:
        """Return this rule's onset in ``year``."""
        first, length = calendar.monthrange(year, self.month)  # Monday is 0 there, Sunday here
        day = 1 + (self.weekday - 1 - first) % 7 + 7 * (self.week - 1)
        day -= 7 if day > length else 0
        midnight = datetime(year, self.month, day)  # noqa: DTZ001
        at = midnight + timedelta(seconds=self.seconds - self.before.offset)
        return _Onset(at, self.before, self.after)

    def rrules(self) -> dict[int, str]:
        """Return the recurrence rules that yield this onset, by their month.

        There are two where the day after a last Thursday may lie in the next month.
        """
        shift = self.seconds // 86_400
        byday = _WEEKDAYS[(self.weekday + shift) % 7]
        if not shift:
            week = -1 if self.week == _LAST_WEEK else self.week
            return {self.month: f"FREQ=YEARLY;BYDAY={week}{byday};BYMONTH={self.month}"}
        # February's last week would need leap years told apart; no zone changes its clock then.
        _, length = calendar.monthrange(2001, self.month)
        first = min(7 * self.week, length) - 6 + shift
        month_days = defaultdict(list)
        for offset in range(first, first + 7):
            day = datetime(2001, self.month, 1) + timedelta(days=offset - 1)  # noqa: DTZ001
            month_days[day.month].append(str(day.day))
        return {
            month: f"FREQ=YEARLY;BYDAY={byday};BYMONTHDAY={','.join(days)};BYMONTH={month}"
            for month, days in month_days.items()
        }


@dataclass(frozen=True, slots=True)
class _Zone:
    """A zone's onsets to the end of ``LAST_YEAR``, the rules it ends with, and its last period."""

    onsets: tuple[_Onset, ...]
    rules: tuple[_Rule, ...]
    final: _Period

    def regular_tail(self, onsets: Sequence[_Onset]) -> list[_Onset]:
        """Return the end of ``onsets``, as far back as they are what the rules say.

        A rule's onset that did not come ends it as well: Havana leaves one out in 2026.
        """
        regular = _yearly(self.rules, _EPOCH.year)
        pairs = takewhile(
            lambda pair: pair[0] == pair[1], zip(onsets[::-1], regular[::-1], strict=False)
        )
        return [onset for onset, _ in pairs][::-1]


def _yearly(rules: Sequence[_Rule], first_year: int) -> list[_Onset]:
    """Return the onsets that ``rules`` yield from ``first_year`` to ``LAST_YEAR``."""
    years = range(first_year, LAST_YEAR + 2)
    onsets = sorted(rule.onset(year) for year in years for rule in rules)
    return [onset for onset in onsets if onset.dtstart.year <= LAST_YEAR]


def _opening(first: _Onset, start: datetime) -> list[str]:
    """Return the observance from ``start`` to the ``first`` onset."""
    # Without it ical.js takes the clock before that onset for UTC.
    saves = first.kind == "STANDARD" and first.before.is_dst | first.after.is_dst
    kind = "DAYLIGHT" if saves else "STANDARD"
    return _observance(kind, start, first.before, first.before)


def _lasting(period: _Period) -> list[str]:
    """Return the one observance of a zone that keeps its offset."""
    return _observance("STANDARD", _EPOCH, period, period)


def _listed(onsets: Sequence[_Onset]) -> Iterator[list[str]]:
    """Yield an observance for each kind of onset, with one RDATE line per onset."""
    alike = defaultdict(list)
    for onset in onsets:
        alike[onset.kind, onset.before, onset.after].append(onset.dtstart)
    for (kind, before, after), starts in alike.items():
        # DTSTART comes again: libical and ical.js take only RDATEs for onsets where there is one.
        rdates = [f"RDATE:{start:%Y%m%dT%H%M%S}" for start in starts] if starts[1:] else []
        yield _observance(kind, starts[0], before, after, *rdates)


def _ruled(onsets: Sequence[_Onset], rules: Sequence[_Rule]) -> Iterator[list[str]]:
    """Yield an observance for each rule, from its first onset among ``onsets`` on."""
    for rule in rules:
        own = [onset for onset in onsets if onset.after == rule.after]
        for month, rrule in rule.rrules().items():
            first = next((onset for onset in own if onset.dtstart.month == month), None)
            if first:
                yield _observance(first.kind, first.dtstart, *first[1:], f"RRULE:{rrule}")


def _observance(
    kind: str, start: datetime, before: _Period, after: _Period, *recurrence: str
) -> list[str]:
    """Return the lines of a STANDARD or DAYLIGHT component."""
    # The tz database has no letters for many zones, only "+03", which says nothing more.
    name = [f"TZNAME:{after.name}"] if after.name.isalpha() else []
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{start:%Y%m%dT%H%M%S}",
        *recurrence,
        f"TZOFFSETFROM:{_offset(before.offset)}",
        f"TZOFFSETTO:{_offset(after.offset)}",
        *name,
        f"END:{kind}",
    ]


def _offset(seconds: int) -> str:
    """Return ``+hhmm``; the seconds that Monrovia had until 1972 are left out."""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}"


def _read_zone(tzid: str) -> _Zone:
    """Read the file of ``tzid`` in the tzdata package (RFC 8536 §3)."""
    file = resources.files("tzdata").joinpath("zoneinfo", *tzid.split("/"))
    if not _TZID.fullmatch(tzid) or not file.is_file():
        raise UnknownTimezoneError(tzid=tzid)
    periods, changes, footer = _read_tzif(file.read_bytes())
    rules, final = _read_rules(footer)
    onsets = []
    current = periods[0]
    at = datetime.min  # noqa: DTZ901
    for at, period in changes:
        if period.offset != current.offset:
            onsets.append(_Onset(at, current, period))
        current = period
    yearly = _yearly(rules, max(at.year, _EPOCH.year) - 1)
    onsets += [onset for onset in yearly if onset.at > at]
    return _Zone(tuple(onsets), rules, final)


def _read_tzif(data: bytes) -> tuple[list[_Period], list[tuple[datetime, _Period]], str]:
    """Return the periods, the changes to them, and the footer of a TZif file."""
    # The first block repeats the second with 32 bits, for readers of old.
    skipped = _block_size(data, 0, 4)
    _, _, _, time_count, type_count, char_count = struct.unpack_from(">6l", data, skipped + 20)
    at = skipped + 44
    times = struct.unpack_from(f">{time_count}q", data, at)
    indices = data[at + 8 * time_count : at + 9 * time_count]
    at += 9 * time_count
    types = [struct.unpack_from(">l?B", data, at + 6 * index) for index in range(type_count)]
    names = data[at + 6 * type_count :][:char_count].decode("ascii")
    periods = [
        _Period(offset, is_dst, names[name : names.index("\0", name)])
        for offset, is_dst, name in types
    ]
    changes = [
        (_EPOCH + timedelta(seconds=moment), periods[index])
        for moment, index in zip(times, indices, strict=True)
    ]
    return periods, changes, data[skipped + _block_size(data, skipped, 8) :].decode("ascii").strip()


def _block_size(data: bytes, start: int, width: int) -> int:
    """Return the octets of a TZif header and the block that it counts, with times of ``width``."""
    utc, standard, leap, times, types, chars = struct.unpack_from(">6l", data, start + 20)
    counted: int = utc + standard + leap * (width + 4) + times * (width + 1) + types * 6 + chars
    return 44 + counted


def _read_rules(footer: str) -> tuple[tuple[_Rule, ...], _Period]:
    """Return the two yearly onsets of a POSIX TZ string (none without DST), and its base period."""
    match = _match(_POSIX_RULE, footer)
    # POSIX counts offsets west of Greenwich.
    standard = _Period(-_seconds(match["std_offset"]), is_dst=False, name=match["std"].strip("<>"))
    if not match["dst"]:
        return (), standard
    offset = -_seconds(match["dst_offset"]) if match["dst_offset"] else standard.offset + 3600
    saving = _Period(offset, is_dst=True, name=match["dst"].strip("<>"))
    start, end = _read_day(match["start"]), _read_day(match["end"])
    return (_Rule(standard, saving, *start), _Rule(saving, standard, *end)), standard


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    # POSIX has two more ways to count days; a test reads every zone, and none uses them.
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return match


def _read_day(text: str) -> tuple[int, int, int, int]:
    """Return month, week, weekday and seconds of ``M10.5.0/3`` (02:00 if no time is said)."""
    month, week, weekday, clock = _match(_POSIX_DAY, text).groups()
    return int(month), int(week), int(weekday), _seconds(clock or "2")


def _seconds(clock: str) -> int:
    """Return the seconds of ``[-]h[:mm[:ss]]``."""
    sign = -1 if clock.startswith("-") else 1
    hours, minutes, seconds = [*map(int, clock.lstrip("+-").split(":")), 0, 0][:3]
    return sign * (hours * 3600 + minutes * 60 + seconds)
