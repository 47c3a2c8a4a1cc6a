"""Many visitors at once: pages, feeds and registrations mixed; how it starts, what it takes."""

from __future__ import annotations

import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.installation import (
    cpu_seconds,
    installations,
    load,
    percentile,
    seed_editions,
    seed_people,
    start,
    tree_of,
)
from tests import processes
from tests.clients import Browser

if TYPE_CHECKING:
    from bench.installation import Installation, People

CLIENTS, SECONDS, STARTS = 16, 10, 3
SERIES, EDITIONS = 5, 60
PAGES = ("/", "/calendar", "/series/series-1", "/editions/edition-1-7", "/subscribe")
FEEDS = ("/feeds/all.ics", "/feeds/series/series-2.ics", "/feeds/region/africa.ics")
# Of a hundred requests.
PAGE_SHARE, FEED_SHARE = 60, 30
SEE_OTHER = 303


def main() -> None:
    """Measure each database in turn and print a line for each figure."""
    print(f"\nMany visitors, {load()}:\n")
    with installations() as found:
        for installation in found:
            measure(installation)


def measure(installation: Installation) -> None:
    """Start it a few times, let everybody come, look at what it has taken."""
    app = installation.make_app()
    for _ in range(SERIES):
        seed_editions(app, EDITIONS, capacity=100)
    people = seed_people(app, CLIENTS)
    seconds, cpu = [], []
    for _ in range(STARTS):
        began = time.perf_counter()
        server = start(installation)
        try:
            browser = Browser(installation.port)
            assert browser.get("/").status == 200  # noqa: PLR2004 - HTTP's
            seconds.append(time.perf_counter() - began)
            cpu.append(cpu_seconds(server.pid))
            browser.close()
            if len(seconds) == STARTS:
                come(installation, people)
                tell_memory(installation, server.pid)
        finally:
            processes.end(server)
    print(
        f"{installation.name}: from the start to the first page {median(seconds):.1f} s, "
        f"{median(cpu):.1f} s CPU of all processes"
    )


def come(installation: Installation, people: People) -> None:
    """Let each client do one thing after the other, and print how long they waited."""
    until = time.monotonic() + SECONDS
    errors: list[str] = []
    waited: list[float] = []
    lock = threading.Lock()

    def visit(number: int) -> None:
        own, error = one_visitor(installation, people[number], number, until)
        with lock:
            waited.extend(own)
            errors.extend(error)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(visit, range(CLIENTS)))
    print(
        f"{installation.name}: {CLIENTS} clients, 60 % pages, 30 % feeds, 10 % registrations: "
        f"{len(waited) / SECONDS:,.0f} requests/s, {len(errors)} errors, "
        f"p50 {median(waited) * 1000:.0f}, p95 {percentile(waited, 0.95) * 1000:.0f}, "
        f"p99 {percentile(waited, 0.99) * 1000:.0f} ms"
    )
    assert not errors, errors[:3]


def one_visitor(
    installation: Installation, person: tuple[int, str], number: int, until: float
) -> tuple[list[float], list[str]]:
    """Be one client until the time is over; return how long each answer took, and the errors."""
    chosen = random.Random(number)  # noqa: S311 - the same mix each time
    editions = [
        f"edition-{series}-{place}" for place in range(EDITIONS) for series in range(SERIES)
    ]
    chosen.shuffle(editions)
    visitor, delegate = Browser(installation.port), Browser(installation.port, person[1])
    delegate.get(f"/editions/{editions[-1]}/register")
    tags: dict[str, str] = {}
    waited, errors = [], []
    while time.monotonic() < until:
        what = chosen.randrange(100)
        if what < PAGE_SHARE:
            path, expected = chosen.choice(PAGES), {200}
            reply = visitor.get(path)
        elif what < PAGE_SHARE + FEED_SHARE:
            path, expected = chosen.choice(FEEDS), {200, 304}
            known = {"If-None-Match": tags[path]} if path in tags else {}
            reply = visitor.get(path, **{"Accept-Encoding": "gzip"}, **known)
            tags[path] = reply.headers["ETag"]
        else:
            path, expected = f"/editions/{editions.pop()}/register", {SEE_OTHER}
            reply = delegate.post(path, accepts_terms="y")
        waited.append(reply.seconds)
        if reply.status not in expected:
            errors.append(f"{path}: {reply.status}")
    visitor.close()
    delegate.close()
    return waited, errors


def tell_memory(installation: Installation, pid: int) -> None:
    """Print what each process has taken: resident, and its share of what several have."""
    found = [
        (f"{kilobytes(each, 'Rss') / 1000:.0f}", f"{kilobytes(each, 'Pss') / 1000:.0f}")
        for each in tree_of(pid)
    ]
    print(
        f"{installation.name}: memory after that, MB resident (and its own share): "
        + ", ".join(f"{resident} ({own})" for resident, own in found)
    )


def kilobytes(pid: int, key: str) -> int:
    """Return what the kernel says of a process's memory."""
    found = re.search(
        rf"^{key}:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE
    )
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    main()
