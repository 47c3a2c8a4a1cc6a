"""What attackers try, and what they get: the same page as everybody who mistyped an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from tests.factories import (
    make_edition,
    make_person,
    make_series,
)

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Client

# -- addresses -------------------------------------------------------------------------------

NUL_ADDRESSES = (
    "/editions/%00",
    "/editions/a%00b/register",
    "/series/%00",
    "/hosting/calls/%00",
    "/calendar?series=%00",
    "/subscribe?series=a%00b",
    "/feeds/all.ics?series=%00",
    "/feeds/series/%00.json",
)


@pytest.mark.parametrize("path", NUL_ADDRESSES)
def test_a_nul_in_an_address_names_nothing(path: str, client: Client) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("number", ["0", "2147483648", "9" * 30])
def test_a_mail_number_beyond_the_columns_names_nothing(number: str, client: Client) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    assert client.get(f"/organise/mail/{number}").status_code == 404


@pytest.mark.parametrize(
    "query", ["series=symposium&series=other", "series=other&series=symposium"]
)
def test_only_the_own_address_of_a_feed_is_kept(query: str, client: Client, app: Flask) -> None:
    make_series()
    make_series("other")
    make_edition()
    client.get(f"/feeds/all.ics?{query}")
    for key in ("x=1", "y=2"):
        client.get(f"/feeds/series/symposium.ics?{key}")
    kept = app.extensions["kept_feeds"]
    assert not any(kept.get(f"/feeds/series/symposium.ics?{key}") for key in ("x=1", "y=2"))
    assert kept.get("/feeds/all.ics?series=other&series=symposium") is None
    client.get("/feeds/series/symposium.ics")
    assert kept.get("/feeds/series/symposium.ics")


# -- forged fields ---------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["month", "ordinal", "week_ordinal", "weekday", "rhythm"])
@pytest.mark.parametrize("forged", ["", "x", "\x00", "9" * 5000])
def test_a_forged_choice_of_a_rhythm_is_refused(field: str, forged: str, client: Client) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    fields = {"title": "New", "length_days": "3", "rhythm": "week", "month": "3"}
    if field in {"ordinal", "weekday"}:
        fields["rhythm"] = "weekday"
    fields[field] = forged
    assert client.submit("/organise/series/preview", **fields).status_code == 200
    assert client.submit("/organise/series/new", **fields).status_code == 422
