"""The long form of an offer, a page for each section; every page can be saved half filled."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from babel.numbers import is_currency
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DecimalField,
    Form,
    FormField,
    HiddenField,
    SelectField,
    SubmitField,
)
from wtforms.validators import (
    Email,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from app import uploads
from app.forms import (
    TYPED_MAX,
    DayField,
    EitherOf,
    LineField,
    ProseField,
    RowsField,
    WholeNumberField,
    clean,
    options,
)
from app.held_files import Asked, HeldFileField
from app.hosting import merging, sections
from app.hosting.forms import WindowsMixin
from app.hosting.sections import ASKED, NEEDED, Payer, Section
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.hosting.models import HostingOffer

PAYERS = {
    Payer.HOST: _l("the host"),
    Payer.GROUP: _l("the group"),
    Payer.PARTICIPANT: _l("each participant"),
}
SPARE_ROWS, ROWS_MAX = 3, 30
LINE = [Optional(), Length(max=200)]
PROSE = [Optional(), Length(max=4000)]


class SectionForm(FlaskForm):
    """What the sections share: filled from the offer, read as facts."""

    section: ClassVar[Section]
    title: ClassVar[Any]
    lead: ClassVar[Any] = ""
    seen = HiddenField()

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - wtforms' own
        """Say at each field how much an offer needs it."""
        super().__init__(**values)
        for field in self:
            field.flags.needed = field.short_name in NEEDED.get(self.section, ())
            field.flags.asked = field.short_name in ASKED[self.section]

    @classmethod
    def of(cls, offer: HostingOffer) -> SectionForm:
        """Return the form filled with what the offer says."""
        standing = sections.standing(offer, cls.section)
        return cls(data=cls.values(standing) | {"seen": merging.marks(standing)})

    @classmethod
    def values(cls, standing: dict[str, Any]) -> dict[str, Any]:
        """Return what the fields show of what the offer says."""
        return {key: value for key, value in standing.items() if key != "letter"}

    def facts(self) -> dict[str, Any]:
        """Return what was typed, fit for JSON."""
        return {
            field.short_name: field.data if field.data is not None else _nothing(field)
            for field in self.own_fields()
        }

    def own_fields(self) -> Iterator[Any]:
        """Yield the fields that are the offer's facts."""
        for field in self:
            if field.type not in {"CSRFTokenField", "SubmitField", "HeldFileField", "HiddenField"}:
                yield field


def _nothing(field: object) -> object:
    return None if isinstance(field, WholeNumberField) else ""


class AuthorityForm(SectionForm):
    """Who offers, and the letter that says so."""

    section = Section.AUTHORITY
    title = _l("Authority and letter")
    lead = _l("Who stands behind the offer, and the government’s letter that says so.")
    authority = LineField(
        _l("Sponsoring authority"), LINE, description=_l("The ministry or agency that would host.")
    )
    signatory = LineField(
        _l("Who signs"), LINE, description=_l("Name and office, as they stand under the letter.")
    )
    partners = ProseField(_l("Partners"), PROSE)
    letter = HeldFileField(
        _l("The government’s letter"),
        description=_l("A PDF file of at most 10 MB. No classified or sensitive information."),
    )


class DatesForm(WindowsMixin, SectionForm):
    """One to three windows of days."""

    section = Section.DATES
    title = _l("Dates")
    lead = _l("One to three windows in order of your wish. The event may lie anywhere inside.")
    first_1 = DayField(_l("First wish: from"), [Optional()])
    last_1 = DayField(_l("First wish: to"), [Optional()])
    first_2 = DayField(_l("Second wish: from"), [Optional()])
    last_2 = DayField(_l("Second wish: to"), [Optional()])
    first_3 = DayField(_l("Third wish: from"), [Optional()])
    last_3 = DayField(_l("Third wish: to"), [Optional()])

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - wtforms' own
        """The first window is what an offer needs; the others are as one likes."""
        super().__init__(**values)
        self.first_1.flags.needed = self.last_1.flags.needed = True

    @classmethod
    def values(cls, standing: dict[str, Any]) -> dict[str, Any]:
        """Return the first and the last day of each window."""
        found: dict[str, Any] = {}
        for rank, (first, end) in enumerate(sections.read_windows(standing["windows"]), 1):
            found[f"first_{rank}"], found[f"last_{rank}"] = first, end - timedelta(days=1)
        return found

    def facts(self) -> dict[str, Any]:
        """Return the windows as pairs of days, the end exclusive."""
        return {"windows": list(self.windows())}


class VenueForm(SectionForm):
    """Where, for how many, for everyone."""

    section = Section.VENUE
    title = _l("Venue, capacity, accessibility")
    city = LineField(_l("City"), [Optional(), Length(max=120)])
    venue = LineField(_l("Venue"), LINE)
    capacity = WholeNumberField(
        _l("Seats in the plenary room"),
        [Optional(), NumberRange(min=1, max=100_000)],
        description=_l("A whole number from 1."),
    )
    breakout_rooms = LineField(
        _l("Rooms for groups"),
        LINE,
        description=_l("How many, and seats in each: “3 rooms of 25 seats”."),
    )
    accessibility = ProseField(
        _l("Accessibility"),
        PROSE,
        description=_l("Step-free ways, lifts, toilets, hearing loops, transport."),
    )
    hotels = ProseField(
        _l("Hotels"), PROSE, description=_l("Rooms within reach, and what a night costs.")
    )


class AccessForm(SectionForm):
    """How people get there, and whether they are let in."""

    section = Section.ACCESS
    title = _l("Access and visas")
    airport = LineField(_l("Airport"), LINE, description=_l("And how far it is from the venue."))
    transfer = LineField(_l("Transfer"), LINE)
    visa_who = ProseField(_l("Who needs a visa"), PROSE)
    visa_days = WholeNumberField(
        _l("Days until a visa is given"), [Optional(), NumberRange(min=0, max=365)]
    )
    entry = ProseField(_l("Restrictions on entry"), PROSE)
    no_barrier = BooleanField(
        _l("Every eligible delegation will be let in"),
        description=_l("The government commits itself to it; without it an offer cannot pass."),
    )


class AssurancesForm(SectionForm):
    """What protects people and papers."""

    section = Section.ASSURANCES
    title = _l("Legal assurances and security")
    lead = _l("No classified or sensitive information: a contact is enough.")
    legal = ProseField(
        _l("Legal assurances"),
        PROSE,
        description=_l("Privileges and immunities, liability, protection of data."),
    )
    security_contact = LineField(
        _l("Security contact"), LINE, description=_l("Name, office and how to reach them.")
    )
    security = ProseField(_l("Security arrangements, in general"), PROSE)


class ProgrammeForm(SectionForm):
    """Languages, technology and what the country would show."""

    section = Section.PROGRAMME
    title = _l("Programme, languages, network")
    languages = LineField(_l("Working languages"), LINE)
    interpretation = LineField(_l("Interpretation"), LINE)
    network = LineField(_l("Network for participants"), LINE)
    showcase = ProseField(
        _l("What your country would show"),
        PROSE,
        description=_l("A visit, an exercise, a national programme."),
    )


class AmountField(DecimalField):
    """An amount of money in digits; says what it takes when it gets something else."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the amount; an empty field is none, and what is finer is not rounded unasked."""
        text = clean(valuelist[0][:TYPED_MAX]) if valuelist else ""
        self.data = None
        if text and not re.fullmatch(r"[0-9]{1,12}([.][0-9]{1,2})?", text):
            raise ValidationError(
                _(
                    "“%(text)s” is not an amount. Write a number from 0 in at most twelve digits, "
                    "as 12500 or 80.50.",
                    text=text[:40],
                )
            )
        self.data = Decimal(text) if text else None


def known_currency(_form: Form, field: LineField) -> None:
    """Insist on a currency that is one, written as everybody writes it."""
    if not is_currency(field.data):
        raise ValidationError(
            _(
                "“%(text)s” is no currency that is known. Write its three capital letters, as EUR "
                "or USD.",
                text=field.data[:40],
            )
        )


class CostRow(Form):
    """One line of the table of costs."""

    item = LineField(_l("What"), [EitherOf(), Length(max=120)])
    payer = SelectField(
        _l("Borne by"), choices=options((payer.value, label) for payer, label in PAYERS.items())
    )
    amount = AmountField(
        _l("Amount"),
        [EitherOf()],
        places=2,
    )
    currency = LineField(
        _l("Currency"),
        [EitherOf(), known_currency],
        default="EUR",
    )

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - wtforms' own
        """A line has both what and how much, or neither."""
        is_valid = bool(super().validate(extra_validators))
        if bool(self.item.data) != (self.amount.data is not None) and not self.errors:
            missing = self.item if not self.item.data else self.amount
            missing.errors = [_("A line of costs needs both what it is for and its amount.")]
            return False
        if self.item.data and not self.currency.data:
            self.currency.errors = [_("Three capital letters, as EUR or USD.")]
            return False
        return is_valid


class CostsForm(SectionForm):
    """Who bears what."""

    section = Section.COSTS
    title = _l("Costs and grants")
    lead = _l(
        "One line for each cost, its amount as 12500 or 80.50. Sums are made by currency; nothing "
        "is converted."
    )
    rows = RowsField(FormField(CostRow), label=_l("Costs"), max_entries=ROWS_MAX)
    grants = ProseField(
        _l("Grants"), PROSE, description=_l("Whom the host would help to come, and how.")
    )

    @classmethod
    def values(cls, standing: dict[str, Any]) -> dict[str, Any]:
        """Return the lines with their amounts as numbers."""
        rows = [{**row, "amount": Decimal(row["amount"])} for row in standing.get("rows", ())]
        return {**standing, "rows": rows}

    def add_spare_rows(self) -> None:
        """Leave room for some more lines."""
        filled = sum(bool(row.form.item.data or row.form.amount.data) for row in self.rows)
        while len(self.rows) < min(filled + SPARE_ROWS, ROWS_MAX):
            self.rows.append_entry()

    def facts(self) -> dict[str, Any]:
        """Return the lines that say something, amounts as text: JSON's numbers are not exact."""
        return {
            "rows": [
                {
                    "item": row.form.item.data,
                    "payer": row.form.payer.data,
                    "amount": f"{row.form.amount.data:.2f}",
                    "currency": row.form.currency.data,
                }
                for row in self.rows
                if row.form.item.data
            ],
            "grants": self.grants.data or "",
        }


class ContactsForm(SectionForm):
    """What if, and whom to ask."""

    section = Section.CONTACTS
    title = _l("Fallback and contacts")
    fallback = ProseField(
        _l("Fallback"), PROSE, description=_l("Another venue or other days, should these fail.")
    )
    contact_name = LineField(_l("Contact"), LINE)
    contact_email = LineField(
        _l("E-mail address of the contact"),
        [Optional(), Length(max=254), Email(_l("An address looks like name@example.org."))],
        render_kw={"type": "email"},
    )
    contact_phone = LineField(_l("Telephone"), LINE)
    note = ProseField(_l("What else the committee should know"), [Optional(), Length(max=5000)])


FORMS: dict[Section, type[SectionForm]] = {
    form.section: form
    for form in (
        AuthorityForm,
        DatesForm,
        VenueForm,
        AccessForm,
        AssurancesForm,
        ProgrammeForm,
        CostsForm,
        ContactsForm,
    )
}


class AnnexForm(FlaskForm):
    """A file beside the letter."""

    title = LineField(_l("What it is"), [InputRequired(), Length(max=120)])
    file = HeldFileField(
        _l("The file"),
        [Asked()],
        description=_l(
            "A PDF file or a picture (PNG or JPEG) of at most 10 MB. No classified or sensitive "
            "information."
        ),
        read=uploads.read_scan,
    )
    submit = SubmitField(_l("Add the annex"))


class ReturnForm(FlaskForm):
    """Comments by section, with which an offer goes back once."""

    until = DayField(
        _l("To be sent in again by"), [InputRequired()], description=_l("The last day, UTC.")
    )
    authority = ProseField(AuthorityForm.title, [Optional(), Length(max=2000)])
    dates = ProseField(DatesForm.title, [Optional(), Length(max=2000)])
    venue = ProseField(VenueForm.title, [Optional(), Length(max=2000)])
    access = ProseField(AccessForm.title, [Optional(), Length(max=2000)])
    assurances = ProseField(AssurancesForm.title, [Optional(), Length(max=2000)])
    programme = ProseField(ProgrammeForm.title, [Optional(), Length(max=2000)])
    costs = ProseField(CostsForm.title, [Optional(), Length(max=2000)])
    contacts = ProseField(ContactsForm.title, [Optional(), Length(max=2000)])
    submit = SubmitField(_l("Return the offer with these comments"))

    def comments(self) -> dict[Section, str]:
        """Return what was said, by section."""
        return {section: self[section.value].data or "" for section in Section}
