"""The demonstration's needs: one that is open, one with an offer to judge; all invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.accounts import queries as accounts
from app.accounts.models import Role
from app.countries.models import Country
from app.database import db
from app.hosting import drafts, need_offers, needs
from app.hosting.sections import Section
from app.series import queries as series_queries
from app.site.demo_hosting import LETTER, NOTE

if TYPE_CHECKING:
    from datetime import datetime

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.need_models import EngagementNeed

OPEN = needs.NeedFacts(
    title="Insider threats in transport",
    purpose=(
        "Three days for the people who plan and guard transports of nuclear and radioactive "
        "material: what insiders could do on the way, and what stops them."
    ),
    reason="Demonstration data: several states of the region begin such transports.",
    year=2,
    months=(9, 11),
)
OFFERED = needs.NeedFacts(
    title="Trustworthiness of contractors",
    purpose=(
        "A regional engagement on checking the people of contractors: for regulators, operators "
        "and the authorities that do the checks."
    ),
    reason="Demonstration data: contractors were the open question of the last exercise.",
    year=2,
    months=(10, 10),
)


def propose(contacts: dict[str, Person], now: datetime) -> Edition:
    """Propose two needs, support them, and offer to host one of them; return its edition."""
    members = accounts.with_role(Role.COMMITTEE)
    transport = _propose("regional-europe", OPEN, members[1], now)
    needs.support(transport, "Four people of the authority.", by=contacts["XAD"], now=now)
    needs.support(transport, "", by=members[2], now=now)
    contractors = _propose("regional-africa", OFFERED, members[2], now)
    needs.support(contractors, "Our operators ask for it.", by=contacts["XAA"], now=now)
    who: dict[str, Any] = {"by": contacts["XAE"], "now": now}
    offer = need_offers.offer(contractors, db.session.get_one(Country, "XAE"), **who)
    first = contractors.dtstart.replace(day=5)
    told: dict[Section, dict[str, Any]] = {
        Section.AUTHORITY: {"authority": "Nuclear Security Authority of Estavia"},
        Section.DATES: {"windows": [(first, first.replace(day=10))]},
        Section.VENUE: {"city": "Estavia City", "venue": "Estavia Training Hall", "capacity": 60},
        Section.CONTACTS: {"note": NOTE},
    }
    for section, facts in told.items():
        letter = (LETTER.read_bytes(), "letter-xae.pdf") if section is Section.AUTHORITY else None
        drafts.save(offer, section, facts, letter=letter, **who)
    drafts.send_in(offer, **who)
    return offer.edition


def _propose(series: str, facts: needs.NeedFacts, by: Person, now: datetime) -> EngagementNeed:
    found = series_queries.find(series)
    if found is None:
        raise LookupError(series)
    made = needs.propose(
        found,
        needs.NeedFacts(
            title=facts.title,
            purpose=facts.purpose,
            reason=facts.reason,
            year=now.year + facts.year,
            months=facts.months,
        ),
        by=by,
        now=now,
    )
    made.is_demonstration = True
    db.session.flush()
    return made
