"""The shape of what people type to sign in and about themselves."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.accounts.models import Role
from app.forms import EitherOf, LineField
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


class CodeForm(FlaskForm):
    """Use a sign-in link by the code that was mailed with it."""

    code = LineField(_l("Code"), [InputRequired(), Length(max=20)])
    submit = SubmitField(_l("Sign in"))


class ProofForm(FlaskForm):
    """The second proof: a code of the app, or one from paper."""

    code = LineField(_l("Code"), [InputRequired(), Length(max=40)])
    next = HiddenField()
    submit = SubmitField(_l("Go on"))


class ConfirmForm(FlaskForm):
    """Prove again who one is, by whichever of these one has."""

    password = PasswordField(_l("Password"), [EitherOf(), Length(max=1000)])
    code = LineField(_l("Code from your authenticator app"), [EitherOf(), Length(max=40)])
    mailed_code = LineField(_l("Code from the mail"), [EitherOf(), Length(max=20)])
    next = HiddenField()
    submit = SubmitField(_l("Go on"))

    @property
    def is_filled_in(self) -> bool:
        """Whether there is a proof to look at."""
        return any((self.password.data, self.code.data, self.mailed_code.data))


class AppForm(FlaskForm):
    """The first code of a new authenticator app."""

    code = LineField(
        _l("Code"),
        [InputRequired(), Length(max=20)],
        description=_l("The six digits that the app shows now."),
    )
    next = HiddenField()
    submit = SubmitField(_l("Use this app"))


class PasskeyForm(FlaskForm):
    """What a browser answers with a passkey; a script fills it in."""

    answer = HiddenField(validators=[InputRequired(), Length(max=20_000)])
    next = HiddenField()


class NewPasskeyForm(PasskeyForm):
    """A passkey that a browser has made, and what its owner calls it."""

    name = LineField(
        _l("Name of the passkey"),
        [Optional(), Length(max=80)],
        description=_l("Such as “work laptop”: you will see it in the list."),
    )


class ProfileForm(FlaskForm):
    """What a person is called."""

    name = LineField(
        _l("Name"),
        [Optional(), Length(max=200)],
        description=_l("As it should stand on your badge."),
    )
    submit = SubmitField(_l("Save the name"))


class EndSessionsForm(FlaskForm):
    """Sign out everywhere."""

    ends_addresses = BooleanField(
        _l("Also end the secret addresses of my calendars"),
        description=_l("Calendars that use them get nothing more, until you make new ones."),
    )
    submit = SubmitField(_l("Sign out everywhere"))


class NewPasswordForm(FlaskForm):
    """Set or change a password."""

    password = PasswordField(
        _l("New password"),
        [InputRequired(), Length(max=1000)],
        description=_l(
            "At least 12 characters, and nothing that many people use: four words that have "
            "nothing to do with each other are good."
        ),
    )
    ends_addresses = BooleanField(
        _l("Also end the secret addresses of my calendars"),
        description=_l("Worth it if somebody else may have been in your account."),
    )
    submit = SubmitField(_l("Set the password"))
