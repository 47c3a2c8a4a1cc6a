"""Roles over time: nobody ends up with more than they were rightly given."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select

from app import audit, database
from app.accounts import grants, queries, service, sessions
from app.accounts.grants import Offer
from app.accounts.models import Grant, Invitation, Method, Person, Role, SignIn
from app.database import db
from scheduler.errors import DomainError, NotFoundError, PermissionDeniedError
from tests.factories import OPENING, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

CONTACT = Offer(Role.NATIONAL_CONTACT, "XAA")
DEPUTY = Offer(Role.NATIONAL_CONTACT, "XAA", is_deputy=True)
DAY = timedelta(days=1)
NOW = OPENING + DAY


@pytest.fixture
def organiser() -> Person:
    return make_person("organiser@example.org", role=Role.ORGANISER)


def standing(person: Person, now: datetime = NOW) -> list[tuple[Role, str]]:
    return [(grant.role, grant.scope_key) for grant in person.grants if grant.holds(now)]


def taken(email: str, offer: Offer, by: Person) -> Grant:
    """Invite an address and accept for it."""
    _invitation, token = grants.invite(email, offer, by=by, now=NOW)
    return grants.accept(token, make_person(email), now=NOW)


def test_an_invitation_is_taken_once_by_the_address_it_went_to(organiser: Person) -> None:
    _invitation, token = grants.invite("New@Example.org", CONTACT, by=organiser, now=NOW)
    stranger, invited = make_person(), make_person("new@example.org")
    with pytest.raises(grants.InvitationError):
        grants.accept(token, stranger, now=NOW)
    grants.accept(token, invited, now=NOW)
    assert standing(invited) == [(Role.NATIONAL_CONTACT, "XAA")]
    for again in (invited, stranger):
        with pytest.raises(grants.InvitationError):
            grants.accept(token, again, now=NOW)


def test_used_expired_withdrawn_forged_and_foreign_invitations_read_the_same(
    organiser: Person,
) -> None:
    invited = make_person("new@example.org")
    committee = Offer(Role.COMMITTEE)
    withdrawn, withdrawn_token = grants.invite(invited.email, committee, by=organiser, now=NOW)
    grants.withdraw(withdrawn, by=organiser, now=NOW)
    _foreign, foreign = grants.invite("other@example.org", committee, by=organiser, now=NOW)
    _expired, expired = grants.invite(
        invited.email, Offer(Role.VISA_OFFICER, "symposium-2027"), by=organiser, now=NOW - 14 * DAY
    )
    _used, used = grants.invite(invited.email, CONTACT, by=organiser, now=NOW)
    grants.accept(used, invited, now=NOW)
    sentences = set()
    for token in (withdrawn_token, foreign, expired, used, "forged"):
        with pytest.raises(grants.InvitationError) as refusal:
            grants.find_open(token, invited, now=NOW)
        sentences.add(str(refusal.value))
    assert len(sentences) == 1


def test_a_link_sent_again_ends_the_one_before(organiser: Person) -> None:
    invited = make_person("new@example.org")
    invitation, first = grants.invite(invited.email, CONTACT, by=organiser, now=NOW - 20 * DAY)
    second = grants.resend(invitation, by=organiser, now=NOW)
    with pytest.raises(grants.InvitationError):
        grants.accept(first, invited, now=NOW)
    grants.accept(second, invited, now=NOW + 13 * DAY)
    assert standing(invited) == [(Role.NATIONAL_CONTACT, "XAA")]


def test_nobody_sends_the_invitation_of_anothers_organiser_and_so_vouches_for_them(
    organiser: Person,
) -> None:
    second, other = make_person("second@example.org"), make_person(role=Role.ORGANISER)
    offer = grants.Offer(Role.ORGANISER)
    invitation, token = grants.invite(second.email, offer, by=organiser, now=NOW)
    with pytest.raises(grants.OthersInvitationError, match="invite the address yourself"):
        grants.resend(invitation, by=other, now=NOW)
    grants.accept(token, second, now=NOW)
    assert not grants.are_two(organiser, second, NOW)
    assert grants.are_two(other, second, NOW)


def test_whoever_lost_the_right_to_give_a_role_has_not_given_it(organiser: Person) -> None:
    other, invited = make_person(role=Role.ORGANISER), make_person("new@example.org")
    _invitation, token = grants.invite(invited.email, CONTACT, by=other, now=NOW)
    grants.end(other.grants[0], reason="Left", by=organiser, now=NOW)
    with pytest.raises(grants.InvitationError):
        grants.accept(token, invited, now=NOW)


def test_nobody_gives_a_role_to_themselves(organiser: Person) -> None:
    with pytest.raises(grants.OwnRoleError):
        grants.invite("ORGANISER@example.org", CONTACT, by=organiser, now=NOW)


@pytest.mark.parametrize("role", [None, Role.COMMITTEE, Role.PARTICIPANT])
def test_only_organisers_give_roles(role: Role | None) -> None:
    with pytest.raises(PermissionDeniedError):
        grants.invite("new@example.org", CONTACT, by=make_person(role=role), now=NOW)


def test_a_contact_gives_deputies_of_the_own_country_and_ends_them(organiser: Person) -> None:
    contact = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    deputy = taken("deputy@example.org", DEPUTY, by=contact)
    assert standing(deputy.person) == [(Role.NATIONAL_CONTACT, "XAA")]
    for offer in (CONTACT, DEPUTY._replace(scope_key="XAB"), Offer(Role.COMMITTEE)):
        with pytest.raises(PermissionDeniedError):
            grants.invite("more@example.org", offer, by=contact, now=NOW)
    for giver in (deputy.person, organiser):
        with pytest.raises(PermissionDeniedError):
            grants.invite("more@example.org", DEPUTY, by=giver, now=NOW)
    with pytest.raises(NotFoundError):
        grants.end(contact.grants[0], reason="Coup", by=deputy.person, now=NOW)
    grants.end(deputy, reason="Moved on", by=contact, now=NOW)
    assert standing(deputy.person) == []


def test_losing_a_role_ends_every_session_at_once(organiser: Person) -> None:
    grant = taken("member@example.org", Offer(Role.COMMITTEE), by=organiser)
    token = sessions.open_session(
        grant.person, method=Method.LINK, device="a laptop", now=NOW, has_second_factor=True
    )
    grants.end(grant, reason="The term is over", by=organiser, now=NOW)
    assert queries.session_of(token, now=NOW) is None
    assert db.session.scalar(select(func.count()).select_from(SignIn)) == 1


def test_a_role_is_handed_over_as_it_is_taken_and_both_stay_as_history(organiser: Person) -> None:
    old = taken("old@example.org", CONTACT, by=organiser)
    _invitation, token = grants.hand_over(
        old, "new@example.org", reason="Retires", by=organiser, now=NOW
    )
    assert standing(old.person) == [(Role.NATIONAL_CONTACT, "XAA")]
    new = grants.accept(token, make_person("new@example.org"), now=NOW + DAY)
    assert (standing(old.person, NOW + DAY), standing(new.person, NOW + DAY)) == (
        [],
        [(Role.NATIONAL_CONTACT, "XAA")],
    )
    assert (old.ended_at, old.end_reason) == (NOW + DAY, "Retires")
    db.session.commit()
    said = [(entry.action, entry.reason) for entry in audit.history(old.person)]
    assert said[-1] == ("person.role_ended", "Retires")


def test_a_role_that_ended_can_be_given_anew(organiser: Person) -> None:
    first = taken("member@example.org", Offer(Role.COMMITTEE), by=organiser)
    grants.end(first, reason="Leave", by=organiser, now=NOW)
    second = taken("member@example.org", Offer(Role.COMMITTEE, ends_at=NOW + DAY), by=organiser)
    assert not second.holds(NOW + DAY)
    _invitation, token = grants.invite(
        "member@example.org", Offer(Role.COMMITTEE), by=organiser, now=NOW + 2 * DAY
    )
    third = grants.accept(token, second.person, now=NOW + 2 * DAY)
    assert [grant.holds(NOW + 2 * DAY) for grant in (first, second, third)] == [False, False, True]


def test_the_last_organiser_stays(organiser: Person) -> None:
    with pytest.raises(grants.LastOrganiserStaysError):
        grants.end(organiser.grants[0], reason="Tired", by=organiser, now=NOW)
    passing = Offer(Role.ORGANISER, ends_at=NOW + DAY)
    taken("passing@example.org", passing, by=organiser)
    for at in (None, NOW + 2 * DAY):
        with pytest.raises(grants.LastOrganiserStaysError):
            grants.end(organiser.grants[0], reason="Tired", by=organiser, now=NOW, at=at)
    taken("lasting@example.org", Offer(Role.ORGANISER), by=organiser)
    grants.end(organiser.grants[0], reason="Tired", by=organiser, now=NOW)
    assert standing(organiser) == []


def test_an_end_needs_a_reason_and_lies_ahead(organiser: Person) -> None:
    grant = taken("member@example.org", Offer(Role.COMMITTEE), by=organiser)
    with pytest.raises(grants.EndMissingReasonError):
        grants.end(grant, reason="  ", by=organiser, now=NOW)
    with pytest.raises(grants.PastEndError):
        grants.end(grant, reason="x", by=organiser, now=NOW, at=NOW)
    grants.end(grant, reason="x", by=organiser, now=NOW, at=NOW + DAY)
    assert (grant.holds(NOW), grant.holds(NOW + DAY)) == (True, False)


# -- whatever people do ----------------------------------------------------------------------

NAMES = ("anna", "ben", "cleo", "dora")
OFFERS = (
    Offer(Role.ORGANISER),
    Offer(Role.COMMITTEE),
    Offer(Role.NATIONAL_CONTACT, "XAA"),
    Offer(Role.NATIONAL_CONTACT, "XAB"),
    Offer(Role.NATIONAL_CONTACT, "XAA", is_deputy=True),
    Offer(Role.NATIONAL_CONTACT, "XAB", is_deputy=True),
    Offer(Role.HOST_TEAM, "symposium-2027"),
    Offer(Role.COMMITTEE, is_deputy=True),
)
Held = tuple[Role, str]
ACTORS = ("anna", "anna", "ben", *NAMES)  # whoever may nothing is refused, which is soon seen


class RolesOverTime(RuleBasedStateMachine):
    """People invite, accept, end and hand over as they like; a plain table says who may hold what.

    The table knows of each person: role and scope → (is a deputy, until when). It allows a role
    only where a giver who had the right offered it, and keeps no role that was ended.
    """

    invitations = Bundle("invitations")

    def __init__(self) -> None:
        super().__init__()
        db.session.rollback()
        self.now = NOW
        self.table: dict[str, dict[Held, tuple[bool, datetime | None]]] = {n: {} for n in NAMES}
        self.people: dict[str, int] = {}
        self.origins: dict[str, int] = {}  # of organisers: through whom they came to it

    @initialize()
    def begin(self) -> None:
        for name in NAMES:
            self.people[name] = make_person(f"{name}@{id(self)}.example.org").id
        for origin, name in enumerate(("anna", "ben")):
            service.grant(self.person(name), Role.ORGANISER, now=OPENING)
            self.table[name][Role.ORGANISER, ""] = (False, None)
            self.origins[name] = origin
        db.session.commit()

    def teardown(self) -> None:
        """Take the roles away again: the next run begins with its own."""
        db.session.rollback()
        database.write()
        db.session.execute(delete(Invitation))
        db.session.execute(delete(Grant))
        db.session.commit()

    def person(self, name: str) -> Person:
        return db.session.get_one(Person, self.people[name])

    # What the table says.

    def held(self, name: str) -> dict[Held, bool]:
        return {
            key: is_deputy
            for key, (is_deputy, until) in self.table[name].items()
            if until is None or self.now < until
        }

    def may_give(self, name: str, role: Role, scope: str, *, is_deputy: bool) -> bool:
        if not is_deputy:
            return (Role.ORGANISER, "") in self.held(name)
        is_contacts = role is Role.NATIONAL_CONTACT
        return is_contacts and self.held(name).get((role, scope)) is False

    def behind(self, token: str) -> Invitation | None:
        """Return the invitation of a link, unless it was sent again since."""
        query = select(Invitation).filter_by(token_hash=queries.hashed(token))
        return db.session.scalar(query)

    # What people do.

    outcomes: ClassVar[Counter[tuple[str, bool]]] = Counter()

    def tried(self, act: Callable[[], object]) -> bool:
        """Do it; return whether it was allowed."""
        name = sys._getframe(1).f_code.co_name  # noqa: SLF001 - the rule that asks
        try:
            act()
        except DomainError:
            db.session.rollback()
            self.outcomes[name, False] += 1
            return False
        db.session.commit()
        self.outcomes[name, True] += 1
        return True

    @rule(
        target=invitations,
        by=st.sampled_from(ACTORS),
        to=st.sampled_from(NAMES),
        offer=st.sampled_from(OFFERS),
        days=st.none() | st.integers(1, 30),
    )
    def invite(
        self, by: str, to: str, offer: Offer, days: int | None
    ) -> str | MultipleResults[str]:
        until = None if days is None else self.now + days * DAY
        found: list[str] = []

        def act() -> None:
            _invitation, token = grants.invite(
                self.person(to).email,
                offer._replace(ends_at=until),
                by=self.person(by),
                now=self.now,
            )
            found.append(token)

        if self.tried(act):
            assert by != to
            assert self.may_give(by, offer.role, offer.scope_key, is_deputy=offer.is_deputy)
        return found[0] if found else multiple()

    @rule(
        target=invitations,
        by=st.sampled_from(ACTORS),
        of=st.sampled_from(NAMES),
        to=st.sampled_from(NAMES),
        which=st.integers(0, 5),
    )
    def hand_over(self, by: str, of: str, to: str, which: int) -> str | MultipleResults[str]:
        rows = self.person(of).grants
        if not rows:
            return multiple()
        found: list[str] = []
        key = rows[which % len(rows)].id

        def act() -> None:
            _invitation, token = grants.hand_over(
                db.session.get_one(Grant, key),
                self.person(to).email,
                reason="Because",
                by=self.person(by),
                now=self.now,
            )
            found.append(token)

        if self.tried(act):
            assert (Role.ORGANISER, "") in self.held(by)
        return found[0] if found else multiple()

    @rule(who=st.none() | st.sampled_from(NAMES), token=invitations)
    def accept(self, who: str | None, token: str) -> None:
        row = self.behind(token)
        who = who or next(
            (n for n in NAMES if row is not None and row.email == self.person(n).email), NAMES[0]
        )
        if row is None:
            assert not self.tried(lambda: grants.accept(token, self.person(who), now=self.now))
            return
        by = next(name for name, key in self.people.items() if key == row.invited_by_id)
        key, is_deputy, until = (row.role, row.scope_key), row.is_deputy, row.ends_at
        replaced = row.replaces
        of = next((n for n, k in self.people.items() if replaced and k == replaced.person_id), None)
        is_right = row.email == self.person(who).email and row.is_open(self.now)
        if self.tried(lambda: grants.accept(token, self.person(who), now=self.now)):
            assert is_right
            if of is None:
                assert self.may_give(by, *key, is_deputy=is_deputy)
            else:
                assert (Role.ORGANISER, "") in self.held(by)
                assert key in self.held(of)
                del self.table[of][key]
            self.table[who][key] = (is_deputy, until)
            if row.role is Role.ORGANISER:
                self.origins[who] = self.origins[by]

    @rule(target=invitations, by=st.sampled_from(ACTORS), token=invitations)
    def resend(self, by: str, token: str) -> str | MultipleResults[str]:
        row = self.behind(token)
        if row is None:
            return multiple()
        number, to, hands_over = row.id, row.email, row.replaces_id is not None
        giver = row.invited_by_id if row.role is Role.ORGANISER else self.people[by]
        may = (
            (Role.ORGANISER, "") in self.held(by)
            if hands_over
            else self.may_give(by, row.role, row.scope_key, is_deputy=row.is_deputy)
        )
        found: list[str] = []

        def act() -> None:
            invitation = db.session.get_one(Invitation, number)
            found.append(grants.resend(invitation, by=self.person(by), now=self.now))

        if self.tried(act):
            assert may
            assert to != self.person(by).email
            assert giver == self.people[by]  # through whom an organiser comes to it
        return found[0] if found else multiple()

    @rule(who=st.sampled_from(NAMES))
    def confirm(self, who: str) -> None:
        if self.tried(lambda: grants.confirm(self.person(who), now=self.now)):
            assert (Role.ORGANISER, "") in self.held(who)
            self.origins[who] = max(self.origins.values()) + 1

    @rule(
        by=st.sampled_from(ACTORS),
        of=st.sampled_from(NAMES),
        which=st.integers(0, 5),
        days=st.none() | st.integers(1, 30),
    )
    def end(self, by: str, of: str, which: int, days: int | None) -> None:
        rows = self.person(of).grants
        if not rows:
            return
        row = rows[which % len(rows)]
        key, number, is_deputy = (row.role, row.scope_key), row.id, row.is_deputy
        at = None if days is None else self.now + days * DAY
        done = self.tried(
            lambda: grants.end(
                db.session.get_one(Grant, number),
                reason="Because",
                by=self.person(by),
                now=self.now,
                at=at,
            )
        )
        if done:
            may = by == of or (Role.ORGANISER, "") in self.held(by)
            assert may or self.may_give(by, *key, is_deputy=is_deputy)
            self.table[of][key] = (is_deputy, at or self.now)

    @rule(by=st.sampled_from(ACTORS), token=invitations)
    def withdraw(self, by: str, token: str) -> None:
        row = self.behind(token)
        if row is None:
            return
        number = row.id
        self.tried(
            lambda: grants.withdraw(
                db.session.get_one(Invitation, number), by=self.person(by), now=self.now
            )
        )

    @rule(days=st.integers(1, 20))
    def wait(self, days: int) -> None:
        self.now += days * DAY

    # What always holds.

    @invariant()
    def nobody_holds_more_than_the_table_says(self) -> None:
        for name in self.people:
            rows = [grant for grant in self.person(name).grants if grant.holds(self.now)]
            found = {(grant.role, grant.scope_key): grant.is_deputy for grant in rows}
            assert (found, len(rows)) == (self.held(name), len(found))

    @invariant()
    def one_person_with_many_accounts_is_one(self) -> None:
        for one, other in combinations(self.people, 2):
            both = all((Role.ORGANISER, "") in self.held(name) for name in (one, other))
            expected = both and self.origins[one] != self.origins[other]
            assert grants.are_two(self.person(one), self.person(other), self.now) is expected

    @invariant()
    def somebody_organises_for_good(self) -> None:
        if self.people:
            assert any(
                self.table[name].get((Role.ORGANISER, "")) == (False, None) for name in NAMES
            )


def test_no_sequence_of_acts_leaves_anybody_with_more_than_the_table_says() -> None:
    # Always the same sequences: what they reach, which the last line insists on, is no luck.
    fixed = settings(max_examples=20, stateful_step_count=30, deadline=None, derandomize=True)
    run_state_machine_as_test(RolesOverTime, settings=fixed)
    # It would hold, too, if everything were refused, or nothing.
    acts = {"invite", "hand_over", "accept", "end", "withdraw", "resend", "confirm"}
    reached = {(act, done) for act in acts for done in (True, False)}
    assert reached - RolesOverTime.outcomes.keys() == set()
