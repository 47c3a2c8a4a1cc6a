"""Whoever owes a proof is a visitor: on every route, by every method, whatever role they hold."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from app.accounts import sessions
from app.accounts.models import Role, SignIn
from app.accounts.sessions import Stage
from app.clock import real_utcnow
from app.database import db
from tests.factories import make_person
from tests.house import matrix
from tests.world import make_world

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from app.accounts.models import Person
    from tests.conftest import Client

STEPS = {"/login", "/login/second", "/me/sign-in/set-up", "/confirm"}
# Signing out ends the session, and wrong proofs do.
ENDING = {"/logout", "/login/second", "/confirm"}


def sign_in_half(client: Client, stage: Stage) -> Person:
    """Begin a session of an organiser that has come as far as ``stage``."""
    person = make_person(f"{stage.value}@example.org", role=Role.ORGANISER)
    person.has_second_factor = stage is Stage.SECOND_FACTOR
    client.sign_in(person)
    proved = {"used_at": real_utcnow() - timedelta(hours=2)}
    if stage is not Stage.IDLE:
        proved = {"second_factor_at": None}
    db.session.execute(update(SignIn).where(SignIn.person_id == person.id).values(**proved))
    db.session.commit()
    row = db.session.query(SignIn).filter_by(person_id=person.id).one()
    assert sessions.stage_of(row, now=real_utcnow()) is stage
    return person


def stages_of(app: Flask, path: str, method: str) -> tuple[Stage, ...]:
    """Return which halves of a signing in the view of an address is for."""
    endpoint, _values = app.url_map.bind("localhost").match(path, method=method)
    return getattr(app.view_functions[endpoint], "stages", ())


def told(answer: TestResponse) -> str:
    """Return the answer's mark; a step of signing in reads as being led there."""
    mark = matrix.mark_of(answer, is_visitor=True)
    is_step = answer.status_code == 303 and urlsplit(answer.location).path in STEPS
    return matrix.SIGN_IN if is_step else mark


@pytest.mark.parametrize("stage", [Stage.SECOND_FACTOR, Stage.SET_UP, Stage.IDLE])
def test_a_half_signed_session_opens_what_a_visitor_may_and_the_next_step_alone(
    stage: Stage, client: Client, app: Flask
) -> None:
    things = make_world().things
    person = sign_in_half(client, stage)
    wrong, asked = [], 0
    for row in matrix.rows():
        path = matrix.address(row, things)
        if path is None or row.route in ENDING or row.route.startswith("/login"):
            continue
        for method in row.methods:
            if stage in stages_of(app, path, method):
                continue
            data = {"csrf_token": client.csrf_token()} if method == "POST" else None
            answer = client.open(path, method=method, data=data)
            asked += 1
            expected = row.expected()["visitor"]
            words = answer.text
            answer.close()
            if told(answer) != expected:
                wrong.append(f"{method} {path}: {told(answer)}, a visitor {expected}")
            if person.email in words or ("Sign out" in words and told(answer) == matrix.THROUGH):
                wrong.append(f"{method} {path} names the person")
    assert (wrong, asked > 250) == ([], True)
