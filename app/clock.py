"""The only place that reads the clock.

The domain's clock may be shifted (``SYMPOSIA_NOW``), to rehearse an event before its day.
Sign-in, tokens and limits always use real time.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

DAY_SECONDS = 86_400


def init_app(app: Flask, now: datetime | None, instance_path: Path) -> None:
    """Shift the domain's clock of ``app`` so that it ran through ``now`` at the first start."""
    app.extensions["clock_offset"] = _offset(now, instance_path) if now else timedelta()


def utcnow() -> datetime:
    """Return the domain's present moment, aware, in UTC, to the second."""
    offset = cast("timedelta", current_app.extensions["clock_offset"])
    return (real_utcnow() + offset).replace(microsecond=0)


def today() -> date:
    """Return the domain's present day in UTC."""
    return utcnow().date()


def day_of(app: Flask) -> Callable[[], date]:
    """Return a function that tells the domain's present day in UTC outside any request of ``app``.

    It is asked on every poll, so it looks at the calendar once a day.
    """
    offset = cast("timedelta", app.extensions["clock_offset"]).total_seconds()
    known = -1, date.min

    def today() -> date:
        nonlocal known
        number, day = known
        now = int(time.time() + offset) // DAY_SECONDS
        if number != now:
            day = date(1970, 1, 1) + timedelta(days=now)
            known = now, day
        return day

    return today


def real_utcnow() -> datetime:
    """Return the real present moment, aware, in UTC."""
    return datetime.now(UTC)


def _offset(now: datetime, instance_path: Path) -> timedelta:
    # Kept on disk, or a restart would turn the clock back and the feeds' revisions with it.
    path = instance_path / "clock.json"
    if path.exists():
        kept = json.loads(path.read_text())
        if kept["now"] == now.isoformat():
            return timedelta(seconds=kept["offset_seconds"])
    offset = now - real_utcnow()
    instance_path.mkdir(0o700, parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"now": now.isoformat(), "offset_seconds": round(offset.total_seconds())})
    )
    return timedelta(seconds=round(offset.total_seconds()))
