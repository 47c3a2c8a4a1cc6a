"""What a form is sent that its page did not offer: other things, other fields, other kinds.

Behind the permission of a route (``test_access.py``) and the ids in its address
(``test_foreign_ids.py``) lie the ids, fields and values in the body. Every form of every route is
filled in so that it would pass (``sheets.py``), then forged.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Boolean, Enum, Integer, String, select
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    SubmitField,
)

from app import clock
from app.accounts import grants
from app.accounts.models import Person, Role
from app.database import Model, db
from app.documents import service as documents
from app.documents.models import DocumentKind
from app.editions import queries as editions
from app.exports import service as exports
from app.exports.models import ReleaseKind
from app.feeds import personal
from app.hosting import interests, proposals
from app.registrations import answering, delegations, parties, questions
from app.registrations import service as registrations
from app.registrations.models import Party, QuestionKind
from tests.conftest import POSTGRESQL
from tests.factories import PDF, make_country, make_offer, make_person
from tests.house import matrix, sheets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask import Flask

    from tests.conftest import Client
    from tests.house.matrix import Asker, Rows
    from tests.house.sheets import Sheet
    from tests.world import World

Key = tuple[str, tuple[Any, ...]]

# -- other kinds -----------------------------------------------------------------------------

LONG = "x" * 70_000
NUL = "\N{NULL}"
# What its field may take, so that the use case meets it: one field at a time, the others right.
PLAUSIBLE: Mapping[type, tuple[str, ...]] = {
    DateField: ("9999-12-31", "0001-01-01"),
    IntegerField: ("-1", "0", "2147483647"),
    HiddenField: ("9" * 30, LONG),
}
# What no field should: all fields of a form at once, for each says what is wrong with it.
SENSELESS: tuple[str | list[str] | None, ...] = (
    None,  # not sent at all
    "",
    f"{NUL}\N{RIGHT-TO-LEFT OVERRIDE}\N{GRINNING FACE}",
    LONG,
    "9" * 5000,
    "²",
    "[]",
    ["1", NUL],
)
ANSWERS = {200, 303, 400, 404, 409, 413, 422}


def forgeries(sheet: Sheet) -> Iterator[tuple[str, sheets.Values]]:
    """Yield what is forged, and the whole of what is sent."""
    typed = {name for name, kind in sheet.kinds.items() if not issubclass(kind, SubmitField)}
    rest = {name: value for name, value in sheet.values.items() if name not in typed}
    for value in SENSELESS:
        told = {} if value is None else dict.fromkeys(typed, value)
        yield f"all {str(value)[:20]!r}", rest | told
    for name in typed:
        for known, values in PLAUSIBLE.items():
            for value in values if issubclass(sheet.kinds[name], known) else ():
                yield f"{name} {value[:20]!r}", sheet.values | {name: value}


def test_no_value_of_any_field_of_any_form_is_a_fault(app: Flask, client: Client) -> None:
    asker = matrix.Asker(app, client)
    app.testing = False  # a fault is then an answer, as people would get it
    faults, asked = [], 0
    try:
        for sheet in once(sheets.sheets(asker, matrix.rows())):
            for what, values in forgeries(sheet):
                status = answer(asker, sheet, values)
                asked += 1
                if status not in ANSWERS:
                    faults.append(f"{sheet}, {what}: {status}")
    finally:
        app.testing = True
    assert (faults, asked > 1000) == ([], True), asked


def once(found: Iterator[Sheet]) -> Iterator[Sheet]:
    """Yield each form of each route once, whoever sends it."""
    seen = set()
    for sheet in found:
        if (sheet.route, sheet.form) not in seen:
            seen.add((sheet.route, sheet.form))
            yield sheet


def answer(asker: Asker, sheet: Sheet, values: sheets.Values) -> int:
    """Send a form, and leave the world as it was; return the status."""
    with sheets.send(asker, sheet.who, sheet.path, values) as got:
        status: int = got.status_code
    if status < 400:
        asker.put_back()
    return status


# -- other fields ----------------------------------------------------------------------------

FORGED, FORGED_NUMBER = "forged-beyond-the-form", 777_777


def fields_of_tables() -> dict[str, str]:
    """Return a value for every column there is, as somebody would send it who knows them all."""
    found = {"is_admin": "1", "roles": "organiser", "person": str(FORGED_NUMBER)}
    for table in Model.metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, Enum):
                found[column.name] = str(kind.enums[-1])
            elif isinstance(kind, Boolean):
                found[column.name] = "1"
            elif isinstance(kind, Integer):
                found[column.name] = str(FORGED_NUMBER)
            elif isinstance(kind, String):
                found[column.name] = FORGED
            else:
                found[column.name] = "2027-02-03"
    return found | {"role": "organiser", "status": "confirmed"}


def outline(rows: Rows) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return how many rows there are of each table, by their states and marks."""
    return {
        table.name: Counter(
            tuple(
                row[column.name]
                for column in table.columns
                if isinstance(column.type, (Enum, Boolean))
            )
            for row in rows[table.name]
        )
        for table in Model.metadata.sorted_tables
    }


@pytest.mark.skipif(bool(POSTGRESQL), reason="the same views read the same fields")
def test_a_field_that_is_not_on_the_form_changes_nothing(app: Flask, client: Client) -> None:
    asker = matrix.Asker(app, client)
    beyond = fields_of_tables()
    wrong, taken = [], 0
    found = list(once(sheets.sheets(asker, matrix.rows())))
    for sheet in found:
        told = []
        known = {name for one in found if one.route == sheet.route for name in one.kinds}
        for more in ({}, {k: v for k, v in beyond.items() if k not in known}):
            with sheets.send(asker, sheet.who, sheet.path, more | sheet.values) as got:
                status = got.status_code
            rows = matrix.every_row()
            told.append((status, outline(rows)))
            if more and any(
                value in (FORGED, FORGED_NUMBER)  # a tuple: some values cannot be hashed
                for table in rows.values()
                for row in table
                for value in row.values()
            ):
                wrong.append(f"{sheet} keeps what is not on it")
            asker.put_back()
        taken += told[0][0] < 400
        if told[0] != told[1]:
            wrong.append(f"{sheet} does something else: {told[0][0]}, {told[1][0]}")
    assert (wrong, taken > 80) == ([], True), taken


# Read beside the form, by their names: what they may name is tested below.
READ = {
    "/organise/editions/<slug>/selection": ("chosen",),
    "/delegations/<slug>": ("together",),
}


# -- other things ----------------------------------------------------------------------------


def make_foreign(world: World) -> tuple[dict[Key, Any], dict[Key, Any], list[str]]:
    """Make what belongs to others; return its rows, those of other events, and what names them.

    Organisers may reach the former through their own pages, the latter through no other's.
    """
    start = keyed(matrix.every_row())
    names = make_at_other_edition()
    db.session.commit()
    elsewhere = keyed(matrix.every_row())
    names += make_of_other_country(world)
    db.session.commit()
    every = keyed(matrix.every_row())
    return (
        {key: row for key, row in every.items() if key not in start},
        {key: row for key, row in elsewhere.items() if key not in start},
        names,
    )


def of_world(column: str) -> Person:
    """Return a person of the world, whom the copying of its file has let go."""
    email = f"{column.replace(' ', '-')}@example.org"
    return db.session.scalars(select(Person).filter_by(email=email)).one()


def make_at_other_edition() -> list[str]:
    now, participant = clock.utcnow(), of_world("other participant")
    organiser, contact = of_world("organiser"), of_world("other contact")
    other = editions.find(of_world("other host team").grants[0].scope_key)
    assert other
    registration = registrations.register(other, participant, now=now)
    asks = questions.QuestionFacts(QuestionKind.FILE, "A scan", "to look at it")
    question = questions.add(other, asks, by=organiser, now=now)
    given = {question.id: answering.Given(upload=(PDF, "scan.pdf"))}
    answering.keep(registration, given, now=now)
    made = parties.form(other, make_person("elsewhere@example.org"), 3, now=now)
    party = db.session.get_one(Party, made.party_id)
    document = documents.issue(registration, DocumentKind.BADGE, by=organiser, now=now)
    release = exports.ask(other, ReleaseKind.CSV, "A hotel", by=organiser, now=now)
    personal.make(participant, "phone", has_alarms=False, now=now)
    proposal = proposals.propose(
        other, proposals.Change(reason="L", city="Fez"), by=contact, now=now
    )
    return [
        registration.public_id,
        made.public_id,
        document.code,
        party.code or "",
        str(party.id),
        release.public_id,
        str(question.id),
        str(proposal.number),
        other.slug,
        str(participant.id),
        "1",
    ]


def make_of_other_country(world: World) -> list[str]:
    now, contact = clock.utcnow(), of_world("other contact")
    own, called = (
        editions.find(str(world.things[name]["slug"]))
        for name in ("an announced edition", "a call")
    )
    assert own
    assert called
    country = make_country("XAC")
    nominee = delegations.nominate(own, country, "xac@example.org", "Xac", by=contact, now=now)
    offer = make_offer(called, country, by=contact)
    facts = interests.InterestFacts(months=(3,), first_year=2030, last_year=2040)
    interest = interests.tell(called.series, country, facts, by=contact, now=now)
    deputy = grants.Offer(Role.NATIONAL_CONTACT, "XAC", is_deputy=True)
    invited, _token = grants.invite("xac2@example.org", deputy, by=contact, now=clock.real_utcnow())
    return ["XAC", nominee.public_id, offer.public_id, interest.public_id, str(invited.id)]


def keyed(rows: Rows) -> dict[Key, Any]:
    """Return every row of what people make, by its table and key."""
    return {
        (table.name, tuple(row[column.name] for column in table.primary_key.columns)): row
        for table in Model.metadata.sorted_tables
        if table.name not in NOTED
        for row in rows[table.name]
    }


NOTED = {"audit_entry", "audit_head", "outbox_message", "sign_in", "person", "held_form"}


def links_to(rows: dict[Key, Any], foreign: dict[Key, Any]) -> set[tuple[Key, str]]:
    """Return which rows, by which of their columns, refer to a foreign one."""
    found = set()
    for table in Model.metadata.sorted_tables:
        keys = [(key.parent.name, key.column.table.name) for key in table.foreign_keys]
        for key, row in rows.items():
            if key[0] == table.name and key not in foreign:
                found |= {(key, name) for name, to in keys if (to, (row[name],)) in foreign}
    return found


def naming(sheet: Sheet) -> list[tuple[str, bool]]:
    """Return the fields of a form that name things, and whether each takes several."""
    kinds = (HiddenField, SelectField, RadioField, SelectMultipleField)
    own = [
        (name, issubclass(kind, SelectMultipleField))
        for name, kind in sheet.kinds.items()
        if issubclass(kind, kinds) and name not in {"next", "answer"}
    ]
    return [*own, *((name, True) for name in READ.get(sheet.route, ()))]


@pytest.mark.skipif(bool(POSTGRESQL), reason="the same views look for the same things")
def test_nothing_of_others_is_reached_by_naming_it_in_a_form(app: Flask, client: Client) -> None:
    asker = matrix.Asker(app, client)
    of_others, elsewhere, names = make_foreign(asker.world)
    asker.keep()
    country, chosen = {("country", ("XAC",)): {}}, names[8:14]
    before = keyed(matrix.every_row())
    wrong, reached = [], 0
    seen = set()
    for sheet in sheets.sheets(asker, matrix.rows()):
        leads = sheet.who in {"organiser", "committee", "chair"}
        if (sheet.route, sheet.form, leads) in seen or not naming(sheet):
            continue
        seen.add((sheet.route, sheet.form, leads))
        if sheet.who == "visitor" or sheet.who.startswith("other "):
            continue
        if leads and "<" not in sheet.route:
            continue  # a page of everything, on which the body says of what
        foreign = elsewhere if leads else of_others
        bound = foreign | (country if sheet.who == "contact" else {})
        linked = links_to(before, bound)
        for name, is_many in naming(sheet):
            own = sheet.values.get(name, "")
            # A choice refuses what is not among its own: a few of each kind tell whether it does.
            few = names if issubclass(sheet.kinds.get(name, HiddenField), HiddenField) else chosen
            for value in [names, [own, *names]] if is_many else [*few, [own, names[0]]]:
                with sheets.send(asker, sheet.who, sheet.path, sheet.values | {name: value}) as got:
                    status = got.status_code
                if status >= 400:
                    continue
                reached += 1
                after = keyed(matrix.every_row())
                changed = {key[0] for key, row in foreign.items() if after.get(key) != row}
                drawn_in = {f"{key[0]}.{of}" for key, of in links_to(after, bound) - linked}
                if changed or drawn_in:
                    wrong.append(f"{sheet}, {name}={str(value)[:40]}: {sorted(changed | drawn_in)}")
                asker.put_back()
    assert (wrong, reached > 100) == ([], True), reached
