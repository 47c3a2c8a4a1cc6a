"""What is written to people about their sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import outbox
from app.i18n import gettext as _

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person


def sign_in_link(email: str, token: str, *, minutes: int, code: str, now: datetime) -> None:
    """Send a link that signs in once, and the code that does the same where it was asked for."""
    paragraphs = [
        _("Open this link within %(minutes)s minutes to sign in. It works once.", minutes=minutes)
    ]
    closing = [_("If you did not ask for it, do nothing: nobody is signed in without it.")]
    if code:
        closing.insert(
            0,
            _(
                "Or type this code on the page where you asked for it: %(code)s. Type it nowhere "
                "else, and tell it to nobody.",
                code=f"{code[:4]} {code[4:]}",
            ),
        )
    letter = outbox.Letter(
        subject=_("Your sign-in link"),
        paragraphs=paragraphs,
        action=(_("Sign in"), outbox.address("accounts.link", token=token)),
        closing=closing,
        is_secret=True,
    )
    outbox.post(email, letter, now=now)


def method_changed(person: Person, what: str, *, now: datetime) -> None:
    """Tell ``person`` that a way of signing in has changed, in case it was somebody else."""
    letter = outbox.Letter(
        subject=_("Your sign-in has changed"),
        paragraphs=[
            what,
            _(
                "That was on %(day)s at %(time)s UTC.",
                day=f"{now.day} {now:%B %Y}",
                time=f"{now:%H:%M}",
            ),
        ],
        action=(_("See how you sign in"), outbox.address("accounts.methods")),
        closing=[
            _(
                "Was it not you? Sign in by a link to this address, sign out everywhere, and "
                "tell an organiser."
            )
        ],
    )
    outbox.post(person.email, letter, now=now)
