"""Signing in by an identity provider, and connecting one to the account."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import flash, redirect, request, session, url_for
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from app import clock
from app.accounts import access, arrival, identities, provider
from app.accounts.access import the_sign_in
from app.accounts.models import Method
from app.accounts.views import bp
from app.database import db
from app.i18n import gettext as _
from app.i18n import user_message
from app.limits import SIGN_IN, limiter
from scheduler.errors import DomainError, PermissionDeniedError

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

NEXT_KEY = "provider_next"
CONNECTS_KEY = "provider_connects"


@bp.get("/login/provider")
@access.public
@limiter.limit(SIGN_IN)
def provider_begin() -> ResponseReturnValue:
    """Send the person to the identity provider."""
    return _begin(arrival.own_path(request.args.get("next")), connects=False)


@bp.get("/me/sign-in/provider")
@access.needs(access.signed_in)
@access.fresh
def provider_connect() -> ResponseReturnValue:
    """Send the signed-in person there, to connect the identity to the account.

    A link rather than a form, since a form may not lead off the site (form-action); so its token
    is in the address: nobody else may have one's account connected to an identity of theirs.
    """
    try:
        validate_csrf(request.args.get("csrf_token"))
    except ValidationError:
        raise PermissionDeniedError from None
    return _begin("", connects=True)


@bp.get("/login/provider/back")
@access.public
@limiter.limit(SIGN_IN)
def provider_back() -> ResponseReturnValue:
    """Take the provider's answer: sign in, or connect."""
    to, connects = session.pop(NEXT_KEY, ""), session.pop(CONNECTS_KEY, None)
    now = clock.real_utcnow()
    try:
        claims = provider.finish()
        if connects is not None:
            sign_in = the_sign_in()
            # Only the session that asked for it: another may have begun in this browser since.
            if connects != sign_in.id or access.current_person() is None:
                raise identities.ProviderError
            identities.connect(sign_in, claims, now=now)
            db.session.commit()
            flash(_("Your provider is connected: it signs you in from now on."), "success")
            return redirect(url_for(".methods"), HTTPStatus.SEE_OTHER)
        return arrival.arrive(identities.person_of(claims, now=now), Method.PROVIDER, to=to)
    except DomainError as error:
        return _refuse(error, to)


@bp.post("/me/sign-in/provider/<int:identity_id>/remove")
@access.needs(access.signed_in)
@access.fresh
def provider_disconnect(identity_id: int) -> ResponseReturnValue:
    """Forget an identity at the provider."""
    identities.disconnect(the_sign_in(), identity_id, now=clock.real_utcnow())
    db.session.commit()
    flash(_("The provider is disconnected."), "success")
    return redirect(url_for(".methods"), HTTPStatus.SEE_OTHER)


def _begin(to: str, *, connects: bool) -> ResponseReturnValue:
    try:
        answer = provider.begin()
    except DomainError as error:
        return _refuse(error, to)
    session[NEXT_KEY] = to
    if connects:
        session[CONNECTS_KEY] = the_sign_in().id
    else:
        session.pop(CONNECTS_KEY, None)
    return answer


def _refuse(error: DomainError, to: str) -> ResponseReturnValue:
    db.session.rollback()
    flash(user_message(error), "error")
    page = url_for(".methods") if access.current_person() else url_for(".login", next=to or None)
    return redirect(page, HTTPStatus.SEE_OTHER)
