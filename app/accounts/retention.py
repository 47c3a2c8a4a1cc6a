"""How long sessions, sign-in links, mails and withdrawn consents are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, update

from app import outbox, retention
from app.accounts import held
from app.accounts.models import Consent, SignIn, SignInLink
from app.database import db
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement

DEVICE_KEPT = timedelta(days=30)
SESSION_KEPT = timedelta(days=730)  # that somebody was here; who was not is erased by then
LINK_KEPT = timedelta(days=1)
SECRET_MAIL_KEPT = timedelta(days=1)
MAIL_KEPT = timedelta(days=90)
WITHDRAWN_KEPT = timedelta(days=730)


def _ended_at() -> ColumnElement[datetime]:
    return func.coalesce(SignIn.ended_at, SignIn.expires_at)


@retention.rule(
    _l("Devices you signed in on"), _l("30 days after the session has ended"), real_time=True
)
def _let_go_of_devices(now: datetime) -> int:
    """Forget on which device a session was."""
    return retention.rows(
        db.session.execute(
            update(SignIn)
            .where(_ended_at() < now - DEVICE_KEPT, SignIn.device != "")
            .values(device="")
        )
    )


@retention.rule(_l("Times of signing in"), _l("24 months"), real_time=True)
def _let_go_of_sessions(now: datetime) -> int:
    """Delete sessions long ended."""
    return retention.rows(
        db.session.execute(delete(SignIn).where(_ended_at() < now - SESSION_KEPT))
    )


@retention.rule(_l("Sign-in links"), _l("a day after they expire"), real_time=True)
def _let_go_of_links(now: datetime) -> int:
    """Delete links that no longer sign anybody in."""
    return retention.rows(
        db.session.execute(delete(SignInLink).where(SignInLink.expires_at < now - LINK_KEPT))
    )


@retention.rule(
    _l("What you typed before you proved who you are"), _l("15 minutes"), real_time=True
)
def _let_go_of_held_forms(now: datetime) -> int:
    """Delete what was typed and never sent."""
    return len(held.let_go(now))


@retention.rule(_l("Mails with a sign-in link"), _l("a day after they are sent"), real_time=True)
def _let_go_of_secret_mails(now: datetime) -> int:
    """Delete mails whose link is dead."""
    return outbox.erase_sent(before=now - SECRET_MAIL_KEPT, secret=True)


@retention.rule(_l("Other mails we wrote"), _l("90 days after they are sent"), real_time=True)
def _let_go_of_mails(now: datetime) -> int:
    """Delete mails that have arrived long since, and files of mails that are no more."""
    return outbox.erase_sent(before=now - MAIL_KEPT, secret=False) + outbox.erase_stray_files()


@retention.rule(_l("Withdrawn consents"), _l("24 months, as proof that they were given"))
def _let_go_of_consents(now: datetime) -> int:
    """Delete consents withdrawn long ago."""
    return retention.rows(
        db.session.execute(delete(Consent).where(Consent.withdrawn_at < now - WITHDRAWN_KEPT))
    )
