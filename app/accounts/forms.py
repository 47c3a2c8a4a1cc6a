"""The shape of what people type to sign in and about themselves."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.accounts.models import Role
from app.forms import LineField, options
from app.i18n import lazy_gettext as _l

ROLE_LABELS = {
    Role.ORGANISER: _l("Organiser"),
    Role.COMMITTEE: _l("Steering committee"),
    Role.NATIONAL_CONTACT: _l("National contact"),
    Role.HOST_TEAM: _l("Host team"),
    Role.VISA_OFFICER: _l("Visa officer"),
    Role.PARTICIPANT: _l("Participant"),
}


class PasswordForm(FlaskForm):
    """Sign in by address and password."""

    email = LineField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    password = PasswordField(_l("Password"), [InputRequired(), Length(max=1000)])
    next = HiddenField()
    submit = SubmitField(_l("Sign in"))


class LinkForm(FlaskForm):
    """Ask for a sign-in link."""

    email = LineField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    next = HiddenField()
    submit = SubmitField(_l("Send me a link"))


class SpendLinkForm(FlaskForm):
    """Use a sign-in link: a button, so that a mail scanner that follows links spends nothing."""

    submit = SubmitField(_l("Sign in"))


class ProfileForm(FlaskForm):
    """What a person is called."""

    name = LineField(
        _l("Name"),
        [Optional(), Length(max=200)],
        description=_l("As it should stand on your badge."),
    )
    submit = SubmitField(_l("Save the name"))


class NewPasswordForm(FlaskForm):
    """Set or change a password."""

    password = PasswordField(
        _l("New password"),
        [InputRequired(), Length(max=1000)],
        description=_l("At least 12 characters. Every sign-in ends, this one too."),
    )
    submit_password = SubmitField(_l("Set the password"))


class GrantForm(FlaskForm):
    """Give a person a role."""

    email = LineField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    role = SelectField(
        _l("Role"),
        choices=options(
            (role.value, ROLE_LABELS[role])
            for role in (Role.ORGANISER, Role.COMMITTEE, Role.NATIONAL_CONTACT)
        ),
    )
    country = SelectField(_l("Country"), default="", description=_l("For a national contact."))
    is_chair = BooleanField(_l("Chair of the committee (casting vote)"))
    submit = SubmitField(_l("Give the role"))
