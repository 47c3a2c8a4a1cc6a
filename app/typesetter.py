"""A process of its own that sets one paper: values as JSON in, a PDF out.

A long paper takes Typst some hundred megabytes, which a server would keep; a process gives them
back. ``app.paper`` runs this file by its path, so that nothing of the application is loaded.
"""

import json
import sys
from pathlib import Path

import manimgx_fonts as fonts
import manimgx_fonts_cjk as cjk_fonts
import typst


def main() -> None:
    """Set the template named on the command line with the values on standard input."""
    template = Path(sys.argv[1])
    inputs = {name: json.dumps(value) for name, value in json.load(sys.stdin).items()}
    compiler = typst.Compiler(
        str(template),
        root=str(template.parent),
        font_paths=[fonts.__path__[0], cjk_fonts.__path__[0]],
        ignore_system_fonts=True,
        sys_inputs=inputs,
    )
    try:
        paper = compiler.compile(format="pdf", pdf_standards=["ua-1"])
    except typst.TypstError:
        # A letter that no font of ours has breaks the standard: without it, it is a box.
        paper = compiler.compile(format="pdf")
    if not isinstance(paper, bytes):
        raise TypeError(template)
    sys.stdout.buffer.write(paper)


if __name__ == "__main__":
    main()
