"""News as an Atom feed (RFC 4287): what was announced, changed and cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from app.editions.service import UID_DOMAIN
from app.feeds import queries
from app.i18n import gettext as _
from app.i18n import lazy_gettext as _l
from app.outbox import address

if TYPE_CHECKING:
    from app.audit import AuditEntry
    from app.editions.models import Edition

ATOM = "http://www.w3.org/2005/Atom"
NEWS_MAX = 50
BIRTH = "2026"  # of the tag scheme (RFC 4151): ours by then
TITLES = {
    "edition.save_the_date": _l("Save the date: %(title)s"),
    "edition.announced": _l("Announced: %(title)s"),
    "edition.registration_opened": _l("Registration is open: %(title)s"),
    "edition.moved": _l("Moved to other days: %(title)s"),
    "edition.relocated": _l("Moved to another place: %(title)s"),
    "edition.postponed": _l("Postponed: %(title)s"),
    "edition.reinstated": _l("Takes place after all: %(title)s"),
    "edition.cancelled": _l("Cancelled: %(title)s"),
}


def atom() -> bytes:
    """Return the newest news, newest first."""
    ET.register_namespace("", ATOM)
    feed = _element(None, "feed")
    _element(feed, "id", f"tag:{UID_DOMAIN},{BIRTH}:news")
    _element(feed, "title", _("Symposia: news"))
    _element(feed, "link", rel="self", href=address("feeds.news"))
    _element(feed, "link", href=address("site.home"))
    author = _element(feed, "author")
    _element(author, "name", "Symposia")
    rows = queries.news(list(TITLES), limit=NEWS_MAX)
    newest = rows[0][0].at if rows else None
    _element(feed, "updated", (newest.isoformat() if newest else f"{BIRTH}-01-01T00:00:00+00:00"))
    for entry, edition in rows:
        _add(feed, entry, edition)
    body: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def _add(feed: ET.Element, entry: AuditEntry, edition: Edition) -> None:
    item = _element(feed, "entry")
    # With its moment: numbers come again once a backup was put back.
    number = f"{entry.id}-{entry.at:%Y%m%dT%H%M%S}"
    _element(item, "id", f"tag:{UID_DOMAIN},{BIRTH}:news/{number}")
    _element(item, "title", str(TITLES[entry.action]) % {"title": edition.title})
    _element(item, "link", href=address("site.edition", slug=edition.slug))
    _element(item, "updated", entry.at.isoformat())
    _element(item, "category", term=edition.series.slug, label=edition.series.title)
    _element(item, "summary", entry.reason or edition.place or edition.title)


def _element(parent: ET.Element | None, name: str, text: str = "", **attributes: str) -> ET.Element:
    tag = f"{{{ATOM}}}{name}"
    element = ET.Element(tag) if parent is None else ET.SubElement(parent, tag)
    element.attrib.update(attributes)
    element.text = text or None
    return element
