"""A feed that is joined with what a process had of it is the feed that is written anew."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from app import database, publication
from app.database import db
from app.editions import disruptions
from app.editions import service as editions
from app.editions.models import Edition
from app.feeds import components, service
from app.feeds.models import FeedComponent
from app.publication import PublicRevision
from scheduler import ical
from scheduler.errors import DomainError
from tests.factories import OPENING, make_edition, make_person, make_series

if TYPE_CHECKING:
    from tests.conftest import Client

ALL = "/feeds/all.ics"
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["describe", "move", "cancel", "delete", "add", "hide", "spoil", "lose"]),
        st.integers(0, 9),
        st.integers(1, 900),
    ),
    max_size=8,
)


def feed() -> service.Feed:
    found = service.find("all", today=OPENING.date())
    assert isinstance(found, service.Feed)
    return found


def anew() -> bytes:
    return ical.encode(feed().head, feed().entries)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS, keep_former=st.lists(st.booleans(), min_size=8, max_size=8))
def test_what_a_process_has_never_shows(
    acts: list[tuple[str, int, int]], keep_former: list[bool]
) -> None:
    by = make_person()
    for number in range(4):
        make_edition(title=f"Event {number}", dtstart=OPENING.date() + timedelta(days=number))
    former = feed().joined()
    for (act, which, value), takes in zip(acts, keep_former, strict=False):
        do(act, which, value, by)
        found = feed().joined(former)
        assert found == feed().joined()
        assert found.body == anew()
        assert (found.digest == former.digest) == (found.body == former.body)
        former = found if takes else former  # some processes are asked seldom
    db.session.rollback()
    # What was never committed is known, and does no harm.
    assert feed().joined(former) == feed().joined()


def do(act: str, which: int, value: int, by: Any) -> None:  # noqa: ANN401 - a person
    rows = db.session.scalars(db.select(Edition).order_by(Edition.id)).all()
    if act == "add" or not rows:
        make_edition(title=f"Added {value}", dtstart=OPENING.date() + timedelta(days=value))
        return
    edition = rows[which % len(rows)]
    who: dict[str, Any] = {"by": by, "now": OPENING}  # twice the same moment, too
    dtstart = OPENING.date() + timedelta(days=value)
    try:
        match act:
            case "describe":
                editions.describe(edition, title=f"Title {value % 3}", summary="", **who)
            case "move":
                span: dict[str, Any] = {"dtstart": dtstart, "dtend": dtstart + timedelta(days=3)}
                disruptions.reschedule(edition, **span, reason="x", **who)
            case "cancel":
                disruptions.cancel(edition, reason="x", **who)
            case "delete":
                db.session.execute(db.delete(FeedComponent).filter_by(edition_id=edition.id))
                db.session.delete(edition)
            case "hide":
                edition.public_since = None
            case "spoil":
                kept = db.session.get(FeedComponent, edition.id)
                edition.component_tag = b"of another maker"
                if kept is not None:
                    kept.key, kept.body = "another making", b"BEGIN:GARBAGE\r\n"
            case _:
                edition.component_tag = None
    except DomainError:
        pass
    db.session.flush()


def test_after_an_edit_only_what_changed_is_read() -> None:
    made = [
        make_edition(title=f"Event {number}", dtstart=OPENING.date() + timedelta(days=number))
        for number in range(5)
    ]
    former = feed().joined()
    editions.describe(made[2], title="Other", summary="", by=make_person(), now=OPENING)
    read = []

    def note(*arguments: Any) -> None:  # noqa: ANN401 - the event's
        if "feed_component" in arguments[2]:
            given = arguments[3]
            values = given.values() if isinstance(given, dict) else given
            read.append([value for value in values if isinstance(value, int)])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert feed().joined(former).body == anew()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert read == [[made[2].id]]


def test_a_feed_without_components_is_one_too() -> None:
    make_series()
    empty = feed().joined()
    assert (empty.body, empty.tags, list(empty.lengths)) == (anew(), b"", [])
    edition = make_edition(title="First")
    full = feed().joined(empty)
    assert full.body == anew()
    edition.public_since = None
    db.session.flush()
    assert feed().joined(full) == empty


def test_each_kept_component_has_the_tag_of_its_bytes() -> None:
    edition = make_edition(title="Event")
    kept = db.session.get_one(FeedComponent, edition.id)
    assert edition.component_tag == components.tag_of(kept.body)
    editions.describe(edition, title="Other", summary="", by=make_person(), now=OPENING)
    assert edition.component_tag == components.tag_of(kept.body)
    assert b"SUMMARY:Other" in kept.body


def test_a_backup_that_is_put_back_is_not_taken_for_what_came_after_it(client: Client) -> None:
    edition, by = make_edition(title="Before"), make_person(commit=True)
    database.write()
    before = publication.stamp()
    backup = client.get(ALL).data

    def describe(title: str) -> bytes:
        editions.describe(edition, title=title, summary="", by=by, now=OPENING)
        db.session.commit()
        found: bytes = client.get(ALL).data
        return found

    assert b"SUMMARY:Lost" in describe("Lost")
    describe("Before")
    database.write()
    db.session.get_one(PublicRevision, 1).stamp = before
    db.session.commit()
    assert b"SUMMARY:Before" in client.get(ALL).data
    # The first change after it is a first change again, but another one.
    assert b"SUMMARY:New" in describe("New")
    assert backup != client.get(ALL).data


def test_what_is_kept_beside_the_body_is_counted() -> None:
    for number in range(3):
        make_edition(title=f"Event {number}")
    joined = feed().joined()
    assert joined.table_size == 3 * (components.TAG_BYTES + 4)
