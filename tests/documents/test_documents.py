"""Letters, badges and certificates: who gets them, what they say, and who vouches for them."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.database import db, write
from app.documents import papers, queries, service
from app.documents.models import DocumentKind
from app.door import queries as door
from app.outbox import OutboxMessage
from app.registrations import questions
from app.registrations import service as registrations
from app.registrations.models import AttendeeRole, VisaRequest
from scheduler.lifecycle import EditionStatus, RegistrationStatus
from tests.factories import OPENING, make_country, make_edition, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from pathlib import Path

    from app.accounts.models import Person
    from app.documents.models import DocumentText
    from app.registrations.models import Registration
    from tests.conftest import Client

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext is not installed"
)
WORDS = {
    "issuer": "The secretariat",
    "signatory": "A. Signatory",
    "signatory_title": "Secretary",
    "body": "Dear {name},\n\nwelcome to {event} in {place}, on {days}.",
}


@pytest.fixture
def organiser() -> Person:
    return make_person(role=Role.ORGANISER)


@pytest.fixture
def place() -> Registration:
    """A confirmed place of Ana's at an edition in Albor."""
    edition = make_edition(city="Albor", capacity=1, title="Fourth Symposium")
    return registrations.register(edition, make_person(name="Ana García"), now=OPENING)


def written(
    place: Registration, organiser: Person, kind: DocumentKind = DocumentKind.INVITATION
) -> DocumentText:
    return service.write(place.edition, kind, WORDS, by=organiser, now=OPENING)


def offer_visa_letters(place: Registration, organiser: Person) -> None:
    wishes = questions.Wishes(offers_visa_letters=True)
    questions.set_wishes(place.edition, wishes, by=organiser, now=OPENING)


def text_of(pdf: bytes, folder: Path) -> str:
    (folder / "document.pdf").write_bytes(pdf)
    command = ["pdftotext", "-layout", str(folder / "document.pdf"), "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return said.stdout


def fetched(client: Client, place: Registration, kind: str) -> bytes:
    answer = client.submit(f"/registrations/{place.public_id}/documents/{kind}")
    assert answer.status_code == 303
    paper = client.get(answer.location)
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf")
    assert paper.headers["Cache-Control"] == "no-store"
    return paper.data


@needs_poppler
def test_a_letter_says_the_organisers_words_with_the_persons_facts(
    client: Client, place: Registration, organiser: Person, tmp_path: Path
) -> None:
    written(place, organiser)
    said = text_of(fetched(client.sign_in(place.person), place, "invitation"), tmp_path)
    assert "Dear Ana García," in said
    assert "welcome to Fourth Symposium in Albor" in said
    assert "A. Signatory" in said
    assert f"{place.edition.slug}/I-0001" in said


@needs_poppler
@pytest.mark.parametrize(
    "name",
    ["王小明", "Дмитрий Иванович", "محمد", "#strong[x] *b* $y$ @z \\u{41}", '#read("/etc/passwd")'],
)
def test_a_name_is_set_as_it_is_written_in_every_script(
    name: str, client: Client, place: Registration, organiser: Person, tmp_path: Path
) -> None:
    write(place.person)
    place.person.name = name
    client.sign_in(organiser)
    badge = text_of(fetched(client, place, "badge"), tmp_path)
    # Right to left, a reader may give the letters in their visual order, in shapes of their own.
    shown = [name, name[::-1]] if name != "محمد" else ["محمد", "دمحم", "ﻣﺤﻤﺪ", "ﺪﻤﺤﻣ"]
    assert any(each in re.sub(r"\s+", " ", badge).replace("\u200f", "") for each in shown)


LONG = (
    "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschafers",
    "José María Fernández-Villavicencio y Rodríguez de la Torre Alcázar del Río Grande",
    "王" * 60,
    "Константинопольский" * 5,
    "ﷺ" * 40,
    "W" * 200,
)
MARGIN = 15  # points at the right of every sheet that stay white


@needs_poppler
@pytest.mark.parametrize("name", LONG)
def test_the_longest_name_stays_on_its_sheet(name: str, organiser: Person, tmp_path: Path) -> None:
    """Each paper is drawn, and what is white has to stay white: nothing runs off, or next door."""
    make_country("XAA", name="People's Republic of Northern and Southern Alboria and the Islands")
    edition = make_edition(city="Albor", country_code="XAA", title="Fourth Symposium of Many Words")
    place = registrations.register(edition, make_person(name=name), now=OPENING)
    place.affiliation = "Bundesstrahlenschutzforschungsgesellschaftsverwaltungsgebäude" * 3
    place.visa_request = VisaRequest(
        full_name=name, nationality_code="XAA", passport_number="X" * 40,
        passport_expires_on=date(2031, 1, 1), born_on=date(1980, 2, 3), requested_at=OPENING,
    )  # fmt: skip
    issued = {}
    for kind in DocumentKind:
        if kind is DocumentKind.CERTIFICATE:
            edition.dtstart, edition.dtend = date(2026, 9, 1), date(2026, 9, 4)
            place.status = RegistrationStatus.ATTENDED
            db.session.flush()
        if kind is not DocumentKind.BADGE:
            written(place, organiser, kind)
        issued[kind] = service.issue(place, kind, by=organiser, now=OPENING)
    badge = issued.pop(DocumentKind.BADGE)
    for kind, document in issued.items():
        pages = drawn(papers.letter(document, queries.texts(edition)[kind]), tmp_path)
        assert len(pages) == 1
        assert is_white(pages[0], columns=slice(-MARGIN, None), below=40)
    (sheet,) = drawn(papers.badges([badge]), tmp_path)
    assert is_white(sheet, columns=slice(310, None), below=40)  # where the next badge begins


def drawn(pdf: bytes, folder: Path) -> list[tuple[int, bytes]]:
    """Return each page at one pixel a point: its width, and its grey values line by line."""
    (folder / "paper.pdf").write_bytes(pdf)
    for page in folder.glob("page-*.pgm"):
        page.unlink()
    command = ["pdftoppm", "-r", "72", "-gray", str(folder / "paper.pdf"), str(folder / "page")]
    subprocess.run(command, check=True)  # noqa: S603 - ours
    pages = []
    for page in sorted(folder.glob("page-*.pgm")):
        _kind, width, _height, _most, grey = page.read_bytes().split(maxsplit=4)
        pages.append((int(width), grey))
    return pages


def is_white(page: tuple[int, bytes], *, columns: slice, below: int) -> bool:
    """Whether nothing is drawn in ``columns`` under the coloured head, but for frame and marks."""
    width, grey = page
    lines = [
        grey[start : start + width][columns] for start in range(below * width, len(grey), width)
    ]
    return sum(any(value < 128 for value in line) for line in lines) == 0


def test_nobody_fetches_a_letter_before_its_words_are_written(
    client: Client, place: Registration
) -> None:
    client.sign_in(place.person)
    page = client.get(f"/registrations/{place.public_id}").text
    assert re.findall(r'action="[^"]*/documents/(\w+)"', page) == ["badge"]
    answer = client.submit(f"/registrations/{place.public_id}/documents/invitation")
    assert (answer.status_code, "have not written" in answer.text) == (409, True)


def test_who_waits_has_no_documents(client: Client, place: Registration, organiser: Person) -> None:
    written(place, organiser)
    waiting = registrations.register(place.edition, make_person(name="Ben"), now=OPENING)
    client.sign_in(waiting.person)
    assert "/documents/" not in client.get(f"/registrations/{waiting.public_id}").text
    answer = client.submit(f"/registrations/{waiting.public_id}/documents/badge")
    assert (answer.status_code, "people who have a place" in answer.text) == (409, True)


def test_who_is_only_offered_a_place_has_no_documents_and_stands_on_no_list(
    client: Client, place: Registration, organiser: Person
) -> None:
    written(place, organiser)
    write(place)
    place.status, place.edition.venue = RegistrationStatus.OFFERED, "Congress Hall"
    place.answer_by = OPENING + timedelta(days=3)
    for kind in ("invitation", "badge"):
        answer = client.sign_in(place.person).submit(
            f"/registrations/{place.public_id}/documents/{kind}"
        )
        assert (answer.status_code, "have a place" in answer.text) == (409, True)
    for path in (f"/registrations/{place.public_id}", f"/editions/{place.edition.slug}"):
        assert "Congress Hall" not in client.get(path).text
    service.make_badges(place.edition, by=organiser, now=OPENING)
    assert queries.badges(place.edition) == []
    assert door.guests(place.edition) == []
    registrations.accept_offer(place, by=place.person, now=OPENING)
    assert [guest.name for guest in door.guests(place.edition)] == ["Ana García"]


def test_a_document_without_a_name_asks_for_the_name(client: Client, place: Registration) -> None:
    write(place.person)
    place.person.name = ""
    client.sign_in(place.person)
    answer = client.submit(f"/registrations/{place.public_id}/documents/badge")
    assert (answer.status_code, "Tell us your name first" in answer.text) == (422, True)


def test_a_letter_that_names_a_country_nobody_told_says_so(
    client: Client, place: Registration, organiser: Person
) -> None:
    words = WORDS | {"body": "We invite {name} of {country}."}
    service.write(place.edition, DocumentKind.INVITATION, words, by=organiser, now=OPENING)
    place.country_code = None
    db.session.commit()
    client.sign_in(place.person)
    page = f"/registrations/{place.public_id}"
    assert "documents/invitation" in client.get(page).text
    answer = client.submit(f"{page}/documents/invitation")
    assert (answer.status_code, "country, and none was told" in answer.text) == (422, True)
    write(place)
    place.country_code = make_country("XAA").code
    db.session.commit()
    assert client.submit(f"{page}/documents/invitation").status_code == 303


def test_documents_are_their_persons_and_the_organisers(
    client: Client, place: Registration, organiser: Person
) -> None:
    document = service.issue(place, DocumentKind.BADGE, by=place.person, now=OPENING)
    path = f"/documents/{document.code}.pdf"
    readers = (make_person(), make_person(role=Role.COMMITTEE), place.person, organiser)
    seen = [client.sign_in(reader).get(path).status_code for reader in readers]
    assert seen == [404, 404, 200, 200]
    client.sign_in(make_person())
    answer = client.submit(f"/registrations/{place.public_id}/documents/badge")
    assert answer.status_code == 404


@pytest.fixture
def officer(place: Registration) -> Person:
    return make_person(role=Role.VISA_OFFICER, scope=place.edition.slug)


def ask_for_visa(place: Registration, **facts: object) -> None:
    country = make_country("XAB", name="Alboria")
    write(place)
    facts = {
        "full_name": "Ana María García Pérez",
        "nationality_code": country.code,
        "passport_number": "XA1234567",
        "passport_expires_on": date(2031, 3, 1),
        "born_on": date(1980, 2, 29),
        "requested_at": OPENING,
    } | facts
    db.session.add(VisaRequest(registration_id=place.id, **facts))
    db.session.flush()
    db.session.refresh(place)


@needs_poppler
def test_a_visa_letter_has_the_passport_and_is_its_persons_and_the_visa_officers(
    client: Client, place: Registration, organiser: Person, officer: Person, tmp_path: Path
) -> None:
    written(place, organiser, DocumentKind.VISA_SUPPORT)
    ask_for_visa(place)
    path = f"/registrations/{place.public_id}/documents/visa_support"
    assert client.sign_in(place.person).submit(path).status_code == 404  # not issued yet
    client.sign_in(officer)
    page = words(client.get(f"/visas/{place.edition.slug}"))
    assert all(each in page for each in ("Ana María García Pérez", "Alboria", "XA1234567"))
    client.submit(f"/visas/{place.edition.slug}/{place.public_id}")
    document = queries.of_registration(place)[DocumentKind.VISA_SUPPORT]
    seen = [
        client.sign_in(reader).get(f"/documents/{document.code}.pdf").status_code
        for reader in (organiser, make_person(), officer)
    ]
    assert seen == [404, 404, 200]
    said = text_of(fetched(client.sign_in(place.person), place, "visa_support"), tmp_path)
    assert "XA1234567" in said
    assert "29 February 1980" in said
    assert f"{place.edition.slug}/V-0001" in said
    mail = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.subject.contains("visa support letter is ready"))
    ).one()
    assert (mail.to_address, "XA1234567" in mail.text) == (place.person.email, False)


def test_a_visa_letter_that_nobody_asked_for_is_not_issued(
    client: Client, place: Registration, organiser: Person, officer: Person
) -> None:
    written(place, organiser, DocumentKind.VISA_SUPPORT)
    client.sign_in(officer)
    answer = client.submit(f"/visas/{place.edition.slug}/{place.public_id}")
    assert (answer.status_code, "has not asked for a visa" in answer.text) == (409, True)
    assert "Nobody has asked for a letter" in client.get(f"/visas/{place.edition.slug}").text


def visa_form(**facts: str) -> dict[str, str]:
    return {
        "full_name": "Ana Garcia",
        "nationality": make_country("XAB", name="Alboria").code,
        "passport_number": "XA1234567",
        "passport_expires_on": "2031-03-01",
        "born_on": "1980-02-29",
    } | facts


def mails(subject: str) -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.subject.contains(subject))
    return list(db.session.scalars(found.order_by(OutboxMessage.id)))


def test_a_request_that_is_sent_back_is_corrected_and_asked_again(
    client: Client, place: Registration, organiser: Person, officer: Person
) -> None:
    written(place, organiser, DocumentKind.VISA_SUPPORT)
    offer_visa_letters(place, organiser)
    path, ask = f"/visas/{place.edition.slug}/{place.public_id}", f"/visas/ask/{place.public_id}"
    client.sign_in(place.person).submit(ask, **visa_form())
    client.submit(ask, **visa_form(consulate="Albor"))  # a change is no second request
    assert [mail.to_address for mail in mails("letter is asked for")] == [officer.email]
    client.sign_in(officer)
    assert "One request waits for you." in client.get(f"/visas/{place.edition.slug}").text
    answer = client.submit(f"{path}/return", because="  ")
    assert answer.status_code == 422
    client.submit(f"{path}/return", because="The name lacks García.")
    page = words(client.get(f"/visas/{place.edition.slug}"))
    assert "No request waits for you." in page
    assert "Sent back, to be corrected: The name lacks García." in page
    (mail,) = mails("please look again")
    assert mail.to_address == place.person.email
    assert "García" not in mail.text
    client.sign_in(place.person)
    told = client.get(f"/registrations/{place.public_id}").text
    assert ("it was sent back" in told, "nothing more to do" in told) == (True, False)
    assert "The name lacks García." in client.get(ask).text
    client.submit(ask, **visa_form(full_name="Ana García"))
    assert "The name lacks García." not in client.get(ask).text
    assert len(mails("letter is asked for")) == 2
    client.sign_in(officer).submit(path)
    assert DocumentKind.VISA_SUPPORT in queries.of_registration(place)


def test_a_letter_that_is_taken_back_is_vouched_for_no_more(
    client: Client, place: Registration, organiser: Person, officer: Person
) -> None:
    written(place, organiser, DocumentKind.VISA_SUPPORT)
    offer_visa_letters(place, organiser)
    ask_for_visa(place)
    first = service.give_visa_letter(place, by=officer, now=OPENING)
    path = f"/visas/{place.edition.slug}/{place.public_id}"
    client.sign_in(officer)
    assert "is not valid any more then" in client.get(f"{path}/return").text
    client.submit(f"{path}/return", because="The number is another one.")
    assert "not valid" in client.get(f"/verify/{first.code}").text
    assert "do not use your copy" in mails("please look again")[0].text
    client.sign_in(place.person)
    assert client.get(f"/visas/ask/{place.public_id}").status_code == 200
    client.sign_in(officer).submit(path)
    second = queries.of_registration(place)[DocumentKind.VISA_SUPPORT]
    assert (first.number, second.number) == (1, 2)


def test_a_request_that_nobody_can_answer_is_told_to_the_organisers(
    client: Client, place: Registration, organiser: Person
) -> None:
    written(place, organiser, DocumentKind.VISA_SUPPORT)
    offer_visa_letters(place, organiser)
    client.sign_in(place.person).submit(f"/visas/ask/{place.public_id}", **visa_form())
    (mail,) = mails("letter is asked for")
    assert (mail.to_address, "no visa officer" in mail.text) == (organiser.email, True)
    desk = f"/organise/editions/{place.edition.slug}/documents"
    assert "No visa officer yet" in client.sign_in(organiser).get(desk).text
    officer = make_person(role=Role.VISA_OFFICER, scope=place.edition.slug)
    assert officer.display_name in client.get(desk).text


def test_a_visa_officers_own_page_leads_to_the_requests(
    client: Client, place: Registration, officer: Person
) -> None:
    assert f"/visas/{place.edition.slug}" in client.sign_in(officer).get("/me").text
    write(place.edition)
    place.edition.dtstart -= timedelta(days=4000)
    place.edition.dtend -= timedelta(days=4000)
    db.session.commit()  # over for long: the page is not theirs any more
    assert f"/visas/{place.edition.slug}" not in client.get("/me").text


def test_a_passport_that_ends_early_is_pointed_out(
    client: Client, place: Registration, officer: Person
) -> None:
    ask_for_visa(place, passport_expires_on=place.edition.dtend)
    page = client.sign_in(officer).get(f"/visas/{place.edition.slug}")
    assert "Valid for less than half a year after the event" in page.text
    assert "The letter is not written yet" in page.text


@needs_poppler
def test_a_badge_tells_country_affiliation_and_role(
    client: Client, place: Registration, organiser: Person, tmp_path: Path
) -> None:
    country = make_country("XAB", name="Alboria")
    write(place)
    place.country_code, place.affiliation = country.code, "Institute of Albor"
    place.role = AttendeeRole.SPEAKER
    said = text_of(fetched(client.sign_in(organiser), place, "badge"), tmp_path)
    assert [each in said for each in ("Alboria", "Institute of Albor", "Speaker")] == [True] * 3


def test_asking_twice_gives_the_same_number(place: Registration, organiser: Person) -> None:
    first, again = (
        service.issue(place, DocumentKind.BADGE, by=organiser, now=OPENING) for _ in range(2)
    )
    assert (first.id, first.reference) == (again.id, f"{place.edition.slug}/B-0001")
    service.revoke(first, by=organiser, reason="lost", now=OPENING)
    anew = service.issue(place, DocumentKind.BADGE, by=organiser, now=OPENING)
    assert (anew.reference, anew.code == first.code) == (f"{place.edition.slug}/B-0002", False)


def test_verification_tells_the_event_and_nothing_of_the_person(
    client: Client, place: Registration
) -> None:
    document = service.issue(place, DocumentKind.BADGE, by=place.person, now=OPENING)
    answer = client.get(f"/verify/{document.code}")
    assert (answer.status_code, "Valid, for this event" in answer.text) == (200, True)
    assert "Fourth Symposium" in answer.text
    told = [place.person.name, place.person.email, document.reference, place.public_id]
    assert [each for each in told if each in answer.text] == []


def test_a_document_is_valid_as_long_as_the_place_is_held(
    client: Client, place: Registration
) -> None:
    document = service.issue(place, DocumentKind.BADGE, by=place.person, now=OPENING)
    registrations.cancel(place, by=place.person, now=OPENING)
    assert not service.is_valid(document)
    gone, unknown = (client.get(f"/verify/{code}") for code in (document.code, "never-made"))
    assert (gone.status_code, unknown.status_code) == (404, 404)
    assert words(gone) == words(unknown)
    assert "Fourth Symposium" not in gone.text
    client.sign_in(place.person)
    assert client.get(f"/documents/{document.code}.pdf").status_code == 404


def test_no_document_stands_for_an_event_that_is_cancelled(
    client: Client, place: Registration, organiser: Person
) -> None:
    written(place, organiser, DocumentKind.VISA_SUPPORT)
    ask_for_visa(place)
    document = service.give_visa_letter(place, by=organiser, now=OPENING)
    client.sign_in(place.person)
    page, paper = f"/registrations/{place.public_id}", f"/documents/{document.code}.pdf"
    assert "documents/visa_support" in client.get(page).text
    write(place)
    place.edition.status = EditionStatus.CANCELLED
    db.session.commit()
    assert "/documents/" not in client.get(page).text
    assert client.get(f"/verify/{document.code}").status_code == 404
    assert client.get(paper).status_code == 404
    with pytest.raises(service.CancelledError):
        service.issue(place, DocumentKind.BADGE, by=place.person, now=OPENING)


def test_a_certificate_is_for_who_came_and_once_it_has_ended(
    place: Registration, organiser: Person
) -> None:
    written(place, organiser, DocumentKind.CERTIFICATE)
    end = OPENING.replace(year=OPENING.year + 3)
    with pytest.raises(service.NotAttendedError):
        service.issue(place, DocumentKind.CERTIFICATE, by=place.person, now=end)
    write(place)
    place.status = RegistrationStatus.CHECKED_IN
    with pytest.raises(service.NotAttendedError):
        service.issue(place, DocumentKind.CERTIFICATE, by=place.person, now=OPENING)
    document = service.issue(place, DocumentKind.CERTIFICATE, by=place.person, now=end)
    assert service.is_valid(document)


@needs_poppler
def test_badges_are_printed_once_unless_all_are_asked_for(
    client: Client, organiser: Person, tmp_path: Path
) -> None:
    edition = make_edition(dtstart=date(2027, 5, 4))
    for name in ("Zoe", "Ana", "Ben", "Cleo", "Dara"):
        registrations.register(edition, make_person(name=name), now=OPENING)
    path = f"/organise/editions/{edition.slug}/documents"
    client.sign_in(organiser)
    assert "still to print: 5" in words(client.get(path))
    first = text_of(client.submit(f"{path}/badges", new="1").data, tmp_path)
    assert re.findall(r"Ana|Ben|Cleo|Dara|Zoe", first) == ["Ana", "Ben", "Cleo", "Dara", "Zoe"]
    assert first.count("\f") == 2  # four to a sheet
    assert "Nobody holds a place" in text_of(
        client.submit(f"{path}/badges", new="1").data, tmp_path
    )
    assert "Zoe" in text_of(client.submit(f"{path}/badges", all="1").data, tmp_path)
    assert [badge.number for badge in queries.badges(edition)] != []


def test_words_with_an_unknown_placeholder_come_back_with_what_is_known(
    client: Client, place: Registration, organiser: Person
) -> None:
    path = f"/organise/editions/{place.edition.slug}/documents/invitation"
    client.sign_in(organiser)
    answer = client.submit(path, **(WORDS | {"body": "Dear {nmae}"}), submit="1")
    assert answer.status_code == 422
    assert "Nothing fills {nmae}. You can use {name} {country}" in alert(answer)
    assert "Dear {nmae}" in answer.text
    assert queries.texts(place.edition) == {}


@needs_poppler
def test_an_example_is_nobodys(
    client: Client, place: Registration, organiser: Person, tmp_path: Path
) -> None:
    client.sign_in(organiser)
    path = f"/organise/editions/{place.edition.slug}/documents/certificate"
    answer = client.submit(path, **WORDS, preview="1")
    said = text_of(client.get(answer.location).data, tmp_path)
    assert "A. N. Example" in said
    assert "Ana" not in said


def test_an_edition_without_words_and_people_shows_what_to_do(
    client: Client, organiser: Person
) -> None:
    edition = make_edition(status=EditionStatus.ANNOUNCED)
    page = client.sign_in(organiser).get(f"/organise/editions/{edition.slug}/documents")
    assert page.text.count("Not written yet") == 3


PASSPORT = {
    "full_name": "Ana María García",
    "nationality": "XAB",
    "passport_number": "XA1234567",
    "passport_expires_on": "2031-03-01",
    "born_on": "1980-02-29",
}


def test_who_needs_a_visa_asks_on_the_page_of_their_place_and_can_take_it_back(
    client: Client, place: Registration, organiser: Person, officer: Person
) -> None:
    make_country("XAB", name="Alboria")
    client.sign_in(place.person)
    own, path = f"/registrations/{place.public_id}", f"/visas/ask/{place.public_id}"
    assert path not in client.get(own).text  # there are no letters yet
    written(place, organiser, DocumentKind.VISA_SUPPORT)
    assert path not in client.get(own).text  # nobody has said that they are given
    offer_visa_letters(place, organiser)
    assert path in client.get(own).text
    assert client.submit(path, **PASSPORT).location == own
    assert "Change what you told for the visa letter" in client.get(own).text
    assert 'value="XA1234567"' in client.get(path).text
    assert "XA1234567" in client.sign_in(officer).get(f"/visas/{place.edition.slug}").text
    client.sign_in(place.person)
    client.submit(f"{path}/take-back")
    assert db.session.scalars(select(VisaRequest)).all() == []
    client.submit(path, **PASSPORT)
    client.sign_in(officer).submit(f"/visas/{place.edition.slug}/{place.public_id}")
    client.sign_in(place.person)
    assert client.submit(path, **PASSPORT).status_code == 409
    assert client.submit(f"{path}/take-back").status_code == 409


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"born_on": "2027-03-01"}, "This day has not come yet."),
        ({"born_on": "0198-02-28"}, "Nobody is as old as that."),
        ({"passport_expires_on": "2027-02-01"}, "valid on the last day of the event"),
        ({"nationality": "nowhere"}, "Nationality"),
        ({"passport_number": ""}, "Passport number"),
    ],
)
def test_a_passport_that_cannot_be_comes_back_as_it_was_typed(
    fields: dict[str, str], why: str, client: Client, place: Registration, organiser: Person
) -> None:
    make_country("XAB", name="Alboria")
    written(place, organiser, DocumentKind.VISA_SUPPORT)
    offer_visa_letters(place, organiser)
    client.sign_in(place.person)
    answer = client.submit(f"/visas/ask/{place.public_id}", **(PASSPORT | fields))
    assert (answer.status_code, why in alert(answer)) == (422, True)
    assert 'value="Ana María García"' in answer.text
    assert db.session.scalars(select(VisaRequest)).all() == []
