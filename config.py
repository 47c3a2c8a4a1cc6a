"""The settings: ``SYMPOSIA_*`` variables, read once into one typed object."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parent
PORT_MAX = 65535
TOKEN_LENGTH_MIN = 20
ADDRESS = re.compile(r"""[^\s<>@,;:"]+@[^\s<>@,;:"]+""")
IDLE_MINUTES_MIN = 10  # use is noted every five minutes
# Nobody reaches "every address of this machine"; who asks from here is answered by this one.
HERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - compared, not bound  # nosec B104
OFF = ("off", "0", "no", "false")
ON = ("on", "1", "yes", "true")


class ConfigError(Exception):
    """A setting is missing or unusable; the message names its variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcConfig:
    """An identity provider by which people may sign in (OpenID Connect)."""

    issuer: str
    client_id: str
    client_secret: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What may differ between installations; ``docs/configuration.md`` explains each."""

    secret_key: str
    instance_path: Path
    database_url: str
    redis_url: str | None
    base_url: str
    smtp_url: str | None
    mail_from: str
    demo_password: str | None
    rate_limits: bool
    second_factor_required: bool
    idle_minutes: int
    oidc: OidcConfig | None
    now: datetime | None
    bind: str
    workers: int
    proxy_count: int
    operator_name: str
    operator_contact: str
    privacy_notice: Path | None
    log_format: str
    log_level: str
    metrics_token: str | None

    @property
    def host(self) -> str:
        """The address part of ``bind``."""
        return self.bind.rpartition(":")[0]

    @property
    def port(self) -> int:
        """The port part of ``bind``."""
        return int(self.bind.rpartition(":")[2])

    @property
    def trusted_hosts(self) -> list[str]:
        """The host names under which requests are taken."""
        return sorted({urlsplit(self.base_url).hostname or "", "localhost", "127.0.0.1"})

    @property
    def is_https(self) -> bool:
        """Whether people reach us over HTTPS, so that cookies may insist on it."""
        return self.base_url.startswith("https://")


def read(environ: Mapping[str, str] | None = None) -> Config:
    """Read the settings from ``environ``, by default the process's own.

    Raises:
        ConfigError: a secret is missing, or a value has not the form that its variable needs.
    """
    values = dict(os.environ if environ is None else environ)

    def get(name: str, default: str = "") -> str:
        return values.get(f"SYMPOSIA_{name}", "").strip() or default

    instance_path = find_instance_path(values)
    bind = get("BIND", "127.0.0.1:8000")
    host, _colon, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > PORT_MAX:
        problem = f"SYMPOSIA_BIND must be an address and a port, such as 127.0.0.1:8000, not {bind}"
        raise ConfigError(problem)
    base_url = get("BASE_URL", f"http://{HERE.get(host, host)}:{port}").rstrip("/")
    base = urlsplit(base_url)
    if base.scheme not in {"http", "https"} or not base.hostname:
        problem = f"SYMPOSIA_BASE_URL must start with http:// or https://, not {base_url}"
        raise ConfigError(problem)
    # As browsers write it when they say from which page a form comes.
    base_url = base._replace(netloc=base.netloc.lower()).geturl()
    return Config(
        secret_key=get("SECRET_KEY") or _stored_secret(instance_path),
        instance_path=instance_path,
        database_url=_driver(
            _url(
                "SYMPOSIA_DATABASE_URL",
                get("DATABASE_URL", f"sqlite:///{instance_path / 'symposia.db'}"),
                ("sqlite", "postgresql", "postgres", "postgresql+psycopg"),
            )
        ),
        redis_url=_url("SYMPOSIA_REDIS_URL", get("REDIS_URL"), ("redis", "rediss")) or None,
        base_url=base_url,
        smtp_url=_url("SYMPOSIA_SMTP_URL", get("SMTP_URL"), ("smtp", "smtps", "smtp+starttls"))
        or None,
        mail_from=_address(
            "SYMPOSIA_MAIL_FROM", get("MAIL_FROM", f"secretariat@{_mail_domain(base_url)}")
        ),
        demo_password=get("DEMO_PASSWORD") or None,
        rate_limits=_choice("SYMPOSIA_RATE_LIMITS", get("RATE_LIMITS", "on").lower(), (*ON, *OFF))
        in ON,
        second_factor_required=_choice(
            "SYMPOSIA_SECOND_FACTOR",
            get("SECOND_FACTOR", "required").lower(),
            ("required", "optional"),
        )
        == "required",
        idle_minutes=_positive(
            "SYMPOSIA_IDLE_MINUTES", get("IDLE_MINUTES", "60"), least=IDLE_MINUTES_MIN
        ),
        oidc=_oidc(
            get("OIDC_ISSUER"),
            get("OIDC_CLIENT_ID"),
            get("OIDC_CLIENT_SECRET"),
            get("OIDC_NAME", "your organisation"),
        ),
        now=_moment("SYMPOSIA_NOW", get("NOW")),
        bind=bind,
        workers=_positive("SYMPOSIA_WORKERS", get("WORKERS", "2")),
        proxy_count=int(_choice("SYMPOSIA_PROXY_COUNT", get("PROXY_COUNT", "0"), ("0", "1", "2"))),
        operator_name=get("OPERATOR_NAME"),
        operator_contact=get("OPERATOR_CONTACT"),
        privacy_notice=_file("SYMPOSIA_PRIVACY_NOTICE", get("PRIVACY_NOTICE")),
        log_format=_choice("SYMPOSIA_LOG_FORMAT", get("LOG_FORMAT"), ("json", "text")),
        log_level=_choice("SYMPOSIA_LOG_LEVEL", get("LOG_LEVEL", "info"), ("info", "warning")),
        metrics_token=_token("SYMPOSIA_METRICS_TOKEN", get("METRICS_TOKEN")),
    )


def find_instance_path(environ: Mapping[str, str]) -> Path:
    """Return the folder of everything that belongs to this installation alone."""
    return Path(environ.get("SYMPOSIA_INSTANCE_PATH", "") or ROOT / "instance").absolute()


def _stored_secret(instance_path: Path) -> str:
    path = instance_path / "secret_key"
    secret = path.read_text().strip() if path.exists() else ""
    if not secret:
        problem = (
            "SYMPOSIA_SECRET_KEY is not set and instance/secret_key is missing or empty; "
            "'make run' makes the file, or set the variable to a long random text"
        )
        raise ConfigError(problem)
    return secret


def _url(variable: str, text: str, schemes: Sequence[str]) -> str:
    scheme, mark, _rest = text.partition("://")
    if text and (not mark or scheme not in schemes):
        # Not the whole of it: there may be a password in it.
        problem = f"{variable} must start with {':// or '.join(schemes)}://, not {scheme}"
        raise ConfigError(problem)
    return text


def _driver(url: str) -> str:
    # SQLAlchemy would look for psycopg2 under the plain name that everybody writes.
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _mail_domain(base_url: str) -> str:
    host = urlsplit(base_url).hostname or ""
    return host if "." in host and not host.replace(".", "").isdecimal() else "symposia.example.org"


def _address(variable: str, text: str) -> str:
    # With a name beside it, no invitation could be written.
    if not ADDRESS.fullmatch(text):
        problem = f"{variable} must be an address alone, such as office@example.net, not {text}"
        raise ConfigError(problem)
    return text


def _moment(variable: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        problem = f"{variable} must be an ISO moment, such as 2027-01-15T09:00:00Z, not {text}"
        raise ConfigError(problem) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _oidc(issuer: str, client_id: str, client_secret: str, name: str) -> OidcConfig | None:
    if not issuer and not client_id and not client_secret:
        return None
    if not (issuer and client_id and client_secret):
        problem = (
            "SYMPOSIA_OIDC_ISSUER, SYMPOSIA_OIDC_CLIENT_ID and SYMPOSIA_OIDC_CLIENT_SECRET go "
            "together: set all three, or none"
        )
        raise ConfigError(problem)
    parts = urlsplit(issuer)
    is_local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if not parts.hostname or (parts.scheme != "https" and not is_local):
        problem = f"SYMPOSIA_OIDC_ISSUER must start with https://, not {issuer}"
        raise ConfigError(problem)
    return OidcConfig(issuer=issuer, client_id=client_id, client_secret=client_secret, name=name)


def _positive(variable: str, text: str, *, least: int = 1) -> int:
    if not text.isdecimal() or int(text) < least:
        problem = f"{variable} must be a whole number from {least}, not {text}"
        raise ConfigError(problem)
    return int(text)


def _token(variable: str, text: str) -> str | None:
    if text and (len(text) < TOKEN_LENGTH_MIN or not text.isascii() or " " in text):
        problem = f"{variable} must be at least {TOKEN_LENGTH_MIN} letters and digits, and random"
        raise ConfigError(problem)
    return text or None


def _file(variable: str, text: str) -> Path | None:
    if text and not Path(text).is_file():
        problem = f"{variable} must be a file, and there is none at {text}"
        raise ConfigError(problem)
    return Path(text).absolute() if text else None


def _choice(variable: str, text: str, choices: Sequence[str]) -> str:
    if text and text not in choices:
        problem = f"{variable} must be {' or '.join(choices)}, not {text}"
        raise ConfigError(problem)
    return text
