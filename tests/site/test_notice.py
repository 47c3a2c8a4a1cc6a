from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app import retention
from tests.pages import words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Client


@pytest.fixture
def with_settings(client: Client) -> Iterator[object]:
    known = client.application.config["SYMPOSIA"]

    def change(**settings: object) -> None:
        client.application.config["SYMPOSIA"] = replace(known, **settings)

    yield change
    client.application.config["SYMPOSIA"] = known


def test_the_notice_says_how_long_everything_is_kept(client: Client) -> None:
    page = words(client.get("/privacy"))
    assert len(retention.RULES) > 8
    for rule in retention.RULES:
        assert f"{rule.data} {rule.kept}" in page
    assert "Nobody is named yet" in page


def test_the_operator_is_named(client: Client, with_settings: object) -> None:
    with_settings(operator_name="The Office", operator_contact="office@example.net")
    page = words(client.get("/privacy"))
    assert "Operator The Office" in page
    assert "office@example.net" in page
    assert "Nobody is named yet" not in page


def test_the_operators_own_words_bring_no_script(
    client: Client, with_settings: object, tmp_path: Path
) -> None:
    path = tmp_path / "notice.md"
    path.write_text(
        "## Our notice\n\nWrite to **us**. <script>alert(1)</script> "
        "[here](javascript:alert(2)) [there](https://example.net/)\n"
    )
    with_settings(privacy_notice=path)
    page = client.get("/privacy")
    assert "<h2>Our notice</h2>" in page.text
    assert "<strong>us</strong>" in page.text
    assert '<a href="https://example.net/">there</a>' in page.text
    assert ("<script>alert" in page.text, 'href="javascript' in page.text) == (False, False)
    assert "What is held, and why" not in page.text
    assert "How long it is kept" in page.text


def test_every_page_leads_to_the_notice(client: Client) -> None:
    assert 'href="/privacy"' in client.get("/").text
