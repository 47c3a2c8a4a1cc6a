"""Feeds over HTTP: conditional, cacheable, without cookies; and the page that offers them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup

from app import clock, publication
from app.accounts import access
from app.accounts.access import the_person
from app.counts import FEEDS
from app.database import db
from app.feeds import offers, personal, queries, service
from app.feeds.edge import address_of
from app.feeds.forms import PersonalFeedForm
from app.feeds.kept import MAX_AGE_SECONDS, Kept, KeptFeed
from app.feeds.news import atom
from app.feeds.offers import CHOSEN
from app.feeds.service import (
    ALL,
    ASSOCIATION,
    COUNTRY,
    DEADLINES,
    EDITION,
    REGION,
    SERIES,
    Feed,
)
from app.forms import put
from app.i18n import gettext as _
from app.limits import FEED_TOKENS, limiter
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from app.accounts.models import Person
    from app.feeds.models import PersonalFeed
    from app.feeds.offers import Offer

bp = Blueprint("feeds", __name__)

ICS, JCAL = "ics", "json"
OWN_TERMS = [
    ("Cache-Control", f"private, max-age={MAX_AGE_SECONDS}"),
    ("Vary", "Accept-Encoding"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex"),
]
CONTENT_TYPES = {ICS: "text/calendar; charset=utf-8", JCAL: "application/calendar+json"}


@bp.get(f"/feeds/all.<any({ICS},{JCAL}):suffix>")
@access.public
def everything(suffix: str) -> ResponseReturnValue:
    """Serve every public edition, or those of a series or region."""
    return _serve(ALL, None, suffix, **_filters("series", "region"))


@bp.get(f"/feeds/deadlines.<any({ICS},{JCAL}):suffix>")
@access.public
def deadlines(suffix: str) -> ResponseReturnValue:
    """Serve the days by which one must act for public editions, or those of a series or region."""
    return _serve(DEADLINES, None, suffix, **_filters("series", "region"))


@bp.get(
    f"/feeds/<any({SERIES},{REGION},{COUNTRY},{ASSOCIATION},{EDITION}):kind>/<key>"
    f".<any({ICS},{JCAL}):suffix>"
)
@access.public
def one(kind: str, key: str, suffix: str) -> ResponseReturnValue:
    """Serve the feed of one series, region, country, association or edition."""
    return _serve(kind, key, suffix, **_filters())


@bp.get("/feeds/news.atom")
@access.public
def news() -> ResponseReturnValue:
    """Serve what was announced, changed and cancelled."""
    _filters()
    stamp, today = publication.stamp(), clock.today()
    changed_at = publication.last_change()  # before what it dates
    kept = KeptFeed(
        body=atom(),
        content_type="application/atom+xml; charset=utf-8",
        filename="news.atom",
        last_modified=changed_at,
        stamp=stamp,
        day=today,
    )
    return _answer(kept, url_for(".news"))


@bp.get("/feeds/personal/<token>.ics")
@access.public
@limiter.limit(FEED_TOKENS)
def own(token: str) -> ResponseReturnValue:
    """Serve a person's own calendar to whoever knows its secret address."""
    feed = personal.find(token)
    body = personal.ics(feed, today=clock.today())
    if personal.note_use(feed, now=clock.real_utcnow()):
        db.session.commit()
    headers = [
        ("Content-Type", CONTENT_TYPES[ICS]),
        ("Content-Disposition", 'inline; filename="symposia.ics"'),
    ]
    return _response(Kept(body, headers, OWN_TERMS))


@bp.route("/me/feeds", methods=["GET", "POST"])
@access.needs(access.signed_in)
def own_feeds() -> ResponseReturnValue:
    """Show the person's secret addresses, and make one; its address is shown this once."""
    person = the_person()
    form = PersonalFeedForm()
    offer = None
    if form.validate_on_submit():
        try:
            token = personal.make(
                person,
                form.name.data,
                has_alarms=form.has_alarms.data,
                now=clock.real_utcnow(),
            )
        except DomainError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            offer = offers.own(token)
            form = PersonalFeedForm(formdata=None)
    return _own_feeds_page(person, form, offer)


@bp.post("/me/feeds/<int:feed_id>/rotate")
@access.needs(access.signed_in)
def rotate_feed(feed_id: int) -> ResponseReturnValue:
    """Give one of the person's feeds a new address, shown this once."""
    feed = _own_feed(feed_id)
    token = personal.rotate(feed, now=clock.real_utcnow())
    db.session.commit()
    return _own_feeds_page(the_person(), PersonalFeedForm(formdata=None), offers.own(token))


@bp.post("/me/feeds/<int:feed_id>/revoke")
@access.needs(access.signed_in)
def revoke_feed(feed_id: int) -> ResponseReturnValue:
    """End one of the person's feeds."""
    personal.revoke(_own_feed(feed_id), now=clock.real_utcnow())
    db.session.commit()
    flash(_("The address is revoked. Calendars that use it get nothing more."), "success")
    return redirect(url_for(".own_feeds"), HTTPStatus.SEE_OTHER)


def _own_feeds_page(
    person: Person, form: PersonalFeedForm, offer: Offer | None
) -> ResponseReturnValue:
    page = render_template(
        "feeds/own.html", feeds=queries.personal_feeds(person), form=form, offer=offer
    )
    refused = form.is_submitted() and form.errors
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK


def _own_feed(feed_id: int) -> PersonalFeed:
    for feed in queries.personal_feeds(the_person()):
        if feed.id == feed_id:
            return feed
    raise NotFoundError


@bp.get("/subscribe")
@access.public
def subscribe() -> ResponseReturnValue:
    """Show every feed: what is in it, and the ways to subscribe."""
    # The filters of /calendar lead here: what one looked at is what one subscribes to.
    return render_template("feeds/subscribe.html", offers=_offers(**_selection()))


def _offers(**selection: str) -> Markup:
    """Return the feeds to choose from, written once a public stamp and day: all see the same."""
    stamp, today = publication.stamp(), clock.today()
    path = f"/subscribe?{urlencode(sorted(selection.items()))}"
    kept = current_app.extensions["kept_feeds"].get(path)
    if kept is None or (kept.stamp, kept.day) != (stamp, today):
        by_kind: dict[str, list[Offer]] = {}
        for offer in offers.all_offers(today, **selection):
            by_kind.setdefault(offer.kind, []).append(offer)
        html = current_app.jinja_env.get_template("feeds/_offers.html").render(
            chosen=by_kind.get(CHOSEN, [None])[0],
            everything=by_kind[ALL][0],
            deadlines=by_kind[DEADLINES][0],
            by_series=by_kind.get(SERIES, []),
            by_region=by_kind[REGION],
            by_country=by_kind.get(COUNTRY, []),
            by_association=by_kind.get(ASSOCIATION, []),
        )
        kept = KeptFeed(html.encode(), "text/html", "", None, stamp, today)
        _keep(path, kept)
    return Markup(kept.body.decode())  # noqa: S704 - the template's own  # nosec B704


@bp.get(f"/subscribe/<any({ALL},{DEADLINES}):kind>.svg")
@access.public
def code(kind: str) -> ResponseReturnValue:
    """Serve the QR code by which a telephone comes to the subscribe page."""
    picture = offers.code(kind, clock.today(), **_selection())
    response = Response(picture, content_type="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _selection() -> dict[str, str]:
    kinds = (SERIES, REGION, COUNTRY, ASSOCIATION)
    return {kind: key for kind in kinds if (key := request.args.get(kind, "").strip())}


def _filters(*names: str) -> dict[str, str]:
    """Return the filters of a feed's address; any but ``names``, or one twice, names no feed."""
    given = [(name, value) for name, value in request.args.items(multi=True) if value]
    filters = dict(given)
    if set(filters) - set(names) or len(filters) < len(given):
        raise NotFoundError
    return filters


def _serve(kind: str, key: str | None, suffix: str, **filters: str) -> Response:
    stamp, today = publication.stamp(), clock.today()
    path = service.feed_path(kind, key, suffix=suffix, **filters)
    former = current_app.extensions["kept_feeds"].get(path)
    if former is not None and (former.stamp, former.day) == (stamp, today):
        return _answer(former, path)  # asked for under another spelling of its address
    feed = service.find(kind, key, today=today, **filters)
    joined = None
    if suffix == ICS and isinstance(feed, Feed):
        joined = feed.joined(former and former.joined)
    kept = KeptFeed(
        body=joined.body if joined else feed.jcal() if suffix == JCAL else feed.ics(),
        content_type=CONTENT_TYPES[suffix],
        filename=f"{key or kind}.{suffix}",
        last_modified=feed.last_modified,
        stamp=stamp,
        day=today,
        joined=joined,
    )
    return _answer(kept, path)


def _keep(path: str, kept: KeptFeed) -> None:
    # Should a write have come between (PostgreSQL), this may tell more than its stamp does: a
    # backup would bring back the stamp alone.
    if kept.stamp == publication.stamp():
        current_app.extensions["kept_feeds"].put(path, kept)


def _answer(kept: KeptFeed, path: str) -> Response:
    """Keep the feed under its own ``path`` if that was asked for, and answer with it."""
    # Made-up queries would push out what others ask for.
    if path == address_of(request.path, request.query_string.decode("latin-1")):
        _keep(path, kept)
    response = _response(kept)
    current_app.extensions["counts"].add(FEEDS, status=str(response.status_code), source="view")
    return response


def _response(kept: Kept) -> Response:
    status, headers, body = kept.answer(request.environ)
    response = Response([body], status, headers)
    # For HEAD the length is that of the body which is not sent.
    response.automatically_set_content_length = False
    return response
