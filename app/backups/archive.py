"""The file of a backup: a ZIP archive of parts, a manifest with their digests, and a seal on it.

It is written beside its place and named when it is whole. Nothing is unpacked by a name that the
archive gives: what may be in it is known beforehand.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import zipfile
import zlib
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from app import disk
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

FORMAT, VERSION = "symposia-backup", 1
MANIFEST, SEAL = "manifest.json", "manifest.seal"
DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
FILE_NAME = re.compile(r"files/[0-9a-f]{16,64}\Z")
UNFINISHED = ".symposia-backup-"  # what every file begins with that has not got its name yet
CHUNK_BYTES = 1024 * 1024
MANIFEST_MAX_BYTES = 64 * 1024 * 1024
SEAL_BYTES = 500
OWNER_ALONE = 0o600
# By a changed bit a part is one that is encrypted, or packed in a way that Python does not know.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)


class FileTakenError(DomainError):
    """A backup never takes the place of another file."""

    message = N_("{path} is there already. Name a file that is not.")


class UnwritableError(DomainError):
    """The file cannot be made."""

    message = N_("{path} cannot be written: {reason}.")


class UnusableBackupError(DomainError):
    """The file is no backup, or is not as it was written."""

    message = N_("{path} is not a backup that can be used: {fault}.")


class OtherKeyError(DomainError):
    """The backup was made under another secret key."""

    message = N_(
        "{path} was made under another secret key. Set SYMPOSIA_SECRET_KEY, or "
        "instance/secret_key, to the key of that installation; or use --other-key: then nothing "
        "proves who made the file, and every authenticator app must be set up again."
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a backup as its manifest tells it."""

    name: str
    size: int
    sha256: str


# -- writing ---------------------------------------------------------------------------------


class Writer:
    """A backup that is being written."""

    def __init__(self, file: IO[bytes]) -> None:
        """Write into ``file``."""
        self._zip = zipfile.ZipFile(file, "w")
        self.parts: list[Part] = []

    def add(self, name: str, source: Path, *, packed: bool) -> Part:
        """Add the file ``source`` as the part ``name``, and return it."""
        entry = _entry(name)
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        entry.file_size = source.stat().st_size  # from some size on the format is another
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as read, self._zip.open(entry, "w") as write:
            while chunk := read.read(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                write.write(chunk)
        part = Part(name, size, digest.hexdigest())
        self.parts.append(part)
        return part

    def finish(self, manifest: dict[str, Any], secret_key: str) -> None:
        """Add the manifest with all parts, and the seal of ``secret_key`` on it."""
        parts = [{"name": p.name, "size": p.size, "sha256": p.sha256} for p in self.parts]
        content = json.dumps(
            {"format": FORMAT, "version": VERSION, **manifest, "parts": parts}, indent=1
        ).encode()
        salt = secrets.token_hex(16)
        key = _key(secret_key, salt)
        seal = {"salt": salt, "key": _mac(key, b"key"), "manifest": _mac(key, content)}
        self._zip.writestr(_entry(MANIFEST), content)
        self._zip.writestr(_entry(SEAL), json.dumps(seal))

    def close(self) -> None:
        """Write the archive's own table."""
        self._zip.close()


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Yield what writes the backup ``path``; the file has its name once the block has ended.

    Raises:
        FileTakenError: there is such a file.
        UnwritableError: its folder is not there, is not ours, or is full.
    """
    if path.exists() or path.is_symlink():
        raise FileTakenError(path=path)
    unfinished = path.with_name(f"{UNFINISHED}{secrets.token_hex(8)}")
    try:
        _remove_abandoned(path.parent)
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ALONE)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with closing(Writer(file)) as writer:
                    yield writer
                file.flush()
                os.fsync(file.fileno())
                _give_name(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        disk.sync(path.parent)
    except OSError as error:
        raise UnwritableError(path=path, reason=error.strerror or error) from error


def _remove_abandoned(folder: Path) -> None:
    """Remove what writers left that were killed; whoever still writes holds a lock on theirs."""
    for left in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _give_name(unfinished: Path, path: Path) -> None:
    """Name the file: at once, and not if another has come to have that name."""
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        raise FileTakenError(path=path) from None
    except OSError:  # no hard links there
        if path.exists():
            raise FileTakenError(path=path) from None
        unfinished.rename(path)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = OWNER_ALONE << 16
    return entry


# -- reading ---------------------------------------------------------------------------------


class Archive:
    """A backup whose manifest holds; its parts are proved as they are read."""

    def __init__(self, path: Path, file: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
        """Take what :func:`reading` has read."""
        self.path = path
        self.manifest = manifest
        self.parts = {
            entry["name"]: Part(entry["name"], entry["size"], entry["sha256"])
            for entry in manifest["parts"]
        }
        self._zip = file

    def refuse(self, fault: str) -> NoReturn:
        """Tell what is wrong with this backup."""
        _refuse(self.path, fault)

    def check(self, name: str) -> None:
        """Read a part and compare it with its digest.

        Raises:
            UnusableBackupError: it is another.
        """
        for _chunk in self._read(name):
            pass

    def extract(self, name: str, target: Path) -> None:
        """Write a part to ``target``, a file for us alone, safe on the disk.

        Raises:
            UnusableBackupError: it is not the part that was written.
        """
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ALONE)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in self._read(name):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def _read(self, name: str) -> Iterator[bytes]:
        part = self.parts[name]
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(name) as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    if size > part.size:
                        break
                    yield chunk
        except DAMAGE as error:
            raise UnusableBackupError(path=self.path, fault=f"{name} is damaged") from error
        if size != part.size or not hmac.compare_digest(digest.hexdigest(), part.sha256):
            self.refuse(f"{name} is damaged")


@contextmanager
def reading(path: Path, secret_key: str, *, other_key: bool = False) -> Iterator[Archive]:
    """Yield the backup ``path``, its manifest proved.

    ``other_key``: it may have been made under another key than ``secret_key``.

    Raises:
        UnusableBackupError: it is not a backup, or was changed.
        OtherKeyError: it was made under another key.
    """
    try:
        file = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError):
        _refuse(path, "it is cut off, or something else")
    except OSError as error:
        _refuse(path, f"it cannot be read, {error.strerror}")
    with file:
        sizes = {entry.filename: entry.file_size for entry in file.infolist()}
        if not {MANIFEST, SEAL} <= set(sizes):
            _refuse(path, "it has no manifest")
        if len(sizes) < len(file.infolist()) or not _are_small(sizes):
            _refuse(path, "its parts are not those of a backup")
        manifest, is_same_key, is_sealed = _read_manifest(path, file, secret_key)
        if not is_same_key and not other_key:
            raise OtherKeyError(path=path)
        if is_same_key and not is_sealed:
            _refuse(path, "its manifest was changed")
        if not _is_plausible(manifest, sizes):
            _refuse(path, "its parts are not those of its manifest")
        yield Archive(path, file, manifest)


def _read_manifest(
    path: Path, file: zipfile.ZipFile, secret_key: str
) -> tuple[dict[str, Any], bool, bool]:
    """Return the manifest, whether it was made under ``secret_key``, and whether the seal holds."""
    try:
        content = file.read(MANIFEST)
        manifest, seal = json.loads(content), json.loads(file.read(SEAL))
        form, version = manifest["format"], manifest["version"]
        key = _key(secret_key, seal["salt"])
        is_same_key = hmac.compare_digest(_mac(key, b"key"), seal["key"])
        is_sealed = hmac.compare_digest(_mac(key, content), seal["manifest"])
    except (*DAMAGE, ValueError, KeyError, TypeError, AttributeError):
        _refuse(path, "its manifest is damaged")
    if form != FORMAT:
        _refuse(path, "it is something else")
    if version != VERSION:
        _refuse(path, f"its form is number {version}, and this version reads {VERSION}")
    return manifest, is_same_key, is_sealed


def _refuse(path: Path, fault: str) -> NoReturn:
    raise UnusableBackupError(path=path, fault=fault) from None


def _are_small(sizes: dict[str, int]) -> bool:
    return sizes[MANIFEST] <= MANIFEST_MAX_BYTES and sizes[SEAL] <= SEAL_BYTES


def _is_plausible(manifest: dict[str, Any], sizes: dict[str, int]) -> bool:
    """Whether there is each part that the manifest names, and no other, under names of ours."""
    try:
        told = {part["name"]: part["size"] for part in manifest["parts"]}
        database = DATABASES[manifest["database"]]
    except (KeyError, TypeError):
        return False
    return (
        database in told
        and all(name == database or FILE_NAME.match(name) for name in told)
        and len(told) == len(manifest["parts"])
        and {**told, MANIFEST: sizes[MANIFEST], SEAL: sizes[SEAL]} == sizes
    )


def _key(secret_key: str, salt: str) -> bytes:
    # Slow on purpose: the file must not be the way to try out keys that somebody made up.
    return hashlib.scrypt(secret_key.encode(), salt=salt.encode(), n=2**14, r=8, p=1, dklen=32)


def _mac(key: bytes, content: bytes) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()
