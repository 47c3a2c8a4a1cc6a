"""Documents as PDF, set with Typst: values go in as JSON, and never as markup.

The templates lie in ``templates/documents/``; each reads its values from ``sys.inputs``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

DOCUMENTS = Path(__file__).parent / "templates" / "documents"
TYPESETTER = Path(__file__).parent / "typesetter.py"
LIMIT_SECONDS = 60


def typeset(template: str, **values: object) -> bytes:
    """Return the PDF of ``template`` (``"plan.typ"``) filled with ``values``, all fit for JSON."""
    command = [sys.executable, str(TYPESETTER), str(DOCUMENTS / template)]
    done = subprocess.run(  # noqa: S603 - our own file, and values on its input alone  # nosec B603
        command,
        input=json.dumps(values).encode(),
        capture_output=True,
        check=True,
        timeout=LIMIT_SECONDS,
    )
    return done.stdout
