"""Two who write at once: what both changed is asked about, what one changed is kept.

A form carries a mark of each thing as its writer saw it. So a form that lay open for an hour takes
nothing back of what colleagues have saved meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from app.hosting.sections import is_told
from scheduler.errors import N_, ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class WrittenMeanwhileError(ConflictError):
    """Words that somebody else has replaced since they were read."""

    message = N_(
        "A colleague has changed the same in the meantime. What they wrote stands here; what you "
        "typed is below. Put both together, then save again: your words then replace theirs."
    )


def marks(facts: Mapping[str, Any]) -> str:
    """Return a mark for each of ``facts``, as a form carries them: what its writer has seen."""
    return _written({key: _mark(value) for key, value in facts.items()})


def merge(
    seen: str, standing: Mapping[str, Any], typed: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return ``typed``, with what others wrote meanwhile where its writer touched nothing.

    Beside it the keys where both wrote, and not the same. ``seen`` are the `marks` of what the
    writer had before them; without any, everything is as it was typed.

    >>> base = {"city": "Albor", "venue": "Hall"}
    >>> merge(marks(base), base | {"city": "Besk"}, base | {"venue": "Dome"})
    ({'city': 'Besk', 'venue': 'Dome'}, [])
    >>> merge(marks(base), base | {"city": "Besk"}, base | {"city": "Corva"})[1]
    ['city']
    """
    merged = dict(typed)
    both: list[str] = []
    if not seen:
        return merged, both
    had = _read(seen)
    for key, value in typed.items():
        before, now, own = had.get(key, ""), _mark(standing.get(key)), _mark(value)
        if now in {before, own}:
            continue
        if own == before:
            merged[key] = standing.get(key)
        else:
            both.append(key)
    return merged, both


def remark(seen: str, standing: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Return ``seen`` with ``keys`` seen as they stand now."""
    return _written(_read(seen) | {key: _mark(standing.get(key)) for key in keys})


def _written(found: Mapping[str, str]) -> str:
    # The dot tells a form that has seen nothing said from one that does not tell what it has seen.
    return " ".join([".", *(f"{key}={mark}" for key, mark in sorted(found.items()) if mark)])


def _read(seen: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in seen.split() if "=" in pair)


def _mark(value: object) -> str:
    """Return few letters for a fact; whatever says nothing has none."""
    if not is_told(value):
        return ""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
