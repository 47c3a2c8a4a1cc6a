"""The Flask application; nothing imports from here, so ``create_app`` may import everything."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app import lean  # noqa: F401 - before all that it imports

# isort: split
from flask_security import Security, SQLAlchemyUserDatastore
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app import (
    audit_commands,
    clock,
    counts,
    errors,
    headers,
    i18n,
    jobs,
    limits,
    logs,
    migrations,
    retention_commands,
)
from app.accounts import (
    arrival,
    method_views,
    passkey_views,
    privacy_views,
    provider,
    provider_views,
    second_factor_views,
)
from app.accounts import retention as accounts_retention
from app.accounts import views as accounts_views
from app.accounts.models import Grant, Person
from app.backups import commands as backups_commands
from app.countries import commands as countries_commands
from app.database import db
from app.desk import commands as desk_commands
from app.desk import host_slot_views, people_views, rotation_jobs, rotation_views, statistics_views
from app.desk import views as desk_views
from app.documents import demo as documents_demo
from app.documents import erasure as documents_erasure
from app.documents import views as documents_views
from app.documents import visa_views
from app.door import views as door_views
from app.door import walk_in_views
from app.editions import commands as editions_commands
from app.editions import erasure as editions_erasure
from app.editions import known_event_views, milestone_views
from app.editions import views as editions_views
from app.exports import views as export_views
from app.feeds import commands as feeds_commands
from app.feeds import edge
from app.feeds import erasure as feeds_erasure
from app.feeds import views as feeds_views
from app.hosting import (
    agreement_views,
    call_views,
    decision_views,
    host_views,
    interest_views,
    judging_views,
    need_views,
    offer_views,
    proposal_views,
    short_form_views,
)
from app.hosting import commands as hosting_commands
from app.hosting import erasure as hosting_erasure
from app.hosting import jobs as hosting_jobs
from app.hosting import views as hosting_views
from app.messages import jobs as message_jobs
from app.messages import views as message_views
from app.registrations import answer_erasure as answers_erasure
from app.registrations import commands as registrations_commands
from app.registrations import delegation_views, party_views, question_views, seating_jobs
from app.registrations import desk_views as selection_views
from app.registrations import erasure as registrations_erasure
from app.registrations import views as registrations_views
from app.series import views as series_views
from app.site import commands as site_commands
from app.site import frame, host_history_views, kept_pages
from app.site import views as site_views
from app.surveys import views as survey_views

if TYPE_CHECKING:
    from flask import Flask

    from config import Config

LISTENERS = (
    # By being imported they listen to what befalls a person, and state how long data is kept.
    registrations_erasure,
    answers_erasure,
    documents_erasure,
    documents_demo,
    feeds_erasure,
    hosting_erasure,
    editions_erasure,
    accounts_retention,
)
VIEWS = (
    accounts_views,
    privacy_views,
    second_factor_views,
    passkey_views,
    method_views,
    provider_views,
    series_views,
    editions_views,
    milestone_views,
    known_event_views,
    hosting_views,
    short_form_views,
    call_views,
    agreement_views,
    decision_views,
    judging_views,
    host_views,
    proposal_views,
    offer_views,
    interest_views,
    need_views,
    registrations_views,
    selection_views,
    delegation_views,
    party_views,
    question_views,
    feeds_views,
    desk_views,
    rotation_views,
    host_slot_views,
    statistics_views,
    people_views,
    documents_views,
    visa_views,
    door_views,
    walk_in_views,
    message_views,
    survey_views,
    export_views,
    site_views,
    host_history_views,
)
"""Where pages are; several modules may give one blueprint its views."""
COMMANDS = (
    migrations.group,
    audit_commands.audit,
    backups_commands.backup,
    countries_commands.countries,
    editions_commands.series,
    hosting_commands.hosting,
    registrations_commands.registrations,
    retention_commands.group,
    feeds_commands.feeds,
    desk_commands.accounts,
    site_commands.demo,
    site_commands.worker,
)
BODY_MAX_BYTES = 32 * 1024 * 1024
FORM_MAX_BYTES = 1024 * 1024


def create_app(config: Config) -> Flask:
    """Build the application for one installation's settings."""
    app = logs.LoggedFlask(__name__, instance_path=str(config.instance_path))
    base = urlsplit(config.base_url)
    app.config.from_mapping(_settings(config))
    db.init_app(app)
    _set_up_password_hashing(app)
    clock.init_app(app, config.now, config.instance_path)
    i18n.init_app(app)
    logs.init_app(app, config)
    counts.init_app(app, config)
    errors.init_app(app)
    headers.init_app(app, is_https=config.is_https, origin=f"{base.scheme}://{base.netloc}")
    CSRFProtect(app)
    limits.init_app(app, config)
    jobs.init_app(app, config)
    for works in (rotation_jobs, seating_jobs, retention_commands, message_jobs, hosting_jobs):
        works.init_app(app)
    frame.init_app(app)
    arrival.init_app(app)
    provider.init_app(app, config)
    # Whose address a limit counts: the caller's, as the servers before us tell it.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxy_count, x_proto=0, x_host=0)  # type: ignore[method-assign]  # as Flask documents it
    kept_pages.init_app(app, config)
    edge.init_app(app, config)  # before all others: most of what is asked is a poll
    for blueprint in {views.bp.name: views.bp for views in VIEWS}.values():
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    return app


def _settings(config: Config) -> dict[str, Any]:
    """Return what Flask and its extensions are told."""
    return {
        "SYMPOSIA": config,
        "SECRET_KEY": config.secret_key,
        "SQLALCHEMY_DATABASE_URI": config.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},  # errors are logged, values are not
        "TRUSTED_HOSTS": config.trusted_hosts,
        "MAX_CONTENT_LENGTH": BODY_MAX_BYTES,
        "MAX_FORM_MEMORY_SIZE": FORM_MAX_BYTES,
        "PREFERRED_URL_SCHEME": urlsplit(config.base_url).scheme,
        "SESSION_COOKIE_NAME": "__Host-session" if config.is_https else "session",
        "SESSION_COOKIE_SECURE": config.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
        # The session's row has its fixed end; a cookie sent again with every answer would reach
        # the feeds, which shared caches may keep.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "SESSION_PROTECTION": None,  # Flask-Login's, which writes into sessions that are ours
        # A form left open over lunch must not lose what was typed: the token lives as long as
        # the session.
        "WTF_CSRF_TIME_LIMIT": None,
        # Its commands know neither our roles nor the audit log; `flask accounts` does.
        "SECURITY_CLI_USERS_NAME": False,
        "SECURITY_CLI_ROLES_NAME": False,
        "SECURITY_PASSWORD_SALT": config.secret_key,
        "SECURITY_PASSWORD_HASH": "argon2",  # nosec B105 - a method
        # argon2 takes passwords of any length
        "SECURITY_PASSWORD_SINGLE_HASH": True,  # nosec B105 - yes or no
    }


def _set_up_password_hashing(app: Flask) -> None:
    """Install Flask-Security for its password hashing alone.

    Its hooks would look into the session around every request, and then even a feed would vary by
    cookie; and for each page into what was sent.
    """
    for_templates = app.template_context_processors[None].copy()
    Security(app, SQLAlchemyUserDatastore(db, Person, Grant), register_blueprint=False)
    app.before_request_funcs.clear()
    app.after_request_funcs.clear()
    app.template_context_processors[None] = for_templates
