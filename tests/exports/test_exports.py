"""Personal data in bulk: two persons, one day, and nothing that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest

from app import audit
from app.accounts import consents, grants
from app.accounts.models import Purpose, Role
from app.clock import real_utcnow
from app.database import db, write
from app.exports import service
from app.exports.models import ReleaseKind, ReleaseStatus
from app.registrations import answering
from app.registrations import service as registrations
from app.registrations.answering import Given
from tests.factories import OPENING, make_edition, make_person, make_question
from tests.pages import alert, words

if TYPE_CHECKING:
    from flask import Flask

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.exports.models import Release
    from tests.conftest import Client


@pytest.fixture
def asker() -> Person:
    return make_person(name="Olivia", role=Role.ORGANISER)


@pytest.fixture
def granter() -> Person:
    return make_person(name="Gregor", role=Role.ORGANISER)


@pytest.fixture
def edition() -> Edition:
    edition = make_edition(title="Fourth Symposium")
    for name in ("Ana", "=HYPERLINK(1)", "+41", "\uff1d1+1"):
        registrations.register(edition, make_person(name=name), now=OPENING)
    return edition


@pytest.fixture
def release(edition: Edition, asker: Person) -> Release:
    return service.ask(edition, ReleaseKind.CSV, "For the hotel", by=asker, now=OPENING)


def grant(release: Release, by: Person) -> None:
    service.grant(release, by=by, now=OPENING, real_now=real_utcnow())


def fetch(release: Release, by: Person) -> bytes:
    return service.fetch(release, by=by, now=OPENING, real_now=real_utcnow())


def test_nobody_grants_their_own_wish(release: Release, asker: Person, granter: Person) -> None:
    with pytest.raises(service.SamePersonError):
        grant(release, asker)
    assert release.status is ReleaseStatus.ASKED
    grant(release, granter)
    with pytest.raises(service.DecidedError):
        grant(release, granter)
    assert (release.status, release.decided_by) == (ReleaseStatus.GRANTED, granter)


def test_the_file_computes_nothing(release: Release, asker: Person, granter: Person) -> None:
    grant(release, granter)
    lines = list(csv.reader(io.StringIO(fetch(release, asker).decode("utf-8-sig"))))
    assert [line[0] for line in lines] == ["Name", "Ana", "'=HYPERLINK(1)", "'+41", "'\uff1d1+1"]
    assert {len(line) for line in lines} == {11}


def test_answers_stand_in_the_file_and_compute_nothing(
    edition: Edition, asker: Person, granter: Person
) -> None:
    line, mark = (make_question(edition, label) for label in ("Shirt", "=1+1"))
    row = registrations.register(edition, make_person(name="Zoë"), now=OPENING)
    told = {line.id: Given(("=cmd|' /C calc'!A0",)), mark.id: Given(("@sum",))}
    answering.keep(row, told, now=OPENING)
    release = service.ask(edition, ReleaseKind.CSV, "For the shirts", by=asker, now=OPENING)
    grant(release, granter)
    lines = list(csv.reader(io.StringIO(fetch(release, asker).decode("utf-8-sig"))))
    assert lines[0][-2:] == ["Shirt", "'=1+1"]
    assert [line[-2:] for line in lines if line[0] == "Zoë"] == [["'=cmd|' /C calc'!A0", "'@sum"]]


NAMES = (
    "Zoë 🌍🏳️‍🌈",
    "مريم \u200fبن علي",
    "王小明",
    "Дмитрий",
    "\u200f=1+1",
    "\ufeff@SUM(A1)",
    "007",
)


def test_a_workbook_opens_in_another_library_and_holds_text_alone(
    edition: Edition, asker: Person, granter: Person
) -> None:
    for name in NAMES:
        registrations.register(edition, make_person(name=name), now=OPENING)
    release = service.ask(edition, ReleaseKind.XLSX, "For the hotel", by=asker, now=OPENING)
    grant(release, granter)
    book = openpyxl.load_workbook(io.BytesIO(fetch(release, asker)))
    lines = [*book.active.iter_rows()]
    assert {cell.data_type for line in lines for cell in line if cell.value is not None} == {"s"}
    names = [line[0].value for line in lines]
    assert names == ["Name", "Ana", "=HYPERLINK(1)", "+41", "\uff1d1+1", *NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_script_stands_in_the_file_and_computes_nothing(
    name: str, edition: Edition, asker: Person, granter: Person
) -> None:
    registrations.register(edition, make_person(name=name), now=OPENING)
    release = service.ask(edition, ReleaseKind.CSV, "For the hotel", by=asker, now=OPENING)
    grant(release, granter)
    lines = list(csv.reader(io.StringIO(fetch(release, asker).decode("utf-8-sig"))))
    is_formula = "=" in name or "@" in name
    assert lines[-1][0] == (f"'{name}" if is_formula else name)


def test_the_file_is_gone_after_a_day(release: Release, asker: Person, granter: Person) -> None:
    grant(release, granter)
    path = release.path
    assert path.stat().st_mode & 0o077 == 0
    later = real_utcnow() + timedelta(hours=25)
    with pytest.raises(service.FileGoneError):
        service.fetch(release, by=asker, now=OPENING, real_now=later)
    write(release)
    assert service._let_go_of_files(later) == 1  # noqa: SLF001 - the retention command's rule
    db.session.commit()
    assert (path.exists(), release.status) == (False, ReleaseStatus.ENDED)


def test_a_dry_run_and_an_act_undone_leave_the_file(release: Release, granter: Person) -> None:
    grant(release, granter)
    path = release.path
    db.session.commit()
    service.end(release, by=granter, now=OPENING)
    db.session.rollback()
    assert (path.exists(), release.status) == (True, ReleaseStatus.GRANTED)
    stray = path.with_name("of-no-row")
    stray.write_bytes(b"Ana")
    os.utime(stray, (0, 0))  # long ago
    later = real_utcnow() + timedelta(hours=25)
    write()
    assert service._let_go_of_files(later) == 2  # noqa: SLF001 - the retention command's rule
    db.session.rollback()
    assert (path.exists(), stray.exists()) == (True, True)


def test_every_step_and_every_download_stands_in_the_log(
    release: Release, asker: Person, granter: Person
) -> None:
    grant(release, granter)
    fetch(release, asker)
    fetch(release, asker)
    service.end(release, by=granter, now=OPENING)
    told = [(entry.action, entry.person_id) for entry in audit.history(release.edition)]
    assert [each for each in told if each[0].startswith("release.")] == [
        ("release.asked", asker.id),
        ("release.granted", granter.id),
        ("release.fetched", asker.id),
        ("release.fetched", asker.id),
        ("release.ended", granter.id),
    ]


def test_only_who_asked_fetches_the_file(
    client: Client, release: Release, asker: Person, granter: Person
) -> None:
    grant(release, granter)
    path = f"/organise/exports/{release.public_id}/file"
    seen = [client.sign_in(reader).get(path).status_code for reader in (granter, asker)]
    assert seen == [404, 200]
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment; filename=" in answer.headers["Content-Disposition"]


def test_an_organiser_asks_on_the_page_and_another_grants(
    client: Client, edition: Edition, asker: Person, granter: Person
) -> None:
    path = f"/organise/editions/{edition.slug}/exports"
    client.sign_in(asker)
    wrong = client.submit(path, kind="csv", reason="")
    assert (wrong.status_code, "Why" in alert(wrong)) == (422, True)
    client.submit(path, kind="csv", reason="For the hotel")
    page = client.get(path)
    assert "Another organiser has to grant it." in words(page)
    release = service.of_edition(edition)[0]
    act = f"/organise/exports/{release.public_id}"
    refused = client.submit(f"{act}/grant")
    assert (refused.status_code, "Another organiser has to grant" in refused.text) == (409, True)
    client.sign_in(granter)
    assert "Olivia asked on 15 January 2027: For the hotel" in words(client.get(path))
    client.submit(f"{act}/grant")
    assert "Granted by Gregor." in words(client.get(path))


def test_an_organiser_alone_is_told_that_a_second_is_needed(
    client: Client, edition: Edition, asker: Person
) -> None:
    page = client.sign_in(asker).get(f"/organise/editions/{edition.slug}/exports")
    assert "You are the only organiser" in page.text


def test_the_list_shows_participants_who_agreed_to_participants_alone(
    client: Client, edition: Edition, asker: Person, granter: Person
) -> None:
    ana = next(r for r in registrations.queries.live(edition) if r.person.name == "Ana")
    write()
    consents.give(ana.person, [Purpose.PARTICIPANTS_LIST], now=OPENING)
    path = f"/editions/{edition.slug}/participants"
    assert client.sign_in(ana.person).get(path).status_code == 404
    release = service.ask(edition, ReleaseKind.LIST, "They asked", by=asker, now=OPENING)
    grant(release, granter)
    page = client.sign_in(ana.person).get(path)
    assert ("Ana" in page.text, "HYPERLINK" in page.text) == (True, False)
    assert client.sign_in(make_person()).get(path).status_code == 404
    service.end(release, by=asker, now=OPENING)
    db.session.commit()
    assert client.sign_in(ana.person).get(path).status_code == 404


def organiser_by(inviter: Person, name: str) -> Person:
    """Return an organiser whom another one invited."""
    email = f"{name.lower()}@example.org"
    _row, token = grants.invite(email, grants.Offer(Role.ORGANISER), by=inviter, now=real_utcnow())
    person = make_person(email, name=name)
    grants.accept(token, person, now=real_utcnow())
    return person


def test_who_brought_the_other_in_or_was_brought_in_by_the_same_grants_nothing(
    edition: Edition, asker: Person, granter: Person
) -> None:
    second = organiser_by(asker, "Second")
    third = organiser_by(asker, "Third")
    fourth = organiser_by(third, "Fourth")
    for one, other in ((asker, second), (second, asker), (second, third), (asker, fourth)):
        wish = service.ask(edition, ReleaseKind.CSV, "Mine", by=one, now=OPENING)
        with pytest.raises(service.OneOriginError):
            grant(wish, other)
        assert (wish.status, wish.stored_name) == (ReleaseStatus.ASKED, "")
    for one, other in ((fourth, granter), (granter, second)):
        wish = service.ask(edition, ReleaseKind.CSV, "Ours", by=one, now=OPENING)
        grant(wish, other)
        assert wish.status is ReleaseStatus.GRANTED


def test_handing_a_role_over_makes_nobody_a_second_person(
    edition: Edition, asker: Person, granter: Person
) -> None:
    # The asker takes the other's role away by handing it to an address of their own.
    _row, token = grants.hand_over(
        granter.grants[0], "mine@example.org", reason="x", by=asker, now=real_utcnow()
    )
    mine = make_person("mine@example.org")
    grants.accept(token, mine, now=real_utcnow())
    wish = service.ask(edition, ReleaseKind.CSV, "Mine", by=asker, now=OPENING)
    with pytest.raises(service.OneOriginError):
        grant(wish, mine)


def test_who_runs_the_site_confirms_that_two_are_two(
    app: Flask, edition: Edition, asker: Person
) -> None:
    second = organiser_by(asker, "Second")
    third = organiser_by(asker, "Third")
    wish = service.ask(edition, ReleaseKind.CSV, "Ours", by=asker, now=OPENING)
    db.session.commit()
    run = app.test_cli_runner().invoke
    for nobody in ("nobody@example.org", make_person(commit=True).email):
        refused = run(args=["accounts", "confirm", nobody])
        assert (refused.exit_code, "is no organiser" in refused.output) == (1, True)
    done = run(args=["accounts", "confirm", second.email])
    assert (done.exit_code, done.output) == (0, "1 confirmed.\n")
    db.session.expire_all()
    with pytest.raises(service.OneOriginError):
        grant(wish, third)
    grant(wish, second)
    assert wish.status is ReleaseStatus.GRANTED
    assert audit.history(second)[-1].action == "person.organiser_confirmed"


def test_what_nobody_could_use_is_not_made(
    release: Release, asker: Person, granter: Person
) -> None:
    grants.end(asker.grants[0], reason="Left", by=granter, now=real_utcnow())
    with pytest.raises(service.AskerGoneError):
        grant(release, granter)
    service.decline(release, by=granter, now=OPENING)
    assert release.status is ReleaseStatus.DECLINED


def test_the_page_says_who_is_missing_and_offers_no_button_that_is_refused(
    client: Client, edition: Edition, asker: Person
) -> None:
    path = f"/organise/editions/{edition.slug}/exports"
    second = organiser_by(asker, "Second")
    assert "Nobody here could grant what you ask" in words(client.sign_in(asker).get(path))
    client.submit(path, kind="csv", reason="For the hotel")
    page = client.sign_in(second).get(path)
    assert ("You cannot grant this" in words(page), "Grant it" in page.text) == (True, False)
    refused = client.submit(f"/organise/exports/{service.of_edition(edition)[0].public_id}/grant")
    assert (refused.status_code, "You count as one person" in refused.text) == (409, True)
    make_person(role=Role.ORGANISER)
    assert "Nobody here could grant" not in client.get(path).text
