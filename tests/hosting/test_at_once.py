"""Two who act at the same moment; the suite runs this on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import pytest

from app import uploads
from app.accounts import service as accounts
from app.accounts.models import Person, Role
from app.clock import utcnow
from app.countries.models import Country
from app.database import Model, db
from app.editions.models import Edition
from app.hosting import balloting, calling, choosing, consensus, deciding, drafts, queries, service
from app.hosting import decision_queries as decisions
from app.hosting.choosing import Choice
from app.hosting.decision_models import BallotTicket, CommitteeRound, HostDecision
from app.hosting.models import HostingOffer
from scheduler.deciding import RoundStatus
from scheduler.errors import DomainError
from scheduler.lifecycle import EditionStatus, OfferStatus
from tests.factories import PDF, make_call, make_country, make_edition, make_offer, make_person

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask

PATIENCE_SECONDS = 30
Row = TypeVar("Row", bound=Model)


def at_once(app: Flask, acts: Sequence[Callable[[], object]]) -> list[str]:
    """Let each act begin at the same moment, in a thread and a transaction of its own."""
    db.session.commit()
    db.session.remove()
    barrier, ends = threading.Barrier(len(acts)), [""] * len(acts)

    def run(at: int) -> None:
        with app.app_context():
            barrier.wait(PATIENCE_SECONDS)
            try:
                acts[at]()
                db.session.commit()
                ends[at] = "done"
            except DomainError as error:
                db.session.rollback()
                ends[at] = type(error).__name__
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert "" not in ends
    return ends


def the(model: type[Row], key: int | str) -> Row:
    return db.session.get_one(model, key)


class Scene:
    """An edition under evaluation with three offers, four members (one a chair), an organiser."""

    def __init__(self) -> None:
        edition = make_edition(status=EditionStatus.UNDER_EVALUATION)
        make_call(edition, closes_at=utcnow() - timedelta(days=1))
        offers = [make_offer(edition, make_country(code)) for code in ("XAA", "XAB", "XAC")]
        members = []
        for number in range(4):
            person = make_person(f"member{number}@example.org")
            accounts.grant(person, Role.COMMITTEE, now=utcnow(), is_chair=number == 0)
            members.append(person.id)
        self.edition, self.members = edition.id, members
        self.organiser = make_person(role=Role.ORGANISER).id
        self.offers = [offer.id for offer in offers]
        self.names = [offer.public_id for offer in offers]

    def by(self) -> Person:
        return the(Person, self.organiser)

    def choice(self, at: int, reserve: int | None = None) -> Choice:
        edition = the(Edition, self.edition)
        return Choice(
            offer=the(HostingOffer, self.offers[at]),
            reserve=None if reserve is None else the(HostingOffer, self.offers[reserve]),
            dtstart=edition.dtstart,
            dtend=edition.dtend,
            reason="The best.",
            weighed="",
        )

    def select(self, at: int) -> None:
        made = self.choice(at)
        choosing.select(
            made.offer, dtstart=made.dtstart, dtend=made.dtend, reason=made.reason, by=self.by(),
            now=utcnow(),
        )  # fmt: skip

    def withdraw(self, at: int) -> None:
        service.withdraw(
            the(HostingOffer, self.offers[at]), reason="No money.", by=self.by(), now=utcnow()
        )

    def propose(self) -> int:
        return consensus.propose(
            the(Edition, self.edition),
            self.choice(0, reserve=1),
            closes_at=utcnow() + timedelta(days=7),
            by=self.by(),
            now=utcnow(),
        ).id

    def open_ballot(self) -> int:
        row = the(CommitteeRound, self.propose())
        objector = the(Person, self.members[3])
        consensus.answer(row, objector, agrees=False, reason="Too far.", now=utcnow())
        closes_at = utcnow() + timedelta(days=7)
        balloting.open_ballot(row, closes_at=closes_at, by=self.by(), now=utcnow())
        return row.id

    def cast(self, row: int, member: int) -> None:
        balloting.cast(
            the(CommitteeRound, row), the(Person, self.members[member]),
            {self.names[member % 3]: 1}, now=utcnow(),
        )  # fmt: skip

    def statuses(self) -> list[OfferStatus]:
        db.session.expire_all()
        return [the(HostingOffer, key).status for key in self.offers]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_of_two_organisers_who_choose_at_once_one_chooses(app: Flask, scene: Scene) -> None:
    ends = at_once(app, [lambda: scene.select(0), lambda: scene.select(1)])
    assert sorted(ends) == ["ThereAlreadyError", "done"]
    assert sorted(scene.statuses()) == ["not_selected", "not_selected", "selected"]
    chosen = scene.statuses().index(OfferStatus.SELECTED)
    assert the(Edition, scene.edition).country_code == ("XAA", "XAB")[chosen]


def test_a_decision_is_recorded_once_whoever_records_it(app: Flask, scene: Scene) -> None:
    row = scene.propose()
    for member in scene.members:
        consensus.answer(
            the(CommitteeRound, row), the(Person, member), agrees=True, reason="", now=utcnow()
        )

    def settle() -> None:
        deciding.settle(the(CommitteeRound, row), by=scene.by(), now=utcnow())

    def job() -> None:
        deciding.work(the(CommitteeRound, row), now=utcnow() + timedelta(days=8))

    ends = at_once(app, [settle, settle, job])
    assert sorted(end for end in ends if end != "done") == ["ThereAlreadyError"] * 2
    assert db.session.query(HostDecision).count() == 1
    assert scene.statuses() == ["selected", "reserve", "not_selected"]


@pytest.mark.parametrize("time", range(3))
def test_a_withdrawn_offer_never_hosts_whoever_is_first(
    time: int, app: Flask, scene: Scene
) -> None:
    ends = at_once(app, [lambda: scene.select(0), lambda: scene.withdraw(0)])
    assert (time, ends[1], ends[0] in {"done", "MoveError"}) == (time, "done", True)
    assert scene.statuses()[0] is OfferStatus.WITHDRAWN
    edition = the(Edition, scene.edition)
    assert (edition.status, edition.country_code) == (EditionStatus.UNDER_EVALUATION, None)


def test_a_ballot_sent_twice_at_once_is_in_the_box_once(app: Flask, scene: Scene) -> None:
    row = scene.open_ballot()
    ends = at_once(app, [lambda: scene.cast(row, 1)] * 3)
    assert sorted(ends) == ["VotedError", "VotedError", "done"]
    assert (decisions.count_ballots(the(CommitteeRound, row)), tickets()) == (1, 1)


def tickets() -> int:
    return db.session.query(BallotTicket).count()


def test_all_who_vote_at_once_have_voted(app: Flask, scene: Scene) -> None:
    row = scene.open_ballot()
    acts = [lambda member=member: scene.cast(row, member) for member in range(4)]
    assert at_once(app, acts) == ["done"] * 4
    assert (decisions.count_ballots(the(CommitteeRound, row)), tickets()) == (4, 4)


@pytest.mark.parametrize("time", range(3))
def test_a_ballot_at_the_closing_second_is_counted_or_refused_and_nothing_between(
    time: int, app: Flask, scene: Scene
) -> None:
    row = scene.open_ballot()
    for member in range(3):
        scene.cast(row, member)

    def close() -> None:
        found = the(CommitteeRound, row)
        balloting.close_ballot(found, by=scene.by(), now=found.closes_at)

    ends = at_once(app, [lambda: scene.cast(row, 3), close])
    found = the(CommitteeRound, row)
    assert (time, ends[1]) == (time, "done")
    assert ends[0] in {"done", "VotingClosedError"}
    in_the_box = 4 if ends[0] == "done" else 3
    assert (found.ballot_count, decisions.count_ballots(found), tickets()) == (in_the_box,) * 3
    assert balloting.recount(found).is_same
    assert found.status in {RoundStatus.COUNTED, RoundStatus.TIED}


def test_two_deputies_who_offer_at_once_make_one_offer(app: Flask) -> None:
    edition = make_edition(status=EditionStatus.CALL_OPEN)
    make_call(edition, closes_at=utcnow() + timedelta(days=30))
    make_country("XAA")
    key, start, end = edition.id, edition.dtstart, edition.dtend
    deputies = [make_person(role=Role.NATIONAL_CONTACT, scope="XAA").id for _ in range(2)]

    def offer(person: int) -> None:
        facts = service.OfferFacts(city="Albor", venue="Hall", capacity=80, windows=[(start, end)])
        service.submit(
            the(Edition, key), the(Country, "XAA"), facts, letter=(PDF, "a.pdf"),
            by=the(Person, person), now=utcnow(),
        )  # fmt: skip

    ends = at_once(app, [lambda: offer(deputies[0]), lambda: offer(deputies[1])])
    assert sorted(ends) == ["AlreadyOfferedError", "done"]
    assert len(queries.offers_for(the(Edition, key))) == 1


@pytest.mark.parametrize("time", range(3))
def test_a_call_that_closes_while_a_country_sends_in_takes_the_offer_or_lets_it_lapse(
    time: int, app: Flask
) -> None:
    edition = make_edition(status=EditionStatus.CALL_OPEN)
    make_call(edition, closes_at=utcnow() + timedelta(days=30))
    letter = uploads.store(PDF, "a.pdf", now=utcnow())
    offer = make_offer(edition, make_country("XAA"), status=OfferStatus.DRAFT, letter=letter)
    person = make_person(role=Role.NATIONAL_CONTACT, scope="XAA").id
    keys = (edition.id, offer.id)

    def send() -> None:
        drafts.send_in(the(HostingOffer, keys[1]), by=the(Person, person), now=utcnow())

    def close() -> None:
        calling.close_call(the(Edition, keys[0]), by=the(Person, person), now=utcnow())

    ends = at_once(app, [send, close])
    assert (time, ends[1]) == (time, "done")
    status = the(HostingOffer, keys[1]).status
    expected = {"done": OfferStatus.SUBMITTED, "CallClosedError": OfferStatus.LAPSED}
    assert status is expected.get(ends[0])
