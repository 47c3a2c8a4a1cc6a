from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app import audit, database, uploads
from app.accounts import grants
from app.accounts.models import Role
from app.clock import real_utcnow
from app.database import db
from app.hosting import calling, choosing, queries, service
from app.hosting.calling import CallClosingError
from app.hosting.choosing import WindowChoiceError
from app.hosting.models import CallForHosts, HostingOffer
from app.hosting.service import LetterMissingError, WindowError
from app.outbox import OutboxMessage
from app.uploads import StoredFile
from scheduler.lifecycle import EditionStatus, MoveError, OfferStatus
from tests.factories import (
    OPENING,
    PDF,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
)
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from tests.conftest import Client

S = EditionStatus
FIRST = date(2027, 9, 13)
TYPED = {
    "country": "XAA",
    "city": "Albor",
    "venue": "Congress Hall",
    "capacity": "120",
    "authority": "Nuclear Security Authority",
    "first_1": "2027-09-13",
    "last_1": "2027-09-24",
    "note": "Welcome.",
}


def letter(content: bytes = PDF, name: str = "letter.pdf") -> dict[str, tuple[BytesIO, str]]:
    return {"letter": (BytesIO(content), name)}


def offers() -> list[tuple[str, str, str]]:
    return [
        (offer.country_code, offer.status.value, offer.city)
        for offer in db.session.query(HostingOffer).order_by(HostingOffer.id)
    ]


def mails() -> list[tuple[str, str]]:
    return [
        (mail.to_address, mail.subject.partition(":")[0])
        for mail in db.session.query(OutboxMessage).order_by(OutboxMessage.id)
    ]


# -- offering --------------------------------------------------------------------------------


def test_a_contact_finds_the_call_and_offers(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = f"/hosting/calls/{edition.slug}/offer"
    assert path in client.get("/hosting/").text
    answer = client.submit(path, **TYPED, **letter(name="letters/our letter.pdf"))
    offer = db.session.query(HostingOffer).one()
    assert (answer.status_code, answer.location) == (303, f"/hosting/offers/{offer.public_id}")
    assert offers() == [("XAA", "submitted", "Albor")]
    assert [(row.rank, row.dtstart, row.dtend) for row in offer.windows] == [
        (1, date(2027, 9, 13), date(2027, 9, 25))
    ]
    assert offer.letter
    assert (offer.letter.name, offer.letter.path.read_bytes()) == ("our letter.pdf", PDF)
    assert mails() == [("contact@example.org", "Offer received")]
    assert "Congress Hall" in words(client.get(answer.location))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"PK\x03\x04 a document", "letter.docx", "“letter.docx” is not a PDF file"),
        (b"<html>not one</html>", "letter.pdf", "“letter.pdf” is not a PDF file"),
        (b"x" * 2000 + PDF, "late.pdf", "“late.pdf” is not a PDF file"),
        (b"", "empty.pdf", "“empty.pdf” is empty"),
        (PDF + b"x" * uploads.SIZE_MAX, "large.pdf", "“large.pdf” is larger than 10 MB"),
        (None, "", "Add the government’s letter as a PDF file."),
    ],
)
def test_a_letter_that_will_not_do_is_refused_and_the_rest_is_kept(
    content: bytes | None, name: str, said: str, client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    upload = {} if content is None else {"letter": FileStorage(BytesIO(content), name)}
    # Encoded here: the client would leave its temporary file of a large form open.
    boundary, body = encode_multipart(TYPED | upload | {"csrf_token": client.csrf_token()})
    answer = client.post(
        f"/hosting/calls/{edition.slug}/offer",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    assert answer.status_code == 422
    assert alert(answer).startswith("The government’s letter: ")
    assert said in alert(answer)
    assert {key: fields(answer)[key] for key in TYPED} == TYPED
    assert (offers(), db.session.query(StoredFile).count()) == ([], 0)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"capacity": "-1"}, "Capacity of the plenary room"),
        ({"capacity": "0"}, "Capacity of the plenary room"),
        ({"city": ""}, "City"),
        ({"country": "XAB"}, "Country"),
        ({"country": "ZZZ"}, "Country"),
        ({"last_1": "2027-09-12"}, "First wish: to"),
        ({"last_1": ""}, "First wish: to"),
        ({"first_1": "2027-13-01"}, "First wish: from"),
        ({"first_2": "2027-10-04"}, "Second wish: to"),
        ({"last_1": "2027-09-15"}, "Give one to three windows"),
        ({"first_1": "2020-09-13", "last_1": "2020-09-24"}, "Give one to three windows"),
        ({"first_1": "9999-12-01", "last_1": "9999-12-31"}, "The year must lie between"),
    ],
)
def test_an_offer_that_cannot_be_is_refused_and_its_letter_waits_for_the_next_try(
    typed: dict[str, str], said: str, client: Client, edition: Edition, contact: Person
) -> None:
    make_country("XAB")
    client.sign_in(contact)
    answer = client.submit(f"/hosting/calls/{edition.slug}/offer", **TYPED | typed, **letter())
    assert (answer.status_code, said in alert(answer)) == (422, True)
    assert (offers(), mails()) == ([], [])
    (held,) = db.session.scalars(select(StoredFile))
    assert (held.name, held.held_for_id, held.path.read_bytes()) == ("letter.pdf", contact.id, PDF)
    assert "“letter.pdf” has arrived and is kept" in words(answer)


def test_a_letter_that_has_arrived_is_not_chosen_again(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = f"/hosting/calls/{edition.slug}/offer"
    answer = client.submit(path, **TYPED | {"city": ""}, **letter())
    sealed = {"letter_held": fields(answer)["letter_held"]}
    # It comes along however often the form is refused, and is nobody else's.
    answer = client.submit(path, **TYPED | {"venue": ""} | sealed)
    assert fields(answer)["letter_held"] == sealed["letter_held"]
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    assert "Add the government’s letter" in alert(client.submit(path, **TYPED | sealed))
    client.sign_in(contact)
    assert client.submit(path, **TYPED | sealed).status_code == 303
    offer = db.session.scalars(select(HostingOffer)).one()
    assert offer.letter
    assert (offer.letter.name, offer.letter.path.read_bytes()) == ("letter.pdf", PDF)
    assert offer.letter.held_for_id is None


def test_a_letter_that_was_chosen_before_the_days_are_checked_is_kept_too(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = f"/hosting/calls/{edition.slug}/offer"
    answer = client.submit(path, **TYPED, **letter(), check="1")
    assert "“letter.pdf” has arrived and is kept" in words(answer)
    assert client.submit(path, **fields(answer), draft="1").status_code == 303
    offer = db.session.scalars(select(HostingOffer)).one()
    assert (offer.status, offer.letter is not None) == (OfferStatus.DRAFT, True)


def test_what_is_wrong_with_a_window_stands_at_that_window(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    second = {"first_2": "2020-01-01", "last_2": "2020-01-09"}
    answer = client.submit(f"/hosting/calls/{edition.slug}/offer", **TYPED | second, **letter())
    assert alert(answer).startswith("Second wish: from: Give one to three windows")


def test_a_second_offer_of_the_country_is_refused(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = f"/hosting/calls/{edition.slug}/offer"
    first, second = (client.submit(path, **TYPED, **letter()) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 422)
    assert "Alboria has an offer for" in alert(second)
    assert {key: fields(second)[key] for key in TYPED} == TYPED
    assert "“letter.pdf” has arrived and is kept" in words(second)
    assert len(offers()) == 1
    # What was withdrawn may be offered again.
    client.submit(f"{first.location}/withdraw", reason="Too soon")
    assert client.submit(path, **TYPED, **letter()).status_code == 303
    assert [status for _code, status, _city in offers()] == ["withdrawn", "submitted"]


def test_an_offer_after_the_call_is_refused(
    client: Client, edition: Edition, contact: Person
) -> None:
    call = queries.call_of(edition)
    assert call
    database.write(call)
    call.closes_at = OPENING
    client.sign_in(contact)
    path = f"/hosting/calls/{edition.slug}/offer"
    answer = client.submit(path, **TYPED, **letter())
    assert (answer.status_code, "is closed; offers are no longer taken" in alert(answer)) == (
        422,
        True,
    )
    assert offers() == []


def test_an_offer_is_changed_while_the_call_is_open(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    path = client.submit(f"/hosting/calls/{edition.slug}/offer", **TYPED, **letter()).location
    form = fields(client.get(f"{path}/edit"))
    assert (form["first_1"], form["last_1"], form["capacity"]) == (
        "2027-09-13",
        "2027-09-24",
        "120",
    )
    changed = TYPED | {"city": "Port Albor", "first_2": "2027-10-04", "last_2": "2027-10-08"}
    assert client.submit(f"{path}/edit", **changed).location == path
    offer = db.session.query(HostingOffer).one()
    assert (offer.city, len(offer.windows)) == ("Port Albor", 2)
    assert offer.letter
    assert offer.letter.path.read_bytes() == PDF
    calling.close_call(edition, by=contact, now=OPENING)
    assert client.submit(f"{path}/edit", **changed).status_code == 422


def test_a_contact_offers_only_for_the_own_country(client: Client, edition: Edition) -> None:
    make_country("XAA")
    make_country("XAB")
    foreigner = make_person(role=Role.NATIONAL_CONTACT, scope="XAB")
    offer = make_offer(edition, make_country("XAA"))
    client.sign_in(foreigner)
    form = client.get(f"/hosting/calls/{edition.slug}/offer").text
    assert ('value="XAA"' in form, 'value="XAB"' in form) == (False, True)
    path = f"/hosting/offers/{offer.public_id}"
    answers = [
        client.get(path),
        client.get(f"{path}/letter"),
        client.submit(f"{path}/edit", **TYPED),
        client.submit(f"{path}/withdraw", reason="x"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert offers() == [("XAA", "submitted", "Offerville")]


def test_a_letter_is_only_ever_sent_as_an_attachment(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    content = PDF
    name = "über <script>.pdf"
    offer_path = client.submit(
        f"/hosting/calls/{edition.slug}/offer", **TYPED, **letter(content, name)
    ).location
    answer = client.get(f"{offer_path}/letter")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", content)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] != "public"
    answer.close()
    client.sign_in(make_person())
    assert client.get(f"{offer_path}/letter").status_code == 403
    client.delete_cookie("session")
    assert client.get(f"{offer_path}/letter").status_code == 303


def test_an_offer_without_a_letter_has_none_to_send(client: Client, edition: Edition) -> None:
    offer = make_offer(edition, make_country("XAA"))
    client.sign_in(make_person(role=Role.COMMITTEE))
    assert client.get(f"/hosting/offers/{offer.public_id}/letter").status_code == 404


def test_a_refusal_after_the_upload_leaves_no_file(edition: Edition, contact: Person) -> None:
    country = make_country("XAA")
    facts = service.OfferFacts(
        city="Albor", venue="Hall", capacity=80, windows=[(FIRST, FIRST + timedelta(days=5))]
    )
    db.session.commit()
    who = {"by": contact, "now": OPENING}
    offer = service.submit(edition, country, facts, letter=(PDF, "l.pdf"), **who)
    path = offer.letter.path  # type: ignore[union-attr]
    assert path.exists()
    db.session.rollback()
    assert not path.exists()
    with pytest.raises(LetterMissingError):
        service.submit(edition, country, facts, letter=None, **who)


@pytest.mark.parametrize("count", [0, 4])
def test_an_offer_has_one_to_three_windows(count: int, edition: Edition, contact: Person) -> None:
    windows = [(FIRST, FIRST + timedelta(days=5))] * count
    facts = service.OfferFacts(city="Albor", venue="Hall", capacity=80, windows=windows)
    with pytest.raises(WindowError, match="at least 5 days"):
        service.submit(
            edition, make_country("XAA"), facts, letter=(PDF, "l.pdf"), by=contact,
            now=OPENING,
        )  # fmt: skip


# -- the call --------------------------------------------------------------------------------


def test_an_organiser_opens_changes_and_closes_a_call(client: Client) -> None:
    edition = make_edition(status=S.PROJECTED, dtstart=FIRST, days=5)
    client.sign_in(make_person(role=Role.ORGANISER))
    path = f"/organise/editions/{edition.slug}/call"
    answer = client.submit(path, closes_on="2027-04-30", text="Come.", is_published="y")
    assert (answer.status_code, answer.location) == (303, f"/hosting/calls/{edition.slug}")
    call = db.session.query(CallForHosts).one()
    assert (call.last_day, call.is_published, edition.status) == (
        date(2027, 4, 30),
        True,
        S.CALL_OPEN,
    )
    client.submit(path, closes_on="2027-05-31", text="Come soon.")
    assert (call.last_day, call.is_published, call.text) == (
        date(2027, 5, 31),
        False,
        "Come soon.",
    )
    assert client.submit(f"/hosting/calls/{edition.slug}/close").status_code == 303
    assert (edition.status, call.is_open(OPENING + timedelta(hours=1))) == (
        S.UNDER_EVALUATION,
        False,
    )


def test_the_log_says_what_of_a_call_was_changed() -> None:
    edition, person = make_edition(status=S.CALL_OPEN, dtstart=FIRST), make_person()
    call = make_call(edition)
    until = call.closes_at
    calling.change_call(call, closes_at=until, text="", is_published=True, by=person, now=OPENING)
    assert audit.history(edition)[-1].changes == {"is_published": [False, True]}


def test_a_call_that_is_closed_by_now_is_not_changed() -> None:
    call, person = make_call(make_edition(status=S.UNDER_EVALUATION, dtstart=FIRST)), make_person()
    with pytest.raises(service.CallClosedError):
        calling.change_call(
            call, closes_at=OPENING + timedelta(days=9), text="", is_published=True, by=person,
            now=OPENING,
        )  # fmt: skip
    db.session.rollback()


@pytest.mark.parametrize("closes_on", ["2027-01-14", "2027-09-13", "2028-01-01", "", "soon"])
def test_a_call_must_close_in_time(closes_on: str, client: Client) -> None:
    edition = make_edition(status=S.PROJECTED, dtstart=FIRST)
    client.sign_in(make_person(role=Role.ORGANISER))
    answer = client.submit(f"/organise/editions/{edition.slug}/call", closes_on=closes_on)
    assert (answer.status_code, alert(answer).partition(":")[0]) == (422, "Last day for offers")
    assert (db.session.query(CallForHosts).count(), edition.status) == (0, S.PROJECTED)


def test_a_call_opens_for_projections_alone() -> None:
    person = make_person()
    for status in (S.HOST_SELECTED, S.ANNOUNCED, S.CANCELLED):
        edition = make_edition(status=status, dtstart=FIRST)
        db.session.commit()
        with pytest.raises(MoveError):
            calling.open_call(
                edition, closes_at=OPENING + timedelta(days=30), text="", is_published=False,
                by=person, now=OPENING,
            )  # fmt: skip
        db.session.rollback()
    with pytest.raises(CallClosingError):
        calling.open_call(
            edition, closes_at=OPENING, text="", is_published=False, by=person, now=OPENING
        )


def test_a_call_is_seen_by_contacts_and_by_everyone_once_it_is_published(
    client: Client, edition: Edition, contact: Person
) -> None:
    readers = [None, make_person(), contact]

    def seen() -> list[bool]:
        told = []
        for reader in readers:
            client.sign_in(reader) if reader else client.delete_cookie("session")
            told.append(edition.title in words(client.get("/hosting/")))
        return told

    assert seen() == [False, False, True]
    call = queries.call_of(edition)
    assert call
    database.write(call)
    call.is_published = True
    db.session.commit()
    assert seen() == [True, True, True]


# -- the choice ------------------------------------------------------------------------------


@pytest.fixture
def judged(edition: Edition) -> list[HostingOffer]:
    """Three offers under evaluation."""
    found = []
    for code in ("XAA", "XAB", "XAC"):
        country = make_country(code, name=f"Land of {code}")
        by = make_person(f"{code.lower()}@example.org", role=Role.NATIONAL_CONTACT, scope=code)
        found.append(make_offer(edition, country, by=by, city=f"City of {code}"))
    calling.close_call(edition, by=make_person(), now=OPENING)
    db.session.commit()
    return found


def choose(client: Client, chosen: HostingOffer, **typed: str) -> tuple[int, str]:
    answer = client.submit(
        f"/hosting/calls/{chosen.edition.slug}",
        **{
            "offer": chosen.public_id,
            "first_day": "2027-09-14",
            "last_day": "2027-09-18",
            "reason": "The nearest venue",
        }
        | typed,
    )
    return answer.status_code, alert(answer) if answer.status_code == 422 else ""


def test_the_chosen_country_hosts_and_everybody_is_told(
    client: Client, judged: list[HostingOffer]
) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    assert choose(client, judged[0]) == (303, "")
    edition = judged[0].edition
    assert (edition.status, edition.country_code, edition.city, edition.dtstart) == (
        S.HOST_SELECTED,
        "XAA",
        "City of XAA",
        date(2027, 9, 14),
    )
    assert [offer.status for offer in judged] == [
        OfferStatus.SELECTED,
        OfferStatus.NOT_SELECTED,
        OfferStatus.NOT_SELECTED,
    ]
    assert mails() == [
        ("xaa@example.org", "Selected as host"),
        ("xab@example.org", "Decision on hosting"),
        ("xac@example.org", "Decision on hosting"),
    ]
    assert not edition.is_public


def test_the_decision_goes_to_who_speaks_for_the_country_now(
    client: Client, judged: list[HostingOffer]
) -> None:
    for email in ("deputy@example.org", "zoe@example.org"):
        make_person(email, role=Role.NATIONAL_CONTACT, scope="XAB")
    grants.end_all(Role.NATIONAL_CONTACT, "XAC", reason="Left.", by=None, now=real_utcnow())
    db.session.commit()
    client.sign_in(make_person(role=Role.ORGANISER))
    assert choose(client, judged[0]) == (303, "")
    told = [address for address, subject in mails() if subject == "Decision on hosting"]
    # Nobody speaks for the third country any more, so who sent its offer in is told.
    assert told == ["deputy@example.org", "xab@example.org", "zoe@example.org", "xac@example.org"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_day": "2027-09-12"}, "did not offer these days"),
        ({"last_day": "2027-09-25"}, "did not offer these days"),
        ({"first_day": "2027-09-18", "last_day": "2027-09-14"}, "did not offer these days"),
        ({"first_day": "2028-09-14", "last_day": "2028-09-18"}, "did not offer these days"),
        ({"last_day": "9999-12-31"}, "did not offer these days"),
        ({"reason": ""}, "Reason"),
        ({"offer": "unknown"}, "Offer"),
        ({"offer": ""}, "Offer"),
        ({"first_day": "soon"}, "First day"),
    ],
)
def test_a_choice_keeps_to_what_was_offered(
    typed: dict[str, str], said: str, client: Client, judged: list[HostingOffer]
) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    status, told = choose(client, judged[0], **typed)
    assert (status, said in told) == (422, True)
    assert (judged[0].edition.status, mails()) == (S.UNDER_EVALUATION, [])


def test_the_committee_compares_and_does_not_decide(
    client: Client, judged: list[HostingOffer]
) -> None:
    client.sign_in(make_person(role=Role.COMMITTEE))
    page = words(client.get(f"/hosting/calls/{judged[0].edition.slug}"))
    assert [f"City of {code}" in page for code in ("XAA", "XAB", "XAC")] == [True] * 3
    assert choose(client, judged[0])[0] == 404
    assert judged[0].edition.status is S.UNDER_EVALUATION


def test_a_contact_sees_nothing_of_the_other_offers(
    client: Client, judged: list[HostingOffer]
) -> None:
    client.sign_in(judged[0].submitted_by)  # type: ignore[arg-type]
    page = words(client.get(f"/hosting/calls/{judged[0].edition.slug}"))
    assert [f"City of {code}" in page for code in ("XAB", "XAC")] == [False] * 2
    assert choose(client, judged[0])[0] in {200, 404, 405}
    assert judged[0].edition.status is S.UNDER_EVALUATION


def test_nobody_is_chosen_while_the_call_is_open(client: Client, edition: Edition) -> None:
    offer = make_offer(edition, make_country("XAA"))
    client.sign_in(make_person(role=Role.ORGANISER))
    assert choose(client, offer)[0] == 422
    assert (edition.status, offer.status) == (S.CALL_OPEN, OfferStatus.SUBMITTED)


def test_a_choice_outside_the_windows_is_refused_by_the_service(
    judged: list[HostingOffer],
) -> None:
    with pytest.raises(WindowChoiceError, match="Land of XAA did not offer these days"):
        choosing.select(
            judged[0], dtstart=FIRST, dtend=FIRST, reason="x", by=make_person(), now=OPENING
        )


def test_the_host_withdraws_and_another_is_chosen(
    client: Client, judged: list[HostingOffer]
) -> None:
    first, second, _third = judged
    organiser = make_person("organiser@example.org", role=Role.ORGANISER)
    client.sign_in(organiser)
    choose(client, first)
    client.sign_in(first.submitted_by)  # type: ignore[arg-type]
    answer = client.submit(f"/hosting/offers/{first.public_id}/withdraw", reason="Elections")
    assert answer.status_code == 303
    edition = first.edition
    assert (first.status, edition.status, edition.city, edition.country_code) == (
        OfferStatus.WITHDRAWN,
        S.UNDER_EVALUATION,
        "",
        None,
    )
    assert ("organiser@example.org", "Offer withdrawn") in mails()
    client.sign_in(organiser)
    page = words(client.get(f"/hosting/calls/{edition.slug}"))
    assert "Select a host" in page
    assert choose(client, second) == (303, "")
    assert (second.status, edition.city) == (OfferStatus.SELECTED, "City of XAB")


def test_what_is_decided_is_withdrawn_no_more(client: Client, judged: list[HostingOffer]) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    choose(client, judged[0])
    client.sign_in(judged[1].submitted_by)  # type: ignore[arg-type]
    answer = client.submit(f"/hosting/offers/{judged[1].public_id}/withdraw", reason="x")
    assert answer.status_code == 409
    assert judged[1].status is OfferStatus.NOT_SELECTED
