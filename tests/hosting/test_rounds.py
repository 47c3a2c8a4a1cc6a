from __future__ import annotations

import itertools
import json
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app import outbox
from app.accounts import service as accounts
from app.accounts.models import Role
from app.database import Model, db
from app.hosting import judging, queries, rounds, service, urn
from app.hosting.judging_models import BallotUrn, RoundState
from scheduler import lifecycle
from scheduler.errors import PermissionDeniedError
from scheduler.hosting import BallotError, ballot_of
from scheduler.lifecycle import EditionStatus, OfferStatus
from tests.factories import OPENING, make_call, make_country, make_edition, make_offer, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from random import Random

    from app.accounts.models import Person
    from app.hosting.judging_models import DecisionRound
    from app.hosting.models import HostingOffer
    from tests.conftest import Client

CLOSES = OPENING.date() + timedelta(days=14)
LATER = OPENING + timedelta(days=40)


@pytest.fixture
def offers() -> list[HostingOffer]:
    """Three offers under evaluation, for an edition four months ahead."""
    edition = make_edition(status=EditionStatus.UNDER_EVALUATION)
    make_call(edition, closes_at=OPENING)
    return [
        make_offer(edition, make_country(code, name=f"Land {code}"), city=f"City {code}")
        for code in ("XAA", "XAB", "XAC")
    ]


@pytest.fixture
def committee() -> list[Person]:
    """Four members, the first a chair."""
    found = [make_person(f"member{n}@example.org", role=Role.COMMITTEE) for n in range(1, 5)]
    found[0].grants[0].is_chair = True
    db.session.flush()
    return found


def propose(offer: HostingOffer) -> DecisionRound:
    return rounds.open_round(
        offer, reason="The best total.", closes_on=CLOSES, by=make_person(), now=OPENING
    )


def ballot(offers: list[HostingOffer], committee: list[Person]) -> DecisionRound:
    """Open a round and let the second member object."""
    found = propose(offers[0])
    rounds.speak(found, agrees=False, words="Too far.", by=committee[1], now=OPENING)
    return found


def places(offers: list[HostingOffer], *order: int) -> dict[str, int]:
    return {offers[index].public_id: place for place, index in enumerate(order, start=1)}


# -- consensus -------------------------------------------------------------------------------


def test_a_proposal_without_an_objection_is_agreed(
    offers: list[HostingOffer], committee: list[Person]
) -> None:
    found = propose(offers[0])
    rounds.speak(found, agrees=True, words="", by=committee[0], now=OPENING)
    with pytest.raises(rounds.StillOpenError, match="until"):
        rounds.close(found, by=committee[0], now=OPENING)
    rounds.close(found, by=committee[0], now=LATER)
    assert (found.state, found.chosen) == (RoundState.AGREED, offers[0])
    with pytest.raises(rounds.RoundOverError):
        rounds.speak(found, agrees=False, words="Late.", by=committee[1], now=OPENING)
    db.session.rollback()


def test_it_is_agreed_at_once_when_everybody_has_spoken(
    offers: list[HostingOffer], committee: list[Person]
) -> None:
    found = propose(offers[0])
    for person in committee:
        rounds.speak(found, agrees=True, words="", by=person, now=OPENING)
    rounds.close(found, by=committee[0], now=OPENING)
    assert found.state is RoundState.AGREED


def test_an_objection_needs_a_reason_and_opens_the_ballot(
    client: Client, offers: list[HostingOffer], committee: list[Person]
) -> None:
    propose(offers[0])
    client.sign_in(committee[1])
    path = f"/hosting/calls/{offers[0].edition.slug}/decision"
    silent = client.submit(path, act="speak", **{"speak-agrees": "no"})
    assert (silent.status_code, "Say why" in alert(silent)) == (422, True)
    done = client.submit(path, act="speak", **{"speak-agrees": "no", "speak-words": "Too far."})
    assert done.status_code == 303
    page = words(client.get(path))
    assert "Too far." in page
    assert "0 of 4 have voted. 3 must vote" in page


def test_who_keeps_out_is_not_asked(offers: list[HostingOffer], committee: list[Person]) -> None:
    call = queries.call_of(offers[0].edition)
    assert call
    judging.assign(call, committee[2], "XAB", by=committee[2], now=OPENING)
    accounts.grant(committee[3], Role.NATIONAL_CONTACT, "XAC", now=OPENING)
    found = propose(offers[0])
    assert [one.person_id for one in queries.members_of(found)] == [
        committee[0].id,
        committee[1].id,
    ]
    with pytest.raises(rounds.NotAskedError):
        rounds.speak(found, agrees=True, words="", by=committee[2], now=OPENING)
    db.session.rollback()


def test_no_round_is_opened_for_nobody_or_twice_or_too_late(
    offers: list[HostingOffer],
) -> None:
    db.session.commit()
    with pytest.raises(rounds.NobodyAskedError):
        propose(offers[0])
    db.session.rollback()
    make_person(role=Role.COMMITTEE, commit=True)
    with pytest.raises(rounds.RoundDayError):
        rounds.open_round(
            offers[0], reason="x", closes_on=OPENING.date(), by=make_person(), now=OPENING
        )
    propose(offers[0])
    with pytest.raises(rounds.RoundError):
        propose(offers[1])
    db.session.rollback()


# -- the ballot ------------------------------------------------------------------------------


def test_the_ballots_decide_and_the_count_can_be_repeated(
    client: Client, offers: list[HostingOffer], committee: list[Person]
) -> None:
    found = ballot(offers, committee)
    path = f"/hosting/calls/{offers[0].edition.slug}/decision"
    orders = [(0, 1, 2), (1, 0, 2), (1, 2, 0), (1, 0, 2)]
    for person, order in zip(committee, orders, strict=True):
        typed = {f"vote-place_{key}": str(at) for key, at in places(offers, *order).items()}
        client.sign_in(person)
        assert client.submit(path, act="vote", **typed).status_code == 303
        assert "Your ballot lies in the urn." in words(client.get(path))
    client.sign_in(make_person(role=Role.ORGANISER))
    assert client.submit(path, act="close").status_code == 303
    db.session.refresh(found)
    assert (found.state, found.chosen_id) == (RoundState.COUNTED, offers[1].id)
    first, second = rounds.recount(found), rounds.recount(found)
    assert first == second
    assert first.ballot_count == 4
    assert first.preferred[offers[1].public_id, offers[0].public_id] == 3
    assert db.session.query(BallotUrn).count() == 0
    page = words(client.get(path))
    assert "4 ballots, counted by the Schulze method." in page
    assert "Decided: Land XAB" in page


def test_a_second_ballot_is_refused_and_nothing_changes(
    client: Client, offers: list[HostingOffer], committee: list[Person]
) -> None:
    found = ballot(offers, committee)
    rounds.vote(found, places(offers, 0, 1, 2), by=committee[0], now=OPENING)
    client.sign_in(committee[0])
    path = f"/hosting/calls/{offers[0].edition.slug}/decision"
    again = {f"vote-place_{offers[2].public_id}": "1"}
    answer = client.submit(path, act="vote", **again)
    assert (answer.status_code, "You have voted already" in answer.text) == (422, True)
    box = db.session.get_one(BallotUrn, found.id)
    assert urn.unseal(found.id, box.sealed) == [ballot_of(places(offers, 0, 1, 2))]


def test_a_ballot_without_a_place_is_refused_in_clear_words(
    client: Client, offers: list[HostingOffer], committee: list[Person]
) -> None:
    found = ballot(offers, committee)
    client.sign_in(committee[0])
    answer = client.submit(f"/hosting/calls/{offers[0].edition.slug}/decision", act="vote")
    assert (answer.status_code, "at least one of the offers" in alert(answer)) == (422, True)
    with pytest.raises(BallotError):
        rounds.vote(found, {"foreign": 1}, by=committee[0], now=OPENING)
    db.session.rollback()


def test_without_two_thirds_the_ballot_decides_nothing(
    offers: list[HostingOffer], committee: list[Person]
) -> None:
    found = ballot(offers, committee)
    for person in committee[:2]:
        rounds.vote(found, places(offers, 0, 1, 2), by=person, now=OPENING)
    rounds.close(found, by=committee[0], now=LATER)
    assert (found.state, found.chosen) == (RoundState.NO_QUORUM, None)


def test_a_tie_is_the_chairs(
    client: Client, offers: list[HostingOffer], committee: list[Person]
) -> None:
    found = ballot(offers, committee)
    for person, order in zip(committee, [(0, 1), (0, 1), (1, 0), (1, 0)], strict=True):
        rounds.vote(found, places(offers, *order), by=person, now=OPENING)
    rounds.close(found, by=committee[0], now=OPENING)
    assert found.state is RoundState.TIED
    with pytest.raises(PermissionDeniedError):
        rounds.cast(found, offers[1], reason="Mine.", by=committee[1], now=OPENING)
    with pytest.raises(rounds.RoundOverError):
        rounds.cast(found, offers[2], reason="Third.", by=committee[0], now=OPENING)
    with pytest.raises(service.RoundRunningError):
        select(offers[0])
    db.session.commit()
    client.sign_in(committee[0])
    path = f"/hosting/calls/{offers[0].edition.slug}/decision"
    typed = {"cast-offer": offers[1].public_id, "cast-reason": "It has waited longer."}
    assert client.submit(path, act="cast", **typed).status_code == 303
    db.session.refresh(found)
    assert (found.state, found.chosen_id) == (RoundState.COUNTED, offers[1].id)


# -- secrecy ---------------------------------------------------------------------------------


def everything_stored() -> str:
    """Return all that the database holds, and all mails, as one text."""
    rows = [
        dict(row)
        for table in Model.metadata.sorted_tables
        if table.name not in {"hosting_offer", "decision_round", "offer_version"}
        for row in db.session.execute(table.select()).mappings()
    ]
    return json.dumps(rows, default=repr)


def test_nothing_stored_logged_or_sent_ties_a_ballot_to_a_person(
    client: Client,
    offers: list[HostingOffer],
    committee: list[Person],
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = ballot(offers, committee)
    path = f"/hosting/calls/{offers[0].edition.slug}/decision"
    orders = [(2, 0, 1), (1, 2, 0), (1, 0, 2), (0, 2, 1)]
    for person, order in zip(committee, orders, strict=True):
        typed = {f"vote-place_{key}": str(at) for key, at in places(offers, *order).items()}
        with caplog.at_level("DEBUG"):
            client.sign_in(person).submit(path, act="vote", **typed)
        # While the urn is closed, no order of offers stands anywhere in the clear.
        stored = everything_stored() + caplog.text
        for one, other in itertools.permutations(offers, 2):
            assert f'"{one.public_id}"], ["{other.public_id}"' not in stored
        assert "place_" not in stored
    rows = db.session.execute(text("SELECT action, person_id FROM audit_entry")).all()
    cast = [person_id for action, person_id in rows if action == "edition.ballot_cast"]
    assert cast == [None] * 4
    columns = {column.name for column in Model.metadata.tables["round_member"].columns}
    assert columns == {"round_id", "person_id", "agrees", "words", "has_voted"}
    rounds.close(found, by=committee[0], now=OPENING)
    # Once it is open: the ballots by their content, whatever the order they came in.
    assert found.ballots == sorted(found.ballots)
    assert len(found.ballots) == 4


ballots = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 3), min_size=1).map(ballot_of),
    max_size=6,
)


@given(ballots, st.randoms())
def test_an_urn_tells_neither_order_nor_number_by_its_looks(
    cast: list[Any], chance: Random
) -> None:
    mixed = list(cast)
    chance.shuffle(mixed)
    one, other = urn.seal(7, cast), urn.seal(7, mixed)
    assert len(one) == len(urn.seal(7, []))
    assert one != other
    assert urn.unseal(7, one) == urn.unseal(7, other) == sorted(cast)
    # The first bytes of the box would be its time.
    assert one[:11] == urn.seal(7, [])[:11]


def test_an_urn_opens_with_its_own_secret_and_round_alone() -> None:
    box = urn.seal(1, [(("a",),)])
    with pytest.raises(urn.UrnError, match="secret key has changed"):
        urn.unseal(2, box)


def test_copies_of_the_database_before_and_after_a_vote_show_no_choice(
    offers: list[HostingOffer], committee: list[Person]
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the file and its log are SQLite's")
    found = ballot(offers, committee)
    db.session.commit()
    rounds.vote(found, places(offers, 2, 1, 0), by=committee[0], now=OPENING)
    db.session.commit()
    file = outbox.settings().instance_path / "symposia.db"
    log = file.with_name("symposia.db-wal")
    raw = file.read_bytes() + (log.read_bytes() if log.exists() else b"")
    order = json.dumps([[offers[index].public_id] for index in (2, 1, 0)]).encode()
    assert order not in raw
    assert sqlite3.connect(file).execute("SELECT count(*) FROM ballot_urn").fetchone() == (1,)


# -- what follows ----------------------------------------------------------------------------


def select(offer: HostingOffer, **more: object) -> None:
    edition = offer.edition
    service.select(
        offer,
        dtstart=edition.dtstart,
        dtend=edition.dtend,
        reason="As the committee decided.",
        by=make_person(),
        now=OPENING,
        **more,
    )


def test_no_host_is_selected_while_the_committee_decides_or_against_it(
    offers: list[HostingOffer], committee: list[Person]
) -> None:
    found = ballot(offers, committee)
    db.session.commit()
    with pytest.raises(service.RoundRunningError):
        select(offers[1])
    for person in committee:
        rounds.vote(found, places(offers, 1, 0, 2), by=person, now=OPENING)
    rounds.close(found, by=committee[0], now=OPENING)
    db.session.commit()
    with pytest.raises(service.CommitteeDecidedError, match="Land XAB"):
        select(offers[0])
    db.session.rollback()
    select(offers[1], reserve=offers[0], weighed="Near, but dear.")
    assert [offer.status for offer in offers] == [
        OfferStatus.RESERVE,
        OfferStatus.SELECTED,
        OfferStatus.NOT_SELECTED,
    ]
    assert offers[1].weighed == "Near, but dear."


def test_when_the_host_withdraws_the_reserve_is_promoted_by_a_decision(
    client: Client, offers: list[HostingOffer]
) -> None:
    select(offers[0], reserve=offers[2])
    service.withdraw(offers[0], reason="Elections.", by=make_person(), now=OPENING)
    client.sign_in(make_person(role=Role.ORGANISER))
    path = f"/hosting/calls/{offers[0].edition.slug}"
    assert "Land XAC stands in reserve" in words(client.get(path))
    edition = offers[0].edition
    typed = {
        "offer": offers[2].public_id,
        "first_day": edition.dtstart.isoformat(),
        "last_day": (edition.dtend - timedelta(days=1)).isoformat(),
        "reason": "The reserve takes the place.",
    }
    assert client.submit(path, **typed).status_code == 303
    db.session.refresh(offers[2])
    assert (offers[2].status, offers[2].decision_reason) == (
        OfferStatus.SELECTED,
        "The reserve takes the place.",
    )


@pytest.mark.parametrize("which", ["itself", "withdrawn"])
def test_a_reserve_is_another_offer_in_the_running(which: str, offers: list[HostingOffer]) -> None:
    offers[2].status = OfferStatus.WITHDRAWN
    db.session.commit()
    with pytest.raises(service.ReserveError):
        select(offers[0], reserve=offers[0] if which == "itself" else offers[2])
    db.session.rollback()


def test_the_rounds_of_an_offer_follow_the_table_of_states() -> None:
    for status in (OfferStatus.SUBMITTED, OfferStatus.EVALUATED, OfferStatus.RESERVE):
        assert OfferStatus.SELECTED in lifecycle.OFFER_MOVES[status]
