"""Each template stands by itself: it imports the macros it calls, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import meta, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


def parsed(app: Flask) -> Iterator[tuple[str, nodes.Template]]:
    environment = app.jinja_env
    loader = app.jinja_loader
    assert loader is not None
    for name in environment.list_templates(["html", "txt"]):
        yield name, environment.parse(loader.get_source(environment, name)[0])


def imported(template: nodes.Template) -> set[str]:
    """Return what a template calls the macros that it imports."""
    return {
        name[1] if isinstance(name, tuple) else name
        for statement in template.find_all(nodes.FromImport)
        for name in statement.names
    }


def test_no_template_imports_what_it_does_not_use(app: Flask) -> None:
    unused = {
        name: sorted(left)
        for name, template in parsed(app)
        if (left := imported(template) - {one.name for one in template.find_all(nodes.Name)})
    }
    assert unused == {}


def test_no_part_of_a_page_leans_on_the_imports_of_its_page(app: Flask) -> None:
    macros = {
        macro.name
        for name, template in parsed(app)
        if name.startswith("macros/")
        for macro in template.find_all(nodes.Macro)
    }
    leaning = {
        name: sorted(left)
        for name, template in parsed(app)
        if name.rpartition("/")[2].startswith("_")
        and (left := macros & meta.find_undeclared_variables(template))
    }
    assert leaning == {}
