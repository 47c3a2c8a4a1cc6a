"""What an offer's pages show: its sections in words, days that are tried, versions side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from babel.dates import format_interval
from flask_babel import format_decimal

from app.editions import clashing
from app.hosting import merging, queries, sections, service
from app.hosting.section_forms import FORMS, PAYERS
from app.hosting.sections import Completeness, Payer, Section
from app.i18n import LOCALE, user_message
from app.i18n import gettext as _
from scheduler.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from app.countries.models import Country
    from app.editions.models import Edition
    from app.hosting.forms import OfferForm
    from app.hosting.models import CallForHosts, HostingOffer, OfferVersion
    from app.hosting.section_forms import SectionForm
    from scheduler.clashes import Clash

NOTHING = "0"  # of money, in words
SHOWN_APART = frozenset({"windows", "rows", "letter"})


@dataclass(frozen=True, slots=True)
class ShownSection:
    """One section in words."""

    section: Section
    title: Any
    facts: list[tuple[Any, Any]]
    completeness: Completeness
    comment: str


@dataclass(frozen=True, slots=True)
class CheckedWindow:
    """Days that are offered, or only tried: what is wrong with them, what lies on them."""

    dtstart: date
    dtend: date
    problem: str
    clashes: Sequence[Clash]


@dataclass(frozen=True, slots=True)
class CostTable:
    """Lines of costs and their sums by currency, in words."""

    rows: list[tuple[str, Any, str]]
    sums: list[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What two versions say differently of one thing."""

    section: Any
    label: Any
    before: Any
    after: Any


def shown(offer: HostingOffer) -> list[ShownSection]:
    """Return the sections of ``offer`` in words."""
    facts = sections.facts_of(offer)
    return [
        ShownSection(
            part.section,
            FORMS[part.section].title,
            [
                (label_of(part.section, key), in_words(key, value))
                for key, value in _in_order(part.section, facts[part.section])
                if key not in SHOWN_APART and value not in ("", None)
            ],
            part,
            offer.comments.get(part.section.value, ""),
        )
        for part in sections.completeness(offer)
    ]


def _in_order(section: Section, facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the facts in the order of the form; what the form has no more comes last."""
    order = [name for name in vars(FORMS[section]) if name in facts]
    return [(key, facts[key]) for key in [*order, *(set(facts) - set(order))]]


def label_of(section: Section, key: str) -> Any:  # noqa: ANN401 - a lazy sentence
    """Return what the form calls a field."""
    apart = {"windows": _("Windows"), "rows": _("Costs")}
    if key in apart:
        return apart[key]
    field = getattr(FORMS[section], key, None)
    return field.args[0] if field is not None else key.replace("_", " ")


def in_words(key: str, value: Any) -> Any:  # noqa: ANN401 - any fact of an offer
    """Return a fact as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if key == "windows":
        return [in_days(date.fromisoformat(first), date.fromisoformat(end)) for first, end in value]
    if key == "rows":
        return [
            f"{row['item']}: {money(row['amount'])} {row['currency']}, {payer}"
            for row in value
            if (payer := PAYERS[Payer(row["payer"])])
        ]
    return value


def theirs(
    form: SectionForm | OfferForm, standing: Mapping[str, Any], typed: Mapping[str, Any]
) -> list[tuple[Any, Any]]:
    """Return what colleagues wrote where the writer of ``form`` did too, in words.

    The form has seen it from now on, so that it can be saved all the same.
    """
    seen = form.seen.data or ""
    both = merging.merge(seen, standing, typed)[1]
    form.seen.data = merging.remark(seen, standing, both)
    return [
        (
            form[key].label.text if key in form else label_of(Section.DATES, key),
            _("another letter") if key == "letter" else in_words(key, standing.get(key, "")),
        )
        for key in both
    ]


def in_days(dtstart: date, dtend: date) -> str:
    """Return a span of days as one writes it, its last day told: 13–27 Sept 2027."""
    return str(format_interval(dtstart, dtend - timedelta(days=1), "yMMMd", locale=LOCALE))


def money(amount: str | Decimal) -> str:
    """Return an amount with its thousands set apart, and cents only where there are any."""
    exact = Decimal(amount)
    return str(format_decimal(exact, "#,##0.00" if exact % 1 else "#,##0"))


def costs(offer: HostingOffer) -> CostTable:
    """Return the table of costs in words."""
    rows = offer.details.get(Section.COSTS.value, {}).get("rows", [])
    return CostTable(
        [
            (row["item"], PAYERS[Payer(row["payer"])], f"{money(row['amount'])} {row['currency']}")
            for row in rows
        ],
        [
            (currency, [money(sums[payer]) for payer in Payer])
            for currency, sums in sections.cost_sums(rows).items()
        ],
    )


def checked(
    edition: Edition,
    windows: Iterable[tuple[date, date]],
    country: Country | None,
    city: str,
    *,
    now: datetime,
) -> list[CheckedWindow]:
    """Return what is to be said of each window; half-typed days are the rule, so never raises."""
    return all_checked(edition, [(country, city, windows)], now=now)[0]


def all_checked(
    edition: Edition,
    places: Iterable[tuple[Country | None, str, Iterable[tuple[date, date]]]],
    *,
    now: datetime,
) -> list[list[CheckedWindow]]:
    """Return the same for the windows of several places, looked up in one sweep."""
    call = queries.call_of(edition)
    tried: dict[str, clashing.TrialSpan] = {}
    found: list[list[tuple[str, date, date, str]]] = []
    for country, city, windows in places:
        found.append([])
        for dtstart, dtend in windows:
            if dtstart >= dtend:
                continue
            problem = _problem(edition, call, (dtstart, dtend), now)
            key = f"{len(found)}-{len(found[-1])}"
            if country is not None and not problem:
                tried[key] = clashing.TrialSpan(dtstart, dtend, country, city)
            found[-1].append((key, dtstart, dtend, problem))
    clashes = clashing.clashes_of_spans(edition, tried)
    return [
        [
            CheckedWindow(dtstart, dtend, problem, clashes.get(key, ()))
            for key, dtstart, dtend, problem in windows
        ]
        for windows in found
    ]


def _problem(
    edition: Edition, call: CallForHosts | None, window: tuple[date, date], now: datetime
) -> str:
    try:
        service.fit(edition, call, [window], now)
    except DomainError as error:
        return user_message(error)
    return ""


def compared(before: OfferVersion, after: OfferVersion) -> list[Difference]:
    """Return what two versions say differently, in words."""
    return [
        Difference(
            FORMS[section].title,
            label_of(section, key),
            in_words(key, was) if was is not None else "",
            in_words(key, now_is) if now_is is not None else "",
        )
        for section, key, was, now_is in sections.differences(before.facts, after.facts)
    ]
