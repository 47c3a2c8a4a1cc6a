"""The shape of roles as people type them: offered, ended, handed over."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.accounts.forms import ROLE_LABELS
from app.accounts.grants import Offer
from app.accounts.models import SCOPE_OF, Role, ScopeKind
from app.forms import DayField, LineField, ProseField, day_after, options
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from datetime import date

OFFERED = [role for role in Role if role is not Role.PARTICIPANT]


def _end_of(last_day: date | None) -> datetime | None:
    """Return the moment at which a role ends that holds on its last day."""
    return datetime.combine(day_after(last_day), time.min, UTC) if last_day else None


class InviteForm(FlaskForm):
    """Offer a role to an address."""

    email = LineField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    # None is chosen beforehand: the first would be the one that may everything.
    role = SelectField(
        _l("Role"),
        [InputRequired(message=_l("Choose a role."))],
        choices=options(
            [("", _l("Choose a role")), *((role.value, ROLE_LABELS[role]) for role in OFFERED)]
        ),
    )
    country = SelectField(_l("Country"), default="", description=_l("For a national contact."))
    edition = SelectField(
        _l("Edition"), default="", description=_l("For a host team or a visa officer.")
    )
    last_day = DayField(
        _l("Last day"), [Optional()], description=_l("Leave it empty for a role without an end.")
    )
    is_chair = BooleanField(_l("Chair of the committee (casting vote)"))
    submit = SubmitField(_l("Send the invitation"))

    @property
    def offer(self) -> Offer:
        """What is offered; the scope is the one that the role takes."""
        role = Role(self.role.data)
        typed = {
            ScopeKind.EVERYTHING: "",
            ScopeKind.COUNTRY: self.country.data or "",
            ScopeKind.EDITION: self.edition.data or "",
        }
        return Offer(
            role,
            typed[SCOPE_OF[role]],
            is_chair=self.is_chair.data,
            ends_at=_end_of(self.last_day.data),
        )


class DeputyForm(FlaskForm):
    """Offer a deputy's role for a country of one's own."""

    email = LineField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    country = SelectField(_l("Country"))
    last_day = DayField(
        _l("Last day"), [Optional()], description=_l("Leave it empty for a role without an end.")
    )
    submit = SubmitField(_l("Invite a deputy"))

    @property
    def offer(self) -> Offer:
        """What is offered."""
        return Offer(
            Role.NATIONAL_CONTACT,
            self.country.data,
            is_deputy=True,
            ends_at=_end_of(self.last_day.data),
        )


class EndForm(FlaskForm):
    """End a role, now or after a day."""

    last_day = DayField(
        _l("Last day"),
        [Optional()],
        description=_l("Leave it empty to end the role now; the person is signed out at once."),
    )
    reason = ProseField(
        _l("Why"),
        [InputRequired(), Length(max=500)],
        description=_l("It stands in the history, and the person is told."),
    )
    submit = SubmitField(_l("End the role"))

    @property
    def at(self) -> datetime | None:
        """The moment of the end; none is now."""
        return _end_of(self.last_day.data)


class HandOverForm(FlaskForm):
    """Offer somebody's role to somebody else."""

    email = LineField(_l("E-mail address of whoever takes it"), [InputRequired(), Length(max=254)])
    reason = ProseField(
        _l("Why"),
        [InputRequired(), Length(max=500)],
        description=_l("It stands in the history of both."),
    )
    submit = SubmitField(_l("Send the invitation"))


class ActForm(FlaskForm):
    """A button: take an invitation, send it again, withdraw it."""

    submit = SubmitField(_l("Take the role"))
