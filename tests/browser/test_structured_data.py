"""The block of data on an edition's page, under the strict policy, in a real browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scheduler.lifecycle import EditionStatus
from tests.factories import make_edition
from tests.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page


def test_the_policy_lets_the_data_stand_and_no_title_runs(
    new_page: Callable[..., Page], live_url: str
) -> None:
    title = "</script><script>window.ran = true</script>"
    edition = make_edition(title=title, status=EditionStatus.ANNOUNCED, commit=True)
    page = new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(
        "window.refused = [];"
        "document.addEventListener('securitypolicyviolation',"
        "  event => refused.push(event.violatedDirective))"
    )
    page.goto(f"{live_url}/editions/{edition.slug}")
    data = page.locator("script[type='application/ld+json']").text_content()
    assert json.loads(data or "")["name"] == title
    assert page.evaluate("[window.ran ?? null, window.refused]") == [None, []]
    assert said == []
    # The listener works: a script within the page is refused and told.
    page.evaluate(
        "const script = document.createElement('script');"
        "script.text = 'window.ran = true'; document.head.append(script)"
    )
    assert until(lambda: page.evaluate("window.refused.length") > 0)
    assert page.evaluate("window.ran ?? null") is None
