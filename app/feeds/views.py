"""Feeds over HTTP: conditional, cacheable, without cookies; and the page that offers them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, current_app, render_template, request

from app import clock, publication
from app.accounts import access
from app.feeds import service
from app.feeds.edge import address_of
from app.feeds.kept import KeptFeed
from app.feeds.service import ALL, ASSOCIATION, CHOSEN, COUNTRY, EDITION, REGION, SERIES
from app.outbox import settings
from scheduler.errors import NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.feeds.service import Offer

bp = Blueprint("feeds", __name__)

ICS, JCAL = "ics", "json"
CONTENT_TYPES = {ICS: "text/calendar; charset=utf-8", JCAL: "application/calendar+json"}


@bp.get(f"/feeds/all.<any({ICS},{JCAL}):suffix>")
@access.public
def everything(suffix: str) -> ResponseReturnValue:
    """Serve every public edition, or those of a series or region."""
    filters = {name: value for name, value in request.args.items() if value}
    if set(filters) - {"series", "region"}:
        raise NotFoundError
    return _serve(ALL, None, suffix, **filters)


@bp.get(
    f"/feeds/<any({SERIES},{REGION},{COUNTRY},{ASSOCIATION},{EDITION}):kind>/<key>"
    f".<any({ICS},{JCAL}):suffix>"
)
@access.public
def one(kind: str, key: str, suffix: str) -> ResponseReturnValue:
    """Serve the feed of one series, region, country, association or edition."""
    return _serve(kind, key, suffix)


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


def _serve(kind: str, key: str | None, suffix: str, **filters: str) -> Response:
    # The revision first: should a write come between, what is kept is at least as new as its
    # number, and the next request builds it anew.
    revision, today = publication.number(), clock.today()
    feed = service.find(kind, key, today=today, **filters)
    kept = KeptFeed(
        body=feed.jcal() if suffix == JCAL else feed.ics(),
        content_type=CONTENT_TYPES[suffix],
        filename=f"{key or kind}.{suffix}",
        last_modified=feed.last_modified,
        revision=revision,
        day=today,
    )
    address = address_of(request.path, request.query_string.decode("latin-1"))
    current_app.extensions["kept_feeds"].put(address, kept)
    status, headers, body = kept.answer(request.environ)
    return Response(body, status, headers)


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
