"""Files are what their first bytes say, and are given on as nothing else."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage

from app import database, disk, held_files, uploads
from app.accounts import privacy
from app.clock import utcnow
from app.database import db
from tests.factories import (
    OPENING,
    PDF,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
)
from tests.pages import words
from tests.world import make_world

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
SCRIPT = b"<script>alert(1)</script>"


def archive() -> bytes:
    """Return what is a ZIP archive to one reader and begins and ends as a PDF to another."""
    whole = BytesIO(b"%PDF-1.7\n")
    with zipfile.ZipFile(whole, "a") as packed:
        packed.writestr("page.html", SCRIPT)
        packed.comment = b"\n%%EOF"
    return whole.getvalue()


REFUSED = [
    b"<html>" + SCRIPT + PDF,  # a page to a browser, a PDF to a lenient reader
    b"GIF89a/*" + PDF,
    b"PK\x03\x04" + PDF,
    b"MZ" + PDF,
    b"x" + PNG,
    b"\x89PNG\r\n\x1a\n" + SCRIPT,  # the signature, and no picture behind it
    b"\xff\xd8" + SCRIPT,
    b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
    b"II*\x00 a TIFF",
    b"\x00\x00\x00\x18ftypheic",
    b"\xff",
    b"%PDF",
    b"%PDF-1.7\n<html>" + SCRIPT + b"</html>",  # the header alone
    b"%PDF-1.7\n<!DOCTYPE html>" + SCRIPT + b"\n%%EOF\n",  # header and end
    PDF + SCRIPT,
    PDF[:-7],  # cut off on its way
    archive(),
]


def sent(content: bytes, name: str) -> FileStorage:
    return FileStorage(BytesIO(content), name)


@pytest.mark.parametrize("content", REFUSED)
@pytest.mark.parametrize("name", ["letter.pdf", "photo.jpg"])
def test_what_is_something_else_is_refused_whatever_it_is_called(content: bytes, name: str) -> None:
    with pytest.raises(uploads.ScanError, match="neither a PDF file nor a picture"):
        uploads.read_scan(sent(content, name))
    with pytest.raises(uploads.UploadError, match="is not a PDF file"):
        uploads.read_pdf(sent(content, name))
    with pytest.raises(uploads.ScanError):
        uploads.store(content, name, now=OPENING)


@pytest.mark.parametrize("content", [PNG, JPEG])
def test_a_picture_is_taken_where_people_scan_and_refused_where_a_letter_is_asked_for(
    content: bytes,
) -> None:
    assert uploads.read_scan(sent(content, "scan.pdf")) == content
    with pytest.raises(uploads.UploadError, match="is not a PDF file"):
        uploads.read_pdf(sent(content, "scan.pdf"))


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n  "])
def test_a_pdf_may_begin_with_a_mark_or_blanks(before: bytes) -> None:
    assert uploads.read_pdf(sent(before + PDF, "letter.pdf")) == before + PDF


@pytest.mark.parametrize(
    ("content", "name", "media_type", "given"),
    [
        (PDF, "photo.jpg", "application/pdf", "photo.jpg.pdf"),
        (PDF, "page.html", "application/pdf", "page.html.pdf"),
        (JPEG + b"PK\x03\x04", "archive.jar", "image/jpeg", "archive.jar.jpg"),
        (JPEG + SCRIPT, "Photo.JPEG", "image/jpeg", "Photo.jpg"),
        (PNG + SCRIPT, "../../scan.PNG", "image/png", "scan.png"),
        (PNG, "scan.svg", "image/png", "scan.svg.png"),
    ],
)
def test_a_file_is_given_on_as_what_it_is_and_never_shown_in_the_browser(
    content: bytes, name: str, media_type: str, given: str, app: Flask
) -> None:
    database.write()
    stored = uploads.store(content, name, now=OPENING)
    assert (stored.media_type, stored.name) == (media_type, given)
    assert stored.path.name == stored.stored_name
    assert not set(stored.stored_name) - set("0123456789abcdef")
    db.session.commit()
    with app.test_request_context():
        answer = app.process_response(uploads.send(stored))
        answer.direct_passthrough = False
        assert answer.get_data() == content
        answer.close()
    headers = answer.headers
    assert headers["Content-Type"] == media_type
    assert headers["Content-Disposition"] == f"attachment; filename={given}"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@given(content=st.binary(max_size=40), name=st.text(max_size=30))
def test_no_name_makes_a_file_what_it_is_not(content: bytes, name: str) -> None:
    kind = uploads.sniff(content)
    assert (kind is None) or kind.magic in content
    for each in uploads.KINDS:
        given = uploads.plain_name(name, each)
        assert given.endswith(each.endings[0])
        assert given.isprintable()
        assert not set("/\\") & set(given)


def store(content: bytes = PDF) -> uploads.StoredFile:
    database.write()
    return uploads.store(content, "letter.pdf", now=utcnow() - timedelta(days=2))


def test_a_file_goes_with_the_transaction_that_wrote_it() -> None:
    path = store().path
    assert (path.exists(), path.stat().st_mode & 0o077) == (True, 0)
    db.session.rollback()
    assert not path.exists()


def test_a_file_and_its_name_are_on_the_disk_before_the_row_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    safe: list[Path] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        safe.append(Path(f"/proc/self/fd/{descriptor}").resolve())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    database.write()
    stored = uploads.store(PDF, "letter.pdf", now=utcnow())
    assert safe == [stored.path, stored.path.parent]
    assert stored.path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_goes_by_itself_meanwhile_is_no_stray(tmp_path: Path) -> None:
    assert disk.drop_strays([tmp_path / "gone"]) == 0


def test_a_removed_file_goes_once_the_transaction_is_safe() -> None:
    stored = store()
    path = stored.path
    db.session.commit()
    database.write()
    uploads.remove(stored)
    db.session.rollback()
    assert (path.exists(), db.session.get(uploads.StoredFile, stored.id)) == (True, stored)
    database.write()
    uploads.remove(stored)
    assert path.exists()
    db.session.commit()
    assert not path.exists()


def test_nobody_fills_the_disk_with_files_of_forms_that_are_never_right(
    instance_path: Path,
) -> None:
    person, other = make_person(), make_person()
    database.write()
    first = held_files.hold(PDF, "first.pdf", person_id=person.id, now=OPENING).path
    theirs = held_files.hold(PDF, "theirs.pdf", person_id=other.id, now=OPENING).path
    for number in range(held_files.HELD_MAX):
        last = held_files.hold(PDF, f"{number}.pdf", person_id=person.id, now=OPENING).path
    db.session.commit()
    assert [path.exists() for path in (first, theirs, last)] == [False, True, True]
    assert len(list((instance_path / "files").iterdir())) == held_files.HELD_MAX + 1
    assert db.session.query(uploads.StoredFile).count() == held_files.HELD_MAX + 1


def test_what_waits_for_a_form_goes_with_whom_it_waits_for() -> None:
    person, other = make_person(), make_person()
    database.write()
    own, theirs = (
        held_files.hold(PDF, "one.pdf", person_id=each.id, now=OPENING).path
        for each in (person, other)
    )
    db.session.commit()
    privacy.erase(person, by=person, now=OPENING)
    db.session.commit()
    assert [path.exists() for path in (own, theirs)] == [False, True]


def test_what_nothing_refers_to_goes_after_a_day(app: Flask) -> None:
    edition = make_edition()
    make_call(edition)
    offer = make_offer(edition, make_country("XAA"))
    database.write(offer)
    offer.letter, forgotten = store(), store(PNG)
    db.session.commit()
    paths = offer.letter.path, forgotten.path
    stray = forgotten.path.with_name("of-no-row")
    stray.write_bytes(PDF)
    young = forgotten.path.with_name("being-written")
    young.write_bytes(PDF)
    os.utime(stray, (0, 0))
    assert app.test_cli_runner().invoke(args=["retention", "run"]).exit_code == 0
    assert [path.exists() for path in (*paths, stray, young)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("thing", "path"),
    [
        ("the offer", "/hosting/offers/{public_id}/letter"),
        ("an annex", "/hosting/offers/{public_id}/annexes/{annex_id}"),
        ("a letter of the agreement", "/hosting/host/{slug}/agreement/letters/{record_id}"),
        ("a file sent as an answer", "/registrations/{public_id}/answers/{question_id}"),
    ],
)
def test_a_file_that_is_missing_on_disk_is_told_and_noted_under_one_number(
    thing: str,
    path: str,
    client: Client,
    instance_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    world = make_world()
    organiser = world.people["organiser"]
    assert organiser is not None
    client.sign_in(organiser)
    here = path.format(**world.things[thing])
    with client.get(here) as answer:
        assert answer.status_code == 200
    shutil.rmtree(instance_path / "files")
    capfd.readouterr()
    answer = client.get(here)
    said = words(answer)
    assert (answer.status_code, ".pdf” is missing on our disk" in answer.text) == (410, True)
    assert answer.headers["Cache-Control"] == "no-store"
    fault, request = map(json.loads, capfd.readouterr().err.splitlines())
    assert (fault["event"], fault["level"], request["status"]) == (
        "a stored file is missing",
        "error",
        410,
    )
    assert fault["file"] in {row.id for row in db.session.query(uploads.StoredFile)}
    assert fault["request_id"] == request["request_id"]
    assert f"please quote {fault['request_id']}" in said
