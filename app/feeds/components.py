"""The components of feeds: kept with their rows, joined to whole feeds.

A tag on the edition's row tells the bytes that are kept of it. After an edit a process reads the
tags, which lie in one index, takes what it has from the feed that it joined before, and reads the
rest. A tag is a digest of the bytes, so it does not matter which process wrote them when, what
was rolled back, or put back from a backup.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from app import database, publication
from app.countries.signals import countries_loaded
from app.database import db
from app.editions import queries as editions
from app.editions.entries import entry_of
from app.editions.signals import edition_revised
from app.feeds import queries
from app.feeds.models import FeedComponent
from app.outbox import settings
from app.series.signals import series_changed
from scheduler import ical

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from app.editions.models import Edition
    from app.series.models import Series
    from scheduler.ical import CalendarHead

KEY_BYTES, TAG_BYTES = 4, 16
UNKNOWN = bytes(TAG_BYTES)  # the tag of what is not kept


@dataclass(frozen=True, slots=True)
class Joined:
    """A feed's bytes, and which components they are joined of; equal bytes have one digest."""

    body: bytes
    digest: str
    start: int  # of the first component
    tags: bytes  # of the components, in order, without anything between
    lengths: array[int]

    @property
    def table_size(self) -> int:
        """How many bytes of memory this takes beside the body."""
        return len(self.tags) + len(self.lengths) * self.lengths.itemsize

    def cut(self, first: int, beyond: int) -> tuple[memoryview, memoryview, memoryview]:
        """Return the components before ``first``, those until ``beyond`` and the rest, uncopied."""
        begin = self.start + sum(self.lengths[:first])
        end = begin + sum(self.lengths[first:beyond])
        whole = memoryview(self.body)
        return whole[self.start : begin], whole[begin:end], whole[end : -len(ical.ENDING)]

    def by_tag(self, first: int, beyond: int) -> dict[bytes, memoryview]:
        """Return each of the components ``[first, beyond)`` by its tag."""
        _before, some, _after = self.cut(first, beyond)
        ends = accumulate(self.lengths[first:beyond], initial=0)
        return {
            self.tags[at * TAG_BYTES : (at + 1) * TAG_BYTES]: some[start:end]
            for at, (start, end) in enumerate(pairwise(ends), start=first)
        }


NOTHING = Joined(ical.ENDING, "", 0, b"", array("I"))


def join(head: CalendarHead, selection: Select[Edition], former: Joined | None = None) -> Joined:
    """Return the feed of the editions that ``selection`` picks, in its order.

    ``former`` is what was joined before for the same feed, of whatever time: what it has of
    this one is taken from it.
    """
    former = former or NOTHING
    rows = queries.component_tags(selection)
    tags = b"".join([tag or UNKNOWN for _edition_id, tag in rows])
    # Most stand where they stood: what is alike at both ends is taken as it is.
    first = _alike(tags, former.tags)
    skipped = first * TAG_BYTES
    last = _alike(tags[skipped:][::-1], former.tags[skipped:][::-1])
    beyond, former_beyond = len(rows) - last, len(former.lengths) - last
    before, _between, after = former.cut(first, former_beyond)
    parts = _parts(rows[first:beyond], former.by_tag(first, former_beyond))
    joined = [before, *(component for _tag, component in parts), after]
    body = ical.assemble(head, filter(None, joined))
    start = len(body) - len(ical.ENDING) - sum(map(len, joined))
    tags = b"".join([tags[:skipped], *(tag for tag, _ in parts), tags[beyond * TAG_BYTES :]])
    return Joined(
        body=body,
        # Of the tags rather than of the components, which takes many times as long.
        digest=hashlib.sha256(body[:start] + tags).hexdigest()[:32],
        start=start,
        tags=tags,
        lengths=former.lengths[:first]
        + array("I", [len(component) for _tag, component in parts])
        + former.lengths[former_beyond:],
    )


def _alike(tags: bytes, others: bytes) -> int:
    """Return how many tags are alike from the beginning on."""
    low, high = 0, min(len(tags), len(others)) // TAG_BYTES
    while low < high:
        middle = (low + high + 1) // 2
        end = middle * TAG_BYTES
        low, high = (middle, high) if tags[:end] == others[:end] else (low, middle - 1)
    return low


def _parts(
    rows: Sequence[tuple[int, bytes | None]], known: Mapping[bytes, memoryview]
) -> list[tuple[bytes, bytes | memoryview]]:
    """Return the tag and the bytes of the component of each of ``rows``.

    What is missing or of another making is written anew, for this answer; ``keep_all`` puts it
    right for good.
    """
    wanted = [edition_id for edition_id, tag in rows if tag not in known]
    # Their tags anew: between two reads, PostgreSQL lets others write.
    read = {
        edition_id: (tag_of(body), body)
        for edition_id, body in queries.kept_components(wanted, component_key())
    }
    for edition in queries.editions_by_id([one for one in wanted if one not in read]):
        body = ical.encode_component(entry_of(edition))
        read[edition.id] = tag_of(body), body
    parts: list[tuple[bytes, bytes | memoryview]] = []
    for edition_id, tag in rows:
        if edition_id in read:
            parts.append(read[edition_id])
        elif tag is not None and tag in known:
            parts.append((tag, known[tag]))
        # else it was deleted in between
    return parts


def keep(edition: Edition) -> None:
    """Write the bytes of a public ``edition`` beside its row, in the caller's transaction."""
    if not edition.is_public:
        return
    body = ical.encode_component(entry_of(edition))
    edition.component_tag = tag_of(body)
    db.session.merge(FeedComponent(edition_id=edition.id, key=component_key(), body=body))
    db.session.flush()


def keep_all(*, now: datetime) -> int:
    """Put every kept component right, after an upgrade; return how many were not."""
    database.write()
    stale = queries.stale_editions(component_key())
    for edition in stale:
        keep(edition)
    if stale:
        publication.touch(now=now)
    return len(stale)


def component_key() -> str:
    """Return what, besides its row, an edition's bytes depend on."""
    return _key(settings().base_url)


@lru_cache
def _key(base_url: str) -> str:
    made_of = [ical.SERIALISER, version("tzdata"), base_url]
    return hashlib.sha256("|".join(made_of).encode()).hexdigest()


def tag_of(body: bytes) -> bytes:
    """Return the tag of a component: what it was made with, and its digest."""
    key = bytes.fromhex(component_key())[:KEY_BYTES]
    return key + hashlib.sha256(body).digest()[: TAG_BYTES - KEY_BYTES]


@edition_revised.connect
def _keep_revised(sender: object, *, edition: Edition) -> None:  # noqa: ARG001 - the signal's form
    keep(edition)


@countries_loaded.connect
def _keep_countries(sender: object, *, renamed: Collection[str], now: datetime) -> None:  # noqa: ARG001 - as above
    for edition in queries.public_editions():
        if edition.country_code in renamed:
            # The place reads otherwise, so the entry is revised.
            edition.modified_at = max(now, edition.modified_at)
        keep(edition)


@series_changed.connect
def _keep_series(sender: object, *, series: Series, **_facts: object) -> None:  # noqa: ARG001 - the signal's form
    for edition in editions.of_series(series):
        keep(edition)
