"""Libraries that import whatever they find installed, imported without what we never use of them.

This module comes before anything else that asks for them. Each process would take 30 MB more, and
a quarter longer to start.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let what is imported inside take ``names`` for not installed; from then on they are."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # as the import system documents
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with without("authlib", "cryptography", "webauthn"):  # we import them where they are used
    import flask_security  # noqa: F401
with without("psycopg", "redis"):  # for queues elsewhere than in a file
    import huey  # noqa: F401
with without("greenlet", "rich"):  # for threads of its kind; colours for tracebacks
    import structlog  # noqa: F401
