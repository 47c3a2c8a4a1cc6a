"""A person's documents, the organisers' desk for them, and the page that vouches for them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, flash, redirect, render_template, url_for

from app import clock
from app.accounts import access
from app.accounts import queries as accounts
from app.accounts.access import the_person
from app.accounts.models import Role
from app.database import db
from app.documents import papers, queries, service
from app.documents.forms import BadgesForm, PostForm, TextForm
from app.documents.models import LETTERS, DocumentKind
from app.editions import queries as editions
from app.forms import put
from app.i18n import gettext as _
from app.limits import FEED_TOKENS, limiter
from app.registrations import queries as registrations
from app.registrations.seating import settings_of
from app.registrations.signals import papers_asked
from app.registrations.views import own
from scheduler.errors import DomainError, NotFoundError

if TYPE_CHECKING:
    from datetime import datetime

    from flask.typing import ResponseReturnValue

    from app.accounts.models import Person
    from app.documents.models import IssuedDocument
    from app.registrations.models import Registration

bp = Blueprint("documents", __name__)

OWN = (DocumentKind.INVITATION, DocumentKind.BADGE, DocumentKind.CERTIFICATE)
"""What a person fetches without asking anybody."""


@papers_asked.connect
def _papers_of(
    sender: object,  # noqa: ARG001 - the signal's form
    *,
    registration: Registration,
    now: datetime,
) -> list[tuple[str, str]]:
    """Return what the person can fetch now: its name, and the address of its button."""
    kinds = [kind for kind in OWN if _is_had(registration, kind, now=now)]
    visa_letter = queries.of_registration(registration).get(DocumentKind.VISA_SUPPORT)
    if visa_letter is not None and service.is_valid(visa_letter):
        kinds.append(DocumentKind.VISA_SUPPORT)
    return [
        (
            papers.title_of(kind),
            url_for("documents.fetch", public_id=registration.public_id, kind=kind.value),
        )
        for kind in kinds
    ]


def _is_had(registration: Registration, kind: DocumentKind, *, now: datetime) -> bool:
    try:
        service.check(registration, kind, now=now)
    except (service.NoNameError, service.NoCountryError):
        return True  # the button says what is missing
    except DomainError:
        return False
    return True


def may_read(person: Person | None, document: IssuedDocument) -> bool:
    """The person and organisers; a visa support letter: the person and the visa officer."""
    if document.kind is not DocumentKind.VISA_SUPPORT:
        return own(person, document.registration)
    is_own = person is not None and person.id == document.registration.person_id
    return is_own or access.handle_visas(person, document.edition, clock.today())


@bp.post("/registrations/<public_id>/documents/<kind>")
@access.needs(access.signed_in)
def fetch(public_id: str, kind: str) -> ResponseReturnValue:
    """Issue a document of one's own, and lead to it."""
    registration, wanted = _registration(public_id), _kind(kind)
    if wanted not in OWN:
        _insist_on_visa_letter(registration)
    form = PostForm()
    if not form.validate_on_submit():
        return redirect(url_for("registrations.show", public_id=public_id), HTTPStatus.SEE_OTHER)
    document = service.issue(registration, wanted, by=the_person(), now=clock.utcnow())
    db.session.commit()
    return redirect(url_for(".paper", code=document.code), HTTPStatus.SEE_OTHER)


def _insist_on_visa_letter(registration: Registration) -> None:
    """Insist that the visa officer has given the letter, and that it is the person's own."""
    is_own = registration.person_id == the_person().id
    if not is_own or DocumentKind.VISA_SUPPORT not in queries.of_registration(registration):
        raise NotFoundError


@bp.get("/documents/<code>.pdf")
@access.needs(access.signed_in)
def paper(code: str) -> ResponseReturnValue:
    """Show an issued document to its person and to organisers; a visa letter to its officer."""
    document = queries.by_code(code)
    if document is None or not service.is_valid(document):
        raise NotFoundError
    access.require(may_read, document)
    if document.kind is DocumentKind.BADGE:
        return _pdf(papers.badges([document]), f"badge-{document.edition.slug}.pdf")
    text = queries.texts(document.edition).get(document.kind)
    if text is None:
        raise NotFoundError
    name = f"{document.kind.value.replace('_', '-')}-{document.edition.slug}.pdf"
    return _pdf(papers.letter(document, text), name)


@bp.get("/verify/<code>")
@access.public
@limiter.limit(FEED_TOKENS)
def verify(code: str) -> ResponseReturnValue:
    """Say whether a document is valid and for which event, and nothing about its person."""
    document = queries.by_code(code)
    is_valid = document is not None and service.is_valid(document)
    page = render_template(
        "documents/verify.html",
        document=document,
        is_valid=is_valid,
        # A phone's own camera leads here: who keeps the door goes on to it.
        keeps_door=is_valid
        and document is not None
        and access.keep_door(access.current_person(), document.edition, clock.today()),
        title_of=papers.title_of,
    )
    return page, HTTPStatus.OK if is_valid else HTTPStatus.NOT_FOUND


@bp.get("/organise/editions/<slug>/documents")
@access.needs(access.organise)
def desk(slug: str) -> ResponseReturnValue:
    """Show what the letters of an edition say, and print its badges."""
    edition = editions.get(slug)
    badges = queries.badges(edition)
    return render_template(
        "documents/desk.html",
        edition=edition,
        texts=queries.texts(edition),
        kinds=[(kind, papers.title_of(kind)) for kind in LETTERS],
        printed_count=sum(badge.printed_at is not None for badge in badges),
        new_count=sum(badge.printed_at is None for badge in badges)
        + len(queries.without(edition, DocumentKind.BADGE)),
        gives_visa_letters=settings_of(edition).offers_visa_letters,
        officers=accounts.with_role(Role.VISA_OFFICER, slug),
        form=BadgesForm(),
    )


@bp.post("/organise/editions/<slug>/documents/badges")
@access.needs(access.organise)
def print_badges(slug: str) -> ResponseReturnValue:
    """Answer with the sheets of badges; who holds a seat and has none gets one."""
    edition, form = editions.get(slug), BadgesForm()
    if not form.validate_on_submit():
        return redirect(url_for(".desk", slug=slug), HTTPStatus.SEE_OTHER)
    service.make_badges(edition, by=the_person(), now=clock.utcnow())
    db.session.commit()
    badges = [
        badge for badge in queries.badges(edition) if form.all.data or badge.printed_at is None
    ]
    sheets = papers.badges(badges)  # takes seconds for hundreds: nobody waits for a lock
    service.note_printed(edition, badges, by=the_person(), now=clock.utcnow())
    db.session.commit()
    return _pdf(sheets, f"badges-{slug}.pdf")


@bp.route("/organise/editions/<slug>/documents/<kind>", methods=["GET", "POST"])
@access.needs(access.organise)
def write(slug: str, kind: str) -> ResponseReturnValue:
    """Write what a letter or certificate says, and who signs it."""
    edition, wanted = editions.get(slug), _kind(kind)
    if wanted not in LETTERS:
        raise NotFoundError
    text = queries.texts(edition).get(wanted)
    form = TextForm(obj=text, data=None if text else {"body": default_body(wanted)})
    if form.validate_on_submit():
        words = {
            name: form[name].data or ""
            for name in ("issuer", "signatory", "signatory_title", "body")
        }
        try:
            service.write(edition, wanted, words, by=the_person(), now=clock.utcnow())
        except DomainError as error:
            db.session.rollback()
            put(form, error, form.body)
        else:
            db.session.commit()
            if form.preview.data:
                return redirect(url_for(".example", slug=slug, kind=kind), HTTPStatus.SEE_OTHER)
            flash(_("The words are saved."), "success")
            return redirect(url_for(".desk", slug=slug), HTTPStatus.SEE_OTHER)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    page = render_template(
        "documents/write.html",
        edition=edition,
        title=papers.title_of(wanted),
        is_written=text is not None,
        form=form,
    )
    return page, status


@bp.get("/organise/editions/<slug>/documents/<kind>/example.pdf")
@access.needs(access.organise)
def example(slug: str, kind: str) -> ResponseReturnValue:
    """Show what a letter looks like, for a person who does not exist."""
    edition, wanted = editions.get(slug), _kind(kind)
    text = queries.texts(edition).get(wanted)
    if text is None:
        raise NotFoundError
    return _pdf(papers.example(text), f"example-{wanted.value.replace('_', '-')}-{slug}.pdf")


def default_body(kind: DocumentKind) -> str:
    """Return words to begin with; they claim nothing that the edition's record does not say."""
    return {
        DocumentKind.INVITATION: _(
            "Dear {name},\n\nwe have the pleasure to invite you to the {event}, which takes place "
            "on {days} in {place}.\n\nYour registration is confirmed. The programme and all "
            "practical information are on the page of your registration."
        ),
        DocumentKind.VISA_SUPPORT: _(
            "To whom it may concern\n\nWe confirm that {name} is registered as a participant of "
            "the {event}, which takes place on {days} in {place}, at {venue}.\n\nWe would be "
            "grateful for any assistance in the timely issue of an entry visa for this purpose."
        ),
        DocumentKind.CERTIFICATE: _("took part in the {event}, held on {days} in {place}."),
    }[kind]


def _pdf(content: bytes, name: str) -> Response:
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename={name}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _kind(kind: str) -> DocumentKind:
    if kind not in set(DocumentKind):
        raise NotFoundError
    return DocumentKind(kind)


def _registration(public_id: str) -> Registration:
    registration = registrations.by_public_id(public_id)
    if registration is None:
        raise NotFoundError
    access.require(own, registration)
    return registration
