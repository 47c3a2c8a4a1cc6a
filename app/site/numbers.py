"""The numbers of an installation in the text format of Prometheus, for whoever watches it."""

from __future__ import annotations

import hmac
import platform
from collections import defaultdict
from importlib import metadata
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import func, select

from app import clock, counts, migrations, outbox
from app.database import db
from app.outbox import HELD_UNTIL, OutboxMessage, settings
from app.registrations.models import Registration
from app.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask import Request

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOOPBACK_PEERS = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}
SUM = "sum"
FORWARDING = (
    *("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"),
    *("X-Real-IP", "Via"),
)
HELP = {
    counts.REQUESTS: ("counter", "Requests that pages answered, by the pattern of their route."),
    counts.DURATIONS: ("histogram", "How long pages took to make."),
    counts.FEEDS: ("counter", "Answers of public feeds; those from memory are no requests above."),
    counts.PAGES: ("counter", "Visitors' pages answered from memory; they are no requests above."),
    counts.LOCK_WAITS: ("histogram", "How long writers waited for their turn."),
    "symposia_outbox_waiting": ("gauge", "Mails that are to leave and have not."),
    "symposia_outbox_oldest_seconds": ("gauge", "How long the oldest of them has waited."),
    "symposia_outbox_held": ("gauge", "Mails that wait for an organiser."),
    "symposia_registrations": ("gauge", "Registrations of all events together, by state."),
    "symposia_build_info": ("gauge", "What runs here."),
}


def may_read(request: Request) -> bool:
    """Whether ``request`` may see the numbers: by the token, else from this machine itself."""
    token = settings().metrics_token
    if token is not None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())
    # A server before us is on this machine too: its callers are known by what it adds, and by
    # the name they asked for.
    orig = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    return (
        orig["REMOTE_ADDR"] in LOOPBACK_PEERS
        and not any(name in request.headers for name in FORWARDING)
        and urlsplit(f"//{request.host}").hostname in LOOPBACK_NAMES
    )


def told() -> str:
    """Return every number, in the order in which the format wants them."""
    families: dict[str, list[str]] = {name: [] for name in HELP}
    durations: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for series, value in current_app.extensions["counts"].total().items():
        name, _, labels = series.removesuffix("}").partition("{")
        base, _, part = name.rpartition("_")
        if name in HELP:
            families[name].append(f"{series} {_number(value)}")
        elif base in HELP and part == "bucket":
            labels, _, le = labels.rpartition("le=")
            durations[base][labels.removesuffix(",")][le.strip('"')] = value
        elif base in HELP:
            durations[base][labels][SUM] = value
        # Else an older version counted it, or the power failed before its name was on the disk.
    for name, by_labels in durations.items():
        for labels, found in sorted(by_labels.items()):
            families[name] += _histogram(name, labels, found)
    for series, value in _present():
        families[series.partition("{")[0]].append(f"{series} {_number(value)}")
    lines = []
    for name, samples in families.items():
        kind, sentence = HELP[name]
        lines += [f"# HELP {name} {sentence}", f"# TYPE {name} {kind}", *samples]
    return "\n".join(lines) + "\n"


def _histogram(name: str, labels: str, found: Mapping[str, float]) -> Iterable[str]:
    """Yield the samples of one histogram: each bucket counts what is in those before it too."""
    before, so_far = f"{labels}," if labels else "", 0.0
    for le in (*(f"{bound:g}" for bound in counts.BUCKETS), "+Inf"):
        so_far += found.get(le, 0)
        yield f'{name}_bucket{{{before}le="{le}"}} {_number(so_far)}'
    braces = f"{{{labels}}}" if labels else ""
    yield f"{name}_sum{braces} {_number(found.get(SUM, 0))}"
    yield f"{name}_count{braces} {_number(so_far)}"


def _present() -> Iterable[tuple[str, float]]:
    """Yield what is asked of the database at this moment."""
    count, oldest = db.session.execute(
        select(func.count(), func.min(OutboxMessage.created_at)).where(
            OutboxMessage.sent_at.is_(None), OutboxMessage.due_at < HELD_UNTIL
        )
    ).one()
    yield "symposia_outbox_waiting", count
    age = (clock.utcnow() - oldest).total_seconds() if oldest else 0
    yield "symposia_outbox_oldest_seconds", max(age, 0)
    yield "symposia_outbox_held", outbox.held_count()
    states = select(Registration.status, func.count()).group_by(Registration.status)
    for status, number in db.session.execute(states):
        yield f'symposia_registrations{{status="{status.value}"}}', number
    labels = {
        "version": VERSION,
        "schema": migrations.revision(db.session.connection()),
        "database": db.engine.dialect.name,
        "python": platform.python_version(),
        "tzdata": metadata.version("tzdata"),
    }
    pairs = ",".join(f'{name}="{value}"' for name, value in labels.items())
    yield f"symposia_build_info{{{pairs}}}", 1


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 6))
