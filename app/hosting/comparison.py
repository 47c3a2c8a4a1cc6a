"""Offers side by side: one table of words, shown on the page and set as a paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import format_date, format_decimal, get_locale

from app import paper
from app.countries.service import REGION_NAMES
from app.hosting import judging, offer_page
from app.hosting.forms import CRITERIA
from app.hosting.judging_forms import GATES
from app.hosting.sections import Section
from app.i18n import gettext as _
from app.i18n import ngettext
from scheduler.lifecycle import EditionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person
    from app.hosting.judging import Judged
    from app.hosting.models import CallForHosts
    from scheduler.hosting import Balance


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of every offer; ``kind`` says how it is drawn: words, gate, clashes or total."""

    label: Any
    kind: str
    cells: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together."""

    title: Any
    lines: Sequence[Line]


def balance_words(balance: Balance, region: str | None) -> str:
    """Say why the regional balance is what it is; ``region`` is that of a series of its own."""
    if region is not None:
        return _("%(score)s: the series is of this region alone", score=balance.score)
    if balance.last_year is None:
        return _("%(score)s: the region has not hosted this series yet", score=balance.score)
    if not balance.since:
        return _(
            "%(score)s: the region hosted the last one, in %(year)s",
            score=balance.score,
            year=balance.last_year,
        )
    return ngettext(
        "%(score)s: hosted last in %(year)s, %(num)d edition elsewhere since",
        "%(score)s: hosted last in %(year)s, %(num)d editions elsewhere since",
        balance.since,
        score=balance.score,
        year=balance.last_year,
    )


def groups(call: CallForHosts, judged: Sequence[Judged], now: datetime) -> list[Group]:
    """Return the comparison: conditions, scores, dates, place, access and costs; none is empty."""
    every = [
        Group(_("Conditions"), _gates(judged)),
        Group(_("Scores"), _scores(call, judged)),
        Group(_("Dates and clashes"), [Line(_("Windows"), "windows", _windows(call, judged, now))]),
        Group(_("Place"), _place(judged)),
        Group(
            _("Access"),
            _told(judged, Section.ACCESS, "airport", "transfer", "visa_who", "visa_days", "entry"),
        ),
        Group(
            _("Programme"),
            _told(judged, Section.PROGRAMME, "languages", "interpretation", "network", "showcase"),
        ),
        Group(
            _("Costs"),
            [
                Line(_("Sums"), "lines", [_sums(one) for one in judged]),
                *_told(judged, Section.COSTS, "grants"),
            ],
        ),
        Group(_("Who offers"), _who(judged)),
    ]
    return [group for group in every if group.lines]


def _windows(
    call: CallForHosts, judged: Sequence[Judged], now: datetime
) -> list[list[offer_page.CheckedWindow]]:
    """Return the windows of each offer, with what lies on them."""
    return offer_page.all_checked(
        call.edition,
        [
            (
                one.offer.country,
                one.offer.city,
                [(window.dtstart, window.dtend) for window in one.offer.windows],
            )
            for one in judged
        ],
        now=now,
    )


def _place(judged: Sequence[Judged]) -> list[Line]:
    return [
        Line(_("City"), "words", [one.offer.city for one in judged]),
        Line(_("Venue"), "words", [one.offer.venue for one in judged]),
        Line(_("Plenary capacity"), "words", [one.offer.capacity for one in judged]),
        *_told(judged, Section.VENUE, "breakout_rooms", "accessibility", "hotels"),
    ]


def _who(judged: Sequence[Judged]) -> list[Line]:
    countries = [one.offer.country for one in judged]
    regions = [REGION_NAMES.get(country.region or "", "–") for country in countries]
    subscribers = [
        _("subscriber") if country.subscribes_to_infcirc908 else _("not a subscriber")
        for country in countries
    ]
    return [
        Line(_("Region"), "words", regions),
        Line(_("Authority"), "words", [one.offer.authority or "–" for one in judged]),
        Line(_("INFCIRC/908"), "words", subscribers),
    ]


def _gates(judged: Sequence[Judged]) -> list[Line]:
    return [
        Line(words, "gate", [one.gates.get(gate) for one in judged])
        for gate, words in GATES.items()
    ]


def _scores(call: CallForHosts, judged: Sequence[Judged]) -> list[Line]:
    def cell(one: Judged, criterion: Any) -> str:  # noqa: ANN401 - a criterion
        if one.rating is None:
            return _unseen(one)
        spread = one.rating.spreads[criterion]
        mean = format_decimal(round(float(spread.mean), 1))
        if spread.lowest == spread.highest:
            return str(mean)
        return f"{mean} ({spread.lowest}–{spread.highest})"

    lines = [
        Line(
            f"{words} ({call.weights[criterion]})",
            "words",
            [balance_words(one.balance, call.edition.series.region) for one in judged]
            if criterion.value == "balance"
            else [cell(one, criterion) for one in judged],
        )
        for criterion, words in CRITERIA.items()
    ]
    totals = [_total(one) for one in judged]
    return [Line(_("Total, of 100"), "total", totals), *lines]


def _unseen(one: Judged) -> str:
    """Say why no score is shown: none is given, or the reader has not, or does not, score."""
    if one.may_see_scores or one.offer.edition.status is EditionStatus.CALL_OPEN:
        return "–"
    return _("after your own") if one.may_score else _("seen by who scores")


def _total(one: Judged) -> str:
    if one.rating is None:
        return _unseen(one)
    total = format_decimal(round(float(one.rating.total), 1))
    count = one.rating.evaluator_count
    return ngettext(
        "%(total)s by %(num)d evaluator", "%(total)s by %(num)d evaluators", count, total=total
    )


def _told(judged: Sequence[Judged], section: Section, *keys: str) -> list[Line]:
    """Return what the offers say of some fields, as long as any says anything."""
    told = [one.offer.details.get(section.value, {}) for one in judged]
    return [
        Line(
            offer_page.label_of(section, key),
            "words",
            [offer_page.in_words(key, facts.get(key)) or "–" for facts in told],
        )
        for key in keys
        if any(facts.get(key) for facts in told)
    ]


def _sums(one: Judged) -> list[str]:
    """Return who bears what in each currency; whoever bears nothing of it is left out."""
    labels = (_("host"), _("group"), _("each participant"))
    return [
        f"{currency}: "
        + ", ".join(
            f"{label} {amount}"
            for label, amount in zip(labels, sums, strict=True)
            if amount != offer_page.NOTHING
        )
        for currency, sums in offer_page.costs(one.offer).sums
        if set(sums) != {offer_page.NOTHING}
    ]


def as_paper(call: CallForHosts, reader: Person, now: datetime) -> bytes:
    """Return the comparison as a PDF, as far as ``reader`` may see the scores."""
    judged = judging.judge(call, reader)
    locale = str(get_locale() or "en")
    return paper.typeset(
        "comparison.typ",
        comparison={
            "lang": locale.split("_", maxsplit=1)[0],
            "title": _("Offers to host"),
            "edition": call.edition.title,
            "date": _("as of %(day)s", day=format_date(now.date(), "long")),
            "offers": [one.offer.country.name for one in judged],
            "groups": [
                {
                    "title": str(group.title),
                    "lines": [
                        {
                            "label": str(line.label),
                            "cells": [_plain(line, cell) for cell in line.cells],
                            "stands_out": [_stands_out(line, cell) for cell in line.cells],
                        }
                        for line in group.lines
                    ],
                }
                for group in groups(call, judged, now)
            ],
            "words": {"page": _("Page"), "nothing": _("No offer yet")},
        },
    )


def _stands_out(line: Line, cell: Any) -> bool:  # noqa: ANN401 - whatever a cell holds
    """Whether a cell is set bold: a total, a condition that is not met."""
    return line.kind == "total" or (line.kind == "gate" and cell is not None and not cell.is_passed)


def _plain(line: Line, cell: Any) -> str:  # noqa: ANN401 - whatever a cell holds
    if line.kind == "gate":
        if cell is None:
            return _("not checked")
        return f"{_('passed') if cell.is_passed else _('not passed')}: {cell.evidence}"
    if line.kind == "windows":
        return "\n".join(_window(window) for window in cell)
    if line.kind == "lines":
        return "\n".join(cell) or "–"
    return str(cell)


def _window(window: offer_page.CheckedWindow) -> str:
    days = offer_page.in_days(window.dtstart, window.dtend)
    said = [window.problem] if window.problem else [clash.reason for clash in window.clashes]
    return "\n".join([days, *said])
