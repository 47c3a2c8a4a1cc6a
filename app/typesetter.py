"""A process of its own that sets one paper: values as JSON in, a PDF out.

A long paper takes Typst some hundred megabytes, which a server would keep; a process gives them
back. ``app.paper`` runs this file by its path, so that nothing of the application is loaded.
"""

import json
import sys
from pathlib import Path
from typing import Literal

import typst


def main() -> None:
    """Set the template named on the command line with the values on standard input."""
    template = Path(sys.argv[1])
    inputs = {name: json.dumps(value) for name, value in json.load(sys.stdin).items()}

    def compiled(*standards: Literal["ua-1"], own_fonts: bool) -> bytes:
        compiler = typst.Compiler(
            str(template),
            root=str(template.parent),
            ignore_system_fonts=own_fonts,
            sys_inputs=inputs,
        )
        made = compiler.compile(format="pdf", pdf_standards=list(standards))
        if not isinstance(made, bytes):
            raise TypeError(template)
        return made

    try:
        paper = compiled("ua-1", own_fonts=True)
    except typst.TypstError:
        # A letter that our font lacks breaks the standard: then the system's fonts may have it,
        # and where none has, one letter is a box.
        paper = compiled(own_fonts=False)
    sys.stdout.buffer.write(paper)


if __name__ == "__main__":
    main()
