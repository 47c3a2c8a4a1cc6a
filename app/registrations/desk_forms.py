"""The shape of what an organiser decides on the selection desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Form,
    FormField,
    RadioField,
    SelectField,
    SubmitField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.editions.models import AdmissionPolicy
from app.editions.service import CAPACITY_MAX
from app.forms import LineField, ProseField, RowsField, WholeNumberField, options
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.registrations.models import AdmissionSettings, AttendeeRole, QuotaScope, WalkIns
from scheduler.admission import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Row

    from app.editions.models import Edition

POLICY_WORDS = (
    (AdmissionPolicy.OPEN.value, _l("Nobody: places go in order of arrival")),
    (AdmissionPolicy.APPROVAL.value, _l("The organisers")),
    (
        AdmissionPolicy.NOMINATION.value,
        _l("The national contact endorses, then the organisers decide"),
    ),
)
SPARE_ROWS = 3
ROLE_WORDS = {
    AttendeeRole.PARTICIPANT: _l("Participant"),
    AttendeeRole.SPEAKER: _l("Speaker"),
    AttendeeRole.HOST: _l("Host"),
    AttendeeRole.COMMITTEE: _l("Committee"),
    AttendeeRole.OBSERVER: _l("Observer"),
}
ROLES = options([(role.value, words) for role, words in ROLE_WORDS.items()])


class QuotaForm(Form):
    """One number of places; without a scope the row is empty."""

    scope = SelectField(
        _l("What"),
        [Optional()],
        choices=options(
            [
                ("", _l("(no limit)")),
                ("country", _l("Country, at most")),
                ("region", _l("Region, at most")),
                ("role", _l("Role, at most")),
                ("reserved", _l("Reserved for the role")),
            ]
        ),
    )
    key = SelectField(_l("Which"), [Optional(), Length(max=20)], validate_choice=False)
    places = WholeNumberField(_l("Places"), [Optional(), NumberRange(min=0, max=100_000)])

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """A row names what there is, and its number."""
        is_valid = bool(super().validate(extra_validators))
        scope = self.scope.data
        if not scope or not is_valid:
            return is_valid
        if _key(self) is None:
            self.key.errors = [*self.key.errors, _KEYS[scope]()]
        elif self.places.data is None:
            self.places.errors = [*self.places.errors, _("Say how many places.")]
        return not (self.key.errors or self.places.errors)


class LimitsForm(FlaskForm):
    """Quotas, reserved places, and how the queue moves."""

    policy = RadioField(
        _l("Who decides on a place"), [InputRequired()], choices=options(POLICY_WORDS)
    )
    capacity = WholeNumberField(
        _l("Places"),
        [Optional(), NumberRange(min=1, max=CAPACITY_MAX)],
        description=_l("Empty: no limit. Added places are filled from the queue at once."),
    )
    rows = RowsField(FormField(QuotaForm))
    order = RadioField(
        _l("Who is next in the queue"),
        [InputRequired()],
        choices=options(
            [
                (Order.TIME.value, _l("Whoever came first")),
                (Order.RANKING.value, _l("Each country’s first nominee, then each second")),
                (Order.BALANCE.value, _l("Countries that nobody is in for yet, then by arrival")),
            ]
        ),
    )
    answer_days = WholeNumberField(
        _l("Days to answer"),
        [Optional(), NumberRange(min=1, max=60)],
        description=_l("A place from the queue is kept so long. Empty: it is given at once."),
    )
    walk_ins = RadioField(
        _l("Who comes without a registration"),
        [InputRequired()],
        choices=options(
            [
                (WalkIns.NEVER.value, _l("Is not let in at the door")),
                (
                    WalkIns.FREE.value,
                    _l("Gets a free place, else a turn in the queue"),
                ),
                (WalkIns.APPROVAL.value, _l("Waits until an organiser decides")),
            ]
        ),
        default=WalkIns.NEVER.value,
    )
    preview = SubmitField(_l("See what it would do"))
    submit = SubmitField(_l("Save the limits"))

    def __init__(self, *args: Any, **values: Any) -> None:  # noqa: ANN401 - wtforms' own
        """Let each row choose among all there is: what fits its kind of limit is checked."""
        super().__init__(*args, **values)
        whom = _whom()
        for row in self.rows:
            row.form.key.choices = whom

    @classmethod
    def of(
        cls,
        edition: Edition,
        quotas: Sequence[Row[QuotaScope, str, int]],
        settings: AdmissionSettings,
    ) -> LimitsForm:
        """Return the form filled with what stands, and a few rows more."""
        rows: list[dict[str, object]] = [
            {"scope": quota.scope.value, "key": quota.key, "places": quota.places}
            for quota in quotas
        ]
        return cls(
            data={
                "rows": rows + [{"scope": ""}] * SPARE_ROWS,
                "policy": edition.admission_policy.value,
                "capacity": edition.capacity,
                "order": settings.queue_order.value,
                "answer_days": settings.answer_days,
                "walk_ins": settings.walk_ins.value,
            }
        )

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """Nothing is told twice, and no more places are reserved than there are."""
        is_valid = bool(super().validate(extra_validators))
        told = [(row.form.scope.data, _key(row.form)) for row in self.rows if row.form.scope.data]
        if len(told) != len(set(told)):
            self.form_errors.append(_("One of the limits is told twice."))
            return False
        if not is_valid or self.capacity.data is None:
            return is_valid
        reserved = sum(
            places for (scope, _role), places in self.quotas.items() if scope is QuotaScope.RESERVED
        )
        if reserved > self.capacity.data:
            self.form_errors.append(
                _(
                    "%(reserved)s places would be reserved, of %(places)s in all.",
                    reserved=reserved,
                    places=self.capacity.data,
                )
            )
            return False
        return True

    @property
    def quotas(self) -> Mapping[tuple[QuotaScope, str], int]:
        """What the rows say, once they are valid."""
        return {
            (QuotaScope(row.form.scope.data), _key(row.form) or ""): row.form.places.data
            for row in self.rows
            if row.form.scope.data
        }


_KEYS = {
    "country": lambda: _("Choose a country, or “each of them”."),
    "region": lambda: _("Choose a region, or “each of them”."),
    "role": lambda: _("Choose a role, or “each of them”."),
    "reserved": lambda: _("Choose the role that the places are kept for."),
}


def _whom() -> list[SelectChoice]:
    """Return what a limit can be for, by kind; one list for all kinds works without scripts."""
    kinds: list[tuple[str, Iterable[tuple[str, Any]]]] = [
        (_("Roles"), ((role.value, words) for role, words in ROLE_WORDS.items())),
        (_("Regions"), ((slug, _(name)) for slug, name in REGION_NAMES.items())),
        (_("Countries"), countries.names()),
    ]
    each = SelectChoice("", _("(each of them)"), optgroup="")
    return [each] + [
        SelectChoice(key, words, optgroup=kind) for kind, pairs in kinds for key, words in pairs
    ]


def _key(row: Any) -> str | None:  # noqa: ANN401 - a QuotaForm
    """Return whom a row is for, ``""`` for each, ``None`` where there is no such thing."""
    text = (row.key.data or "").strip()
    if not text:
        return None if row.scope.data == "reserved" else ""
    if row.scope.data == "country":
        country = countries.find(text)
        return country.code if country else None
    known = REGION_NAMES if row.scope.data == "region" else {role.value for role in AttendeeRole}
    return text.lower() if text.lower() in known else None


class DecideForm(FlaskForm):
    """What is done with the people chosen in the list; they are ticked there, or all meant."""

    everyone = BooleanField(_l("Everyone whom this list shows, on all its pages"))
    act = SelectField(
        _l("With the chosen"),
        [InputRequired()],
        choices=options(
            [
                ("accept", _l("Accept: a place, or the queue")),
                ("wait", _l("Put on the waiting list, held")),
                ("decline", _l("Decline")),
                ("party", _l("Seat together or not at all")),
                ("part", _l("Take out of their party")),
            ]
        ),
    )
    reason = LineField(
        _l("Reason"),
        [Optional(), Length(max=500)],
        description=_l("Needed to decline; the person reads it."),
    )
    preview = SubmitField(_l("See what it would do"))
    submit = SubmitField(_l("Do it"))


class InviteForm(FlaskForm):
    """Invite somebody past the policy, or after the closing."""

    email = EmailField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    country = SelectField(_l("Country"), [Optional()])
    role = SelectField(_l("Comes as"), [InputRequired()], choices=ROLES)
    keeps_place = BooleanField(_l("Keep a place until the answer"))
    reason = LineField(
        _l("Reason"),
        [InputRequired(), Length(max=500)],
        description=_l(
            "Why this person is invited; it stands in the history, and the person reads it."
        ),
    )
    submit = SubmitField(_l("Invite"))


class PersonDecisionForm(FlaskForm):
    """As what one person comes, and a travel grant."""

    role = SelectField(_l("Comes as"), [InputRequired()], choices=ROLES)
    save_role = SubmitField(_l("Save the role"))


class GrantForm(FlaskForm):
    """Give or decline a travel grant."""

    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)])
    goes_beyond = BooleanField(_l("This goes beyond the number for the country"))
    give = SubmitField(_l("Give a travel grant"))
    decline = SubmitField(_l("Decline a travel grant"))
