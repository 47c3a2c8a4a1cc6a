"""Who is written to about a need for a regional engagement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.accounts import queries as accounts
from app.countries import queries as countries
from app.hosting import committee, need_queries
from app.hosting.letters import organisers

if TYPE_CHECKING:
    from app.hosting.need_models import EngagementNeed
    from app.series.models import Series


def leaders() -> set[str]:
    """Return the addresses of the chairs and organisers."""
    return set(committee.leaders())


def members() -> set[str]:
    """Return those of the committee and the organisers."""
    return {*organisers(), *(person.email for person in committee.everyone())}


def contacts(series: Series) -> set[str]:
    """Return those of the national contacts of a region."""
    codes = countries.codes_of(series.region or "")
    return {person.email for person in accounts.contacts_of(codes)}


def proposer(need: EngagementNeed) -> set[str]:
    """Return that of whoever proposed ``need``."""
    return {need.proposed_by.email} if need.proposed_by is not None else set()


def concerned(need: EngagementNeed) -> set[str]:
    """Return those of whoever proposed or supports ``need``."""
    return {*proposer(need), *(one.person.email for one in need_queries.supports_of(need))}
