from __future__ import annotations

import time
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

import config
from app import clock
from app.version import VERSION

SECRET = {"SYMPOSIA_SECRET_KEY": "a long random text"}


def test_a_secret_is_all_that_must_be_set(tmp_path: Path) -> None:
    settings = config.read(SECRET | {"SYMPOSIA_INSTANCE_PATH": str(tmp_path)})
    assert settings == config.Config(
        secret_key="a long random text",
        instance_path=tmp_path,
        database_url=f"sqlite:///{tmp_path}/symposia.db",
        redis_url=None,
        base_url="http://127.0.0.1:8000",
        smtp_url=None,
        mail_from="secretariat@symposia.example.org",
        demo_password=None,
        rate_limits=True,
        second_factor_required=True,
        idle_minutes=60,
        oidc=None,
        now=None,
        bind="127.0.0.1:8000",
        workers=2,
        proxy_count=0,
        operator_name="",
        operator_contact="",
        privacy_notice=None,
        log_format="",
        metrics_token=None,
        log_level="info",
    )
    assert (settings.host, settings.port, settings.is_https) == ("127.0.0.1", 8000, False)
    assert settings.trusted_hosts == ["127.0.0.1", "localhost"]


def test_every_variable_has_its_place(tmp_path: Path) -> None:
    settings = config.read(
        {
            "SYMPOSIA_SECRET_KEY": "s",
            "SYMPOSIA_INSTANCE_PATH": str(tmp_path),
            "SYMPOSIA_DATABASE_URL": "postgresql://symposia@db/symposia",
            "SYMPOSIA_REDIS_URL": "redis://cache:6379/0",
            "SYMPOSIA_BASE_URL": "https://symposia.example.net/",
            "SYMPOSIA_SMTP_URL": "smtp+starttls://user:word@mail.example.net:587",
            "SYMPOSIA_MAIL_FROM": "office@example.net",
            "SYMPOSIA_DEMO_PASSWORD": "demonstration only",
            "SYMPOSIA_RATE_LIMITS": "off",
            "SYMPOSIA_SECOND_FACTOR": "optional",
            "SYMPOSIA_IDLE_MINUTES": "15",
            "SYMPOSIA_OIDC_ISSUER": "https://id.example.net/",
            "SYMPOSIA_OIDC_CLIENT_ID": "symposia",
            "SYMPOSIA_OIDC_CLIENT_SECRET": "of the client",
            "SYMPOSIA_OIDC_NAME": "Example Net",
            "SYMPOSIA_NOW": "2027-01-15T10:00:00+01:00",
            "SYMPOSIA_BIND": "0.0.0.0:80",
            "SYMPOSIA_WORKERS": "4",
            "SYMPOSIA_PROXY_COUNT": "1",
            "SYMPOSIA_OPERATOR_NAME": "The Office",
            "SYMPOSIA_OPERATOR_CONTACT": "privacy@example.net",
            "SYMPOSIA_PRIVACY_NOTICE": __file__,
            "SYMPOSIA_LOG_FORMAT": "text",
            "SYMPOSIA_LOG_LEVEL": "warning",
            "SYMPOSIA_METRICS_TOKEN": "a-long-random-text-of-its-own",
        }
    )
    assert settings == config.Config(
        secret_key="s",
        instance_path=tmp_path,
        database_url="postgresql+psycopg://symposia@db/symposia",
        redis_url="redis://cache:6379/0",
        base_url="https://symposia.example.net",
        smtp_url="smtp+starttls://user:word@mail.example.net:587",
        mail_from="office@example.net",
        demo_password="demonstration only",
        rate_limits=False,
        second_factor_required=False,
        idle_minutes=15,
        oidc=config.OidcConfig(
            issuer="https://id.example.net/",
            client_id="symposia",
            client_secret="of the client",
            name="Example Net",
        ),
        now=datetime(2027, 1, 15, 9, tzinfo=UTC),
        bind="0.0.0.0:80",
        workers=4,
        proxy_count=1,
        operator_name="The Office",
        operator_contact="privacy@example.net",
        privacy_notice=Path(__file__),
        log_format="text",
        log_level="warning",
        metrics_token="a-long-random-text-of-its-own",
    )
    assert settings.is_https
    assert settings.trusted_hosts == ["127.0.0.1", "localhost", "symposia.example.net"]


def test_a_host_is_known_in_whatever_case_it_is_set() -> None:
    settings = config.read(SECRET | {"SYMPOSIA_BASE_URL": "HTTPS://Symposia.Example.net/A/"})
    assert (settings.base_url, settings.is_https) == ("https://symposia.example.net/A", True)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    empty = dict.fromkeys(("SYMPOSIA_REDIS_URL", "SYMPOSIA_BIND", "SYMPOSIA_WORKERS"), " ")
    settings = config.read(SECRET | empty)
    assert (settings.redis_url, settings.bind, settings.workers) == (None, "127.0.0.1:8000", 2)


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_missing_secret_stops_the_start_and_names_its_variable(
    content: str | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "secret_key").write_text(content)
    with pytest.raises(config.ConfigError, match="SYMPOSIA_SECRET_KEY"):
        config.read({"SYMPOSIA_INSTANCE_PATH": str(tmp_path)})


def test_the_secret_may_lie_in_the_instance_folder(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("from the file\n")
    settings = config.read({"SYMPOSIA_INSTANCE_PATH": str(tmp_path)})
    assert settings.secret_key == "from the file"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SYMPOSIA_BIND", "8000"),
        ("SYMPOSIA_BIND", "127.0.0.1"),
        ("SYMPOSIA_BIND", "127.0.0.1:http"),
        ("SYMPOSIA_BASE_URL", "symposia.example.net"),
        ("SYMPOSIA_BASE_URL", "ftp://symposia.example.net"),
        ("SYMPOSIA_BASE_URL", "https://"),
        ("SYMPOSIA_MAIL_FROM", "example.net"),
        ("SYMPOSIA_MAIL_FROM", "The Office <office@example.net>"),
        ("SYMPOSIA_DATABASE_URL", "mysql"),
        ("SYMPOSIA_REDIS_URL", "cache"),
        ("SYMPOSIA_SMTP_URL", "mail.example.net"),
        ("SYMPOSIA_RATE_LIMITS", "maybe"),
        ("SYMPOSIA_NOW", "tomorrow"),
        ("SYMPOSIA_NOW", "2027-02-30T00:00:00Z"),
        ("SYMPOSIA_WORKERS", "0"),
        ("SYMPOSIA_WORKERS", "-1"),
        ("SYMPOSIA_WORKERS", "two"),
        ("SYMPOSIA_PROXY_COUNT", "3"),
        ("SYMPOSIA_IDLE_MINUTES", "9"),
        ("SYMPOSIA_IDLE_MINUTES", "ever"),
        ("SYMPOSIA_PRIVACY_NOTICE", "/nowhere.md"),
        ("SYMPOSIA_LOG_FORMAT", "xml"),
        ("SYMPOSIA_LOG_LEVEL", "loud"),
    ],
)
def test_an_unusable_value_names_its_variable(variable: str, value: str) -> None:
    with pytest.raises(config.ConfigError, match=f"{variable} must .*{value}"):
        config.read(SECRET | {variable: value})


def test_a_refused_address_is_told_without_its_password() -> None:
    with pytest.raises(config.ConfigError) as refusal:
        config.read(SECRET | {"SYMPOSIA_DATABASE_URL": "mysql://symposia:word@db/symposia"})
    assert str(refusal.value) == (
        "SYMPOSIA_DATABASE_URL must start with sqlite:// or postgresql:// or postgres:// or "
        "postgresql+psycopg://, not mysql"
    )


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:8000", "http://[::1]:8000"),
        ("192.0.2.7:8000", "http://192.0.2.7:8000"),
    ],
)
def test_the_address_that_is_told_can_be_asked(bind: str, url: str) -> None:
    assert config.read(SECRET | {"SYMPOSIA_BIND": bind}).base_url == url


def test_a_moment_without_a_zone_is_utc() -> None:
    settings = config.read(SECRET | {"SYMPOSIA_NOW": "2027-01-15T09:00:00"})
    assert settings.now == datetime(2027, 1, 15, 9, tzinfo=UTC)


def at(moment: datetime | None, instance_path: Path) -> datetime:
    """Return what an application started with this setting takes for now."""
    app = Flask(__name__)
    clock.init_app(app, moment, instance_path)
    with app.app_context():
        return clock.utcnow()


def test_the_clock_runs_on_from_its_first_start(tmp_path: Path) -> None:
    rehearsed = datetime(2027, 1, 15, 9, tzinfo=UTC)
    assert abs(at(rehearsed, tmp_path) - rehearsed) < timedelta(seconds=10)
    # As if the first start had been a day ago: a restart does not turn the clock back.
    kept = (tmp_path / "clock.json").read_text()
    offset = int(kept.partition('"offset_seconds": ')[2].rstrip("}"))
    (tmp_path / "clock.json").write_text(kept.replace(str(offset), str(offset + 86400)))
    ahead = at(rehearsed, tmp_path) - rehearsed
    assert abs(ahead - timedelta(days=1)) < timedelta(seconds=10)
    another = datetime(2030, 1, 1, tzinfo=UTC)
    assert abs(at(another, tmp_path) - another) < timedelta(seconds=10)


def test_the_clock_is_the_real_one_unless_told_otherwise(tmp_path: Path) -> None:
    assert abs(at(None, tmp_path) - clock.real_utcnow()) < timedelta(seconds=10)
    assert not (tmp_path / "clock.json").exists()


def test_the_day_that_polls_go_by_is_the_clocks_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Flask(__name__)
    clock.init_app(app, datetime(2027, 1, 15, 23, 59, tzinfo=UTC), tmp_path)
    today = clock.day_of(app)
    with app.app_context():
        assert today() == clock.today() == date(2027, 1, 15)
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + 62)
    assert [today(), today()] == [date(2027, 1, 16)] * 2
    monkeypatch.setattr(time, "time", lambda: real)  # a clock may be put back
    assert today() == date(2027, 1, 15)


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == VERSION


@pytest.mark.parametrize("token", ["short", "of two words and longer", "éééééééééééééééééééé"])
def test_a_token_that_could_be_guessed_or_sent_wrongly_is_refused_untold(token: str) -> None:
    with pytest.raises(config.ConfigError, match="SYMPOSIA_METRICS_TOKEN must") as refused:
        config.read(SECRET | {"SYMPOSIA_METRICS_TOKEN": token})
    assert token not in str(refused.value)
