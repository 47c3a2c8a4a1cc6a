"""The matrix of docs/access.md: read from the document, and found by asking the application."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.database import Model, db
from tests.conftest import POSTGRESQL
from tests.world import COLUMNS, World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.conftest import Client

DOCUMENT = Path(__file__).parents[2] / "docs" / "access.md"
THROUGH, SIGN_IN, REFUSED, NOTHING = "●", "→", "\N{MULTIPLICATION SIGN}", "–"
HEAD = f"| route | method | thing | {' | '.join(COLUMNS)} | note |"
Rows = dict[str, list[dict[str, Any]]]
VARIABLE = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the document; ``cells`` are as they are written, one a column."""

    route: str
    methods: tuple[str, ...]
    thing: str
    cells: tuple[str, ...]

    def __str__(self) -> str:
        """The line as it stands in the document, without its note."""
        cells = [f"`{self.route}`", " ".join(self.methods), self.thing, *self.cells]
        return f"| {' | '.join(cells)} |"

    def expected(self) -> dict[str, str]:
        """Return the answer to each person: one mark for all of a column, or own, then other."""
        found = {}
        for column, cell in zip(COLUMNS, self.cells, strict=True):
            kinds = COLUMNS[column]
            marks = cell if len(cell) == len(kinds) else cell * len(kinds)
            found |= {f"{kind}{column}": mark for kind, mark in zip(kinds, marks, strict=True)}
        return found


def rows() -> list[Row]:
    """Return every line of the document's tables of routes."""
    found = []
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `/") and len(cells) == len(COLUMNS) + 4:
            route, methods, thing, *marks, _note = cells
            found.append(Row(route.strip("`"), tuple(methods.split()), thing, tuple(marks)))
    return found


def routes(app: Flask) -> set[tuple[str, str]]:
    """Return every route of the application with each of its methods."""
    return {
        (VARIABLE.sub(r"<\1>", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def address(row: Row, things: Mapping[str, Mapping[str, object]]) -> str | None:
    """Return the address of a row's thing; ``None`` if there is no such thing."""
    values = things.get(row.thing, {})
    if set(VARIABLE.findall(row.route)) - values.keys():
        return None
    return VARIABLE.sub(lambda found: str(values[found[1]]), row.route)


class Asker:
    """Asks the application as each person of one world, which stays as it was made."""

    def __init__(self, app: Flask, client: Client) -> None:
        self.world: World = make_world()
        self.browser = app.test_client(use_cookies=False)
        self.cookies: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.kept: set[str] = set()  # routes whose answers to people a browser may keep
        for name, person in self.world.people.items():
            if person is not None:
                client.sign_in(person)
            self.tokens[name] = client.csrf_token()
            cookie = client.get_cookie("session")
            assert cookie is not None
            self.cookies[name] = f"session={cookie.value}"
        self.database = Path(db.engine.url.database or "")
        self.copy = self.database.with_suffix(".world")
        self.rows: Rows = {}
        self.keep()

    def things_for(self, route: str) -> list[str]:
        """Return what could stand in a route's address."""
        wanted = set(VARIABLE.findall(route))
        return [name for name, values in self.world.things.items() if wanted == values.keys()]

    def proposal(self, route: str, method: str) -> str:
        """Return the line that a route without one would have."""
        if not VARIABLE.search(route):
            return f"{self.told(Row(route, (method,), '', ()))} |"
        lines = [
            f"{self.told(Row(route, (method,), name, ()))} |" for name in self.things_for(route)
        ]
        return "\n  ".join(lines) or (
            "nobody knows: tests/world.py makes nothing that fills its address. Add a thing there."
        )

    def answers(self, row: Row) -> dict[str, str]:
        """Return the marks that the application gives, method by method where they differ."""
        found: dict[str, str] = {}
        for method in row.methods:
            for name, mark in self.ask(method, row, address(row, self.world.things) or ""):
                known = found.get(name, mark)
                found[name] = mark if known == mark else f"{known} ({method}: {mark})"
        return found

    def told(self, row: Row) -> Row:
        """Return the row as the application answers."""
        answers = self.answers(row)
        cells = []
        for column, kinds in COLUMNS.items():
            marks = [answers[f"{kind}{column}"] for kind in kinds]
            cells.append(marks[0] if len(set(marks)) == 1 else "".join(marks))
        return Row(row.route, row.methods, row.thing, tuple(cells))

    def ask(
        self, method: str, row: Row, path: str, names: Iterable[str] = ()
    ) -> Iterator[tuple[str, str]]:
        """Yield the mark of the answer to each person, or to those of ``names``."""
        for name in names or self.cookies:
            cookie = self.cookies[name]
            data = {"csrf_token": self.tokens[name]} if method == "POST" else None
            answer = self.browser.open(path, method=method, data=data, headers={"Cookie": cookie})
            mark = mark_of(answer, is_visitor=name == "visitor")
            if name != "visitor" and "no-store" not in answer.headers.get("Cache-Control", ""):
                self.kept.add(row.route)
            answer.close()
            yield name, mark
            if method == "POST" and mark == THROUGH:
                self.put_back()

    def keep(self) -> None:
        """Remember the world as it is now."""
        if POSTGRESQL:
            self.rows = every_row()
        else:
            self._swap(self.database, self.copy)

    def put_back(self) -> None:
        """Leave the world as it was made."""
        if POSTGRESQL:
            self._write()
        else:
            self._swap(self.copy, self.database)

    def _write(self) -> None:
        """Write every row anew; the triggers of the audit log and of the keys sleep meanwhile."""
        db.session.remove()
        with db.engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for table in Model.metadata.sorted_tables:
                connection.execute(table.delete())
                if self.rows[table.name]:
                    connection.execute(table.insert(), self.rows[table.name])

    def _swap(self, source: Path, target: Path) -> None:
        """Copy one file of the database over the other, with nothing open."""
        db.session.remove()
        db.engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        shutil.copy(source, target)


def every_row() -> Rows:
    """Return what the database holds, by table."""
    with db.engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in Model.metadata.sorted_tables
        }


def mark_of(answer: TestResponse, *, is_visitor: bool) -> str:
    """Return the mark of an answer; one that the document has no mark for is its number.

    Let through is who gets the page, is led on, or is told what is wrong with what was sent.
    """
    # Signing out everywhere leads to the same page.
    if is_visitor and answer.status_code == 303 and urlsplit(answer.location).path == "/login":
        return SIGN_IN
    by_status = {403: REFUSED, 404: NOTHING}
    through = {200, 302, 303, 400, 409, 422}
    status = answer.status_code
    return by_status.get(status, THROUGH if status in through else str(status))


def differences(row: Row, asker: Asker) -> Iterable[str]:
    """Return a sentence for each person whom the application answers otherwise."""
    expected = row.expected()
    for name, mark in asker.answers(row).items():
        if mark != expected[name]:
            yield f"{name}: {mark}, the document says {expected[name]}"
