"""The planning engine: pure decisions over days, rules and seats.

No Flask, no database, no clock: today, the zone and the capacity are arguments, and every
answer is a value. Usable on its own::

    from scheduler import planning, recurrence
"""

import zoneinfo

# The system's zone files may be years old and Python prefers them; the pinned tzdata package
# is the one truth about zones, so ours is the only path.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()
