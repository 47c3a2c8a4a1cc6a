"""Plans and rules: 1,000 series over a century, one rule over 40 years, one that never occurs."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import product

from dateutil.rrule import rrulestr

from bench.measuring import ROUNDS, Figure, interleaved
from scheduler.errors import RecurrenceRuleError
from scheduler.planning import Action, SeriesRule, StandingEdition, plan
from scheduler.recurrence import RecurrenceRule, first_occurrence, occurrences, validate

SERIES_COUNT = 1_000
FIRST_YEAR, YEARS = 2026, 100
TODAY, UNTIL = date(FIRST_YEAR, 1, 1), FIRST_YEAR + YEARS - 1
RULE_YEARS = 40
NEVER = RecurrenceRule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", date(2027, 3, 1))


def measure() -> list[Figure]:
    """Measure the plan and the rules beneath it."""
    return [*_plans(), _one_rule(), _refusal()]


def make_rules(first_year: int, count: int) -> list[RecurrenceRule]:
    """Make rules every one to four years, each different; other years give other rules."""
    forms = product((1, 2, 3, 4), range(1, 13), (1, 2, 3, -1), ("MO", "TU", "WE", "TH", "FR", "SA"))
    made = []
    for (interval, month, ordinal, weekday), _ in zip(forms, range(count), strict=False):
        rrule = f"FREQ=YEARLY;INTERVAL={interval};BYMONTH={month};BYDAY={ordinal}{weekday}"
        made.append(RecurrenceRule(rrule, first_occurrence(rrule, date(first_year, 1, 1))))
    return made


def expand_by_dateutil(rule: RecurrenceRule, start: date, end: date) -> list[datetime]:
    """Expand as one would without an engine: read the rule, ask for the window."""
    begin, beyond = (datetime.combine(day, time.min) for day in (start, end))
    recur = rrulestr(rule.rrule, dtstart=datetime.combine(rule.dtstart, time.min))
    return recur.between(begin, beyond, inc=True)


def _plans() -> list[Figure]:
    rounds = []
    changes: list[int] = []
    for number in range(ROUNDS):
        # Rules that were not seen before: the engine keeps the last thousand that it read.
        series = [
            SeriesRule(f"series-{index}", rule, 3)
            for index, rule in enumerate(make_rules(2000 + number, SERIES_COUNT))
        ]
        standing: list[StandingEdition] = []

        def first(
            series: list[SeriesRule] = series, into: list[StandingEdition] = standing
        ) -> None:
            made = plan(series, [], today=TODAY, until=UNTIL)
            into += [
                StandingEdition(
                    f"{change.series}-{change.dtstart}",
                    change.series,
                    change.recurrence_id,
                    change.dtstart,
                    change.dtend,
                    "projected",
                    settled=False,
                )
                for change in made.changes
            ]

        def again(series: list[SeriesRule] = series, on: list[StandingEdition] = standing) -> None:
            found = plan(series, on, today=TODAY, until=UNTIL)
            assert all(change.action is Action.KEEP for change in found.changes)
            changes.append(len(found.changes))

        def expand(series: list[SeriesRule] = series) -> None:
            for each in series:
                assert each.rule is not None
                expand_by_dateutil(each.rule, TODAY, date(UNTIL + 1, 1, 1))

        rounds.append([first, again, expand])
    first_ms, again_ms, reference_ms = interleaved(rounds)
    given = f"{SERIES_COUNT:,} series over {YEARS} years, {changes[-1]:,} editions"
    reference = "dateutil: the same rules, expanded only"
    return [
        Figure("plan: the first one", given, first_ms, reference, reference_ms),
        Figure("plan: nothing to do", given, again_ms, reference, reference_ms),
    ]


def _one_rule() -> Figure:
    count = 300
    start, end = date(2026, 1, 1), date(2026 + RULE_YEARS, 1, 1)
    rounds = []
    for number in range(ROUNDS):
        rules = make_rules(2021 + number, count)

        def ours(rules: list[RecurrenceRule] = rules) -> None:
            for rule in rules:
                occurrences(rule, start, end)

        def reference(rules: list[RecurrenceRule] = rules) -> None:
            for rule in rules:
                expand_by_dateutil(rule, start, end)

        rounds.append([ours, reference])
    ours_ms, reference_ms = (taken / count for taken in interleaved(rounds))
    given = f"1 yearly rule not read before, {RULE_YEARS} years"
    return Figure("rule: read and expanded", given, ours_ms, "dateutil: the same", reference_ms)


def _refusal() -> Figure:
    count = 100

    def ours() -> None:
        for _ in range(count):
            try:
                validate(NEVER)
            except RecurrenceRuleError:
                continue
            raise AssertionError

    def reference() -> None:
        recur = rrulestr(NEVER.rrule, dtstart=datetime.combine(NEVER.dtstart, time.min))
        assert next(iter(recur), None) is None

    ours_ms, reference_ms = interleaved([[ours, reference]] * ROUNDS)
    return Figure(
        "rule: refused, since it never occurs",
        "every 30 February",
        ours_ms / count,
        "dateutil: finds no day",
        reference_ms,
    )
