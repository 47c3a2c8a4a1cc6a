from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from app.countries import queries, service
from app.countries.models import Country
from app.database import db
from tests.factories import OPENING, make_country

if TYPE_CHECKING:
    from flask import Flask


def test_every_country_of_the_file_is_there_with_its_region() -> None:
    assert service.load_countries(now=OPENING) == 249
    regions = Counter(db.session.scalars(select(Country.region)))
    assert regions == {
        "africa": 60,
        "americas": 57,
        "asia-pacific": 79,
        "europe": 51,
        None: 2,  # Antarctica and Taiwan stand in no M49 region
    }


def test_subscribers_of_infcirc_908_and_associations_are_known() -> None:
    service.load_countries(now=OPENING)
    subscribed = select(func.count()).where(Country.infcirc908 != "no")
    assert db.session.scalar(subscribed) == 33
    belgium = db.session.get_one(Country, "BEL")
    assert (belgium.subscribes_to_infcirc908, [one.slug for one in belgium.associations]) == (
        True,
        ["eu"],
    )


def test_loading_again_changes_nothing_and_the_file_wins_over_the_table(app: Flask) -> None:
    service.load_countries(now=OPENING)
    db.session.get_one(Country, "BEL").name = "Somewhere"
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["countries", "load"])
    assert (result.exit_code, result.output) == (0, "0 countries added.\n")
    db.session.expire_all()
    assert db.session.get_one(Country, "BEL").name == "Belgium"


@pytest.mark.parametrize("code", ["\0", "XA\0", "", "X²A", "X-A"])
def test_what_is_no_code_names_no_country(code: str) -> None:
    make_country("XAA")
    assert queries.find("xaa") is not None
    assert queries.find(code) is None
