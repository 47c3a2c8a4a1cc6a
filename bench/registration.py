"""Registrations: how many a second, what one costs, and races for the last places.

``python -m bench.registration RACES [SQLite|PostgreSQL]`` holds so many.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import config
from app import create_app
from app.accounts.models import Person
from app.clock import utcnow
from app.database import db
from app.editions.models import Edition
from app.registrations import service
from app.registrations.models import Registration
from bench import plain
from bench.installation import (
    cpu_seconds,
    installations,
    load,
    percentile,
    seed_editions,
    seed_people,
    served,
)
from scheduler.lifecycle import RegistrationStatus
from tests.clients import Browser, Reply
from tests.processes import FORKS
from tests.registrations.racer import race

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from subprocess import Popen

    from bench.installation import Installation, People

ROUNDS, RACES = 5, 2
PROCESSES, CLIENTS, TIMES = 2, 50, 8
WARM = 5  # registrations before the clock starts: statements are compiled once
RACERS, PLACES = 200, 10
SEATS = 1_000_000
FORM = {"accepts_terms": "y", "name": "Guest", "country": "BEL", "affiliation": "A laboratory"}
POSITION = re.compile(r"number (\d+) in the queue")


def main(race_count: int = RACES, name: str = "") -> None:
    """Measure each database in turn, or the one of that name, and print what came of it."""
    print(f"\nRegistrations, {load()}:\n")
    with installations() as found:
        for installation in found:
            if name not in {"", installation.name}:
                continue
            app = installation.make_app()
            people = seed_people(app, RACERS)
            measure_transactions(installation, [row_id for row_id, _ in people])
            with served(installation) as server:
                measure_requests(installation, people[:CLIENTS], server)
                hold_races(installation, people, race_count)
            show_that_the_lock_matters(installation, [row_id for row_id, _ in people[:8]])
            with app.app_context():
                db.engine.dispose()


# -- what the transaction takes ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """What one process did: when, how long each took, and in how much CPU time."""

    began: float
    ended: float
    seconds: list[float]
    cpu: float


def measure_transactions(installation: Installation, ids: Sequence[int]) -> None:
    """Register from two processes, in turn with the reference."""
    app = installation.make_app()
    ours: list[list[Run]] = []
    references: list[float] = []
    is_sqlite = installation.name == "SQLite"
    for edition_id, _slug in seed_editions(app, ROUNDS, capacity=SEATS):
        ours.append(run(installation, register, edition_id, ids))
        if is_sqlite:
            references.append(commits_a_second())
        else:
            with app.app_context():
                event_id = plain.make_event(db.engine, SEATS)
            references.append(rate(run(installation, register_plainly, event_id, ids)))
    mine, theirs = median(map(rate, ours)), median(references)
    seconds = [each for runs in ours for run_ in runs for each in run_.seconds]
    cpu = sum(run_.cpu for runs in ours for run_ in runs) / len(seconds)
    reference = "raw commits of the disk" if is_sqlite else "the plain design, no letter, no log"
    print(
        f"{installation.name}: {mine:,.0f} transactions/s of {PROCESSES} processes against "
        f"{theirs:,.0f} ({reference}), ratio {mine / theirs:.2f}; "
        f"{cpu * 1000:.1f} ms CPU, p99 {percentile(seconds, 0.99) * 1000:.0f} ms"
    )


def run(
    installation: Installation, act: Callable[[int, int], None], event_id: int, ids: Sequence[int]
) -> list[Run]:
    """Let each process register its share of people as fast as it can."""
    at_once, runs = FORKS.Barrier(PROCESSES), FORKS.Queue()
    given = (config.read(installation.environ), act, event_id)
    members = [
        FORKS.Process(target=take_part, args=(*given, ids[start::PROCESSES], at_once, runs))
        for start in range(PROCESSES)
    ]
    for member in members:
        member.start()
    found = [runs.get(timeout=120) for _ in members]
    for member in members:
        member.join()
    return found


def take_part(
    settings: config.Config,
    act: Callable[[int, int], None],
    event_id: int,
    ids: Sequence[int],
    *barrier_and_queue: Any,  # noqa: ANN401 - of multiprocessing
) -> None:
    """Be one process."""
    at_once, runs = barrier_and_queue
    app = create_app(settings)

    def once(person_id: int) -> float:
        with app.app_context():
            began = time.perf_counter()
            act(event_id, person_id)
            return time.perf_counter() - began

    for person_id in ids[:WARM]:
        once(person_id)
    at_once.wait(60)
    began, cpu = time.perf_counter(), time.process_time()
    seconds = [once(person_id) for person_id in ids[WARM:]]
    runs.put(Run(began, time.perf_counter(), seconds, time.process_time() - cpu))


def register(edition_id: int, person_id: int) -> None:
    """Do what the view does in its transaction."""
    edition = db.session.get_one(Edition, edition_id)
    service.register(edition, db.session.get_one(Person, person_id), now=utcnow())
    db.session.commit()


def register_plainly(event_id: int, person_id: int) -> None:
    """Do it the first way that comes to mind."""
    plain.register(db.engine, event_id, person_id, now=utcnow())


def rate(runs: Sequence[Run]) -> float:
    """Return how many a second there were."""
    lasted = max(run_.ended for run_ in runs) - min(run_.began for run_ in runs)
    return sum(len(run_.seconds) for run_ in runs) / lasted


def commits_a_second() -> float:
    """Return how often SQLite commits a small row to this disk, and waits for it."""
    with tempfile.TemporaryDirectory(prefix="symposia-bench-") as folder:
        file = sqlite3.connect(Path(folder) / "raw.db", isolation_level=None)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = FULL")
        file.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < 1:
            file.execute("BEGIN IMMEDIATE")
            file.execute("INSERT INTO row (text) VALUES (?)", ("x" * 100,))
            file.execute("COMMIT")
            count += 1
        found = count / (time.perf_counter() - began)
        file.close()
        return found


# -- over HTTP ---------------------------------------------------------------------------------


def measure_requests(installation: Installation, people: People, server: Popen[str]) -> None:
    """Let fifty people register for one event after the other, then at half the pace."""
    editions = seed_editions(installation.make_app(), 2 * TIMES + 1, capacity=SEATS)
    paths = [f"/editions/{slug}/register" for _, slug in editions]
    browsers = open_forms(installation, people, paths[0])
    together(browsers, lambda browser, _: register_over_http(browser, paths[0]))  # warm
    pages, queue = children(server.pid)
    before, began = (cpu_seconds(pages), cpu_seconds(queue)), time.perf_counter()
    replies = together(
        browsers,
        lambda browser, _: [register_over_http(browser, path) for path in paths[1 : TIMES + 1]],
    )
    lasted = time.perf_counter() - began
    cpu = [cpu_seconds(pages) - before[0], cpu_seconds(queue) - before[1]]
    seconds = [each for reply in replies for each in reply]
    pace = len(seconds) / lasted
    print(
        f"{installation.name}, over HTTP: {pace:,.0f} registrations/s of {CLIENTS} clients who "
        f"never pause, p50 {median(seconds) * 1000:.0f}, p99 {percentile(seconds, 0.99) * 1000:.0f}"
        f" ms; {cpu[0] / len(seconds) * 1000:.1f} ms CPU each, and "
        f"{cpu[1] / len(seconds) * 1000:.1f} of the queue, which is not done then"
    )
    step = 2 * CLIENTS / pace

    def take_time(browser: Browser, number: int) -> list[float]:
        found = []
        begin = time.perf_counter() + number * step / CLIENTS
        for turn, path in enumerate(paths[TIMES + 1 :]):
            time.sleep(max(0, begin + turn * step - time.perf_counter()))
            found.append(register_over_http(browser, path))
            browser.close()
        return found

    seconds = [each for reply in together(browsers, take_time) for each in reply]
    print(
        f"{installation.name}, over HTTP: at {pace / 2:,.0f} registrations/s p50 "
        f"{median(seconds) * 1000:.0f}, p99 {percentile(seconds, 0.99) * 1000:.0f} ms"
    )
    for browser in browsers:
        browser.close()


def children(pid: int) -> list[int]:
    """Return the processes that ``pid`` started, in order: the web server, the queue's worker."""
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def open_forms(installation: Installation, people: People, path: str) -> list[Browser]:
    """Open a browser for each person, with the form in it."""
    browsers = [Browser(installation.port, cookie) for _, cookie in people]
    for browser in browsers:
        reply = browser.get(path)
        assert reply.status == 200, reply.text  # noqa: PLR2004 - HTTP's
        assert browser.token
    return browsers


def together(browsers: Sequence[Browser], act: Callable[[Browser, int], Any]) -> list[Any]:
    """Let everybody act at the same moment; return what each came to."""
    at_once = threading.Barrier(len(browsers))
    for browser in browsers:
        browser.close()  # the server ends what is idle for half a minute; the next request connects

    def wait_and_act(number: int) -> Any:  # noqa: ANN401 - what the act returns
        at_once.wait(60)
        return act(browsers[number], number)

    with ThreadPoolExecutor(len(browsers)) as pool:
        return list(pool.map(wait_and_act, range(len(browsers))))


def register_over_http(browser: Browser, path: str) -> float:
    """Send the form; return how long the answer took."""
    reply = browser.post(path, **FORM)
    assert reply.status == 303, reply.text  # noqa: PLR2004 - HTTP's
    return reply.seconds


# -- races -------------------------------------------------------------------------------------


def hold_races(installation: Installation, people: People, race_count: int) -> None:
    """Let 200 people press at once for 10 places, again and again; each race has its own event."""
    app = installation.make_app()
    editions = seed_editions(app, race_count, capacity=PLACES)
    browsers = open_forms(installation, people, f"/editions/{editions[0][1]}/register")
    seconds: list[float] = []
    for edition_id, slug in editions:
        replies = press(browsers, f"/editions/{slug}/register")
        assert Counter(reply.status for reply in replies) == {303: RACERS}
        told = follow(browsers, replies)
        places = [page for page in told if "You have a place" in page]
        positions = sorted(int(found[1]) for page in told if (found := POSITION.search(page)))
        assert (len(places), positions) == (PLACES, list(range(1, RACERS - PLACES + 1)))
        with app.app_context():
            rows = db.session.query(Registration).filter_by(edition_id=edition_id).all()
            assert Counter(row.status for row in rows) == {
                RegistrationStatus.CONFIRMED: PLACES,
                RegistrationStatus.WAITLISTED: RACERS - PLACES,
            }
            assert len({row.person_id for row in rows}) == RACERS
        seconds += [reply.seconds for reply in replies]
    for browser in browsers:
        browser.close()
    print(
        f"{installation.name}: {race_count} races of {RACERS} clients for {PLACES} places: "
        f"{PLACES} exactly and a clear answer to each, every time, 0 errors; "
        f"p50 {median(seconds):.2f}, p95 {percentile(seconds, 0.95):.2f}, "
        f"at most {max(seconds):.2f} s"
    )


def press(browsers: Sequence[Browser], path: str) -> list[Reply]:
    """Let everybody send the form at the same moment."""
    return together(browsers, lambda browser, _: browser.post(path, **FORM))


def follow(browsers: Sequence[Browser], replies: Sequence[Reply]) -> list[str]:
    """Return the page to which each reply leads."""
    return together(
        browsers, lambda browser, number: browser.get(replies[number].headers["Location"]).text
    )


def show_that_the_lock_matters(installation: Installation, ids: Sequence[int]) -> None:
    """Hold a small race with the lock dropped, which must go wrong: the check can see it."""
    [(edition_id, _slug)] = seed_editions(installation.make_app(), 1, capacity=1)
    settings = config.read(installation.environ)
    race(settings, "register", edition_id, ids, drops_lock=True)
    with installation.make_app().app_context():
        seated = (
            db.session.query(Registration)
            .filter_by(edition_id=edition_id, status=RegistrationStatus.CONFIRMED)
            .count()
        )
    assert seated > 1
    print(f"{installation.name}: without the lock {seated} of {len(ids)} had the one place")


if __name__ == "__main__":
    count, name, *_ = [*sys.argv[1:], "", ""]
    main(int(count or RACES), name)
