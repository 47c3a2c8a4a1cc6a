"""The shape of what a participant, or a country's contact, tells us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    SubmitField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts.consents import WORDINGS
from app.countries import queries as countries
from app.forms import LineField, ProseField, WholeNumberField, options
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.registrations.service import Particulars

if TYPE_CHECKING:
    from collections.abc import Collection, Container

    from app.accounts.models import Purpose
    from app.registrations.models import Profile, Registration


PROFILE = ("name", "country", "affiliation", "position")


class ParticularsForm(FlaskForm):
    """What a person tells for one event; what stays the same is kept for the next."""

    told_before: ClassVar[dict[str, Any]] = {}  # of the fields that an edition adds

    name = LineField(
        _l("Name"),
        [Optional(), Length(max=200)],
        description=_l("As it should stand on your badge. You can add it later."),
    )
    country = SelectField(
        _l("Country you come for"),
        [Optional()],
        choices=lambda: options([("", _("(not told)")), *countries.names()]),  # when it is shown
        validate_choice=False,
    )
    affiliation = LineField(_l("Organisation"), [Optional(), Length(max=200)])
    position = LineField(_l("Position"), [Optional(), Length(max=200)])
    dietary_needs = ProseField(
        _l("Dietary needs"),
        [Optional(), Length(max=500)],
        description=_l("Only the organisers see this, and for this event alone."),
    )
    access_needs = ProseField(
        _l("What you need to take part without barriers"),
        [Optional(), Length(max=500)],
        description=_l("Only the organisers see this, and for this event alone."),
    )

    @classmethod
    def of(
        cls, name: str, profile: Profile | None, registration: Registration | None
    ) -> ParticularsForm:
        """Return the form filled with what was told before."""
        source: Any = registration or profile
        return cls(
            data={
                "name": name,
                "country": (registration and registration.country_code)
                or (profile.country_code if profile else ""),
                "affiliation": source.affiliation if source else "",
                "position": source.position if source else "",
                "dietary_needs": registration.dietary_needs if registration else "",
                "access_needs": registration.access_needs if registration else "",
                **cls.told_before,
            }
        )

    def validate_country(self, field: SelectField) -> None:
        """Insist on a country there is; an old form or a forged one may name another."""
        if field.data and countries.find(field.data) is None:
            raise ValidationError(_("Choose a country from the list."))

    @property
    def known(self) -> list[str]:
        """What one would tell again, where all of it is known: name, position, office, country."""
        names = dict(countries.names())
        told = [self.name.data, self.position.data, self.affiliation.data]
        country = names.get(self.country.data or "", "")
        is_right = not any(self[part].errors for part in PROFILE)
        return (
            [part for part in (*told, country) if part] if told[0] and country and is_right else []
        )

    @property
    def told(self) -> Particulars:
        """What was told, as the service takes it."""
        return Particulars(
            country_code=self.country.data or None,
            affiliation=self.affiliation.data or "",
            position=self.position.data or "",
            dietary_needs=self.dietary_needs.data or "",
            access_needs=self.access_needs.data or "",
        )


class TermsForm(FlaskForm):
    """What a place asks one to accept, and consents, each for itself and none of them needed."""

    consents = SelectMultipleField(
        _l("What I agree to"),
        choices=options((purpose.value, words.text) for purpose, words in WORDINGS.items()),
        description=_l("As you like; a place does not depend on it. You can take it back."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    accepts_terms = BooleanField(
        _l("I accept the terms"),
        [InputRequired(_l("Tick the box to accept the terms; without it there is no place."))],
        description=_l(
            "The place is for me alone. If I cannot come I cancel, so that the next in the "
            "queue moves up."
        ),
    )

    def leave_out(self, given: Container[Purpose]) -> None:
        """Ask no consent anew that is given already."""
        self.consents.choices = options(
            (purpose.value, words.text)
            for purpose, words in WORDINGS.items()
            if purpose not in given
        )


class RegistrationForm(ParticularsForm, TermsForm):
    """The same with terms and consents; rules that need the database are the service's."""

    submit = SubmitField(_l("Register"))
    keep = SubmitField(_l("Keep as a draft"))

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """A draft may leave everything open."""
        if self.keep.data:
            self.accepts_terms.validators = [Optional()]
        return bool(super().validate(extra_validators))


class ChangeForm(ParticularsForm):
    """Change what was told."""

    submit = SubmitField(_l("Save the changes"))


class CancelForm(FlaskForm):
    """Give the place back."""

    submit = SubmitField(_l("Cancel my registration"))


class AcceptForm(TermsForm):
    """Take the place that is offered; what was told and accepted before is not asked again."""

    name = LineField(
        _l("Name"),
        [Optional(), Length(max=200)],
        description=_l("As it should stand on your badge. You can add it later."),
    )

    @classmethod
    def of(cls, registration: Registration) -> AcceptForm:
        """Return the form with what is still to be asked of the person."""
        form = cls()
        if registration.person.name:
            del form.name
        if registration.accepts_terms:
            del form.accepts_terms, form.consents
        return form

    submit = SubmitField(_l("Take the place"))


class NominateForm(FlaskForm):
    """Nominate somebody for the own country."""

    email = EmailField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    name = LineField(_l("Name"), [Optional(), Length(max=200)])
    submit = SubmitField(_l("Nominate"))


class DelegateForm(FlaskForm):
    """Something done with one of the delegation."""

    id = HiddenField(validators=[InputRequired()])
    act = SelectField(
        _l("What to do"),
        [InputRequired()],
        choices=options(
            [
                ("endorse", _l("Endorse")),
                ("return", _l("Return for changes")),
                ("refuse", _l("Do not endorse")),
                ("rank", _l("Rank")),
                ("replace", _l("Replace by a colleague")),
                ("part", _l("Take out of the party")),
            ]
        ),
    )
    rank = WholeNumberField(_l("Rank"), [Optional(), NumberRange(min=1, max=1000)])
    reason = LineField(_l("Reason"), [Optional(), Length(max=500)])
    email = EmailField(_l("Colleague’s e-mail address"), [Optional(), Length(max=254)])
    name = LineField(_l("Colleague’s name"), [Optional(), Length(max=200)])
    submit = SubmitField(_l("Do it"))

    def narrow_to(self, acts: Collection[str]) -> DelegateForm:
        """Offer only ``acts``; what is sent is judged by the service, whatever was offered."""
        self.act.choices = [choice for choice in self.act.choices if choice.value in acts]
        return self

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """An act comes with what it needs."""
        super().validate(extra_validators)
        if self.act.data == "rank" and self.rank.data is None and not self.rank.errors:
            self.rank.errors = [_("Write a number: 1 comes first.")]
        if self.act.data == "return" and not self.reason.data:
            self.reason.errors = [_("Say what is to be changed; the person reads it.")]
        if self.act.data == "replace" and not self.email.data:
            self.email.errors = [_("Write the address of the colleague who comes instead.")]
        return not self.errors


class BindForm(FlaskForm):
    """Put people of the own country into a party; they are ticked in the list."""

    bind = SubmitField(_l("Seat them together or not at all"))


class PartyForm(FlaskForm):
    """How many come together."""

    size = WholeNumberField(
        _l("How many you are, yourself included"),
        [InputRequired(), NumberRange(min=2, max=10)],
    )
    submit = SubmitField(_l("Make the party"))


class JoinPartyForm(FlaskForm):
    """Come with a party."""

    submit = SubmitField(_l("Come with this party"))


class PartyActForm(FlaskForm):
    """Leave a party, or go on as it is."""

    leave = SubmitField(_l("Leave the party"))
    go_on = SubmitField(_l("Go on as we are"))
