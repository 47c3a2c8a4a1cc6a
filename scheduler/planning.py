"""Plans: what has to change so that the editions of every series follow its rule.

A plan is a value. Nobody is asked and nothing is saved; planning an applied plan yields no
change.

>>> rule = RecurrenceRule("FREQ=YEARLY;INTERVAL=3;BYMONTH=3;BYDAY=1TU", date(2024, 3, 5))
>>> ahead = plan([SeriesRule("symposium", rule, 3)], [], today=date(2026, 1, 1), until=2030)
>>> for change in ahead.pending:
...     print(change.action, change.dtstart, change.reason)
create 2027-03-02 new: every 3 years, first Tuesday of March
create 2030-03-05 new: every 3 years, first Tuesday of March
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scheduler.recurrence import RecurrenceRule, describe, occurrences_of_years, period_days
from scheduler.rrule_parts import read_recur
from scheduler.timespan import check_year, day_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet


class Action(StrEnum):
    """What a plan does with an edition."""

    CREATE = "create"
    MOVE = "move"
    KEEP = "keep"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """A series by its slug, its rule if it has one, and how many days an edition takes."""

    series: str
    rule: RecurrenceRule | None
    length_days: int


class StandingEdition(NamedTuple):
    """An edition as it stands today, by its slug; ``dtend`` is exclusive.

    ``recurrence_id`` is the occurrence that it was projected from (RFC 5545 §3.8.4.4), wherever
    it was moved since, and ``None`` for an edition added by hand. A settled one follows no rule.
    """

    edition: str
    series: str
    recurrence_id: date | None
    dtstart: date
    dtend: date
    status: str
    settled: bool


@dataclass(frozen=True, slots=True)
class Override:
    """What people decided about one occurrence: other days, or none where ``dtstart`` is ``None``.

    ``dtend`` is exclusive; ``None`` leaves the usual length. An override outlives a change of
    the rule: it then holds for the nearest occurrence within half a period.
    """

    series: str
    recurrence_id: date
    dtstart: date | None
    dtend: date | None
    reason: str


class Change(NamedTuple):
    """One line of a plan: an edition, its days ``[dtstart, dtend)`` to be, and why.

    ``edition`` is ``None`` for one to create; ``was`` is the days it has now, for a move. A move
    can keep the days and change ``recurrence_id`` alone.
    """

    action: Action
    series: str
    edition: str | None
    recurrence_id: date | None
    dtstart: date
    dtend: date
    reason: str
    was: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes by day, those that keep an edition as it is included."""

    changes: tuple[Change, ...]

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that have something to apply."""
        return tuple(change for change in self.changes if change.action != Action.KEEP)


def plan(
    series: Sequence[SeriesRule],
    editions: Sequence[StandingEdition],
    overrides: Sequence[Override] = (),
    *,
    today: date,
    until: int,
) -> Plan:
    """Compare ``editions`` with the rules of their series, up to the end of the year ``until``.

    Occurrences and editions are paired by ``recurrence_id``. An edition that this leaves over
    takes the nearest occurrence left over, within half a period, and keeps its identity; what is
    then left is created or retired. Settled editions, those that began before ``today`` and those
    added by hand are kept where they are; the first two use up an occurrence all the same.
    Nothing is created before ``today``, and a series without a rule keeps what it has.

    Raises:
        RecurrenceRuleError: a rule is refused by `recurrence.validate`.
        YearError: ``until`` is outside 1 to 9999.
    """
    check_year(until)
    standing = defaultdict(list)
    for edition in editions:
        # Where an edition belongs is its occurrence, wherever people moved it.
        if (edition.recurrence_id or edition.dtstart).year <= until:
            standing[edition.series].append(edition)
    decided = defaultdict(list)
    for override in overrides:
        if override.recurrence_id.year <= until:
            decided[override.series].append(override)
    changes = []
    for each in series:
        editions_of, overrides_of = standing[each.series], decided[each.series]
        if each.rule is None:
            changes += [_keep(edition, _why_unruled(edition)) for edition in editions_of]
        else:
            ruled = _SeriesPlan(each, each.rule, today, until)
            changes += ruled.changes(editions_of, overrides_of)
    changes.sort(key=lambda change: (change.dtstart, change.series, change.edition or ""))
    return Plan(tuple(changes))


def is_in_step(
    series: SeriesRule, editions: Sequence[StandingEdition], *, today: date, until: int
) -> bool:
    """Whether `plan` finds nothing to do for ``series``, of which nothing was decided by hand.

    A look at what nearly every series is like: each edition has an occurrence of the rule, and
    each occurrence ahead its edition. It takes a tenth of a plan's time, and is never wrongly
    true; where it is false, a plan may still find nothing to do.
    """
    check_year(until)
    if series.rule is None:
        return True
    start = _first_day(min([today, *_rids(editions)]), _reach(series.rule))
    days = _days_of_years(series.rule, start.year, until)
    length = timedelta(days=series.length_days)
    used, added = set(), set()
    for _, _, rid, dtstart, dtend, _, settled in editions:
        if (rid or dtstart).year > until:
            continue
        if rid is None:
            added.add(dtstart)
            continue
        follows = dtstart == rid and dtend - dtstart == length
        if rid not in days or rid in used or not (follows or settled or dtstart < today):
            return False
        used.add(rid)
    return all(day < today or day in used or day in added for day in days)


def _first_day(first: date, reach: int) -> date:
    """Return the first day whose occurrence may be paired with something on ``first``."""
    return date.fromordinal(max(1, first.toordinal() - reach))


# Both are kept, since every look at the plan asks for the same again.
@lru_cache(maxsize=2048)
def _reach(rule: RecurrenceRule) -> int:
    """Return how far an edition may lie from its occurrence: half a period, in days."""
    return period_days(rule) // 2


@lru_cache(maxsize=2048)
def _days_of_years(rule: RecurrenceRule, first: int, last: int) -> frozenset[date]:
    return frozenset(occurrences_of_years(rule, first, last)) if first <= last else frozenset()


@dataclass(slots=True)
class _SeriesPlan:
    """The planning of one series."""

    series: SeriesRule
    rule: RecurrenceRule
    today: date
    until: int
    _words: str = ""

    def changes(
        self, editions: Sequence[StandingEdition], overrides: Sequence[Override]
    ) -> list[Change]:
        """Return the changes, in no order."""
        reach = _reach(self.rule)
        days = self._occurrences(editions, overrides, reach)
        by_hand: list[StandingEdition] = []
        fixed: list[StandingEdition] = []
        following: list[StandingEdition] = []
        for edition in editions:
            if edition.recurrence_id is None:
                by_hand.append(edition)
            elif edition.settled or edition.dtstart < self.today:
                fixed.append(edition)
            else:
                following.append(edition)
        changes = [_keep(edition, _why_fixed(edition)) for edition in by_hand + fixed]
        held = _pair([override.recurrence_id for override in overrides], days, days, reach)
        decided = {day: overrides[index] for index, day in held.items()}

        left = days.difference(_pair(_rids(fixed), days, days, reach).values())
        ahead = {day for day in left if day >= self.today}
        pairs = _pair(_rids(following), left, ahead, reach)
        for index, edition in enumerate(following):
            if index in pairs:
                changes.append(self._follow(edition, pairs[index], decided.get(pairs[index])))
            else:
                changes.append(_retire(edition, self._why_gone(edition, days)))
        left.difference_update(pairs.values())
        # What people added on an occurrence's own day is that occurrence.
        left.difference_update(edition.dtstart for edition in by_hand)
        for day in left:
            changes += self._create(day, decided.get(day))
        return changes

    def _occurrences(
        self, editions: Sequence[StandingEdition], overrides: Sequence[Override], reach: int
    ) -> set[date]:
        """Return the occurrences that an edition or override can be paired with, or be created."""
        decided = (override.recurrence_id for override in overrides)
        start = _first_day(min([self.today, *_rids(editions), *decided]), reach)
        days = _days_of_years(self.rule, start.year, self.until)
        return {day for day in days if day >= start}

    def _follow(self, edition: StandingEdition, day: date, override: Override | None) -> Change:
        """Return what makes ``edition`` follow its occurrence ``day``."""
        if override and override.dtstart is None:
            return _retire(edition, f"retired: skipped: {override.reason}")
        dtstart, dtend = self._span(day, override)
        was = edition.dtstart, edition.dtend
        if was == (dtstart, dtend) and edition.recurrence_id == day:
            words = f"moved by hand: {override.reason}" if override else "as the rule says"
            return _keep(edition, f"kept: {words}")
        if override:
            reason = f"moved: by hand: {override.reason}"
        elif edition.recurrence_id != day:
            reason = f"moved: the rule now says {self._say_rule()}"
        elif edition.dtstart == dtstart:
            days = self.series.length_days
            reason = f"moved: the length is now {days} day{'' if days == 1 else 's'}"
        else:
            reason = f"moved: back to the rule, {self._say_rule()}"
        return Change(
            Action.MOVE, edition.series, edition.edition, day, dtstart, dtend, reason, was
        )

    def _create(self, day: date, override: Override | None) -> Iterable[Change]:
        if override and override.dtstart is None:
            return
        dtstart, dtend = self._span(day, override)
        if dtstart >= self.today:
            reason = f"new: {self._say_rule()}"
            if override:
                reason += f"; moved by hand: {override.reason}"
            yield Change(Action.CREATE, self.series.series, None, day, dtstart, dtend, reason)

    def _span(self, day: date, override: Override | None) -> tuple[date, date]:
        dtstart = override.dtstart if override and override.dtstart else day
        if override and override.dtend:
            return dtstart, override.dtend
        return dtstart, day_after(dtstart, self.series.length_days)

    def _why_gone(self, edition: StandingEdition, days: AbstractSet[date]) -> str:
        recur, rid = read_recur(self.rule.rrule), edition.recurrence_id
        if rid in self.rule.exdates:
            return "retired: excepted from the rule"
        if rid in days:
            return "retired: another edition has its occurrence"
        if not days or (rid and rid > max(days)):
            if recur.count:
                return "retired: beyond COUNT"
            if recur.until:
                return "retired: beyond UNTIL"
        return "retired: the rule no longer falls here"

    def _say_rule(self) -> str:
        # Once for a hundred years of editions, and not at all where there is nothing to say.
        self._words = self._words or describe(self.rule)
        return self._words


def _why_fixed(edition: StandingEdition) -> str:
    if edition.settled:
        return f"kept: {edition.status.replace('_', ' ')}"
    return "kept: added by hand" if edition.recurrence_id is None else "kept: in the past"


def _why_unruled(edition: StandingEdition) -> str:
    if edition.settled or edition.recurrence_id is None:
        return _why_fixed(edition)
    return "kept: the series has no rule"


def _keep(edition: StandingEdition, reason: str) -> Change:
    return _as_it_stands(Action.KEEP, edition, reason)


def _retire(edition: StandingEdition, reason: str) -> Change:
    return _as_it_stands(Action.RETIRE, edition, reason)


def _as_it_stands(action: Action, edition: StandingEdition, reason: str) -> Change:
    return Change(
        action,
        edition.series,
        edition.edition,
        edition.recurrence_id,
        edition.dtstart,
        edition.dtend,
        reason,
    )


def _rids(editions: Iterable[StandingEdition]) -> list[date]:
    return [edition.recurrence_id for edition in editions if edition.recurrence_id]


def _pair(
    wanted: Sequence[date], days: AbstractSet[date], near: AbstractSet[date], reach: int
) -> dict[int, date]:
    """Pair each index of ``wanted`` with one of ``days``: the same, else the nearest of ``near``.

    The nearest pairs come first and no day is paired twice; ``reach`` is the farthest, in days.
    """
    pairs: dict[int, date] = {}
    taken: set[date] = set()
    over = []
    for index, day in enumerate(wanted):
        if day in days and day not in taken:
            pairs[index] = day
            taken.add(day)
        else:
            over.append(index)
    if not over:
        return pairs
    free = sorted(near - taken)
    distances = []
    for index in over:
        ordinal = wanted[index].toordinal()
        first = bisect_left(free, ordinal - reach, key=date.toordinal)
        last = bisect_right(free, ordinal + reach, key=date.toordinal)
        distances += [(abs(day.toordinal() - ordinal), day, index) for day in free[first:last]]
    for _, day, index in sorted(distances):
        if index not in pairs and day not in taken:
            pairs[index] = day
            taken.add(day)
    return pairs
