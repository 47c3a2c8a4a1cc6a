"""Feeds: 1,000 and 10,000 entries encoded, and joined from kept bytes, against icalendar alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from bench.measuring import ROUNDS, Figure, interleaved
from scheduler.ical import (
    CalendarEntry,
    CalendarHead,
    EntryStatus,
    assemble,
    encode,
    encode_component,
    encode_timezone,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES = (1_000, 10_000)
ZONES = ("Europe/Paris", "America/New_York", "Africa/Lagos")
HEAD = CalendarHead(name="Symposia: All events", url="https://symposia.example.org/calendar")
CHANGED_AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
DESCRIPTION = (
    "The meeting of policy makers, regulators and operators; registration, travel and rooms are "
    "described on its page, and changes arrive by themselves."
)


def measure() -> list[Figure]:
    """Measure the encoder and the join of kept components."""
    return [figure for size in SIZES for figure in _figures(size)]


def make_entries(count: int) -> list[CalendarEntry]:
    """Make entries, half of them whole days and half of them times in three zones."""
    return [_entry(number) for number in range(count)]


def encode_by_icalendar(entries: Sequence[CalendarEntry]) -> bytes:
    """Write the same properties as one does with the library alone."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//naive//EN")
    calendar.add("x-wr-calname", HEAD.name)
    for entry in entries:
        zone = ZoneInfo(entry.tzid) if entry.tzid else None
        event = Event()
        event.add("uid", entry.uid)
        event.add("dtstamp", entry.last_modified)
        event.add("created", entry.created)
        event.add("last-modified", entry.last_modified)
        event.add("sequence", entry.sequence)
        for name, value in (("dtstart", entry.dtstart), ("dtend", entry.dtend)):
            event.add(name, value.replace(tzinfo=zone) if isinstance(value, datetime) else value)
        event.add("summary", entry.summary)
        event.add("status", entry.status.value)
        event.add("location", entry.location)
        event.add("url", entry.url)
        event.add("description", entry.description)
        event.add("categories", list(entry.categories))
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _entry(number: int) -> CalendarEntry:
    day = date(2026, 1, 1) + timedelta(days=number % 3650)
    moment = datetime.combine(day, datetime.min.time()) + timedelta(hours=9)
    timed = number % 2 == 1
    return CalendarEntry(
        uid=f"{number:08d}-1f3c-4f0e-9a51-6f0c2b7d9e11@symposia.example.org",
        sequence=number % 4,
        created=CHANGED_AT,
        last_modified=CHANGED_AT,
        summary=f"Regional Engagement on Insider Threat Mitigation, number {number}",
        dtstart=moment if timed else day,
        dtend=moment + timedelta(hours=8) if timed else day + timedelta(days=3),
        status=EntryStatus.CONFIRMED,
        tzid=ZONES[number % 3] if timed else None,
        location="Congress Hall, Example City, Exampleland",
        url=f"https://symposia.example.org/editions/edition-{number}",
        description=DESCRIPTION,
        categories=("Regional engagement",),
    )


def _figures(size: int) -> list[Figure]:
    entries = make_entries(size)
    kept = [encode_component(entry) for entry in entries]
    timezones = [encode_timezone(tzid, 2026) for tzid in sorted(ZONES)]
    edited = entries[size // 2]

    def join() -> bytes:
        return assemble(HEAD, kept, timezones)

    def join_after_an_edit() -> bytes:
        kept[size // 2] = encode_component(edited)
        return assemble(HEAD, kept, timezones)

    encode_ms, join_ms, edit_ms, reference_ms = interleaved(
        [
            [
                lambda: encode(HEAD, entries),
                join,
                join_after_an_edit,
                lambda: encode_by_icalendar(entries),
            ]
        ]
        * ROUNDS
    )
    given = f"{size:,} entries, {len(join()) / 1_000_000:.1f} MB"
    reference = "icalendar used naively"
    return [
        Figure("feed: every entry encoded", given, encode_ms, reference, reference_ms),
        Figure("feed: kept components joined", given, join_ms, reference, reference_ms),
        Figure("feed: joined after one edit", given, edit_ms, reference, reference_ms),
    ]
