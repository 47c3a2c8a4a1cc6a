"""The code of templates, kept beside them as Python keeps that of modules: made once, not by each.

To make that of all takes 1.8 s and 5 MB in every process; to read it, a twentieth of a second.
"""

from __future__ import annotations

import hashlib
import pickle  # for its error alone  # nosec B403
from contextlib import suppress
from typing import TYPE_CHECKING

from jinja2 import FileSystemBytecodeCache
from jinja2 import __version__ as jinja_version

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2.bccache import Bucket


class CompiledTemplates(FileSystemBytecodeCache):
    """Kept in ``folder``, where that can be written to.

    It is made anew with each change of its source, of a module of ours (what is constant is worked
    out by our filters when it is made) and of the library.
    """

    def __init__(self, folder: Path, modules: Path) -> None:
        """Keep the code in ``folder``; ``modules`` are what it depends on."""
        with suppress(OSError):
            folder.mkdir(0o700, exist_ok=True)
        super().__init__(str(folder))
        changes = sorted((str(path), path.stat().st_mtime_ns) for path in modules.rglob("*.py"))
        self._key = hashlib.sha256(f"{jinja_version} {changes}".encode()).hexdigest()

    def get_source_checksum(self, source: str) -> str:
        """Return what must be the same for kept code to be right."""
        return hashlib.sha256(f"{self._key}\n{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read what is kept; what cannot be read (the power failed) is made again."""
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was made; where it cannot be, the next process makes it again."""
        with suppress(OSError):
            super().dump_bytecode(bucket)
