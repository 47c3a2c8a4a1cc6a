"""Reading pages as their readers do: by words, alerts and fields."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Self

from sqlalchemy import event

from app.database import db

if TYPE_CHECKING:
    from types import TracebackType

    from werkzeug.test import TestResponse

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "use", "rect", "circle"}
INLINE = {"a", "b", "code", "em", "small", "strong", "time"}


class _Words(HTMLParser):
    """Collects the words inside the first element that has an attribute."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__()
        self.wanted = (name, value)
        self.depth = 0
        self.is_over = False
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID or self.is_over:
            return
        if self.depth or self.wanted in attrs:
            self.depth += 1
            self.pieces.append("" if tag in INLINE else " ")

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag not in VOID:
            self.depth -= 1
            self.pieces.append("" if tag in INLINE else " ")
            self.is_over = self.depth == 0

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.pieces.append(data)


def words_in(response: TestResponse, name: str, value: str) -> str:
    """Return the words inside the first element whose attribute ``name`` is ``value``."""
    parser = _Words(name, value)
    parser.feed(response.text)
    found = " ".join("".join(parser.pieces).split())
    assert " object at 0x" not in found, found  # a thing shown where its name is meant
    return found


def words(response: TestResponse) -> str:
    """Return the words of a page, without its frame."""
    return words_in(response, "id", "main")


def alert(response: TestResponse) -> str:
    """Return what a page says went wrong."""
    found = words_in(response, "role", "alert")
    for heading in ("Please correct this first ", "That did not work "):
        found = found.removeprefix(heading)
    return found


class _Fields(HTMLParser):
    """Collects names and values of inputs, text areas and chosen options."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.open_name = self.open_text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value if value is not None else "" for name, value in attrs}
        if tag == "textarea":
            self.open_text = found.get("name", "")
            self.values[self.open_text] = ""
        elif tag == "select":
            self.open_name = found.get("name", "")
        elif tag == "option" and "selected" in found:
            self.values[self.open_name] = found.get("value", "")
        elif tag == "input" and "name" in found:
            is_choice = found.get("type") in {"radio", "checkbox"}
            if not is_choice or "checked" in found:
                self.values[found["name"]] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.open_text = ""

    def handle_data(self, data: str) -> None:
        if self.open_text:
            self.values[self.open_text] += data.strip()


def fields(response: TestResponse) -> dict[str, str]:
    """Return what the forms of a page would send, by name."""
    parser = _Fields()
    parser.feed(response.text)
    return parser.values


class CountedQueries:
    """Counts the statements that reach the database inside a ``with``."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    @property
    def count(self) -> int:
        return len(self.statements)

    def __enter__(self) -> Self:
        self.engine = db.engine
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self.statements.append(statement)
