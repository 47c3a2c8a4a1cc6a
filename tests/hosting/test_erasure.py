"""What hosting holds of those who judge: told to them, and let go of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from app import database, retention
from app.accounts import privacy
from app.accounts.models import Role
from app.accounts.signals import person_data
from app.database import db
from app.hosting import balloting, consensus, judges, judging
from app.hosting import erasure as hosting_erasure
from app.hosting.choosing import Choice
from app.hosting.decision_models import (
    BallotTicket,
    BallotVoter,
    CommitteeRound,
    RoundAnswer,
    SealedBallot,
)
from app.hosting.judging_models import Evaluator, OfferGate, ScoreSheet
from scheduler.hosting import JUDGED, Criterion, Gate
from scheduler.lifecycle import EditionStatus
from tests.factories import (
    OPENING,
    make_call,
    make_country,
    make_edition,
    make_offer,
    make_person,
    pass_gates,
)

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition

BY_NAME = (ScoreSheet, Evaluator, RoundAnswer, BallotTicket, BallotVoter)


@pytest.fixture
def members() -> list[Person]:
    return [make_person(name=f"Member {at}", role=Role.COMMITTEE) for at in range(3)]


@pytest.fixture
def edition(members: list[Person]) -> Edition:
    """An edition whose offers were scored, and on whose host members vote."""
    found = make_edition(status=EditionStatus.UNDER_EVALUATION, title="Fourth Symposium")
    call = make_call(found, closes_at=OPENING)
    offers = [make_offer(found, make_country(code)) for code in ("XAA", "XAB")]
    first = members[0]
    pass_gates(offers[0])
    for member in members:
        judges.assign(call, member, None, by=first, now=OPENING)
        comments = {Criterion.VENUE: f"Bright, says {member.name}."}
        judging.score(offers[0], dict.fromkeys(JUDGED, 4), comments, by=member, now=OPENING)
    judging.check_gates(offers[0], {Gate.LETTER: (True, "Page 1")}, by=first, now=OPENING)
    choice = Choice(
        offer=offers[0], reserve=None, dtstart=found.dtstart, dtend=found.dtend, reason="Best.",
        weighed="",
    )  # fmt: skip
    closes_at = OPENING + timedelta(days=7)
    row = consensus.propose(found, choice, closes_at=closes_at, by=first, now=OPENING)
    consensus.answer(row, members[1], agrees=False, reason="Too far.", now=OPENING)
    balloting.open_ballot(row, closes_at=closes_at, by=first, now=OPENING)
    for member in members:
        balloting.cast(row, member, {offers[0].public_id: 1}, now=OPENING)
    return found


def held(person: Person) -> dict[str, list[dict[str, object]]]:
    return dict(answer for _listener, answer in person_data.send(None, person=person))


def left() -> list[int]:
    return [db.session.scalar(select(func.count()).select_from(model)) or 0 for model in BY_NAME]


def test_an_evaluator_is_told_what_they_scored_declared_and_checked(
    edition: Edition, members: list[Person]
) -> None:
    asked, sheet, gate = held(members[0])["judged_offers"]
    assert (asked["edition"], asked["interest"]) == (edition.title, "")
    assert (sheet["country"], sheet["scores"], sheet["comments"]) == (
        "XAA",
        {criterion.value: 4 for criterion in JUDGED},
        {"venue": "Bright, says Member 0."},
    )
    assert (gate["gate"], gate["evidence"]) == ("letter", "Page 1")
    assert held(make_person())["judged_offers"] == []


def test_who_is_erased_takes_their_scores_along_and_no_ballot(
    edition: Edition, members: list[Person]
) -> None:
    db.session.commit()
    gone, kept = members[0].id, members[1].id
    privacy.erase(members[0], by=None, now=OPENING)
    db.session.commit()
    for model in BY_NAME:
        people = set(db.session.scalars(select(model.person_id)))
        assert (gone in people, kept in people) == (False, True)
    assert db.session.scalar(select(func.count()).select_from(SealedBallot)) == 3
    gate = db.session.scalars(select(OfferGate).filter_by(gate=Gate.LETTER)).one()
    assert (gate.evidence, gate.person_id) == ("Page 1", None)
    row = db.session.scalars(select(CommitteeRound)).one()
    balloting.close_ballot(row, by=None, now=row.closes_at)
    assert (row.ballot_count, balloting.recount(row).is_same) == (3, True)
    assert edition.title == "Fourth Symposium"


def test_what_was_given_by_name_goes_after_two_years_and_the_count_stays(edition: Edition) -> None:
    row = db.session.scalars(select(CommitteeRound)).one()
    balloting.close_ballot(row, by=None, now=row.closes_at)
    db.session.commit()
    rule = next(one for one in retention.RULES if one.let_go is hosting_erasure._let_go)  # noqa: SLF001
    before = left()
    for days, expected in ((729, before), (731, [0] * len(BY_NAME))):
        database.write()
        rule.let_go(OPENING.replace(year=edition.dtend.year, month=edition.dtend.month,
                                    day=edition.dtend.day) + timedelta(days=days))  # fmt: skip
        db.session.commit()
        assert left() == expected
    assert min(before) > 0
    assert balloting.recount(row).is_same
