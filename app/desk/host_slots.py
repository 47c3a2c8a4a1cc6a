"""The slots ahead: what the rotation suggests for each, beside what the committee has or decided.

The suggestion is that of the newest plan that still had to fill the slot, so that what was decided
since can be compared with it. Scores and ballots are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.desk import queries
from app.editions import queries as editions
from app.hosting import decision_queries
from app.hosting import queries as hosting
from app.hosting.models import UNDECIDED
from app.i18n import gettext as _
from scheduler.lifecycle import EditionStatus, OfferStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from app.desk.models import RotationRun
    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound, HostDecision
    from app.hosting.models import HostingOffer
    from app.site.host_history import Chosen

SLOTS_OF_A_SERIES = 3  # as many as one looks at, where no series is chosen


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the choice of a host stands: the country it fell on or names, in words, and why."""

    words: str
    code: str = ""
    country: str = ""
    chooser: str = ""  # of a choice that is made
    reason: str = ""
    offering: frozenset[str] = frozenset()  # codes of the countries whose offers wait


@dataclass(frozen=True, slots=True)
class Slot:
    """One edition ahead: what is suggested, where its choice stands, and both in one sentence."""

    edition: Edition
    suggested: str
    planned_at: datetime | None
    standing: Standing
    verdict: str
    agrees: bool | None  # none: there is nothing to compare


def slots(wanted: Chosen, today: date, names: Mapping[str, str]) -> list[Slot]:
    """Return the slots ahead of what is ``wanted``, the nearest first."""
    ahead = [
        edition
        for edition in editions.every_edition()
        if edition.status is not EditionStatus.CANCELLED
        and (edition.dtstart > today or edition.status is EditionStatus.POSTPONED)
        and wanted.series in {"", edition.series.slug}
        # A series of all regions may come to the one that is chosen.
        and wanted.region in {"", edition.region or wanted.region}
    ]
    if not wanted.series:
        ahead = _first_of_each(ahead)
    numbers = [edition.id for edition in ahead]
    planned = _planned(set(numbers))
    offers = hosting.offers_by_edition(numbers)
    decisions = decision_queries.last_decisions(numbers)
    rounds = decision_queries.running_rounds(numbers)
    found = []
    for edition in ahead:
        standing = _standing(
            edition,
            offers.get(edition.id, []),
            decisions.get(edition.id),
            rounds.get(edition.id),
        )
        run, slot = planned.get(edition.id, (None, None))
        suggested = _suggested(slot, names)
        verdict, agrees = _verdict(slot, suggested, standing)
        found.append(
            Slot(edition, suggested, run.requested_at if run else None, standing, verdict, agrees)
        )
    return found


def _first_of_each(ahead: Sequence[Edition]) -> list[Edition]:
    seen: dict[int, int] = {}
    found = []
    for edition in ahead:
        seen[edition.series_id] = seen.get(edition.series_id, 0) + 1
        if seen[edition.series_id] <= SLOTS_OF_A_SERIES:
            found.append(edition)
    return found


def _planned(numbers: set[int]) -> dict[int, tuple[RotationRun, Mapping[str, Any]]]:
    """Return the newest plan that had to fill each slot, with what it says."""
    found: dict[int, tuple[RotationRun, Mapping[str, Any]]] = {}
    for run in queries.done_plans():
        for slot in run.result.get("slots", []):
            if slot["edition"] in numbers:
                found.setdefault(slot["edition"], (run, slot))
        if len(found) == len(numbers):
            break
    return found


def _standing(
    edition: Edition,
    offers: Sequence[HostingOffer],
    decision: HostDecision | None,
    asked: CommitteeRound | None,
) -> Standing:
    if edition.country is not None and edition.country_code is not None:
        return _chosen(edition.country.name, edition.country_code, offers, decision)
    if asked is not None:
        host = asked.offer.country
        words = _("The committee is asked whether %(country)s hosts", country=host.name)
        return Standing(words, host.code, host.name)
    return _waiting(edition, offers)


def _waiting(edition: Edition, offers: Sequence[HostingOffer]) -> Standing:
    waiting = [offer for offer in offers if offer.status in UNDECIDED]
    told = ", ".join(offer.country.name for offer in waiting)
    recommended = [offer for offer in waiting if offer.status is OfferStatus.RECOMMENDED]
    if recommended:
        hosts = ", ".join(offer.country.name for offer in recommended)
        words = _("Recommended: %(countries)s. Offers: %(all)s", countries=hosts, all=told)
        if len(recommended) == 1:
            return Standing(words, recommended[0].country_code, hosts)
        return Standing(words, offering=frozenset(offer.country_code for offer in recommended))
    if waiting:
        words = _("Offers: %(countries)s", countries=told)
        return Standing(words, offering=frozenset(offer.country_code for offer in waiting))
    if edition.status is EditionStatus.PROJECTED:
        return Standing(_("No call for hosts yet"))
    return Standing(_("Nobody has offered yet"))


def _chosen(
    name: str,
    code: str,
    offers: Sequence[HostingOffer],
    decision: HostDecision | None,
) -> Standing:
    words = _("%(country)s hosts", country=name)
    if decision is not None and decision.offer.country_code == code:
        return Standing(words, code, name, _("the committee"), decision.reason)
    for offer in offers:
        if offer.status is OfferStatus.SELECTED and offer.country_code == code:
            return Standing(words, code, name, _("the organisers"), offer.decision_reason)
    return Standing(words, code, name, _("the organisers"))


def _suggested(slot: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    if slot is None:
        return ""
    if slot["offer"] is None:
        return _("no host")
    return names.get(slot["country"], slot["country"])


def _verdict(
    slot: Mapping[str, Any] | None, suggested: str, standing: Standing
) -> tuple[str, bool | None]:
    """Return agreement or difference in a sentence, and which of the two it is."""
    if slot is None:
        if standing.chooser:
            return _("It had its host before any plan that is kept."), None
        return _("No plan that is kept had to find a host for this edition."), None
    is_vacant = slot["offer"] is None
    says = (
        _("The rotation would leave this without a host")
        if is_vacant
        else _("The rotation would give this to %(country)s", country=suggested)
    )
    if not standing.code:
        return _("%(rotation)s; %(offers)s.", rotation=says, offers=_offers(slot, standing)), None
    agrees = not is_vacant and slot["country"] == standing.code
    if not standing.chooser:
        return _("%(rotation)s. %(standing)s.", rotation=says, standing=standing.words), agrees
    if agrees:
        return _("%(rotation)s, and %(who)s chose it.", rotation=says, who=standing.chooser), True
    sentence = _(
        "%(rotation)s; %(who)s chose %(country)s.",
        rotation=says, who=standing.chooser, country=standing.country,
    )  # fmt: skip
    return sentence, False


def _offers(slot: Mapping[str, Any], standing: Standing) -> str:
    if not standing.offering:
        return _("there is nothing to compare yet")
    if slot["offer"] is None:
        return _("there are offers")
    if slot["country"] in standing.offering:
        return _("it is among those who offered")
    return _("it has not offered")
