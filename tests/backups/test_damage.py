"""A file that is not as it was written is refused, and what is here stays."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app import create_app, outbox
from app.backups import archive
from app.database import db
from tests.backups.conftest import contents
from tests.backups.test_round_trip import make_file
from tests.factories import make_person

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    from tests.backups.conftest import Run

OTHER = "files/" + "a" * 48


@pytest.fixture
def made(flask: Run, file: Path) -> Path:
    """A backup of something; what is here is something else."""
    make_person("ann@example.org", commit=True)
    make_file()
    flask("create", file)
    make_person("bob@example.org", commit=True)
    return file


def refused(flask: Run, file: Path) -> str:
    """Return what is said of a file that nobody may put back; nothing is changed by trying."""
    before = contents()
    said = {flask("verify", file, fails=1), flask("restore", "--replace", file, fails=1)}
    assert contents() == before
    assert len(said) == 1
    return said.pop()


def test_a_file_that_was_cut_off_is_refused(flask: Run, made: Path) -> None:
    whole = made.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        made.write_bytes(whole[:length])
        assert "is not a backup" in refused(flask, made)


def test_a_changed_byte_is_found_wherever_it_is(flask: Run, made: Path) -> None:
    whole = made.read_bytes()
    with zipfile.ZipFile(made) as opened:
        # The first bytes of each part's content; headers that nobody reads may say anything.
        places = [
            entry.header_offset + 30 + len(entry.filename) + number
            for number, entry in enumerate(opened.infolist())
        ]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 0x55
        made.write_bytes(changed)
        assert "is not a backup" in refused(flask, made)


def read(made: Path) -> None:
    """Read every part of a backup."""
    with archive.reading(made, outbox.settings().secret_key) as backup:
        for part in backup.parts:
            backup.check(part)


def test_a_changed_bit_of_the_archives_own_table_is_told_in_words(made: Path) -> None:
    whole = made.read_bytes()
    with zipfile.ZipFile(made) as opened:
        place, names = opened.start_dir, opened.namelist()
    for name in names:
        for field in (6, 8, 10, 42):  # the version it needs, flags, the way it is packed, where
            changed = bytearray(whole)
            changed[place + field] ^= 0x55
            made.write_bytes(changed)
            with pytest.raises(archive.UnusableBackupError):
                read(made)
        place += 46 + len(name)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"PK\x03\x04", b"SQLite format 3\x00"])
def test_something_else_is_refused(flask: Run, made: Path, content: bytes) -> None:
    made.write_bytes(content)
    assert "it is cut off, or something else" in refused(flask, made)


def test_a_folder_or_nothing_is_refused(flask: Run, tmp_path: Path) -> None:
    assert "it cannot be read" in refused(flask, tmp_path)
    assert "it cannot be read" in refused(flask, tmp_path / "nothing")


def change(made: Path, act: Callable[[zipfile.ZipFile, dict[str, bytes]], None]) -> None:
    """Write the archive anew by ``act``, which gets the parts as they are."""
    with zipfile.ZipFile(made) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(made, "w") as new:
        act(new, parts)


@pytest.mark.parametrize("name", ["../../escaped", "/escaped", "files/../../escaped", OTHER])
def test_a_part_that_the_manifest_does_not_name_is_refused(
    flask: Run, made: Path, name: str
) -> None:
    def act(new: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
        for known, content in parts.items():
            new.writestr(known, content)
        new.writestr(name, b"x")

    change(made, act)
    assert "its parts are not those of its manifest" in refused(flask, made)


def test_two_parts_of_one_name_are_refused(flask: Run, made: Path) -> None:
    def act(new: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
        for known, content in parts.items():
            new.writestr(known, content)
        with pytest.warns(UserWarning, match="Duplicate"):
            new.writestr("manifest.json", parts["manifest.json"])

    change(made, act)
    assert "its parts are not those of a backup" in refused(flask, made)


def test_a_manifest_that_was_changed_is_refused(flask: Run, made: Path) -> None:
    def act(new: zipfile.ZipFile, parts: dict[str, bytes]) -> None:
        for known, content in parts.items():
            new.writestr(known, content.replace(b'"made_at"', b'"made_by"'))

    change(made, act)
    assert "its manifest was changed" in refused(flask, made)


@pytest.mark.parametrize("name", ["../../escaped", "/escaped", "files/../x", "files/x/y"])
def test_no_part_leads_out_of_its_folder_even_under_our_seal(
    flask: Run, made: Path, name: str, tmp_path: Path
) -> None:
    sealed_anew(made, tmp_path / "evil", {name: b"x"})
    assert "its parts are not those of its manifest" in refused(flask, tmp_path / "evil")
    assert not list(tmp_path.parent.rglob("escaped"))


def sealed_anew(made: Path, target: Path, changes: dict[str, bytes | None]) -> None:
    """Write the backup anew with other parts, under our seal; ``None`` leaves one out."""
    with zipfile.ZipFile(made) as old:
        manifest = json.loads(old.read("manifest.json"))
        parts: dict[str, bytes | None] = {
            part["name"]: old.read(part["name"]) for part in manifest.pop("parts")
        }
    with archive.writing(target) as writer:
        for number, (name, content) in enumerate((parts | changes).items()):
            if content is not None:
                source = target.with_suffix(f".{number}")
                source.write_bytes(content)
                writer.add(name, source, packed=False)
        writer.finish(manifest, outbox.settings().secret_key)


def test_files_are_those_that_rows_name_each_with_its_content(
    flask: Run, made: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(made) as opened:
        name = next(name for name in opened.namelist() if name.startswith("files/"))
    for number, (changes, fault) in enumerate(
        [
            ({name: None}, "which a row names, is not in it"),
            ({name: b"%PDF-another"}, "is not the file that was uploaded"),
            ({OTHER: b"x"}, "belongs to no row"),
        ]
    ):
        target = tmp_path / str(number)
        sealed_anew(made, target, changes)
        assert fault in refused(flask, target)


def test_a_backup_under_another_key_is_put_back_only_by_wish(
    app: Flask, flask: Run, made: Path
) -> None:
    other = create_app(replace(outbox.settings(), secret_key="another"))
    del app
    before = contents()
    for words in (("verify", made), ("restore", "--replace", made)):
        assert "was made under another secret key" in flask(*words, fails=1, of=other)
    assert contents() == before
    flask("verify", "--other-key", made, of=other)
    flask("restore", "--replace", "--other-key", made, of=other)
    db.session.rollback()
    assert contents()["person"] != before["person"]
