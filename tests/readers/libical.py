"""Print every event in the calendar on standard input, as libical 3 reads it.

``{uid: [start, end, summary, description, location]}``, times in milliseconds since 1970, whole
days as YYYY-MM-DD. A fault that the library finds (``X-LIC-ERROR``) goes to standard error, with
exit code 1. This is a program of its own since a C library may crash.
"""

import ctypes
import ctypes.util
import json
import sys

VEVENT = 4  # of enum icalcomponent_kind


class Time(ctypes.Structure):
    """``struct icaltimetype``."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        ("is_date", ctypes.c_int),
        ("is_daylight", ctypes.c_int),
        ("zone", ctypes.c_void_p),
    )


def load() -> ctypes.CDLL:
    """Load the library and say what its functions return, where that is no ``int``."""
    library = ctypes.CDLL(ctypes.util.find_library("ical"))
    returned = {
        "icalparser_parse_string": ctypes.c_void_p,
        "icalcomponent_get_first_component": ctypes.c_void_p,
        "icalcomponent_get_next_component": ctypes.c_void_p,
        "icalcomponent_get_uid": ctypes.c_char_p,
        "icalcomponent_get_summary": ctypes.c_char_p,
        "icalcomponent_get_description": ctypes.c_char_p,
        "icalcomponent_get_location": ctypes.c_char_p,
        "icalcomponent_as_ical_string": ctypes.c_char_p,
        "icalcomponent_get_dtstart": Time,
        "icalcomponent_get_dtend": Time,
        "icaltime_as_timet_with_zone": ctypes.c_long,
    }
    for name, kind in returned.items():
        getattr(library, name).restype = kind
    return library


def main() -> int:
    library = load()
    calendar = ctypes.c_void_p(library.icalparser_parse_string(sys.stdin.buffer.read()))

    def shown(time: Time) -> int | str:
        if time.is_date:
            return f"{time.year:04}-{time.month:02}-{time.day:02}"
        return library.icaltime_as_timet_with_zone(time, ctypes.c_void_p(time.zone)) * 1000

    events = {}
    found = library.icalcomponent_get_first_component(calendar, VEVENT)
    while found:
        event = ctypes.c_void_p(found)
        span = (library.icalcomponent_get_dtstart(event), library.icalcomponent_get_dtend(event))
        texts = (
            library.icalcomponent_get_summary(event),
            library.icalcomponent_get_description(event),
            library.icalcomponent_get_location(event),
        )
        events[library.icalcomponent_get_uid(event).decode()] = [
            *(shown(time) for time in span),
            *((text or b"").decode() for text in texts),
        ]
        found = library.icalcomponent_get_next_component(calendar, VEVENT)
    json.dump(events, sys.stdout)

    library.icalrestriction_check(calendar)
    if library.icalcomponent_count_errors(calendar):
        lines = library.icalcomponent_as_ical_string(calendar).decode().replace("\r\n ", "")
        sys.stderr.writelines(
            f"{line}\n" for line in lines.splitlines() if line.startswith("X-LIC-ERROR")
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
