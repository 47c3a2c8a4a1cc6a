"""A true subscriber: vdirsyncer fetches the feed over HTTP, khal shows what arrived.

Both live in a virtual environment of their own, since they want other versions than we do:
``SYMPOSIA_TEST_SUBSCRIBER`` names its folder, as ``.ci/run`` makes it.
"""

from __future__ import annotations

import os
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from app import database, publication
from app.database import db
from app.editions import disruptions, service
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person

PROGRAMS = Path(os.environ.get("SYMPOSIA_TEST_SUBSCRIBER", "")) / "bin"
VDIRSYNCER = """
[general]
status_path = "{folder}/status/"

[pair symposia]
a = "feed"
b = "here"
collections = null

[storage feed]
type = "http"
url = "{url}"

[storage here]
type = "filesystem"
path = "{folder}/calendar/"
fileext = ".ics"
"""
KHAL = """
[calendars]
[[symposia]]
path = {folder}/calendar/

[sqlite]
path = {folder}/khal.db

[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""
FIRST = date(2027, 6, 8)

pytestmark = pytest.mark.skipif(
    not (PROGRAMS / "khal").exists(), reason="SYMPOSIA_TEST_SUBSCRIBER names no khal"
)


class Subscriber:
    """Somebody who has subscribed to ``url`` and keeps everything in ``folder``."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        (folder / "vdirsyncer").write_text(VDIRSYNCER.format(folder=folder, url=url))
        (folder / "khal").write_text(KHAL.format(folder=folder))
        (folder / "calendar").mkdir()
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        self.run("vdirsyncer", "discover")

    def run(self, program: str, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 - the programs of the environment
            [PROGRAMS / program, "-c", self.folder / program, *words],
            env=self.environ, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sync(self) -> list[str]:
        """Fetch the feed and return what the calendar shows of 2027 and 2028."""
        db.session.commit()
        self.run("vdirsyncer", "sync")
        shown = self.run(
            "khal", "list", "--once", "--day-format", "", "--format",
            "{start-date} to {end-date}: {title}, {location} [{status}]",
            "2027-01-01", "2028-12-31",
        )  # fmt: skip
        return [line.replace(" ]", "]") for line in shown.splitlines()]


def test_khal_shows_what_people_do(tmp_path: Path, live_url: str) -> None:
    make_country("XAA", name="Alboria")
    facts = {"status": EditionStatus.ANNOUNCED, "country_code": "XAA", "city": "Albor"}
    first = make_edition(title="First; with, marks \\ 🛡️", dtstart=FIRST, **facts)
    second = make_edition(title="Second", dtstart=date(2027, 9, 13), days=5, **facts)
    subscriber = Subscriber(tmp_path, f"{live_url}/feeds/all.ics")
    title = "First; with, marks \\ 🛡️, Albor, Alboria"
    assert subscriber.sync() == [
        f"2027-06-08 to 2027-06-10: {title} [CONFIRMED]",
        "2027-09-13 to 2027-09-17: Second, Albor, Alboria [CONFIRMED]",
    ]
    who = {"by": make_person(), "now": OPENING + timedelta(hours=1), "reason": "Flood"}
    later = date(2028, 2, 1)
    disruptions.reschedule(first, dtstart=later, dtend=later + timedelta(days=3), **who)
    disruptions.cancel(second, **who)
    third = make_edition(title="Third", dtstart=date(2027, 3, 2), **facts)
    service.describe(third, title="Third", summary="x", by=who["by"], now=OPENING)
    assert subscriber.sync() == [
        "2027-03-02 to 2027-03-04: Third, Albor, Alboria [CONFIRMED]",
        "2027-09-13 to 2027-09-17: CANCELLED: Second, Albor, Alboria [CANCELLED]",
        f"2028-02-01 to 2028-02-03: {title} [CONFIRMED]",
    ]
    assert len(list((tmp_path / "calendar").iterdir())) == 3
    assert subscriber.sync() == subscriber.sync()


def test_a_feed_that_is_gone_leaves_the_subscriber_what_they_have(
    tmp_path: Path, live_url: str
) -> None:
    edition = make_edition(title="Event", dtstart=FIRST, status=EditionStatus.ANNOUNCED)
    subscriber = Subscriber(tmp_path, f"{live_url}/feeds/edition/{edition.slug}.ics")
    assert len(subscriber.sync()) == 1
    database.write(edition)
    edition.public_since = None
    publication.touch(now=OPENING)
    with pytest.raises(AssertionError):
        subscriber.sync()
    assert len(list((tmp_path / "calendar").iterdir())) == 1
