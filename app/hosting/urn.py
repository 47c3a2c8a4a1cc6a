"""The sealed urn of a ballot: what lies in it has no names, no times and no order.

A ballot is put in by opening the urn, adding it, sorting all of them and sealing the urn anew. The
box is padded to one size and encrypted with a fresh nonce (Fernet, its time set to 0), so that
copies of the database taken before and after a vote differ in one box of noise, whoever compares
them; who has voted stands elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken

from app.outbox import settings
from scheduler.errors import N_, ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scheduler.hosting import Ballot

BOX_BYTES = 16 * 1024


class UrnError(ConflictError):
    """An urn that was sealed with another secret."""

    message = N_("The urn cannot be opened: the installation's secret key has changed since.")


def seal(round_id: int, ballots: Iterable[Ballot]) -> bytes:
    """Return ``ballots`` as a sealed box, whatever order they come in."""
    content = json.dumps(sorted(ballots)).encode()
    size = -(-len(content) // BOX_BYTES) * BOX_BYTES
    return _key(round_id).encrypt_at_time(content.ljust(size), 0)


def unseal(round_id: int, sealed: bytes) -> list[Ballot]:
    """Return the ballots in a sealed box, sorted.

    Raises:
        UrnError: it was sealed with another secret.
    """
    try:
        content = _key(round_id).decrypt(sealed)
    except InvalidToken as error:
        raise UrnError from error
    return read(json.loads(content))


def read(stored: Iterable[Iterable[Iterable[str]]]) -> list[Ballot]:
    """Return ballots as they come from JSON."""
    return [tuple(tuple(group) for group in ballot) for ballot in stored]


def _key(round_id: int) -> Fernet:
    secret = f"urn of round {round_id}\0{settings().secret_key}".encode()
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret).digest()))
