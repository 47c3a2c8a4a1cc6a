"""One-time sign-in links, and the codes that stand in for them in the browser that asked."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from app import database
from app.accounts import letters, queries
from app.accounts.models import SignInLink
from app.accounts.service import find_or_create, normalise_email
from app.database import db
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person

MAILED_LINK_LIFE = timedelta(minutes=15)
COMMANDED_LINK_LIFE = timedelta(days=1)
LIVE_LINKS_MAX = 20  # of an address; from then on one more a minute
PAUSE = timedelta(minutes=1)
CODE_DIGITS = 8
CODE_TRIES = 5


class LinkError(DomainError):
    """A sign-in link that is used, expired or never was; all three read the same."""

    message = N_("This link has been used or has expired. Ask for a new one.")


class CodeError(DomainError):
    """A code that is wrong, used or expired, or was asked for in another browser."""

    message = N_(
        "This code does not sign in here. Compare it with the mail; after five tries or fifteen "
        "minutes it needs a new one."
    )


class Spent(NamedTuple):
    """What a link or code has done: whom it signs in, where they go on to, and for how much."""

    person: Person
    next_path: str
    is_vouched: bool


def make_link(
    email: str,
    *,
    life: timedelta,
    now: datetime,
    next_path: str = "",
    browser_code: tuple[str, str] = ("", ""),
    is_vouched: bool = False,
) -> str:
    """Make a one-time sign-in link for ``email`` and return its token.

    ``browser_code``: the code does the same once, in the browser that holds the secret.
    ``is_vouched``: whoever runs this site knows the person; the link stands for both proofs.

    Raises:
        EmailError: it is not an address.
    """
    email = normalise_email(email)
    browser, code = browser_code
    database.write()
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignInLink(
            email=email,
            token_hash=queries.hashed(token),
            browser_hash=queries.hashed(browser) if browser else None,
            code_hash=_code_hash(browser, code) if code else None,
            is_vouched=is_vouched,
            next_path=next_path[:500],
            created_at=now,
            expires_at=now + life,
        )
    )
    db.session.flush()
    return token


def mail_link(
    email: str,
    *,
    now: datetime,
    next_path: str = "",
    browser: str = "",
    is_signed_in: bool = False,
) -> None:
    """Send a sign-in link to ``email``, with a code where a ``browser`` waits for one.

    Known and unknown addresses are treated alike: the link signs a new person up. Many links for
    one address go out slowly, so that nobody's mailbox is filled; they do not stop, so that
    nobody is kept out by what others ask for. ``is_signed_in``: it is the person who asks.

    Raises:
        EmailError: it is not an address.
    """
    email = normalise_email(email)
    live = queries.live_links(email, now=now)
    if len(live) >= LIVE_LINKS_MAX and now - live[0] < PAUSE and not is_signed_in:
        return  # the links on their way sign in on any device
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}" if browser else ""
    token = make_link(
        email, life=MAILED_LINK_LIFE, now=now, next_path=next_path, browser_code=(browser, code)
    )
    minutes = int(MAILED_LINK_LIFE.total_seconds() // 60)
    letters.sign_in_link(email, token, minutes=minutes, code=code, now=now)


def spend_link(token: str, *, now: datetime) -> Spent:
    """Use up the link with ``token``.

    Raises:
        LinkError: the link is used, expired or unknown.
    """
    database.write()
    link = queries.live_link(token, now=now)
    if link is None:
        raise LinkError
    return _spend(link, now=now)


def spend_code(browser: str, code: str, *, now: datetime) -> Spent | None:
    """Use up the link that ``browser`` asked for by its ``code``.

    A wrong code is counted and answered with ``None``: that count must be committed.
    """
    database.write()
    link = queries.link_of_browser(browser, now=now) if browser else None
    if link is None or link.code_hash is None or link.failed_count >= CODE_TRIES:
        return None
    digits = "".join(character for character in code if character.isdigit())
    if not hmac.compare_digest(link.code_hash, _code_hash(browser, digits)):
        link.failed_count += 1
        db.session.flush()
        return None
    try:
        return _spend(link, now=now)
    except LinkError:
        return None


def _spend(link: SignInLink, *, now: datetime) -> Spent:
    person = find_or_create(link.email, now=now)
    if not person.active:
        raise LinkError
    link.used_at = now
    person.verified_at = person.verified_at or now
    db.session.flush()
    return Spent(person, link.next_path, link.is_vouched)


def _code_hash(browser: str, code: str) -> str:
    # The browser's secret has 256 random bits: the eight digits cannot be tried out on the hash.
    return queries.hashed(f"{browser}:{code}")
