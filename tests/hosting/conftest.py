"""Who offers, and who organises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.accounts.models import Role
from tests.factories import make_country, make_person

if TYPE_CHECKING:
    from app.accounts.models import Person


@pytest.fixture
def contact() -> Person:
    """The national contact of Alboria."""
    make_country("XAA", name="Alboria")
    return make_person("contact@example.org", role=Role.NATIONAL_CONTACT, scope="XAA")


@pytest.fixture
def organiser() -> Person:
    return make_person("organiser@example.org", role=Role.ORGANISER)
