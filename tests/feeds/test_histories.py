"""Whatever people do to an event, its subscribers can follow: laws over random histories."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import icalendar
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.database import db
from app.editions import disruptions, service
from app.feeds import service as feeds
from app.series import service as series_service
from scheduler import ical
from scheduler.errors import DomainError
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person, make_series

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client

# What people paste: breaks, commas, emoji, right to left, and marks that the format itself uses.
titles = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\\,;:"\n\u200fمرحب🛡️界é'),
    min_size=1,
    max_size=120,
)
DAYS = st.one_of(st.none(), st.integers(1, 900))
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), DAYS.filter(bool)),
        st.tuples(st.just("postpone"), DAYS),
        st.tuples(st.just("confirm"), DAYS.filter(bool)),
        st.tuples(st.just("relocate"), st.sampled_from(["Albor", "Port Albor", "Breva"])),
        st.tuples(st.just("describe"), titles),
        st.tuples(st.just("locate"), st.sampled_from([None, (48.208, 16.372), (-33.9, 18.4)])),
        st.tuples(st.just("write"), st.just("ünï, 🛡️; \\n مرحبا\n" * 600)),
        st.tuples(st.just("rename"), titles),
        st.tuples(st.just("cancel"), st.none()),
        st.tuples(st.just("other"), titles),
    ),
    max_size=7,
)

FULL = [
    ("move", 100), ("relocate", "Breva"), ("locate", (-33.9, 18.4)),
    ("describe", "One, two; \\N"), ("postpone", None), ("confirm", 200), ("rename", "Renamed"),
    ("write", "Words"), ("other", "Other"), ("cancel", None),
]  # fmt: skip


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS)
@example(acts=FULL)
def test_subscribers_can_follow_every_history(client: Client, acts: list[tuple[str, Any]]) -> None:
    number = len(db.session.scalars(db.select(feeds.series_queries.Series.id)).all())
    series = make_series(f"series-{number}")
    country = make_country("XAA", name="Alboria").code
    edition, other = (
        make_edition(
            series=series, status=EditionStatus.ANNOUNCED, country_code=country, city="Albor",
            tzid="UTC",
        )
        for _ in range(2)
    )  # fmt: skip
    by, path = make_person(commit=True), f"/feeds/series/{series.slug}.ics"
    answer, changes = client.get(path), 0
    for hour, (act, value) in enumerate(acts, start=1):
        now = OPENING + timedelta(hours=hour)
        try:
            do(act, value, other if act == "other" else edition, by, now)
            db.session.commit()
        except DomainError:
            db.session.rollback()
        former, answer = answer, client.get(path)
        assert (answer.headers["ETag"] != former.headers["ETag"]) == (answer.data != former.data)
        assert client.get(path, headers={"If-None-Match": former.headers["ETag"]}).status_code == (
            304 if answer.data == former.data else 200
        )
        assert answer.last_modified >= former.last_modified
        follows(read(former.data), read(answer.data), is_renamed=act == "rename")
        changes += answer.data != former.data
    assert acts != FULL or changes == len(FULL)
    feed = feeds.find("series", series.slug, today=OPENING.date())
    assert answer.data == ical.encode(feed.head, feed.entries)


def read(data: bytes) -> dict[str, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(data)
    assert [part.errors for part in calendar.walk()] == [[] for _ in calendar.walk()]
    return {str(event["UID"]): event for event in calendar.walk("VEVENT")}


def follows(
    was: dict[str, icalendar.Event], now_is: dict[str, icalendar.Event], *, is_renamed: bool
) -> None:
    """Insist that a subscriber who has ``was`` takes ``now_is`` for what it is."""
    assert was.keys() == now_is.keys()
    for uid, before in was.items():
        after = now_is[uid]
        told = [
            [event[name].to_ical() for name in ("DTSTART", "DTEND", "STATUS", "LOCATION")]
            for event in (before, after)
        ]
        assert after["SEQUENCE"] >= before["SEQUENCE"]
        if told[0] != told[1]:
            assert after["SEQUENCE"] == before["SEQUENCE"] + 1
        if is_renamed:
            assert after["SEQUENCE"] == before["SEQUENCE"]
        assert after["CREATED"].dt == before["CREATED"].dt
        # What changed is dated later; what did not is the same to the byte.
        is_changed = before.to_ical() != after.to_ical()
        assert (after["DTSTAMP"].dt > before["DTSTAMP"].dt) == is_changed
        assert after["LAST-MODIFIED"].dt == after["DTSTAMP"].dt


def do(act: str, value: Any, edition: Edition, by: Person, now: datetime) -> None:  # noqa: ANN401 - of each act its own
    who = {"by": by, "now": now}
    dtstart = OPENING.date() + timedelta(days=value) if isinstance(value, int) else None
    span = {"dtstart": dtstart, "dtend": dtstart and dtstart + timedelta(days=3)}
    place = {"tzid": "UTC", "venue": "", "venue_address": ""}
    match act:
        case "move":
            disruptions.reschedule(edition, **span, reason="x", **who)
        case "postpone":
            disruptions.postpone(edition, **span, reason="x", **who)
        case "confirm":
            service.confirm(edition, **span, city="Albor", **place, **who)
        case "relocate":
            country = make_country("XAA")
            disruptions.relocate(edition, country, city=value, reason="x", **place, **who)
        case "locate":
            service.locate(edition, value, **who)
        case "rename":
            facts = replace(series_service.facts_of(edition.series), title=value)
            series_service.change(edition.series, facts, **who)
        case "cancel":
            disruptions.cancel(edition, reason="x", **who)
        case "write":
            service.describe(edition, title=edition.own_title, summary=value, **who)
        case _:
            service.describe(edition, title=value, summary=edition.summary, **who)
