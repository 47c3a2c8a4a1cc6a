"""The groups of ``flask`` commands: what is refused is a sentence and exit code 1."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.database import db
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE_IS_MISSING = ("no such table", "does not exist")


class CommandGroup(AppGroup):
    """A group whose commands let every refusal be told, with nothing written."""

    def command(  # type: ignore[override]  # click's has overloads that nobody here needs
        self,
        *args: Any,  # noqa: ANN401 - click's
        **kwargs: Any,  # noqa: ANN401 - click's
    ) -> Callable[[Callable[..., None]], click.Command]:
        """Make a command of a function, as click does."""
        decorate = super().command(*args, **kwargs)
        return lambda run: decorate(_telling(run))


def _telling(run: Callable[..., None]) -> Callable[..., None]:
    @wraps(run)
    def told(*args: object, **kwargs: object) -> None:
        try:
            run(*args, **kwargs)
        except DomainError as error:
            db.session.rollback()
            raise click.ClickException(str(error)) from error
        except (OperationalError, ProgrammingError) as error:
            db.session.rollback()
            said = f"The database refuses: {str(error.orig).strip()}."
            if any(words in said for words in TABLE_IS_MISSING):
                said += " `flask db upgrade` makes its tables."
            raise click.ClickException(said) from error

    return told
