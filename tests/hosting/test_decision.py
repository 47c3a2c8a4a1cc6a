"""The committee decides: by consensus, else by a ballot that nobody can tie to a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from app.accounts import service as accounts
from app.accounts.models import Role
from app.audit import AuditEntry
from app.database import Model, db
from app.editions import disruptions
from app.hosting import balloting, choosing, committee, consensus, deciding, jobs, service
from app.hosting import decision_queries as queries
from app.hosting import queries as hosting_queries
from app.hosting.choosing import Choice
from app.hosting.decision_models import (
    BallotTicket,
    BallotVoter,
    DecisionWay,
    SealedBallot,
)
from app.outbox import OutboxMessage
from scheduler import hosting as hosting_rules
from scheduler.deciding import (
    AnsweringClosedError,
    CandidatesError,
    ChairError,
    NotMemberError,
    NotVoterError,
    RoundStatus,
    StillOpenError,
    UnderWayError,
    VotedError,
    VotingClosedError,
    WinnerError,
)
from scheduler.hosting import BallotError
from scheduler.lifecycle import EditionStatus, OfferStatus
from tests.factories import OPENING, make_country, make_offer, make_person
from tests.hosting.conftest import choice, make_committee, make_recused, under_evaluation

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound
    from app.hosting.models import HostingOffer
    from tests.conftest import Client

CLOSES = OPENING + timedelta(days=14)
LATER = OPENING + timedelta(days=21)


@pytest.fixture
def edition() -> Edition:
    return under_evaluation()


@pytest.fixture
def offers(edition: Edition) -> list[HostingOffer]:
    """Three offers: of XAA, XAB and XAC."""
    return [make_offer(edition, make_country(code)) for code in ("XAA", "XAB", "XAC")]


@pytest.fixture
def members() -> list[Person]:
    """Four members; the first is the chair, and a fifth is the contact of XAA."""
    found = make_committee(4)
    make_recused()
    return found


def the_recused() -> Person:
    return accounts.find_or_create("recused@example.org", now=OPENING)


@pytest.fixture
def asked(
    edition: Edition, offers: list[HostingOffer], members: list[Person], organiser: Person
) -> CommitteeRound:
    """A proposal: XAA hosts, XAB is the reserve."""
    assert members
    return consensus.propose(edition, choice(offers), closes_at=CLOSES, by=organiser, now=OPENING)


@pytest.fixture
def voting(asked: CommitteeRound, members: list[Person], organiser: Person) -> CommitteeRound:
    """An objection, and the ballot open."""
    consensus.answer(asked, members[3], agrees=False, reason="Too far.", now=OPENING)
    balloting.open_ballot(asked, closes_at=LATER, by=organiser, now=OPENING)
    return asked


def vote(row: CommitteeRound, person: Person, *order: HostingOffer) -> None:
    balloting.cast(
        row, person, {offer.public_id: n for n, offer in enumerate(order, 1)}, now=OPENING
    )


def mails(subject: str) -> list[str]:
    found = db.session.scalars(
        select(OutboxMessage.to_address).where(OutboxMessage.subject.startswith(subject))
    )
    return sorted(found)


def test_a_mail_names_the_day_that_a_midnight_ends(
    edition: Edition, offers: list[HostingOffer], members: list[Person], organiser: Person
) -> None:
    assert members
    until = datetime(2027, 2, 1, tzinfo=UTC)
    consensus.propose(edition, choice(offers), closes_at=until, by=organiser, now=OPENING)
    said = db.session.scalars(
        select(OutboxMessage.text).where(OutboxMessage.subject.startswith("Do you agree"))
    ).first()
    assert said
    assert "Agree or object by Sunday 31 January 2027, 24:00 (UTC)." in " ".join(said.split())


# -- consensus -------------------------------------------------------------------------------


def test_members_with_a_say_are_asked_and_the_recused_are_not(
    asked: CommitteeRound, members: list[Person]
) -> None:
    assert mails("Do you agree?") == [person.email for person in members]
    assert [person.email for person in committee.members(asked.edition)] == mails("Do you agree?")
    with pytest.raises(NotMemberError):
        consensus.answer(asked, the_recused(), agrees=True, reason="", now=OPENING)


def test_without_an_objection_the_proposal_is_the_decision_by_itself(
    asked: CommitteeRound, members: list[Person], offers: list[HostingOffer]
) -> None:
    consensus.answer(asked, members[0], agrees=True, reason="", now=OPENING)
    db.session.commit()
    assert jobs.work(now=CLOSES - timedelta(minutes=1)) == 0
    assert (jobs.work(now=CLOSES), jobs.work(now=CLOSES)) == (1, 0)
    assert [offer.status for offer in offers] == [
        OfferStatus.SELECTED,
        OfferStatus.RESERVE,
        OfferStatus.NOT_SELECTED,
    ]
    assert asked.edition.status is EditionStatus.HOST_SELECTED
    assert asked.edition.country_code == "XAA"
    (decision,) = queries.decisions(asked.edition)
    assert (decision.way, decision.reason, decision.weighed, decision.reserve) == (
        DecisionWay.CONSENSUS,
        "The best venue.",
        "Costs against access.",
        offers[1],
    )
    assert decision.counts == {
        "entitled": 4, "agreed": 1, "objected": 0, "voters": 0, "ballots": 0,
    }  # fmt: skip
    told = {"organiser@example.org", "recused@example.org", *(m.email for m in members)}
    assert set(mails("Decided")) == told


def test_when_all_have_agreed_it_is_recorded_at_once(
    asked: CommitteeRound, members: list[Person], organiser: Person
) -> None:
    for member in members[:3]:
        consensus.answer(asked, member, agrees=True, reason="", now=OPENING)
    with pytest.raises(StillOpenError):
        deciding.settle(asked, by=organiser, now=OPENING)
    for member in members[3:]:
        consensus.answer(asked, member, agrees=True, reason="", now=OPENING)
    deciding.settle(asked, by=organiser, now=OPENING)
    assert asked.status is RoundStatus.DECIDED


def test_an_objection_needs_a_reason_and_comes_in_time(
    asked: CommitteeRound, members: list[Person]
) -> None:
    with pytest.raises(consensus.ObjectionError):
        consensus.answer(asked, members[0], agrees=False, reason="", now=OPENING)
    with pytest.raises(AnsweringClosedError):
        consensus.answer(asked, members[0], agrees=False, reason="Too far.", now=CLOSES)


def test_the_first_objection_is_told_to_organisers_and_chairs_once(
    asked: CommitteeRound, members: list[Person]
) -> None:
    for member in members[2:]:
        consensus.answer(asked, member, agrees=False, reason="Too far.", now=OPENING)
    assert asked.status is RoundStatus.OBJECTED
    assert mails("An objection") == ["member0@example.org", "organiser@example.org"]


def test_an_organiser_cannot_choose_past_the_committee(
    asked: CommitteeRound, offers: list[HostingOffer], organiser: Person
) -> None:
    with pytest.raises(choosing.RoundRunningError):
        choosing.select(
            offers[2],
            dtstart=asked.dtstart,
            dtend=asked.dtend,
            reason="Because.",
            by=organiser,
            now=OPENING,
        )
    with pytest.raises(choosing.RoundRunningError):
        consensus.propose(
            asked.edition, choice(offers, 2), closes_at=CLOSES, by=organiser, now=OPENING
        )
    deciding.call_off(asked, reason="New facts.", by=organiser, now=OPENING)
    choosing.select(
        offers[2],
        dtstart=asked.dtstart,
        dtend=asked.dtend,
        reason="Because.",
        by=organiser,
        now=OPENING,
    )
    assert asked.edition.country_code == "XAC"


def test_what_is_proposed_must_stand_and_have_another_reserve(
    edition: Edition, offers: list[HostingOffer], members: list[Person], organiser: Person
) -> None:
    assert members

    def propose(which: Choice) -> None:
        consensus.propose(edition, which, closes_at=CLOSES, by=organiser, now=OPENING)

    with pytest.raises(choosing.ChoiceError):
        propose(choice(offers, 0, 0))
    with pytest.raises(choosing.WindowChoiceError):
        propose(
            Choice(
                offer=offers[0],
                reserve=None,
                dtstart=edition.dtstart - timedelta(days=1),
                dtend=edition.dtend,
                reason="Because.",
                weighed="This.",
            )
        )
    accounts.grant(organiser, Role.NATIONAL_CONTACT, "XAB", now=OPENING)
    with pytest.raises(committee.RecusedError):
        propose(choice(offers))


def test_a_proposal_whose_offer_is_withdrawn_is_called_off(
    asked: CommitteeRound, offers: list[HostingOffer]
) -> None:
    service.withdraw(offers[0], reason="No money.", by=the_recused(), now=OPENING)
    db.session.commit()
    assert jobs.work(now=CLOSES) == 1
    assert asked.status is RoundStatus.CALLED_OFF
    assert queries.decisions(asked.edition) == []


# -- the ballot ------------------------------------------------------------------------------


def test_who_may_vote_is_fixed_when_the_ballot_opens(
    voting: CommitteeRound, members: list[Person], offers: list[HostingOffer]
) -> None:
    assert mails("Your ballot") == [person.email for person in members]
    newcomer = make_person("newcomer@example.org", role=Role.COMMITTEE)
    with pytest.raises(NotVoterError):
        vote(voting, newcomer, *offers)
    with pytest.raises(NotMemberError):
        vote(voting, the_recused(), *offers)
    with pytest.raises(NotMemberError):
        vote(voting, make_person("stranger@example.org"), *offers)
    assert queries.count_ballots(voting) == 0


def test_a_ballot_is_cast_once_in_time_and_ranks_something(
    voting: CommitteeRound, members: list[Person], offers: list[HostingOffer]
) -> None:
    with pytest.raises(BallotError):
        vote(voting, members[0])
    vote(voting, members[0], offers[1])
    with pytest.raises(VotedError):
        vote(voting, members[0], offers[2])
    with pytest.raises(VotingClosedError):
        balloting.cast(voting, members[1], {offers[0].public_id: 1}, now=LATER)
    assert queries.count_ballots(voting) == 1


def test_the_ballot_decides_and_its_winner_alone_can_be_recorded(
    voting: CommitteeRound,
    members: list[Person],
    offers: list[HostingOffer],
    organiser: Person,
) -> None:
    first, second, third = offers
    for member, order in zip(
        members,
        [(second, first), (second, third), (first, second), (second, first, third)],
        strict=True,
    ):
        vote(voting, member, *order)
    balloting.close_ballot(voting, by=organiser, now=OPENING)  # all have voted
    assert voting.status is RoundStatus.COUNTED
    assert voting.count_order == [[second.public_id], [first.public_id], [third.public_id]]
    with pytest.raises(WinnerError):
        deciding.record(voting, choice(offers, 0), by=organiser, now=OPENING)
    decision = deciding.record(voting, choice(offers, 1, 0), by=organiser, now=OPENING)
    assert (decision.way, decision.offer, decision.reserve) == (DecisionWay.BALLOT, second, first)
    assert decision.counts == {
        "entitled": 4, "agreed": 0, "objected": 1, "voters": 4, "ballots": 4,
    }  # fmt: skip
    assert (second.status, first.status) == (OfferStatus.SELECTED, OfferStatus.RESERVE)


def test_a_ballot_without_a_quorum_opens_again_with_what_was_cast(
    voting: CommitteeRound, members: list[Person], offers: list[HostingOffer], organiser: Person
) -> None:
    for member in members[:2]:
        vote(voting, member, *offers)
    db.session.commit()
    assert jobs.work(now=LATER) == 1
    assert (voting.status, voting.digest, voting.count_order) == (RoundStatus.LAPSED, "", [])
    balloting.open_ballot(voting, closes_at=LATER + timedelta(days=7), by=organiser, now=LATER)
    assert mails("Your ballot") == sorted(
        [m.email for m in members] + ["member2@example.org", "member3@example.org"]
    )
    with pytest.raises(VotedError):
        balloting.cast(voting, members[0], {offers[1].public_id: 1}, now=LATER)
    balloting.cast(voting, members[2], {offers[0].public_id: 1}, now=LATER)
    db.session.commit()
    assert jobs.work(now=LATER + timedelta(days=7)) == 1
    # Three of four; with the fifth, who keeps out, they would be too few.
    assert (voting.status, voting.ballot_count) == (RoundStatus.COUNTED, 3)
    assert (len(committee.everyone()), voting.voter_count) == (5, 4)
    assert not hosting_rules.has_quorum(3, 5)


def test_a_tie_goes_to_a_chair_who_has_a_say(
    voting: CommitteeRound, members: list[Person], offers: list[HostingOffer], organiser: Person
) -> None:
    first, second, _third = offers
    for member, best in zip(members, (first, first, second, second), strict=True):
        vote(voting, member, best)
    balloting.close_ballot(voting, by=organiser, now=OPENING)
    assert voting.status is RoundStatus.TIED
    with pytest.raises(ChairError):
        deciding.record(voting, choice(offers, 1, 0), by=organiser, now=OPENING)
    with pytest.raises(WinnerError):
        deciding.record(voting, choice(offers, 2, 0), by=members[0], now=OPENING)
    with pytest.raises(UnderWayError):
        deciding.call_off(voting, reason="Another result, please.", by=organiser, now=OPENING)
    decision = deciding.record(voting, choice(offers, 1, 0), by=members[0], now=OPENING)
    assert (decision.way, decision.decided_by) == (DecisionWay.CHAIR, members[0])


def test_an_objection_that_nobody_follows_opens_the_ballot_by_itself(
    asked: CommitteeRound, members: list[Person]
) -> None:
    consensus.answer(asked, members[3], agrees=False, reason="Too far.", now=OPENING)
    db.session.commit()
    assert jobs.work(now=CLOSES) == 1
    assert (asked.status, asked.closes_at) == (
        RoundStatus.BALLOT_OPEN,
        CLOSES + deciding.BALLOT_LIFE,
    )


def test_a_ballot_needs_two_offers(
    asked: CommitteeRound, members: list[Person], offers: list[HostingOffer], organiser: Person
) -> None:
    consensus.answer(asked, members[3], agrees=False, reason="Too far.", now=OPENING)
    for offer in offers[1:]:
        service.withdraw(offer, reason="No money.", by=organiser, now=OPENING)
    with pytest.raises(CandidatesError):
        balloting.open_ballot(asked, closes_at=LATER, by=organiser, now=OPENING)
    db.session.commit()
    assert jobs.work(now=CLOSES) == 0


def test_an_offer_withdrawn_while_it_is_voted_on_is_left_out_of_the_count(
    voting: CommitteeRound, members: list[Person], offers: list[HostingOffer], organiser: Person
) -> None:
    for member in members:
        vote(voting, member, offers[0], offers[2], offers[1])
    service.withdraw(offers[0], reason="No money.", by=the_recused(), now=OPENING)
    balloting.close_ballot(voting, by=organiser, now=OPENING)
    assert voting.count_order == [[offers[2].public_id], [offers[1].public_id]]


def test_who_declares_an_interest_keeps_out_from_then_on(
    voting: CommitteeRound, members: list[Person], offers: list[HostingOffer]
) -> None:
    vote(voting, members[0], *offers)
    call = hosting_queries.call_of(voting.edition)
    assert call
    with pytest.raises(consensus.VotedAlreadyError):
        consensus.declare_interest(call, members[0], "My brother's hall.", now=OPENING)
    consensus.declare_interest(call, members[1], "My brother's hall.", now=OPENING)
    with pytest.raises(NotMemberError):
        vote(voting, members[1], *offers)


# -- secrecy ---------------------------------------------------------------------------------


def test_nothing_that_is_stored_links_a_ballot_to_who_cast_it(
    voting: CommitteeRound,
    members: list[Person],
    offers: list[HostingOffer],
    caplog: pytest.LogCaptureFixture,
) -> None:
    db.session.commit()

    def stored() -> dict[str, list[str]]:
        """Return every row of every table as text, without the tables of the vote itself."""
        own = {"ballot_ticket", "sealed_ballot"}
        return {
            table.name: sorted(str(tuple(row)) for row in db.session.execute(select(table)))
            for table in Model.metadata.sorted_tables
            if table.name not in own
        }

    before = stored()
    first, second, third = offers
    orders = [(first, second, third), (second, third), (third, second, first), (second,)]
    for member, order in zip(members, orders, strict=True):
        vote(voting, member, *order)
        db.session.commit()
    # Casting changed no other table: no entry in the log, no mail, no moment, no counter.
    assert stored() == before
    assert [record for record in caplog.records if "ballot" in record.getMessage()] == []
    # What a ticket, a voter and a ballot say at all.
    assert set(BallotTicket.__table__.columns.keys()) == {"round_id", "person_id"}
    assert set(BallotVoter.__table__.columns.keys()) == {"round_id", "person_id"}
    assert set(SealedBallot.__table__.columns.keys()) == {"id", "round_id", "ranking"}
    # The order in which the database gives them out is that of their random keys.
    given = db.session.execute(text("SELECT id FROM sealed_ballot")).scalars().all()
    assert (len(given), given) == (4, sorted(given))
    if db.engine.dialect.name == "postgresql":
        # All were last written by one transaction, which wrote one ticket only.
        writers = db.session.execute(
            text("SELECT count(DISTINCT xmin::text) FROM sealed_ballot")
        ).scalar_one()
        tickets = db.session.execute(
            text(
                "SELECT count(*) FROM ballot_ticket t"
                " WHERE t.xmin::text IN (SELECT xmin::text FROM sealed_ballot)"
            )
        ).scalar_one()
        assert (writers, tickets) == (1, 1)
    else:
        for table in ("sealed_ballot", "ballot_ticket", "ballot_voter"):
            made = db.session.execute(
                text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}
            ).scalar_one()
            assert "WITHOUT ROWID" in made


def test_the_log_tells_totals_and_a_digest_and_no_ballot(
    voting: CommitteeRound, members: list[Person], offers: list[HostingOffer], organiser: Person
) -> None:
    for member in members:
        vote(voting, member, *offers)
    balloting.close_ballot(voting, by=organiser, now=OPENING)
    db.session.commit()
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action.startswith("edition.ballot")).order_by("id")
    ).all()
    assert [(entry.action, entry.changes) for entry in entries] == [
        ("edition.ballot_opened", {"voters": [None, 4], "offers": [None, 3]}),
        (
            "edition.ballot_counted",
            {"ballots": [None, 4], "voters": [None, 4], "digest": [None, voting.digest]},
        ),
    ]


def test_the_count_is_repeated_from_the_sealed_ballots_and_a_change_shows(
    voting: CommitteeRound, members: list[Person], offers: list[HostingOffer], organiser: Person
) -> None:
    for member in members:
        vote(voting, member, *offers)
    balloting.close_ballot(voting, by=organiser, now=OPENING)
    db.session.commit()
    from flask import current_app  # noqa: PLC0415 - only this test asks the command

    run = current_app.test_cli_runner().invoke
    told = run(args=["hosting", "count", voting.edition.slug])
    assert told.exit_code == 0
    assert voting.digest in told.output
    assert "1  XAA\n" in told.output
    forged = json.dumps([[offers[2].public_id]])
    db.session.execute(text("UPDATE sealed_ballot SET ranking = :forged"), {"forged": forged})
    db.session.commit()
    again = run(args=["hosting", "count", voting.edition.slug])
    assert again.exit_code == 1
    assert "not what was recorded" in again.output


# -- the reserve -----------------------------------------------------------------------------


def test_when_the_host_withdraws_the_reserve_is_promoted_by_a_recorded_decision(
    asked: CommitteeRound, offers: list[HostingOffer], organiser: Person
) -> None:
    edition = asked.edition
    with pytest.raises(choosing.RoundRunningError):
        deciding.promote_reserve(edition, choice(offers, 1, None), by=organiser, now=OPENING)
    deciding.settle(asked, by=organiser, now=CLOSES)
    service.withdraw(offers[0], reason="The hall burnt.", by=the_recused(), now=LATER)
    assert edition.status is EditionStatus.UNDER_EVALUATION
    with pytest.raises(deciding.NoReserveError):
        deciding.promote_reserve(edition, choice(offers, 2, None), by=organiser, now=LATER)
    decision = deciding.promote_reserve(edition, choice(offers, 1, None), by=organiser, now=LATER)
    assert (decision.way, edition.country_code) == (DecisionWay.RESERVE, "XAB")
    assert [offer.status for offer in offers] == [
        OfferStatus.WITHDRAWN,
        OfferStatus.SELECTED,
        OfferStatus.NOT_SELECTED,
    ]
    assert len(queries.decisions(edition)) == 2


def test_without_a_reserve_the_committee_is_asked_anew(
    asked: CommitteeRound, offers: list[HostingOffer], organiser: Person
) -> None:
    deciding.settle(asked, by=organiser, now=CLOSES)
    disruptions.release_host(asked.edition, reason="It withdrew.", by=organiser, now=LATER)
    again = consensus.propose(
        asked.edition,
        choice(offers, 2, None),
        closes_at=LATER + timedelta(days=7),
        by=organiser,
        now=LATER,
    )
    assert again.status is RoundStatus.CONSENSUS_OPEN


@pytest.mark.usefixtures("offers")
def test_no_host_is_chosen_beforehand(client: Client, edition: Edition, organiser: Person) -> None:
    page = client.sign_in(organiser).get(f"/hosting/calls/{edition.slug}/decision/propose").text
    assert '<option value="">Choose an offer</option>' in page
