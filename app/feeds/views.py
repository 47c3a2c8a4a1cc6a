"""Feeds over HTTP: conditional, cacheable, without cookies; and the page that offers them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, render_template, request

from app import clock
from app.accounts import access
from app.feeds import service
from app.feeds.service import ALL, CHOSEN, EDITION, REGION, SERIES
from app.outbox import settings
from scheduler.errors import NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.feeds.service import Feed, Offer

bp = Blueprint("feeds", __name__)

MAX_AGE_SECONDS = 300
ICS, JCAL = "ics", "json"


@bp.get(f"/feeds/all.<any({ICS},{JCAL}):suffix>")
@access.public
def everything(suffix: str) -> ResponseReturnValue:
    """Serve every public edition, or those of a series or region."""
    filters = {name: value for name, value in request.args.items() if value}
    if set(filters) - {"series", "region"}:
        raise NotFoundError
    return _serve(service.find(ALL, today=clock.today(), **filters), suffix, "all")


@bp.get(f"/feeds/<any({SERIES},{REGION},{EDITION}):kind>/<key>.<any({ICS},{JCAL}):suffix>")
@access.public
def one(kind: str, key: str, suffix: str) -> ResponseReturnValue:
    """Serve the feed of one series, region or edition."""
    return _serve(service.find(kind, key, today=clock.today()), suffix, key)


@bp.get("/subscribe")
@access.public
def subscribe() -> ResponseReturnValue:
    """Show every feed: what is in it, and the ways to subscribe."""
    # The filters of /calendar lead here: what one looked at is what one subscribes to.
    filters = {name: request.args.get(name, "").strip() for name in ("series", "region")}
    found = [_with_addresses(offer) for offer in service.offers(clock.today(), **filters)]
    by_kind: dict[str, list[dict[str, object]]] = {}
    for offer in found:
        by_kind.setdefault(str(offer["kind"]), []).append(offer)
    return render_template(
        "feeds/subscribe.html",
        chosen=by_kind.get(CHOSEN, [None])[0],
        everything=by_kind[ALL][0],
        by_series=by_kind.get(SERIES, []),
        by_region=by_kind[REGION],
    )


def _serve(feed: Feed, suffix: str, name: str) -> Response:
    body = feed.jcal() if suffix == JCAL else feed.ics()
    media_type = "application/calendar+json" if suffix == JCAL else "text/calendar; charset=utf-8"
    response = Response(body, content_type=media_type)
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.last_modified = feed.last_modified
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    response.headers["Content-Disposition"] = f'inline; filename="{name}.{suffix}"'
    # Web calendars read feeds from their own pages.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.make_conditional(request)
    return response


def _with_addresses(offer: Offer) -> dict[str, object]:
    """Return ``offer`` with the addresses by which each program subscribes to it."""
    base = urlsplit(settings().base_url)
    address = f"{settings().base_url}{offer.path}"
    webcal = f"webcal://{base.netloc}{base.path}{offer.path}"
    return asdict(offer) | {
        "next": offer.next,
        "address": address,
        "webcal": webcal,
        "google": f"https://calendar.google.com/calendar/render?cid={quote(webcal, safe='')}",
        "outlook": "https://outlook.live.com/calendar/0/addfromweb"
        f"?url={quote(address, safe='')}&name={quote(offer.name, safe='')}",
    }
