"""What the frame of every page shows: navigation, the reader, the demonstration's band."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app, request, url_for
from flask_babel import get_locale
from sqlalchemy import select

from app.accounts import access
from app.countries.models import Country
from app.database import db
from app.i18n import gettext as _
from app.site import history, presentation, subjects
from app.site.compiled import CompiledTemplates

if TYPE_CHECKING:
    from flask import Flask

    from app.accounts.models import Person


def init_app(app: Flask) -> None:
    """Give every template of ``app`` its frame and its helpers."""
    app.context_processor(frame)
    app.url_defaults(_version_static)
    modules = Path(app.root_path)
    app.jinja_env.bytecode_cache = CompiledTemplates(modules / "templates/__pycache__", modules)
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.globals["tell"] = history.tell
    app.jinja_env.globals["subjects"] = subjects.subjects
    presentation.install(app.jinja_env, lambda: str(get_locale() or "en"))


def _version_static(endpoint: str, values: dict[str, Any]) -> None:
    """Put a digest into the address of a static file: browsers may keep it for ever."""
    if endpoint != "static" or "v" in values or "filename" not in values:
        return
    known = current_app.extensions.setdefault("static_versions", {})
    name = values["filename"]
    if name not in known or current_app.debug:
        path = Path(current_app.static_folder or "") / name
        known[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    values["v"] = known[name]


def frame() -> dict[str, Any]:
    """Return the context of ``base.html``; mails are rendered without a request and need none."""
    if not request:
        return {}
    person = access.current_person()
    return {
        "navigation": _navigation(person),
        "current_person": person,
        "sign_out_url": url_for("accounts.logout"),
        "home_url": url_for("site.home"),
        "footer_links": [
            (_("Subscribe"), url_for("feeds.subscribe")),
            (_("Privacy"), url_for("site.privacy")),
        ],
        "demonstration": _is_demonstration(),
    }


def _navigation(person: Person | None) -> list[tuple[str, str, bool]]:
    entries = [
        (_("Calendar"), url_for("site.calendar")),
        (_("Series"), url_for("site.all_series")),
        (_("Hosting"), url_for("hosting.calls")),
        (_("Subscribe"), url_for("feeds.subscribe")),
    ]
    if access.countries_of(person):
        entries.append((_("Delegations"), url_for("delegations.index")))
    if access.read_plan(person):
        entries.append((_("Desk"), url_for("desk.home")))
    if person is None:
        entries.append((_("Sign in"), url_for("accounts.login")))
    else:
        entries.append((_("My page"), url_for("registrations.mine")))
    return [(label, url, _is_here(url)) for label, url in entries]


def _is_here(url: str) -> bool:
    return request.path == url or (url.endswith("/") and request.path.startswith(url))


def _is_demonstration() -> bool:
    # Asked on every page, true for good once it is: so only the no is asked again.
    known = current_app.extensions.setdefault("is_demonstration", {})
    if not known.get("yes"):
        found = db.session.scalar(select(Country.code).where(Country.is_fictional).limit(1))
        known["yes"] = found is not None
    return bool(known["yes"])
