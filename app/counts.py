"""What happens, counted: each process in a file of its own, which whoever is asked adds up.

A count is a number in mapped memory, so that a poll of a feed costs a fraction of a microsecond
more, and what a process counted outlasts it. Names and labels come from our own lists (routes by
their pattern): nothing that a caller sends is ever kept.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time
import weakref
from bisect import bisect_left
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import current_app, g, request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from flask import Flask, Response

    from config import Config

RECORD_BYTES = 256  # a number, then the name under which it is told
NUMBER_BYTES = 8
CELLS = RECORD_BYTES // NUMBER_BYTES
NAME_BYTES = RECORD_BYTES - NUMBER_BYTES
RECORDS = 8192  # the first holds how many there are
FILE_BYTES = (RECORDS + 1) * RECORD_BYTES
SPILL = RECORDS * CELLS  # the cell behind them all
METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
REQUESTS, DURATIONS = "symposia_http_requests_total", "symposia_http_request_seconds"
FEEDS, PAGES = "symposia_feed_answers_total", "symposia_kept_page_answers_total"
LOCK_WAITS = "symposia_write_lock_wait_seconds"


class Counts:
    """The counts of one process of an installation."""

    def __init__(self, folder: Path) -> None:
        """Count into ``folder``, from the first count on."""
        self.folder = folder
        self._lock = threading.Lock()
        self._forget()
        _ALL.add(self)

    def counter(self, name: str, **labels: str) -> Callable[[], None]:
        """Return what counts one more; to be made once and called often."""
        told = _told(name, labels)

        def count() -> None:
            with self._lock:
                cell = self._places.get(told) or self._place(told)
                self._cells[cell] += 1

        return count

    def add(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Add to a count."""
        told = _told(name, labels)
        with self._lock:
            cell = self._places.get(told) or self._place(told)
            self._cells[cell] += amount

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Count how long something took, in its bucket alone: they are added up when told."""
        place = bisect_left(BUCKETS, seconds)
        le = f"{BUCKETS[place]:g}" if place < len(BUCKETS) else "+Inf"
        self.add(f"{name}_bucket", 1, **labels, le=le)
        self.add(f"{name}_sum", seconds, **labels)

    def total(self) -> Counter[str]:
        """Return every count of all processes, those that have ended among them."""
        found: Counter[str] = Counter()
        for path in self.folder.glob("*"):
            with path.open("rb") as file:
                head = file.read(RECORD_BYTES)
                if len(head) < RECORD_BYTES:
                    continue  # just begun
                (count,) = struct.unpack_from("d", head)
                records = file.read(int(count) * RECORD_BYTES)
            for start in range(0, len(records), RECORD_BYTES):
                (number,) = struct.unpack_from("d", records, start)
                name = records[start + NUMBER_BYTES : start + RECORD_BYTES].rstrip(b"\0")
                found[name.decode()] += number
        return found

    @property
    def is_counting(self) -> bool:
        """Whether this process has counted anything yet: it serves."""
        return bool(self._places)

    def _forget(self) -> None:
        """Begin anew, as a process that has just been forked: the file is its parent's."""
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}
        self._cells = memoryview(bytearray(NUMBER_BYTES)).cast("d")
        self._spill = 0  # what has no room is added up where nobody reads

    def _place(self, told: str) -> int:
        """Return where the count ``told`` stands from now on; the lock is held."""
        name = told.encode()
        with suppress(OSError):  # a full disk ends the counting of what is new, and nothing else
            if not self._places:
                self._open()
            if told in self._places:  # a process of this number was here before
                return self._places[told]
            number = int(self._cells[0]) + 1
            if number < RECORDS and len(name) <= NAME_BYTES:
                self._make_room(number)
                start = number * RECORD_BYTES + NUMBER_BYTES
                self._memory[start : start + len(name)] = name
                self._cells[0] = number  # from here on it is read
                self._places[told] = number * CELLS
                return number * CELLS
        return self._spill

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            is_new = not os.fstat(descriptor).st_size
            os.ftruncate(descriptor, FILE_BYTES)
            memory = mmap.mmap(descriptor, FILE_BYTES)
        finally:
            os.close(descriptor)
        if is_new:
            self._make_room(0)
        self._make_room(RECORDS)
        self._memory, self._cells, self._spill = memory, memoryview(memory).cast("d"), SPILL
        for number in range(1, int(self._cells[0]) + 1):
            start = number * RECORD_BYTES + NUMBER_BYTES
            name = self._memory[start : start + NAME_BYTES].rstrip(b"\0")
            self._places[name.decode()] = number * CELLS

    def _make_room(self, number: int) -> None:
        """Take the room of a record from the disk.

        Raises:
            OSError: there is none: to touch it in mapped memory would kill the process.
        """
        with self._path.open("r+b", buffering=0) as file:
            os.pwrite(file.fileno(), bytes(RECORD_BYTES), number * RECORD_BYTES)

    @property
    def _path(self) -> Path:
        return self.folder / str(os.getpid())


_ALL: weakref.WeakSet[Counts] = weakref.WeakSet()


def _begin_anew() -> None:
    for counts in _ALL:
        counts._forget()  # noqa: SLF001 - ours


os.register_at_fork(after_in_child=_begin_anew)


def _told(name: str, labels: Mapping[str, str]) -> str:
    """Return a count's name with its labels, as it is told; our own words need no escape.

    >>> _told("symposia_feed_answers_total", {"status": "304"})
    'symposia_feed_answers_total{status="304"}'
    """
    pairs = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{pairs}}}" if pairs else name


def init_app(app: Flask, config: Config) -> None:
    """Count every request that ``app`` answers."""
    counts = app.extensions["counts"] = Counts(config.instance_path / "metrics")

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "(none)"
        method = request.method if request.method in METHODS else "other"
        counts.add(REQUESTS, route=route, method=method, status=str(response.status_code))
        if "begun_at" in g:
            counts.observe(DURATIONS, time.perf_counter() - g.begun_at, route=route)
        return response


def note_lock_wait(seconds: float) -> None:
    """Note how long a writer waited for its turn, in processes that serve."""
    counts: Counts = current_app.extensions["counts"]
    if counts.is_counting:
        counts.observe(LOCK_WAITS, seconds)
