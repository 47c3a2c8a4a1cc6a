"""Four weeks after an edition its host team and its visa officer are strangers, on every route."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app import clock, database
from app.accounts import access
from app.accounts.models import Person
from app.database import db
from app.editions import queries as editions
from tests.conftest import POSTGRESQL
from tests.house import matrix

if TYPE_CHECKING:
    from datetime import date

    from flask import Flask

    from tests.conftest import Client


STRANGER = "other participant"


def end_on(day: date) -> None:
    """Let the edition of the world's host team have its last day before ``day``."""
    host = db.session.scalars(select(Person).filter_by(email="host-team@example.org")).one()
    edition = editions.find(host.grants[0].scope_key)
    assert edition is not None
    database.write(edition)
    edition.dtstart, edition.dtend = day - timedelta(days=5), day
    edition.recurrence_id = None
    db.session.commit()


def opened(asker: matrix.Asker, who: str) -> list[str]:
    """Return what the role lets through to that is closed to somebody without one."""
    found = []
    for row in matrix.rows():
        by_role, by_none = (row.expected()[one] for one in (who, STRANGER))
        if by_role != matrix.THROUGH or by_none == matrix.THROUGH:
            continue
        path = matrix.address(row, asker.world.things)
        assert path is not None
        for method in row.methods:
            marks = dict(asker.ask(method, row, path, (who, STRANGER)))
            if marks[who] != marks[STRANGER]:
                found.append(f"{method} {row.route}")
    return found


@pytest.mark.skipif(bool(POSTGRESQL), reason="permissions are the same; once is enough")
@pytest.mark.parametrize(("who", "least"), [("host team", 12), ("visa officer", 2)])
def test_what_a_role_of_an_edition_opened_is_closed_four_weeks_after_it(
    who: str, least: int, app: Flask, client: Client
) -> None:
    asker = matrix.Asker(app, client)
    last = clock.today() - access.AFTER
    end_on(last + timedelta(days=1))
    asker.keep()
    found = opened(asker, who)
    assert len(found) >= least, found
    end_on(last)
    asker.keep()
    assert opened(asker, who) == []
