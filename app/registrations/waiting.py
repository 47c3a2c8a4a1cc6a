"""What waiting means for one person: the number in the queue, and for what, in words.

Both are the engine's: the number counts who is ahead by the queue's rule and waits for the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.countries import queries as countries
from app.countries.service import REGION_NAMES
from app.database import db
from app.i18n import gettext as _
from app.registrations import queries, seating
from app.registrations.models import Profile
from app.registrations.seating import Candidate
from scheduler import admission
from scheduler.admission import Entry, Order, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.registrations.models import Registration
    from app.registrations.queries import PartyState
    from app.registrations.seating import Queue, Taken
    from scheduler.admission import Cause, Decision, Limit, Rules, Seat, Waiting

_NEWCOMER = 0  # no row has this id
_LAST = (datetime.max.replace(tzinfo=UTC), _NEWCOMER)  # whoever comes, comes after all others


@dataclass(frozen=True, slots=True)
class Prospect:
    """Where somebody would stand who registered now; without a number there is a seat."""

    number: int | None = None
    waits_for: str = ""


def prospect(
    edition: Edition, person: Person | None, draft: Registration | None = None
) -> Prospect:
    """Say where ``person`` would stand who registered for ``edition`` now; nothing is changed.

    Of a visitor nothing is known that a quota counts, so theirs is the general figure.
    """
    candidate = _candidate(edition, person, draft)
    state = queries.party_of(draft) if draft is not None else None
    if state is not None and not _completes(state, draft):
        return Prospect(waits_for=_party_words(state, registering=True))
    if state is None and seating.has_seat_for(edition, candidate):
        return Prospect()
    rules = seating.rules_of(edition)
    if state is None and _is_plain(edition, rules):
        places = queries.places(edition)
        return Prospect(places.waiting_count + 1, _places_words(rules, places.seated_count))
    others = queries.waiting_with(draft) if draft is not None else ()
    newcomer = Entry(
        _NEWCOMER,
        tuple(seating.seat_of(each) for each in (candidate, *others)),
        _LAST,
        min((each.rank for each in (candidate, *others) if each.rank is not None), default=None),
    )
    queue = seating.queue_of(edition).entries
    decision = admission.decide(rules, seating.seated_of(edition), [*queue, newcomer])
    for left in decision.waiting:
        if left.entry is newcomer:
            words = _left_words(left, newcomer.seats[0], limit_words(left.limits))
            return Prospect(admission.numbers(decision)[_NEWCOMER], words)
    return Prospect()


def _completes(state: PartyState, draft: Registration | None) -> bool:
    """Whether ``draft`` is the last of its party that is not sent."""
    return state.awaited == 1 and draft is not None and not (state.undecided or state.held)


def _candidate(
    edition: Edition, person: Person | None, draft: Registration | None
) -> Candidate | Registration:
    if person is None:
        return Candidate()
    profile = db.session.get(Profile, person.id)
    code = (draft and draft.country_code) or (profile.country_code if profile else None)
    role = draft.role if draft is not None else seating.role_at(edition, person)
    return Candidate(code, role, draft.rank if draft is not None else None)


def number(registration: Registration) -> int | None:
    """Return the number in the queue of ``registration``, from 1; ``None`` unless it waits."""
    return numbers([registration]).get(registration.id)


def turn(
    registration: Registration, rules: Rules | None = None, before: Taken | None = None
) -> tuple[int | None, str]:
    """Return the number of who waits, and for what; no number where no rule applies to them yet.

    Of who came last, what was taken ``before`` says it, where everybody waits for the one thing.
    """
    edition = registration.edition
    is_alone = registration.party_id is None and not registration.is_held
    rules = rules or seating.rules_of(edition)
    if is_alone and _is_plain(edition, rules, before):
        if before is not None:
            return before.waiting_count + 1, _places_words(rules, sum(before.seated.values()))
        seated_count = queries.places(edition).seated_count
        return queries.position(registration), _places_words(rules, seated_count)
    decision, queue = seating.decide(edition, rules, whole=True)
    told = _numbers(decision, queue).get(registration.id)
    return told, _waits(decision, queue, [registration])[registration.id]


def numbers(registrations: Sequence[Registration]) -> dict[int, int]:
    """Return the number in its queue of each of these that waits."""
    waiting: dict[Edition, list[Registration]] = defaultdict(list)
    for row in registrations:
        if row.status is queries.WAITING:
            waiting[row.edition].append(row)
    found: dict[int, int] = {}
    plain = [edition for edition in waiting if _is_plain(edition, seating.rules_of(edition))]
    for edition, rows in waiting.items():
        if edition not in plain:
            found |= _engine_numbers(edition, rows)
    # By arrival, too, who is held, or waits for the rest of a party: no rule applies to them yet.
    return queries.positions([row for row in registrations if row.id not in found]) | found


def _engine_numbers(edition: Edition, rows: Sequence[Registration]) -> dict[int, int]:
    told = _numbers(*seating.decide(edition, whole=True))
    return {row.id: told[row.id] for row in rows if row.id in told}


def _numbers(decision: Decision, queue: Queue) -> dict[int, int]:
    return {
        row_id: first + place
        for entry_id, first in admission.numbers(decision).items()
        for place, row_id in enumerate(queue.members[entry_id])
    }


def _is_plain(edition: Edition, rules: Rules, found: Taken | None = None) -> bool:
    """Whether everybody waits alone for the one thing, first come, first served."""
    is_simple = rules.order is Order.TIME and not rules.quotas and not rules.reserved
    return is_simple and (found.all_alike if found else queries.all_wait_alike(edition))


# -- in words --------------------------------------------------------------------------------


def nothing(limit: Limit) -> bool:  # noqa: ARG001 - a reader's form
    """Who waits reads of their own limits alone: the others of a party are told to nobody."""
    return False


def everything(limit: Limit) -> bool:  # noqa: ARG001 - a reader's form
    """Organisers read of every limit."""
    return True


def waits(
    edition: Edition, rows: Sequence[Registration], reads: Callable[[Limit], bool] = nothing
) -> dict[int, str]:
    """Say of each of ``rows`` that waits what it waits for: "Country XAA: 3 of 3".

    ``reads`` says of which limits whoever asks may read even where others of a party draw on them.
    """
    waiting = [row for row in rows if row.status is queries.WAITING]
    if not waiting:
        return {}
    return _waits(*seating.decide(edition, whole=True), waiting, reads)


def _waits(
    decision: Decision,
    queue: Queue,
    waiting: Sequence[Registration],
    reads: Callable[[Limit], bool] = nothing,
) -> dict[int, str]:
    lefts = {
        row_id: (left, seat)
        for left in decision.waiting
        for row_id, seat in zip(queue.members[left.entry.id], left.entry.seats, strict=True)
    }
    words = limit_words(limit for left, _seat in lefts.values() for limit in left.limits)
    found = {
        row.id: _left_words(*lefts[row.id], words, reads) for row in waiting if row.id in lefts
    }
    free = {row_id for entry in decision.seated for row_id in queue.members[entry.id]}
    stopped = _("A place is free; nobody moves up while the event is postponed, or once it is over")
    found |= {row.id: stopped for row in waiting if row.id in free}
    others = [row for row in waiting if row.id not in found]
    states = queries.parties([row.party_id for row in others if row.party_id is not None])
    for row in others:
        if row.is_held or row.party_id is None:
            found[row.id] = _("Held by an organiser")
        else:
            found[row.id] = _party_words(states[row.party_id])
    return found


def _left_words(
    left: Waiting,
    seat: Seat,
    limits: Mapping[Limit, str],
    reads: Callable[[Limit], bool] = nothing,
) -> str:
    """Say to whoever has ``seat`` why an entry waits: what is full, or for whom it is kept."""
    count = len(left.entry.seats)
    told = [limit for limit in left.limits if reads(limit) or _is_own(limit, left, seat)]
    found = [_awaited_words(limit, limits[limit], left.cause) for limit in told]
    if len(told) < len(left.limits):
        found.append(_("a quota without room for the whole party"))
    words = "; ".join(found)
    if count == 1:
        return words
    if left.cause is admission.Cause.NEVER:
        return _(
            "Party of %(count)s, more than can ever come in together: %(words)s",
            count=count,
            words=words,
        )
    return _("Party of %(count)s, seated together: %(words)s", count=count, words=words)


def _is_own(limit: Limit, left: Waiting, seat: Seat) -> bool:
    """Whether ``limit`` holds up who has ``seat`` whoever the others of the party are."""
    if limit.scope is Scope.PLACES or len(left.entry.seats) == 1:
        return True
    own = {Scope.COUNTRY: seat.country, Scope.REGION: seat.region, Scope.ROLE: seat.role}
    # One that has room for one is too full for several: that would say who else draws on it.
    return own[limit.scope] == limit.key and (limit.is_full or left.cause is admission.Cause.AHEAD)


def _awaited_words(limit: Limit, words: str, cause: Cause) -> str:
    if cause is admission.Cause.AHEAD:
        return _("%(words)s, kept for who is ahead", words=words)
    free = limit.most - limit.taken
    if cause is admission.Cause.FULL and free > 0:
        return _("%(words)s, %(free)s free", words=words, free=free)
    return words


def _party_words(state: PartyState, *, registering: bool = False) -> str:
    """Say what a party that is not complete waits for; nobody of it is named."""
    whole = max(state.people, state.size or 0)
    if state.awaited:
        sent = whole - state.awaited + registering
        return _(
            "The rest of the party: %(sent)s of %(whole)s have registered", sent=sent, whole=whole
        )
    if state.undecided:
        return _(
            "The rest of the party: %(left)s of %(whole)s wait for a decision",
            left=state.undecided,
            whole=whole,
        )
    return _("The rest of the party, held by an organiser")


def limit_words(limits: Iterable[Limit]) -> dict[Limit, str]:
    """Say of each of ``limits`` how full it is; the names of countries take one query."""
    every = set(limits)
    names = countries.names_of({limit.key for limit in every if limit.scope is Scope.COUNTRY})
    return {limit: _limit_words(limit, names) for limit in every}


def _limit_words(limit: Limit, names: Mapping[str, str]) -> str:
    name = {
        Scope.PLACES: _("Places"),
        Scope.COUNTRY: names.get(limit.key, limit.key),
        Scope.REGION: _(REGION_NAMES.get(limit.key, limit.key)),
        Scope.ROLE: _("Role %(key)s", key=limit.key),
    }[limit.scope]
    return _("%(name)s: %(taken)s of %(most)s taken", name=name, taken=limit.taken, most=limit.most)


def _places_words(rules: Rules, taken: int) -> str:
    return _limit_words(admission.Limit(Scope.PLACES, "", rules.capacity or 0, taken), {})
