"""A real database, fresh for each test: SQLite by default, PostgreSQL where a URL asks for it."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from werkzeug.serving import make_server

import config
from app import create_app, migrations
from app.accounts import access
from app.database import Model, db
from app.feeds import edge
from tests.factories import OPENING, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.test import TestResponse

    from app.accounts.models import Person

# A slow moment of a shared machine is no fault of the code; bench/ measures.
hypothesis.settings.register_profile("symposia", deadline=None)
hypothesis.settings.load_profile("symposia")

POSTGRESQL = os.environ.get("SYMPOSIA_TEST_DATABASE_URL", "")
# Truncating some eighty tables takes 0.2 s; most tests write to a few. The audit log refuses to be
# emptied, so its triggers sleep meanwhile, and the keys' with them.
EMPTYING = """
DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH name IN ARRAY ARRAY[{tables}] LOOP EXECUTE 'DELETE FROM ' || quote_ident(name); END LOOP;
  PERFORM setval(quote_ident(sequencename), 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
  INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '');
END $$
"""
edge.LOOK_SECONDS = 0  # each test has another file under the same name, at once
WITHOUT_DATABASE = {"scheduler", "readers"}


@event.listens_for(Engine, "connect")
def _wait_for_no_disk(connection: object, record: object) -> None:  # noqa: ARG001 - the event's
    """Spare this process's SQLite the disk, as PostgreSQL is spared it: nothing here outlives it.

    Processes that tests start, and kill, keep the application's own settings.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="session")
def instance_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("instance")


def own_database(url: str) -> str:
    """Return the address of a database of this worker's own, where several run the tests at once.

    SQLite's is in a folder of its own anyhow.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if not url or not worker:
        return url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS symposia_{worker}")
        connection.execute(f"CREATE DATABASE symposia_{worker}")
    return urlsplit(url)._replace(path=f"/symposia_{worker}").geturl()


@pytest.fixture(scope="session")
def app(instance_path: Path) -> Iterator[Flask]:
    """The application on a migrated, empty database."""
    settings = config.read(
        {
            "SYMPOSIA_SECRET_KEY": "of the tests alone",
            "SYMPOSIA_INSTANCE_PATH": str(instance_path),
            "SYMPOSIA_DATABASE_URL": own_database(POSTGRESQL),
            "SYMPOSIA_BASE_URL": "http://localhost:8000",
            "SYMPOSIA_RATE_LIMITS": "off",
            # The domain's clock stands still enough for tests to name days and years.
            "SYMPOSIA_NOW": OPENING.isoformat(),
        }
    )
    app = create_app(settings)
    app.testing = True
    # Slow on purpose, which no test here is about: half the time of those that sign in by password.
    app.extensions["security"].pwd_context.update(argon2__rounds=1, argon2__memory_cost=64)
    with app.app_context():
        if POSTGRESQL:
            db.session.execute(text("DROP SCHEMA public CASCADE"))
            db.session.execute(text("CREATE SCHEMA public"))
            db.session.commit()
        migrations.upgrade()
        db.engine.dispose()
    if not POSTGRESQL:
        shutil.copy(instance_path / "symposia.db", instance_path / "empty.db")
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give every test of the application its own empty database and a pushed context."""
    if WITHOUT_DATABASE & set(request.path.relative_to(Path(__file__).parent.parent).parts):
        yield
        return
    app: Flask = request.getfixturevalue("app")
    instance_path: Path = request.getfixturevalue("instance_path")
    with app.app_context():
        _empty(instance_path)
        app.extensions.pop("is_demonstration", None)
        app.extensions["kept_feeds"].clear()
        app.extensions["kept_pages"].clear()
        yield
        db.session.remove()


def _empty(instance_path: Path) -> None:
    empty_database(instance_path)
    for folder in ("mail", "files", "exports"):
        shutil.rmtree(instance_path / folder, ignore_errors=True)
    (instance_path / "erased").unlink(missing_ok=True)


def empty_database(instance_path: Path) -> None:
    """Take every row out, as on a machine whose disk was replaced."""
    if POSTGRESQL:
        tables = ", ".join(f"'{name}'" for name in Model.metadata.tables)
        with db.engine.connect() as connection:
            connection.exec_driver_sql(EMPTYING.format(tables=tables))
            connection.commit()
    else:
        db.engine.dispose()
        # Removed before it is copied: a connection left behind then reads a file of its own.
        for suffix in ("", "-wal", "-shm"):
            (instance_path / f"symposia.db{suffix}").unlink(missing_ok=True)
        shutil.copy(instance_path / "empty.db", instance_path / "symposia.db")


class Client(FlaskClient):
    """A browser without scripts: signs in, and posts forms with the token of their page."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:  # noqa: ANN401 - werkzeug's
        """Ask in a context of its own, as a server would; what the test made is committed."""
        db.session.commit()
        with self.application.app_context():
            return super().open(*args, **kwargs)

    def sign_in(self, person: Person) -> Client:
        """Begin a real session of ``person``, both proofs given."""
        token = open_session(person)
        with self.session_transaction() as session:
            session.clear()
            session[access.SESSION_KEY] = token
        return self

    def csrf_token(self) -> str:
        """Return a token that this session's forms would carry."""
        from flask_wtf.csrf import generate_csrf  # noqa: PLC0415 - needs the request context

        with (
            self.application.app_context(),
            self.application.test_request_context(),
            self.session_transaction() as session,
        ):
            from flask import session as current  # noqa: PLC0415 - as above

            current.update(session)
            token: str = generate_csrf()
            session.update(current)
        return token

    def submit(self, path: str, **fields: object) -> TestResponse:
        """Post a form as a browser would."""
        return self.post(path, data={"csrf_token": self.csrf_token(), **fields})


@pytest.fixture
def client(app: Flask) -> Client:
    app.test_client_class = Client
    found = app.test_client()
    assert isinstance(found, Client)
    return found


@pytest.fixture
def demonstration(app: Flask, instance_path: Path) -> Iterator[None]:
    """The demonstration, loaded once, which takes a while."""
    kept = instance_path / "demonstration.db"
    if kept.exists() and db.engine.dialect.name == "sqlite":
        db.engine.dispose()
        (instance_path / "symposia.db").unlink()
        shutil.copy(kept, instance_path / "symposia.db")
        shutil.copytree(kept.with_suffix(".files"), instance_path / "files")
    else:
        result = app.test_cli_runner().invoke(args=["demo", "load"])
        assert (result.exit_code, "Demonstration data loaded." in result.output) == (0, True)
        db.session.remove()
        db.engine.dispose()
        if db.engine.dialect.name == "sqlite":
            shutil.copy(instance_path / "symposia.db", kept)
            shutil.copytree(instance_path / "files", kept.with_suffix(".files"))
    yield
    db.session.remove()


@pytest.fixture
def live_url(app: Flask) -> Iterator[str]:
    """The application served on a loopback port, for browsers."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
