"""What attackers try, and what they get: the same page as everybody who mistyped an address."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from app import clock, create_app, database, outbox, uploads
from app.accounts import links
from app.accounts import service as accounts
from app.accounts.models import Person, Role
from app.clock import real_utcnow
from app.database import db
from app.editions import agreements, disruptions, event_files
from app.editions import service as editions
from app.outbox import OutboxMessage
from app.registrations import service as registrations
from scheduler.lifecycle import EditionStatus
from tests.conftest import Client
from tests.factories import (
    OPENING,
    PDF,
    make_call,
    make_country,
    make_edition,
    make_person,
    make_series,
)
from tests.pages import words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

# -- addresses -------------------------------------------------------------------------------

NUL_ADDRESSES = (
    "/editions/%00",
    "/editions/a%00b/register",
    "/series/%00",
    "/hosting/calls/%00",
    "/calendar?series=%00",
    "/subscribe?series=a%00b",
    "/feeds/all.ics?series=%00",
    "/feeds/series/%00.json",
)


@pytest.mark.parametrize("path", NUL_ADDRESSES)
def test_a_nul_in_an_address_names_nothing(path: str, client: Client) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("number", ["0", "2147483648", "9" * 30])
@pytest.mark.parametrize("path", ["mail", "known-events"])
def test_a_number_beyond_the_columns_names_nothing(path: str, number: str, client: Client) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    assert client.get(f"/organise/{path}/{number}").status_code == 404


@pytest.mark.parametrize(
    "query", ["series=symposium&series=other", "series=other&series=symposium"]
)
def test_only_the_own_address_of_a_feed_is_kept(query: str, client: Client, app: Flask) -> None:
    make_series()
    make_series("other")
    make_edition()
    client.get(f"/feeds/all.ics?{query}")
    for key in ("x=1", "y=2"):
        client.get(f"/feeds/series/symposium.ics?{key}")
    kept = app.extensions["kept_feeds"]
    assert not any(kept.get(f"/feeds/series/symposium.ics?{key}") for key in ("x=1", "y=2"))
    assert kept.get("/feeds/all.ics?series=other&series=symposium") is None
    client.get("/feeds/series/symposium.ics")
    assert kept.get("/feeds/series/symposium.ics")


# -- forged fields ---------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["month", "ordinal", "week_ordinal", "weekday", "rhythm"])
@pytest.mark.parametrize("forged", ["", "x", "\x00", "9" * 5000])
def test_a_forged_choice_of_a_rhythm_is_refused(field: str, forged: str, client: Client) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    fields = {"title": "New", "length_days": "3", "rhythm": "week", "month": "3"}
    if field in {"ordinal", "weekday"}:
        fields["rhythm"] = "weekday"
    fields[field] = forged
    assert client.submit("/organise/series/preview", **fields).status_code == 200
    assert client.submit("/organise/series/new", **fields).status_code == 422


@pytest.mark.parametrize("number", ["²", "9" * 5000, "x", ""])
def test_a_row_whose_number_is_none_is_no_row(number: str, client: Client) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    make_series()
    answer = client.submit(
        "/organise/series/symposium/milestones", **{f"steps-{number}-title": "x"}
    )
    assert answer.status_code < 500


# -- letters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("letter.pdf", "letter.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\letters\\Our letter.PDF", "Our letter.pdf"),
        ("letter.html", "letter.html.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ("a\r\nX-Evil: 1.pdf", "aX-Evil: 1.pdf"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe", "fdp.exe.pdf"),
        ("Einladung für März.pdf", "Einladung für März.pdf"),
        ("x" * 5000 + ".pdf", "x" * 190 + ".pdf"),
        (".pdf", "letter.pdf"),
        ("", "letter.pdf"),
    ],
)
def test_a_letters_name_ends_in_pdf_and_hides_nothing(name: str, kept: str) -> None:
    assert uploads.plain_name(name) == kept


def test_a_letter_comes_down_as_an_attachment_that_nobody_keeps(client: Client) -> None:
    edition = make_edition(status=EditionStatus.CALL_OPEN)
    make_call(edition)
    make_country("XAA")
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    fields = {
        "csrf_token": client.csrf_token(),
        "country": "XAA",
        "city": "Albor",
        "venue": "Hall",
        "capacity": "50",
        "first_1": edition.dtstart.isoformat(),
        "last_1": (edition.dtend - timedelta(days=1)).isoformat(),
    }
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    # As no browser would send it (RFC 8187): a header of its own, a NUL, another ending.
    parts.append(
        f"name=\"letter\"; filename*=UTF-8''a%0D%0AX-Evil%3A%201%00.html\r\n\r\n{PDF.decode()}"
    )
    head = "--cut\r\nContent-Disposition: form-data; "
    body = "".join(f"{head}{part}\r\n" for part in parts) + "--cut--\r\n"
    sent = client.post(
        f"/hosting/calls/{edition.slug}/offer",
        data=body.encode(),
        content_type="multipart/form-data; boundary=cut",
    )
    assert sent.status_code == 303
    with client.get(f"{sent.location}/letter") as answer:
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", PDF)
        disposition, kept_where = (
            answer.headers[name] for name in ("Content-Disposition", "Cache-Control")
        )
    assert disposition == 'attachment; filename="aX-Evil: 1.html.pdf"'
    assert kept_where == "no-store"


# -- what is not public ----------------------------------------------------------------------


def test_the_world_reads_no_history_from_before_it_was_told(client: Client) -> None:
    organiser, other = make_person(role=Role.ORGANISER), make_country("XAB", name="Otherland")
    edition = make_edition(
        status=EditionStatus.CONFIRMED,
        city="Secretville",
        country_code=make_country("XAA").code,
    )
    acts: dict[str, Callable[..., None]] = {
        "move": lambda now: disruptions.reschedule(
            edition,
            dtstart=edition.dtstart + timedelta(days=7),
            dtend=edition.dtend + timedelta(days=7),
            reason="Not said",
            by=organiser,
            now=now,
        ),
        "relocate": lambda now: disruptions.relocate(
            edition,
            other,
            city="Openville",
            venue="",
            venue_address="",
            tzid="UTC",
            reason="Not said",
            by=organiser,
            now=now,
        ),
    }
    for act in acts.values():
        act(now=OPENING)
    # Another country is another host, with whom the agreement begins anew.
    agreements.record_agreement(edition, waiver="A letter.", by=organiser, now=OPENING)
    editions.announce(edition, by=organiser, now=OPENING + timedelta(hours=1))
    page = words(client.get(f"/editions/{edition.slug}"))
    assert "Announced." in page
    assert "Moved" not in page
    assert "Secretville" not in page
    acts["move"](now=OPENING + timedelta(hours=2))
    assert "Moved to other days" in words(client.get(f"/editions/{edition.slug}"))


def test_a_closed_call_shows_its_edition_to_no_other_contact(client: Client) -> None:
    edition = make_edition(status=EditionStatus.CALL_OPEN)
    call = make_call(edition)
    make_country("XAA")
    client.sign_in(make_person(role=Role.NATIONAL_CONTACT, scope="XAA"))
    paths = (f"/hosting/calls/{edition.slug}", f"/hosting/calls/{edition.slug}/offer")
    assert [client.get(path).status_code for path in paths] == [200, 200]
    database.write(call)
    call.closes_at = OPENING - timedelta(days=1)
    assert [client.get(path).status_code for path in paths] == [404, 404]


def test_the_committee_reads_acts_but_no_participants_names(client: Client) -> None:
    organiser = make_person("boss@example.org", role=Role.ORGANISER)
    participant = make_person("guard@example.org", name="Gerda Guard")
    edition = make_edition()
    registration = registrations.register(edition, participant, now=OPENING)
    registrations.cancel(registration, by=participant, now=OPENING)
    editions.describe(edition, title="", summary="Words", by=organiser, now=OPENING)
    client.sign_in(make_person(role=Role.COMMITTEE))
    page = words(client.get("/organise/audit"))
    assert "Registration cancelled" in page
    assert "boss@example.org" in page
    assert "Gerda Guard" not in page
    client.sign_in(organiser)
    assert "Gerda Guard" in words(client.get("/organise/audit"))


# -- mail ------------------------------------------------------------------------------------


def test_a_subject_fits_its_column_however_long_the_names(client: Client) -> None:
    country = make_country("XAB", name="N" * 80)
    edition = make_edition(title="T" * 250, city="Old", country_code=make_country("XAA").code)
    registrations.register(edition, make_person("a@example.org"), now=OPENING)
    client.sign_in(make_person(role=Role.ORGANISER))
    answer = client.submit(
        f"/organise/editions/{edition.slug}/relocate",
        country=country.code,
        city="C" * 120,
        tzid="UTC",
        reason="Why not",
        kind="accepted",
    )
    assert answer.status_code == 303
    assert {len(message.subject) <= 300 for message in outbox.latest()} == {True}


def test_no_name_or_title_begins_another_header_of_a_mail(
    client: Client, instance_path: Path
) -> None:
    evil = "Ana\r\nBcc: victim@example.org\r\n\r\nMy own text\u2028\x85\x0b."
    edition = make_edition(title=evil)
    person = make_person("ana@example.org")
    client.sign_in(person).submit("/me", name=evil)
    client.submit(f"/editions/{edition.slug}/register", accepts_terms="y", affiliation=evil)
    client.sign_in(make_person(name=evil, role=Role.ORGANISER))
    client.submit("/organise/people", email="new@example.org", role="committee")
    client.submit("/organise/people", email="a@example.org\r\nBcc: b@example.org", role="committee")
    outbox.deliver_due(now=clock.utcnow() + timedelta(days=1))
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (instance_path / "mail").glob("*.eml")
    ]
    assert sorted(mail["To"] for mail in mails) == ["ana@example.org", "new@example.org"]
    assert [mail["Bcc"] for mail in mails] == [None, None]
    assert all("\n" not in mail["Subject"] for mail in mails)


# -- signing in ------------------------------------------------------------------------------


def test_two_presses_of_one_link_sign_in_once(app: Flask) -> None:
    """The second waits for the first to be decided: on both databases a link is spent once."""
    token = links.make_link("a@example.org", life=timedelta(minutes=5), now=real_utcnow())
    db.session.commit()
    outcomes: list[str] = []

    def press() -> None:
        with app.app_context():
            try:
                links.spend_link(token, now=real_utcnow())
            except links.LinkError:
                db.session.rollback()
                outcomes.append("refused")
            else:
                db.session.commit()
                outcomes.append("signed in")

    links.spend_link(token, now=real_utcnow())
    second = threading.Thread(target=press)
    second.start()
    second.join(0.3)  # long enough to read the link, were it to be had
    db.session.commit()
    second.join()
    assert outcomes == ["refused"]


def test_two_links_of_one_newcomer_make_one_person(app: Flask) -> None:
    tokens = [
        links.make_link("new@example.org", life=timedelta(minutes=5), now=real_utcnow())
        for _ in range(2)
    ]
    db.session.commit()
    found: list[int] = []

    def press() -> None:
        with app.app_context():
            found.append(links.spend_link(tokens[1], now=real_utcnow())[0].id)
            db.session.commit()

    found.append(links.spend_link(tokens[0], now=real_utcnow())[0].id)
    second = threading.Thread(target=press)
    second.start()
    second.join(0.3)
    db.session.commit()
    second.join()
    assert found == [found[0]] * 2
    assert db.session.query(Person).filter_by(email="new@example.org").count() == 1


def test_nobodys_mailbox_is_filled_with_links_and_nobody_is_kept_out_by_others() -> None:
    start, second = real_utcnow(), timedelta(seconds=1)
    moments = [start + at * 5 * second for at in range(12 * 14)]  # an attacker, for 14 minutes
    for at, now in enumerate(moments):
        links.mail_link("guard@example.org", now=now, browser=f"attacker {at}")
    most = links.LIVE_LINKS_MAX + 14
    assert links.LIVE_LINKS_MAX + 10 < db.session.query(OutboxMessage).count() <= most
    # The person asks as well: within a minute a mail with their own code is on its way.
    db.session.query(OutboxMessage).delete()
    for again in range(13):
        links.mail_link(
            "guard@example.org", now=moments[-1] + again * 5 * second, browser=f"own {again}"
        )
    mails = db.session.query(OutboxMessage).all()
    assert len(mails) == 1
    found = re.search(r"asked for it: (\d{4} \d{4})", mails[0].text)
    assert found
    codes = [links.spend_code(f"own {again}", found[1], now=moments[-1]) for again in range(13)]
    assert len([spent for spent in codes if spent]) == 1


def test_who_is_signed_in_gets_a_code_whatever_others_ask_for(client: Client) -> None:
    person = make_person("guard@example.org")
    for at in range(links.LIVE_LINKS_MAX + 5):
        links.mail_link(person.email, now=real_utcnow(), browser=f"attacker {at}")
    assert db.session.query(OutboxMessage).count() == links.LIVE_LINKS_MAX
    client.sign_in(make_person("attacker@example.org"))
    client.submit("/login/link", email=person.email)
    assert db.session.query(OutboxMessage).count() == links.LIVE_LINKS_MAX
    client.sign_in(person)
    client.submit("/confirm/code")
    assert db.session.query(OutboxMessage).count() == links.LIVE_LINKS_MAX + 1


@pytest.mark.parametrize(("smtp_url", "is_read"), [(None, True), ("smtp://127.0.0.1:1", False)])
def test_with_a_mail_server_no_organiser_reads_a_link_that_signs_others_in(
    smtp_url: str | None, *, is_read: bool, app: Flask
) -> None:
    links.mail_link("guard@example.org", now=real_utcnow(), browser="own")
    mail = db.session.query(OutboxMessage).one()
    link = re.search(r"/login/link/[\w-]+", mail.text)
    code = re.search(r"\d{4} \d{4}", mail.text)
    assert link
    assert code
    other = create_app(replace(app.config["SYMPOSIA"], smtp_url=smtp_url))
    other.test_client_class = Client
    browser = other.test_client()
    assert isinstance(browser, Client)
    browser.sign_in(make_person(role=Role.ORGANISER))
    page = browser.get(f"/organise/mail/{mail.id}").text
    assert (link[0] in page, code[0] in page) == (is_read, is_read)
    with other.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("A@Example.org", "a@example.org"), ("a@exämple.org", "a@xn--exmple-cua.org")],
)
def test_an_address_is_kept_as_mail_servers_know_it(typed: str, kept: str) -> None:
    assert accounts.normalise_email(typed) == kept


@pytest.mark.parametrize("typed", ["\N{CYRILLIC SMALL LETTER A}dmin@example.org", "é@example.org"])
def test_an_address_that_looks_like_anothers_is_refused(typed: str) -> None:
    with pytest.raises(accounts.EmailError):
        accounts.normalise_email(typed)


@pytest.mark.parametrize(
    "answer",
    ["[" * 19_999, "[]", "null", "{}", '{"id": 1}', '{"id": "\\ud800"}', '{"id": "\\u0000"}'],
)
def test_what_is_no_passkeys_answer_leads_back_to_sign_in(answer: str, client: Client) -> None:
    client.submit("/login/passkey/options")
    refused = client.submit("/login/passkey", answer=answer)
    assert (refused.status_code, refused.location) == (303, "/login")


# -- files of events -------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["99991231T235900", "99991231T235900Z", "99991231"])
def test_an_event_at_the_end_of_time_is_a_fault_of_its_line(moment: str) -> None:
    lines = [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "UID:1",
        "DTSTAMP:20270101T000000Z",
        f"DTSTART{';VALUE=DATE' if len(moment) == 8 else ''}:{moment}",
        "SUMMARY:The end",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    reading = event_files.read_file("x.ics", "\r\n".join(lines).encode())
    assert (reading.events, len(reading.faults)) == ([], 1)
