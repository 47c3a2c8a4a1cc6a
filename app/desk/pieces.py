"""Sample data for the page that shows every piece of the design language in every state."""

from __future__ import annotations

from datetime import date

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FileField,
    Form,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.forms import WholeNumberField, options
from app.site.drawn_events import Clash, Event
from app.site.states import STATES
from app.site.strip import Lane

TODAY = date(2027, 1, 12)


class SampleForm(Form):
    """One field of each type."""

    name = StringField("Name", [InputRequired()], description="As it should stand on your badge.")
    email = EmailField("E-mail address", [InputRequired("Write an address we can answer to.")])
    seats = WholeNumberField("Places", [Optional(), NumberRange(1, 500)])
    starts_on = DateField("First day", [InputRequired()])
    country = SelectField("Country", choices=options([("XAA", "Alphaland"), ("XAB", "Betania")]))
    languages = SelectMultipleField("Languages", choices=["Arabic", "English", "French"])
    policy = RadioField(
        "Admission",
        [InputRequired("Choose how places are given.")],
        choices=options([("open", "At once"), ("approval", "The organiser decides")]),
    )
    note = TextAreaField("Note", [Optional(), Length(max=500)])
    letter = FileField("Government letter", description="PDF, at most 10 MB.")
    accepts_terms = BooleanField("I accept the terms", [InputRequired("Tick the box to accept.")])
    submit = SubmitField("Send")


def pieces_context() -> dict[str, object]:
    """Return what ``desk/pieces.html`` shows; nothing of it is real."""
    refused = SampleForm(data={"name": "A. Participant"})
    refused.validate()
    refused.form_errors.append("The edition takes no registrations at present.")
    return {
        "themes": ("light", "dark"),
        "form": SampleForm(data={"name": "A. Participant", "policy": "open"}),
        "refused": refused,
        "states": STATES,
        "spans": SPANS,
        "today": TODAY,
        "lanes": LANES,
        "month_events": MONTH_EVENTS,
        "milestones": MILESTONES,
        "steps": STEPS,
        "columns": COLUMNS,
        "rows": ROWS,
    }


SPANS = (
    (date(2024, 3, 5), date(2024, 3, 8), "day"),
    (date(2027, 5, 11), date(2027, 5, 12), "day"),
    (date(2026, 3, 30), date(2026, 4, 3), "day"),
    (date(2026, 12, 30), date(2027, 1, 3), "day"),
    (date(2023, 9, 1), date(2023, 10, 1), "month"),
    (date(2019, 3, 1), date(2020, 3, 1), "window"),
    (date(2029, 1, 1), date(2030, 1, 1), "year"),
)

SYMPOSIUM = "International Symposium"
WORKSHOP = "Practitioner Workshop"
AFRICA = "Regional Engagement Africa"

LANES = (
    Lane(
        SYMPOSIUM,
        "symposium",
        (
            Event(
                f"4th {SYMPOSIUM}",
                date(2027, 3, 2),
                date(2027, 3, 5),
                status="projected",
                url="#",
                clash=Clash("soft", "In Ramadan (8 February to 9 March 2027, estimated)."),
            ),
            Event(
                f"{SYMPOSIUM} 2030",
                date(2030, 3, 5),
                date(2030, 3, 8),
                status="projected",
                url="#",
                moved_from=date(2029, 9, 1),
            ),
        ),
        "every 3 years, first Tuesday of March, 3 days",
        "#",
    ),
    Lane(
        WORKSHOP,
        "practitioner_workshop",
        (
            Event(
                f"{WORKSHOP} 2027",
                date(2027, 9, 13),
                date(2027, 9, 18),
                "practitioner_workshop",
                "call_open",
                url="#",
                call=(date(2027, 1, 5), date(2027, 4, 1)),
                clash=Clash("hard", "In the expected week of the IAEA General Conference."),
            ),
            Event(
                f"{WORKSHOP} 2029",
                date(2029, 9, 10),
                date(2029, 9, 15),
                "practitioner_workshop",
                "cancelled",
                "Betaville, Betania",
                "#",
            ),
            Event(
                f"{WORKSHOP} 2031",
                date(2031, 9, 8),
                date(2031, 9, 13),
                "practitioner_workshop",
                "projected",
                url="#",
            ),
        ),
        "every 2 years, second Monday of September, 5 days",
        "#",
    ),
    Lane(
        AFRICA,
        "regional_engagement",
        (
            Event(
                f"{AFRICA} 2027",
                date(2027, 5, 11),
                date(2027, 5, 14),
                "regional_engagement",
                "registration_open",
                "Alpha City, Alphaland",
                "#",
            ),
            Event(
                f"{AFRICA} 2028",
                date(2028, 5, 9),
                date(2028, 5, 12),
                "regional_engagement",
                "postponed",
                "Gammaport, Gammaland",
                "#",
            ),
            Event(
                f"{AFRICA} 2032",
                date(2032, 11, 9),
                date(2032, 11, 12),
                "regional_engagement",
                "projected",
                url="#",
            ),
        ),
        "every 4 years, second Tuesday of May, 3 days",
    ),
)

MONTH_EVENTS = (
    Event(
        SYMPOSIUM, date(2027, 3, 4), date(2027, 3, 10), "symposium", "announced", "Alpha City", "#"
    ),
    Event(
        WORKSHOP, date(2027, 3, 9), date(2027, 3, 11), "practitioner_workshop", "announced", "", "#"
    ),
    Event(
        AFRICA, date(2027, 3, 9), date(2027, 3, 12), "regional_engagement", "postponed", "", "#"
    ),
    Event(
        f"{AFRICA} (2)", date(2027, 3, 9), date(2027, 3, 10), "regional_engagement", "cancelled",
        "", "#",
    ),
    Event(SYMPOSIUM, date(2027, 3, 9), date(2027, 3, 10), "symposium", "announced", "", "#"),
)  # fmt: skip

MILESTONES = (
    {"title": "Call for hosts opens", "state": "done", "due": date(2026, 3, 1)},
    {
        "title": "Offers close",
        "state": "overdue",
        "due": date(2027, 1, 5),
        "words": "7 days ago",
        "note": "Two of three countries have answered.",
    },
    {
        "title": "Committee decides",
        "state": "next",
        "due": date(2027, 2, 26),
        "words": "in 45 days",
        "url": "#",
    },
    {"title": "Host agreement", "state": "later", "due": date(2027, 8, 27)},
)

STEPS = (
    {"title": "Registered", "state": "done", "words": "12 January 2027"},
    {"title": "Waiting list", "state": "current", "words": "number 3 in the queue"},
    {"title": "Place confirmed", "state": "todo"},
    {"title": "Attended", "state": "todo", "words": "11–13 May 2027"},
)

COLUMNS = (
    {"key": "country", "label": "Country", "sort_url": "#", "sorted": "ascending"},
    {"key": "city", "label": "City", "sort_url": "#"},
    {"key": "capacity", "label": "Capacity", "numeric": True},
    {"key": "score", "label": "Score", "numeric": True},
)

ROWS = (
    {"country": "Alphaland", "city": "Alpha City", "capacity": 320, "score": "4.15"},
    {"country": "Betania", "city": "Betaville", "capacity": 1200, "score": "3.90"},
    {"country": "Gammaland", "city": "Gammaport", "capacity": None, "score": "–"},
)
