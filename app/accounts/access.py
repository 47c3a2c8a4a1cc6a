"""Who may do what: the one room of permissions, and the decorator that applies them.

A permission is a function of the person and, where it matters, of the thing: it answers yes or
no and never raises. A view declares one by :func:`needs` or says that it is :func:`public`.
"""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar
from urllib.parse import urlsplit

from flask import g, redirect, request, session, url_for

from app import clock
from app.accounts import held, queries, sessions
from app.accounts.models import Person, Role, SignIn
from app.accounts.sessions import Stage
from app.database import db
from scheduler.errors import NotFoundError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from flask.typing import ResponseReturnValue

    Permission = Callable[..., bool]

BEFORE, AFTER = timedelta(weeks=7), timedelta(weeks=4)
"""From when to when, around an edition's days, its host team sees people."""

P = ParamSpec("P")
R = TypeVar("R")


class Event(Protocol):
    """An edition, as far as permissions go; accounts lies below editions."""

    @property
    def slug(self) -> str:
        """The key of its roles."""

    @property
    def dtstart(self) -> date:
        """Its first day."""

    @property
    def dtend(self) -> date:
        """The day after its last one."""


SESSION_KEY = "sign_in"
LAST_USE_KEY = "last_use"  # of ``g``: the session's id and when it was last used


def current_sign_in() -> SignIn | None:
    """Return the session behind the cookie, complete or not; one query a request."""
    if "sign_in" not in g:
        token = session.get(SESSION_KEY)
        g.sign_in = queries.session_of(token, now=clock.real_utcnow()) if token else None
        # What is idle is not in use again before its person has proved who they are.
        if g.sign_in is not None and stage() is not Stage.IDLE:
            g.last_use = g.sign_in.id, g.sign_in.used_at
    sign_in: SignIn | None = g.sign_in
    return sign_in


def the_sign_in() -> SignIn:
    """Return the session behind the cookie where the view has made sure there is one."""
    sign_in = current_sign_in()
    if sign_in is None:
        raise PermissionDeniedError
    return sign_in


def stage() -> Stage | None:
    """Return how far the session behind the cookie has come, ``None`` for a visitor."""
    sign_in = current_sign_in()
    return sessions.stage_of(sign_in, now=clock.real_utcnow()) if sign_in else None


def current_person() -> Person | None:
    """Return the row of the signed-in person, ``None`` for a visitor.

    Whoever still owes a second factor is a visitor, and so is whoever was away for long.
    """
    sign_in = current_sign_in()
    return sign_in.person if sign_in is not None and stage() is Stage.COMPLETE else None


def the_person() -> Person:
    """Return the signed-in person where the view's permission has made sure there is one."""
    person = current_person()
    if person is None:
        raise PermissionDeniedError
    return person


def forget_person() -> None:
    """Let the rest of this request be answered to a visitor."""
    g.sign_in = None


def holds(person: Person | None, role: Role, scope_key: str | None = None) -> bool:
    """Whether ``person`` holds ``role``, for ``scope_key`` if one is given, at present."""
    now = clock.real_utcnow()
    return person is not None and any(
        grant.role is role and grant.holds(now) and scope_key in {None, grant.scope_key}
        for grant in person.grants
    )


def countries_of(person: Person | None) -> list[str]:
    """Return the alpha-3 codes of the countries for which ``person`` is national contact."""
    now = clock.real_utcnow()
    return sorted(
        grant.scope_key
        for grant in (person.grants if person else ())
        if grant.role is Role.NATIONAL_CONTACT and grant.holds(now)
    )


def countries_with_deputies(person: Person | None) -> list[str]:
    """Return the countries for which ``person`` is national contact, and not only a deputy."""
    now = clock.real_utcnow()
    return sorted(
        grant.scope_key
        for grant in (person.grants if person else ())
        if grant.role is Role.NATIONAL_CONTACT and grant.holds(now) and not grant.is_deputy
    )


def editions_hosted(person: Person | None) -> list[str]:
    """Return the slugs of the editions on whose host team ``person`` is."""
    now = clock.real_utcnow()
    return sorted(
        grant.scope_key
        for grant in (person.grants if person else ())
        if grant.role is Role.HOST_TEAM and grant.holds(now)
    )


# -- permissions -----------------------------------------------------------------------------


def anyone(person: Person | None) -> bool:  # noqa: ARG001 - every permission takes a person
    """Everybody, signed in or not."""
    return True


def signed_in(person: Person | None) -> bool:
    """Everybody who has signed in."""
    return person is not None


def organise(person: Person | None) -> bool:
    """Organisers: plan, judge, confirm, publish."""
    return holds(person, Role.ORGANISER)


def read_plan(person: Person | None) -> bool:
    """Organisers and the committee: see the years ahead, projections included."""
    return organise(person) or holds(person, Role.COMMITTEE)


def judge_offers(person: Person | None) -> bool:
    """The committee: score offers, agree or object, vote."""
    return holds(person, Role.COMMITTEE)


def see_calls(person: Person | None) -> bool:
    """National contacts, the committee and organisers: see calls that are not published."""
    return read_plan(person) or holds(person, Role.NATIONAL_CONTACT)


def chair(person: Person | None) -> bool:
    """The committee's chairs: break a tie."""
    now = clock.real_utcnow()
    return person is not None and any(
        grant.role is Role.COMMITTEE and grant.is_chair and grant.holds(now)
        for grant in person.grants
    )


def lead_decision(person: Person | None) -> bool:
    """Organisers and chairs: put offers to the committee, open its ballot, record its decision."""
    return organise(person) or chair(person)


def make_offers(person: Person | None) -> bool:
    """National contacts of whichever country: offer to host."""
    return bool(countries_of(person))


def offer_for(person: Person | None, country_code: str) -> bool:
    """The country's national contact: offer to host, change and withdraw the offer."""
    return holds(person, Role.NATIONAL_CONTACT, country_code)


def name_deputies(person: Person | None) -> bool:
    """National contacts who are no deputies themselves: invite deputies, and end their roles."""
    return bool(countries_with_deputies(person))


def deputises_for(person: Person | None, country_code: str) -> bool:
    """The country's national contact, not a deputy: say who the deputies are."""
    return country_code in countries_with_deputies(person)


def see_offer(person: Person | None, country_code: str) -> bool:
    """The offer's country, the committee and organisers."""
    return read_plan(person) or offer_for(person, country_code)


def on_host_team(person: Person | None, event: Event, today: date) -> bool:
    """The edition's host team, until four weeks after its last day."""
    return holds(person, Role.HOST_TEAM, event.slug) and today < event.dtend + AFTER


def keep_door(person: Person | None, event: Event, today: date) -> bool:
    """The edition's host team until four weeks after it, and organisers: see who comes."""
    return organise(person) or on_host_team(person, event, today)


def see_participants(person: Person | None, event: Event, today: date) -> bool:
    """Organisers; the edition's host team from seven weeks before to four weeks after."""
    is_near = event.dtstart - BEFORE <= today
    return organise(person) or (is_near and on_host_team(person, event, today))


def handle_visas(person: Person | None, event: Event, today: date) -> bool:
    """The edition's visa officer, and nobody else: passports are not the organisers' to read.

    Letters are asked for months ahead, so this has no beginning; it ends four weeks after.
    """
    return holds(person, Role.VISA_OFFICER, event.slug) and today < event.dtend + AFTER


def see_diet(person: Person | None) -> bool:
    """Organisers: see what somebody eats and needs; a host team is told counts."""
    return organise(person)


def see_venue(person: Person | None, event: Event, today: date) -> bool:
    """Organisers, the committee and the edition's host team; participants by their own place."""
    return read_plan(person) or on_host_team(person, event, today)


def work_with_host(
    person: Person | None, event: Event, country_code: str | None, today: date
) -> bool:
    """Organisers, the edition's host team, and the national contacts of the host country."""
    is_contact = country_code is not None and offer_for(person, country_code)
    return is_contact or organise(person) or on_host_team(person, event, today)


# -- asking for them -------------------------------------------------------------------------


def needs(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only people with ``permission`` through to the view; visitors are led to sign in."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - R or a redirect
            refusal = _refusal(permission)
            return refusal if refusal is not None else view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]  # read by the tests
        return guarded

    return decorate


def needs_stage(*stages: Stage) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only sessions through that have come so far and no further.

    It guards the pages of signing in itself; whoever is not there yet is led to sign in.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - R or a redirect
            if stage() in stages:
                return view(*args, **kwargs)
            if stage() is Stage.COMPLETE:  # done already, in another window
                return redirect(url_for("registrations.mine"), HTTPStatus.SEE_OTHER)
            return _lead_to_sign_in()

        guarded.permission = signed_in  # type: ignore[attr-defined]  # read by the tests
        guarded.stages = stages  # type: ignore[attr-defined]  # read by the tests
        return guarded

    return decorate


def fresh(view: Callable[P, R]) -> Callable[P, R]:
    """Ask again who it is before a sensitive act, half an hour after the last proof.

    It stands below :func:`needs`. The form of an act asks ten minutes earlier than the act, so
    that hardly anybody who has begun to fill it in is interrupted; what they typed is kept.
    """
    return _asking(view, on_reading=True)


def fresh_to_act(view: Callable[P, R]) -> Callable[P, R]:
    """Do as :func:`fresh` does, for a page that is read more often than acted on."""
    return _asking(view, on_reading=False)


def _asking(view: Callable[P, R], *, on_reading: bool) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - R or a redirect
        is_asked = on_reading or request.method == "POST"
        question = ask_again() if is_asked else None
        return question if question is not None else view(*args, **kwargs)

    guarded.is_fresh = True  # type: ignore[attr-defined]  # read by the tests
    return guarded


def ask_again() -> ResponseReturnValue | None:
    """Lead to the question who it is, unless the last proof is recent enough: then ``None``.

    What was posted is kept for a few minutes, but for secrets and files, and offered again.
    """
    sign_in, now = current_sign_in(), clock.real_utcnow()
    within = sessions.FRESH_TO_BEGIN if request.method == "GET" else sessions.FRESH
    if sign_in is None or sessions.is_fresh(sign_in, within=within, now=now):
        return None
    return _question(sign_in, now)


def _question(sign_in: SignIn, now: datetime) -> ResponseReturnValue:
    here = request.full_path.rstrip("?")
    if request.method == "GET":
        return redirect(url_for("accounts.confirm", next=here), HTTPStatus.SEE_OTHER)
    back, fields = _form_of_act(), held.typed(list(request.form.items(multi=True)))
    # A form with a secret or a file is filled in anew; a button alone is pressed anew.
    is_whole = not request.files and not held.SECRETS & set(request.form)
    if fields and is_whole:
        token = held.keep(sign_in, here, fields, back=back, now=now)
        db.session.commit()
        back = url_for("accounts.held_form", token=token)
    return redirect(url_for("accounts.confirm", next=back), HTTPStatus.SEE_OTHER)


def _form_of_act() -> str:
    """Return the page from which the act was posted, as far as the browser tells."""
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc == request.host:
        return f"{referrer.path}?{referrer.query}".rstrip("?")
    return request.path


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Declare that everybody may use the view."""
    view.permission = anyone  # type: ignore[attr-defined]  # read by the tests
    return view


def require(permission: Permission, *things: object) -> None:
    """Insist on ``permission`` for ``things``.

    Raises:
        NotFoundError: the person lacks it; what one may not see reads like what is not there.
    """
    if not permission(current_person(), *things):
        raise NotFoundError


def _refusal(permission: Permission) -> ResponseReturnValue | None:
    person = current_person()
    if permission(person):
        return None
    sign_in = current_sign_in()
    if sign_in is not None and stage() is Stage.IDLE:
        return _question(sign_in, clock.real_utcnow())
    if person is None:
        return _lead_to_sign_in()
    raise PermissionDeniedError


def _lead_to_sign_in() -> ResponseReturnValue:
    here = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(step_to(here), HTTPStatus.SEE_OTHER)


def step_to(path: str) -> str:
    """Return the address of what is still to do before ``path`` can be opened."""
    endpoint = {
        None: "accounts.login",
        Stage.SECOND_FACTOR: "accounts.second_factor_page",
        Stage.SET_UP: "accounts.set_up",
        Stage.IDLE: "accounts.confirm",
    }.get(stage())
    return url_for(endpoint, next=path or None) if endpoint else path
