"""The participants of an edition as a table, in CSV and in XLSX, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from app.i18n import gettext as _
from app.registrations import queries as registrations
from app.registrations import question_queries
from app.registrations.answer_words import answer_words
from app.site.states import state_of

if TYPE_CHECKING:
    from app.editions.models import Edition

# The wide forms too: where people write Chinese or Japanese, a spreadsheet may take them as these.
FORMULA_STARTS = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
UNSEEN = " \u00a0\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""What a spreadsheet may drop before it looks: blanks and marks that one does not see."""


def participants(edition: Edition) -> list[list[str]]:
    """Return a line of heads, then one a registration, in queue order.

    A column for each question; of a file that was sent stands its name.
    """
    heads = [
        _("Name"), _("E-mail address"), _("Country"), _("Affiliation"), _("Position"), _("Role"),
        _("State"), _("In the queue"), _("Registered (UTC)"), _("Dietary needs"), _("Access needs"),
    ]  # fmt: skip
    questions = question_queries.of_edition(edition)
    answers = question_queries.of_registrations(edition)
    heads += [question.label for question in questions]
    lines = [
        [
            row.person.name,
            row.person.email,
            row.country_code or "",
            row.affiliation,
            row.position,
            row.role.value,
            _(state_of(row.status, "registration").words),
            "" if position is None else str(position),
            row.registered_at.strftime("%Y-%m-%d %H:%M"),
            row.dietary_needs,
            row.access_needs,
            *(
                answer_words(answers[row.id, question.id])
                if (row.id, question.id) in answers
                else ""
                for question in questions
            ),
        ]
        for row, position in registrations.in_queue_order(edition)
    ]
    return [heads, *lines]


def harmless(text: str) -> str:
    """Return ``text`` so that a spreadsheet shows it and computes nothing.

    >>> harmless("=1+1"), harmless("Ana")
    ("'=1+1", 'Ana')
    """
    return f"'{text}" if text.lstrip(UNSEEN).startswith(FORMULA_STARTS) else text


def as_csv(lines: list[list[str]]) -> bytes:
    """Return ``lines`` as CSV (RFC 4180), with a mark that tells spreadsheets it is UTF-8."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([harmless(cell) for cell in line] for line in lines)
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(lines: list[list[str]]) -> bytes:
    """Return ``lines`` as a workbook whose cells are all text."""
    import xlsxwriter  # noqa: PLC0415 - it takes a twentieth of the start, and few ask for it

    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        head = book.add_format({"bold": True})
        for row, line in enumerate(lines):
            for column, cell in enumerate(line):
                sheet.write_string(row, column, cell, head if row == 0 else None)
        sheet.freeze_panes(1, 0)
    return written.getvalue()
