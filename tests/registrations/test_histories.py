"""Random histories of the whole service against a model that is slow and obvious.

The model knows lists of people and the rules in words; it was written beside the engine, not from
it. After every step the same people sit and wait, and each change was told by one mail.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func

from app import database
from app.accounts import privacy
from app.database import db
from app.door import walk_ins
from app.editions.models import AdmissionPolicy, Edition
from app.editions.signals import capacity_changed
from app.outbox import OutboxMessage
from app.registrations import (
    delegations,
    parties,
    policy,
    queries,
    selection,
    service,
    tally,
    waiting,
)
from app.registrations.models import (
    AttendeeRole,
    Party,
    QuotaScope,
    Registration,
    SeatCount,
    WalkIns,
)
from app.registrations.seating import Candidate
from app.registrations.service import Particulars
from scheduler.admission import Order
from scheduler.errors import DomainError
from scheduler.lifecycle import EditionStatus
from scheduler.lifecycle import RegistrationStatus as S
from tests.factories import OPENING, limit, make_country, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from app.accounts.models import Person

REGION = {"XAA": "africa", "XAB": "africa", "XAC": "europe", "": ""}
CODES = [code for code in REGION if code]
SITTING = {"confirmed", "offered", "checked_in"}
ALIVE = SITTING | {"draft", "submitted", "endorsed", "returned", "waitlisted"}
MAY_WAIT = ALIVE - SITTING
POOL = 9
ROUNDS = int(os.environ.get("SYMPOSIA_TEST_HISTORIES", "20"))


class RefusedError(Exception):
    """The model says that this cannot be done."""


def insist(*conditions: object) -> None:
    if not all(conditions):
        raise RefusedError


@dataclass
class Someone:
    """One registration."""

    who: int
    status: str
    country: str
    turn: float
    role: str = "participant"
    is_held: bool = False
    is_nominee: bool = False
    is_invited: bool = False
    takes_over: bool = False  # the place of a colleague
    is_asked: bool = False  # and has accepted the terms
    rank: int | None = None
    party: list[Any] | None = None  # [size or None, whether others may join]; compared by identity


@dataclass
class Model:
    """Everybody in a list, in order of coming; everything counted again for each question."""

    policy: AdmissionPolicy
    capacity: int | None
    is_near: bool
    all: list[Someone] = field(default_factory=list)
    mails: Counter[int] = field(default_factory=Counter)
    at_most: dict[tuple[str, str], int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    order: Order = Order.TIME
    offers: bool = False
    is_open: bool = True
    time: float = 0

    # -- who is in ---------------------------------------------------------------------------

    def sitting(self) -> list[Someone]:
        return [one for one in self.all if one.status in SITTING]

    def broken(self, people: list[Someone], more: list[Someone]) -> set[tuple[str, str]]:
        """Which limits do not hold if ``more`` sit beside ``people``, and count one of them."""
        together, found = people + more, set()
        for one in more:
            for kind, key in (
                ("country", one.country),
                ("region", REGION[one.country]),
                ("role", one.role),
            ):
                most = self.at_most.get((kind, key), self.at_most.get((kind, ""))) if key else None
                if most is not None and self.count(together, kind, key) > most:
                    found.add((kind, key))
        if self.capacity is not None and (
            len(together) > self.capacity
            or (
                self.unkept(together) > self.unkept(people)
                and self.unkept(together) > max(0, self.capacity - sum(self.kept.values()))
            )
        ):
            found.add(("places", ""))
        return found

    def count(self, people: list[Someone], kind: str, key: str) -> int:
        told = {
            "country": lambda one: one.country,
            "region": lambda one: REGION[one.country],
            "role": lambda one: one.role,
        }[kind]
        return sum(told(one) == key for one in people)

    def unkept(self, people: list[Someone]) -> int:
        """How many sit on places that are kept for no role."""
        return sum(
            max(0, self.count(people, "role", role) - self.kept.get(role, 0))
            for role in {one.role for one in people}
        )

    def needed(self, group: list[Someone]) -> set[tuple[str, str]]:
        """Which limits a group draws on at all."""
        found = set()
        for one in group:
            for kind, key in (
                ("country", one.country),
                ("region", REGION[one.country]),
                ("role", one.role),
            ):
                if key and ((kind, key) in self.at_most or (kind, "") in self.at_most):
                    found.add((kind, key))
        people = self.sitting()
        if self.capacity is not None and self.unkept(people + group) > self.unkept(people):
            found.add(("places", ""))
        return found

    def groups(self) -> list[list[Someone]]:
        found = []
        for one in self.all:
            if one.status != "waitlisted" or one.is_held or any(one in group for group in found):
                continue
            if one.party is None:
                found.append([one])
                continue
            members = [each for each in self.all if each.party is one.party]
            living = [each for each in members if each.status in ALIVE]
            ready = all(
                each.status in SITTING or (each.status == "waitlisted" and not each.is_held)
                for each in living
            )
            if ready and len(living) >= (one.party[0] or 0):
                found.append([each for each in living if each.status == "waitlisted"])
        return found

    def next_of(self, left: list[list[Someone]]) -> list[Someone]:
        countries = {one.country for one in self.sitting()}

        def place(group: list[Someone]) -> tuple[Any, ...]:
            turn = max(one.turn for one in group)
            if self.order is Order.RANKING:
                ranks = [one.rank for one in group if one.rank is not None]
                return (not ranks, min(ranks, default=0), turn)
            if self.order is Order.BALANCE:
                brings_one = any(one.country and one.country not in countries for one in group)
                return (not brings_one, turn)
            return (turn,)

        return min(left, key=place)

    def fill(self) -> list[Someone]:
        left, closed, moved = self.groups(), set(), []
        while left:
            group = self.next_of(left)
            left.remove(group)
            broken = self.broken(self.sitting(), group)
            if not broken and not closed & self.needed(group):
                for one in group:
                    one.status = "offered" if self.offers or not one.is_asked else "confirmed"
                    self.mails[one.who] += 1
                moved += group
            elif not self.broken([], group):
                closed |= broken
        return moved

    # -- what is done ------------------------------------------------------------------------

    def of(self, who: int) -> Someone | None:
        return next((one for one in self.all if one.who == who and one.status in ALIVE), None)

    def add(self, who: int, status: str, country: str = "", **facts: Any) -> Someone:  # noqa: ANN401
        one = Someone(who, status, country, self.time, **facts)
        self.all.append(one)
        return one

    def drop(self, one: Someone, status: str) -> None:
        one.status = status
        if one.party is not None:
            self.shrink(one.party)

    def shrink(self, party: list[Any]) -> None:
        if party[0] is not None:
            party[0] = max(1, party[0] - 1)

    def counts_countries(self) -> bool:
        return any(kind in {"country", "region"} for kind, _key in self.at_most)

    def register(self, who: int, country: str) -> None:
        one = self.of(who)
        insist(one is None or one.status == "draft")
        insist(self.is_open or (one is not None and one.is_invited))
        one = one or self.add(who, "draft")
        if not (one.is_nominee and one.country):
            one.country = country
        one.turn, one.is_asked = self.time, True
        if self.policy is AdmissionPolicy.OPEN or one.is_invited:
            self.enter(one)
        else:
            one.status = "endorsed" if one.is_nominee else "submitted"
            self.mails[who] += 1

    def enter(self, one: Someone) -> None:
        """Come into the queue as its last; a single newcomer is offered nothing, but seated."""
        one.status = "waitlisted"
        moved = self.fill()
        if not any(each is one for each in moved):
            self.mails[one.who] += 1
        elif one.party is None:
            one.status = "confirmed"

    def draft(self, who: int) -> Someone:
        one = self.of(who)
        insist(one is None or one.status == "draft", one is not None or self.is_open)
        return one or self.add(who, "draft")

    def nominate(self, who: int, country: str) -> None:
        insist(self.is_open, self.is_free(who))
        rank = self.last_rank(country) + 1
        one = self.of(who) or self.add(who, "draft")
        one.country, one.is_nominee, one.rank = country, True, rank
        self.mails[who] += 1

    def is_free(self, who: int) -> bool:
        """Whether a country may have somebody: they have begun something on their own at most."""
        one = self.of(who)
        return one is None or (one.status == "draft" and not one.is_nominee)

    def last_rank(self, country: str) -> int:
        return max((one.rank or 0 for one in self.delegation(country)), default=0)

    def delegation(self, country: str) -> list[Someone]:
        found = [
            one
            for one in self.all
            if one.country == country
            and one.status in ALIVE
            and (one.status != "draft" or one.is_nominee)
        ]
        return sorted(found, key=lambda one: (one.rank is None, one.rank or 0, one.turn))

    def judge(self, one: Someone, target: str) -> None:
        insist(one.status == "submitted" or (one.status, target) == ("returned", "endorsed"))
        if target == "refused":
            self.drop(one, target)
        one.status = target
        self.mails[one.who] += 1
        self.fill()

    def edit(self, one: Someone, country: str) -> None:
        insist(self.is_open or one.is_invited or one.takes_over)
        counts = one.status in SITTING | {"waitlisted"}
        if country != one.country:
            insist(
                not (one.is_nominee and one.country),
                one.status != "endorsed",
                not (counts and one.country),
            )
            insist(not (counts and self.needs_country()))
            one.country = country
        if one.status == "returned":
            if self.policy is AdmissionPolicy.OPEN:
                one.status = "waitlisted"
                if not any(each is one for each in self.fill()):
                    self.mails[one.who] += 1
            else:
                one.status = "endorsed" if one.is_nominee else "submitted"
                self.mails[one.who] += 1
        self.fill()

    def needs_country(self) -> bool:
        return self.policy is AdmissionPolicy.NOMINATION or self.counts_countries()

    def rank(self, one: Someone, place: int) -> None:
        others = [each for each in self.delegation(one.country) if each is not one]
        others.insert(max(0, min(place - 1, len(others))), one)
        for number, each in enumerate(others, start=1):
            each.rank = number
        self.fill()

    def replace(self, one: Someone, who: int) -> None:
        insist(self.is_free(who))
        status = {"waitlisted": "waitlisted"}.get(one.status, "draft")
        colleague = self.of(who) or self.add(who, "draft")
        left, colleague.party = colleague.party, one.party
        colleague.status = "offered" if one.status in SITTING else status
        colleague.country, colleague.role, colleague.rank = one.country, one.role, one.rank
        colleague.is_held, colleague.is_nominee, colleague.takes_over = one.is_held, True, True
        colleague.turn = one.turn
        one.party, one.status = None, "replaced"
        self.mails[one.who] += 1
        self.mails[who] += 1
        if left is not None:
            self.shrink(left)
            self.fill()

    def cancel(self, one: Someone) -> None:
        self.drop(one, "cancelled")
        self.mails[one.who] += 1
        self.fill()

    def decide(self, chosen: list[Someone], act: str) -> None:
        allowed = {"submitted", "endorsed", "waitlisted"}
        allowed |= set() if act == "decline" else {"draft", "offered"}
        insist(all(one.status in allowed for one in chosen))
        before = {id(one): (one.status, one.is_held) for one in chosen}
        for one in chosen:
            if act == "decline":
                self.drop(one, "not_selected")
                self.mails[one.who] += 1
            else:
                one.status, one.is_held = "waitlisted", act == "wait"
        moved = self.fill()
        for one in chosen:
            is_new = before[id(one)] != (one.status, one.is_held)
            if one.status == "waitlisted" and is_new and not any(one is each for each in moved):
                self.mails[one.who] += 1

    def form(self, who: int, size: int) -> None:
        one = self.of(who)
        insist(one is not None or self.is_open)
        insist(one is None or one.status in MAY_WAIT)
        one = one or self.draft(who)
        if one.party is None:
            one.party = [size, True]
        insist(one.party[1])
        one.party[0] = max(size, len(self.members(one.party)))
        self.fill()

    def members(self, party: list[Any]) -> list[Someone]:
        return [one for one in self.all if one.party is party and one.status in ALIVE]

    def join(self, who: int, other: Someone) -> None:
        one, party = self.of(who), other.party
        insist(one is not None or self.is_open)
        insist(one is None or one.status in MAY_WAIT)
        if one is not None and one.party is party:
            return
        insist(one is None or one.party is None)
        insist(party is not None and party[1])
        members = self.members(party)
        insist(members, not any(each.status in SITTING for each in members))
        insist(len(members) < (party[0] or 10))
        one = one or self.draft(who)
        one.party = party
        self.fill()

    def leave(self, chosen: list[Someone], *, tells: bool) -> None:
        insist(chosen, all(one.party is not None and one.status in MAY_WAIT for one in chosen))
        for one in chosen:
            self.shrink(one.party)
            one.party = None
            self.mails[one.who] += tells
        self.fill()

    def go_on(self, one: Someone) -> None:
        insist(one.party is not None and one.status in MAY_WAIT - {"draft", "returned"})
        insist(one.party[1])
        self.close_party(one.party)
        self.fill()

    def close_party(self, party: list[Any]) -> None:
        for each in self.members(party):
            if each.status in {"draft", "returned"}:
                each.party = None
                self.mails[each.who] += 1
        party[0], party[1] = None, False

    def bind(self, chosen: list[Someone]) -> None:
        insist(len(chosen) > 1, all(one.status in MAY_WAIT for one in chosen))
        party = [None, False]
        for one in chosen:
            if one.party is not None:
                self.shrink(one.party)
            one.party = party
            self.mails[one.who] += 1
        self.fill()

    def invite(self, who: int, country: str, *, keeps: bool) -> None:
        one = self.of(who)
        insist(one is None or (one.status == "draft" and not one.is_invited))
        if one is not None and one.is_nominee and one.country:
            country = one.country
        if keeps:
            insist(self.has_place_for(Someone(who, "waitlisted", country, self.time)))
        one = one or self.add(who, "draft")
        one.country, one.role, one.is_invited = country, "participant", True
        self.mails[who] += 1
        if keeps:
            left, one.party, one.status = one.party, None, "offered"
            if left is not None:
                self.shrink(left)
                self.fill()

    def has_place_for(self, one: Someone) -> bool:
        self.all.append(one)
        moved = self.fill()
        self.all.remove(one)
        self.mails[one.who] -= sum(each is one for each in moved)
        return any(each is one for each in moved)

    def walk_in(self, who: int, country: str, rule: WalkIns) -> None:
        insist(self.is_near, rule is not WalkIns.NEVER)
        one = self.of(who)
        if one is None:
            one = self.add(who, "submitted", country, is_asked=True)
            if rule is WalkIns.APPROVAL:
                self.mails[who] += 1
            else:
                self.enter(one)
        if one.status == "confirmed":
            one.status = "checked_in"

    def lapse(self) -> None:
        for one in [each for each in self.all if each.status == "offered"]:
            self.drop(one, "cancelled")
            self.mails[one.who] += 1
            self.fill()

    def close_late(self) -> None:
        if self.is_open:
            return
        for one in [each for each in self.all if each.party is not None]:
            is_late = one.status in {"draft", "returned"} and not one.is_invited
            if one.status in MAY_WAIT and one.party is not None and (is_late or one.party[1]):
                self.close_party(one.party)
        self.fill()

    def change(self, policy_: AdmissionPolicy, capacity: int | None) -> None:
        opens = policy_ is AdmissionPolicy.OPEN is not self.policy
        is_same = (policy_, capacity) == (self.policy, self.capacity)
        self.policy, self.capacity = policy_, capacity
        undecided = [one for one in self.all if one.status in {"submitted", "endorsed"}]
        if opens and undecided:
            self.decide(undecided, "accept")
        elif not is_same:
            self.fill()

    def erase(self, who: int) -> None:
        one = self.of(who)
        if one is not None:
            self.drop(one, "cancelled")
        self.all = [each for each in self.all if each.who != who]
        self.fill()


ACTS = (
    "register", "register", "register", "draft", "nominate", "endorse", "return", "refuse", "edit",
    "rank", "replace", "cancel", "accept", "accept_many", "wait", "decline", "form", "join", "join",
    "leave", "go_on", "bind", "part", "invite", "keep", "walk_in", "take", "lapse", "limits",
    "change", "close", "close_late", "role", "erase",
)  # fmt: skip
steps = st.lists(
    st.tuples(st.sampled_from(ACTS), *[st.integers(0, POOL - 1)] * 3), min_size=1, max_size=30
)
QUOTAS: tuple[list[tuple[QuotaScope, str, int]], ...] = (
    [],
    [],
    [(QuotaScope.COUNTRY, "", 1)],
    [(QuotaScope.COUNTRY, "", 2), (QuotaScope.COUNTRY, "XAA", 1)],
    [(QuotaScope.REGION, "africa", 2)],
    [(QuotaScope.ROLE, "participant", 2)],
    [(QuotaScope.RESERVED, "speaker", 1)],
    [(QuotaScope.RESERVED, "speaker", 2), (QuotaScope.COUNTRY, "", 2)],
    [(QuotaScope.COUNTRY, "XAB", 0)],
)
CAPACITIES = (None, 1, 2, 2, 3, 3, 4, 5, 6)
ROLES = ("participant", "participant", "speaker")


class History:
    """The service and the model, side by side."""

    def __init__(self, policy_: AdmissionPolicy, capacity: int | None, *, is_near: bool) -> None:
        self.now: datetime = OPENING
        self.by = make_person()
        away = timedelta(days=1 if is_near else 400)
        self.edition = make_edition(
            capacity=capacity, admission_policy=policy_, dtstart=OPENING.date() + away
        )
        self.people: list[Person] = [make_person(name="Somebody") for _ in range(POOL)]
        self.model = Model(policy_, capacity, is_near)
        self.walk_ins = WalkIns.NEVER
        db.session.commit()

    def run(self, act: str, a: int, b: int, c: int) -> None:
        """Do one thing in both; they refuse the same, and end the same."""
        if act == "lapse" and self.model.is_near:
            return  # no day is left before the event
        self.now += timedelta(days=30) if act == "lapse" else timedelta(minutes=1)
        self.model.time += 1
        self.model.mails.clear()
        last = db.session.query(func.max(OutboxMessage.id)).scalar() or 0
        rows = self.rows()
        alive = [one for one in self.model.all if one.status in ALIVE]
        chosen = [alive[n % len(alive)] for n in dict.fromkeys((a, b, c))] if alive else []
        chosen = list({id(one): one for one in chosen}.values())
        at = {id(one): row for one, row in zip(self.model.all, rows, strict=True)}
        given_ = [at[id(one)] for one in chosen]
        try:
            is_told = self.expect(act, a, b, c, chosen)
        except RefusedError:
            is_told = False
        if is_told is None:
            return
        try:
            self.do(act, a, b, c, given_)
            db.session.commit()
        except DomainError as refusal:
            db.session.rollback()
            refused = type(refusal).__name__
        else:
            refused = ""
        assert (act, bool(refused)) == (act, not is_told), refused
        self.compare(last, is_told=is_told)

    def expect(self, act: str, a: int, b: int, c: int, chosen: list[Someone]) -> bool | None:  # noqa: C901, PLR0912 - a line an act
        """Do it in the model; ``None`` where there is nobody to do it with."""
        model, one = self.model, chosen[0] if chosen else None
        match act:
            case "register":
                model.register(a, CODES[b % 3])
            case "draft":
                model.draft(a)
            case "nominate":
                model.nominate(a, CODES[b % 3])
            case "invite" | "keep":
                model.invite(a, CODES[b % 3], keeps=act == "keep")
            case "walk_in":
                model.walk_in(a, CODES[b % 3], self.walk_ins)
            case "lapse":
                model.lapse()
            case "limits":
                quotas = QUOTAS[a]
                self.walk_ins = tuple(WalkIns)[c % 3]
                model.kept = {key: n for kind, key, n in quotas if kind == "reserved"}
                model.at_most = {
                    (kind.value, key): n for kind, key, n in quotas if kind != "reserved"
                }
                model.order, model.offers = tuple(Order)[b % 3], c % 2 == 1
                model.fill()
            case "change":
                model.change(tuple(AdmissionPolicy)[a % 3], CAPACITIES[b])
            case "close":
                model.is_open = not model.is_open
                if model.is_open:
                    model.fill()
            case "close_late":
                model.close_late()
            case "form":
                model.form(a, 2 + b % 3)
            case "erase":
                model.erase(a)
            case _:
                if one is None:
                    return None
                return self.expect_of(act, b, chosen)
        return True

    def expect_of(self, act: str, b: int, chosen: list[Someone]) -> bool | None:  # noqa: C901, PLR0912 - as above
        model, one = self.model, chosen[0]
        if act in {"cancel", "edit", "replace"}:
            insist(one.status != "checked_in")
        match act:
            case "endorse" | "return" | "refuse":
                model.judge(one, {"endorse": "endorsed", "refuse": "refused"}.get(act, "returned"))
            case "edit":
                model.edit(one, ["", *CODES][b % 4])
            case "rank":
                if one not in model.delegation(one.country) or not one.country:
                    return None
                model.rank(one, b)
            case "replace":
                model.replace(one, b)
            case "cancel":
                model.cancel(one)
            case "accept" | "wait" | "decline":
                model.decide([one], act)
            case "accept_many":
                model.decide(chosen, "accept")
            case "join":
                if one.party is None:
                    return None
                model.join(b, one)
            case "leave":
                model.leave([one], tells=False)
            case "part":
                model.leave(chosen, tells=True)
            case "go_on":
                model.go_on(one)
            case "bind":
                model.bind(chosen)
            case "take":
                insist(one.status == "offered")
                one.status, one.is_asked = "confirmed", True
                model.mails[one.who] += 1
            case "role":
                one.role = ROLES[b % 3]
                model.fill()
        return True

    def do(self, act: str, a: int, b: int, c: int, rows: list[Registration]) -> None:  # noqa: C901, PLR0912 - as above
        edition = db.session.get_one(Edition, self.edition.id)
        country = db.session.get_one(type(make_country("XAA")), CODES[b % 3])
        by, person = {"by": self.by, "now": self.now}, self.people[a]
        told = Particulars(country_code=country.code)
        match act:
            case "register":
                service.register(edition, person, now=self.now, told=told)
            case "draft":
                standing = queries.find(edition, person)
                code = standing.country_code if standing else None
                told = Particulars(country_code=code)
                service.save_draft(edition, person, told, now=self.now)
            case "nominate":
                delegations.nominate(edition, country, person.email, "", **by)
            case "invite" | "keep":
                keeps = {"keeps_place": act == "keep", "reason": "Needed"}
                selection.invite(edition, person.email, Candidate(country.code), **keeps, **by)
            case "walk_in":
                visitor = walk_ins.Visitor(
                    f"{edition.id} {self.now}", "Name", person.email, country.code
                )
                day = edition.dtstart
                walk_ins.take_in(edition, visitor, day, seen_at=self.now, **by)
            case "lapse":
                service.lapse_offers(now=self.now, edition=edition)
            case "limits":
                how = {"order": tuple(Order)[b % 3], "answer_days": 2 if c % 2 else None}
                limit(edition, *QUOTAS[a], walk_ins=self.walk_ins, **how, **by)
            case "change":
                policy.change(edition, tuple(AdmissionPolicy)[a % 3], CAPACITIES[b], **by)
            case "close":
                self.turn(edition)
            case "close_late":
                parties.close_late(now=self.now)
            case "form":
                parties.form(edition, person, 2 + b % 3, now=self.now)
            case "erase":
                privacy.erase(person, by=None, now=self.now)
                self.people[a] = make_person(name="Somebody")
            case _:
                self.do_with(act, b, rows, by)

    def turn(self, edition: Edition) -> None:
        """Close registration, or open it again, as the organisers' acts do."""
        database.write(edition)
        is_open = edition.status is EditionStatus.REGISTRATION_OPEN
        edition.status = (
            EditionStatus.REGISTRATION_CLOSED if is_open else EditionStatus.REGISTRATION_OPEN
        )
        db.session.flush()
        if not is_open:
            capacity_changed.send(None, edition=edition, now=self.now)

    def end(self) -> None:
        """Leave nothing for the jobs to do at this edition."""
        db.session.rollback()
        edition = db.session.get_one(Edition, self.edition.id)
        database.write(edition)
        edition.status = EditionStatus.CANCELLED
        db.session.commit()

    def do_with(self, act: str, b: int, rows: list[Registration], by: dict[str, Any]) -> None:  # noqa: C901, PLR0912 - as above
        row = rows[0]
        why = {"reason": "For a reason"}
        match act:
            case "endorse" | "return" | "refuse":
                target = {"endorse": S.ENDORSED, "refuse": S.REFUSED}.get(act, S.RETURNED)
                delegations.judge(row, target, **why, **by)
            case "edit":
                told = Particulars(country_code=["", *CODES][b % 4] or None)
                service.change(row, told, **by)
            case "rank":
                delegations.put_at(row, make_country(row.country_code), b, **by)
            case "replace":
                delegations.replace(row, self.people[b].email, "", **by)
            case "cancel":
                service.cancel(row, **by)
            case "accept" | "wait" | "decline":
                selection.decide_many(row.edition, [row], act, **why, **by)
            case "accept_many":
                selection.decide_many(row.edition, rows, "accept", **why, **by)
            case "join":
                parties.join(db.session.get_one(Party, row.party_id), self.people[b], now=self.now)
            case "leave":
                parties.leave(row, **by)
            case "part":
                parties.take_out(row.edition, rows, **by)
            case "go_on":
                parties.go_on(row, **by)
            case "bind":
                parties.bind(row.edition, rows, **by)
            case "take":
                service.accept_offer(row, **by)
            case "role":
                selection.set_role(row, AttendeeRole(ROLES[b % 3]), **by)

    def rows(self) -> list[Registration]:
        return (
            db.session.query(Registration)
            .filter_by(edition_id=self.edition.id)
            .order_by(Registration.id)
            .all()
        )

    def compare(self, last: int, *, is_told: bool) -> None:
        rows = self.rows()
        number = {person.id: n for n, person in enumerate(self.people)}
        service_says = [
            (
                number[row.person_id],
                row.status.value,
                row.country_code or "",
                row.role.value,
                row.is_held,
                row.rank,
            )
            for row in rows
        ]
        model_says = [
            (one.who, one.status, one.country, one.role, one.is_held, one.rank)
            for one in self.model.all
        ]
        assert service_says == model_says
        living = [n for n, one in enumerate(self.model.all) if one.status in ALIVE]
        assert together((n, rows[n].party_id) for n in living) == together(
            (n, id(self.model.all[n].party) if self.model.all[n].party else None) for n in living
        )
        mails = Counter(
            mail.to_address
            for mail in db.session.query(OutboxMessage).filter(OutboxMessage.id > last)
        )
        expected = Counter(
            {self.people[who].email: count for who, count in self.model.mails.items() if count > 0}
        )
        assert mails == (expected if is_told else Counter())
        self.check_counts(rows)

    def check_counts(self, rows: list[Registration]) -> None:
        """The tally is what the rows say, and whoever waits is told a number and why."""
        kept = {
            (row.country_code, row.role, row.seated_count, row.waiting_count)
            for row in db.session.query(SeatCount).filter_by(edition_id=self.edition.id)
            if row.seated_count or row.waiting_count
        }
        mine = tally.counted().where(Registration.edition_id == self.edition.id)
        assert kept == {tuple(row)[1:] for row in db.session.execute(mine)}
        waits = [row for row in rows if row.status is S.WAITLISTED]
        told, numbers = waiting.waits(self.edition, rows), waiting.numbers(rows)
        assert set(told) == set(numbers) == {row.id for row in waits}
        assert all(told.values())
        assert all(numbers.values())


def together(pairs: Iterable[tuple[int, int | None]]) -> set[frozenset[int]]:
    """Return who shares a party with whom."""
    found: dict[int, set[int]] = {}
    for number, party in pairs:
        if party is not None:
            found.setdefault(party, set()).add(number)
    return {frozenset(group) for group in found.values()}


@pytest.fixture(autouse=True)
def _countries() -> None:
    for code in CODES:
        make_country(code, region=REGION[code])


@settings(
    max_examples=ROUNDS,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(AdmissionPolicy), st.sampled_from(CAPACITIES), st.booleans(), steps)
def test_over_any_history_the_service_seats_whom_the_obvious_model_seats(
    policy_: AdmissionPolicy,
    capacity: int | None,
    is_near: bool,  # noqa: FBT001 - as hypothesis gives it
    history: list[tuple[str, int, int, int]],
) -> None:
    side_by_side = History(policy_, capacity, is_near=is_near)
    try:
        for step in history:
            side_by_side.run(*step)
    finally:
        side_by_side.end()
