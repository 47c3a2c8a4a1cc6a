"""The pages of the committee's decision, without a script."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app import database
from app.database import db
from app.hosting import balloting, committee, consensus, deciding, service
from app.hosting import decision_queries as queries
from app.hosting.decision_models import BallotTicket, SealedBallot
from scheduler.deciding import RoundStatus
from scheduler.lifecycle import OfferStatus
from tests.conftest import POSTGRESQL
from tests.factories import OPENING, make_country, make_offer
from tests.hosting.conftest import choice, make_committee, make_recused, under_evaluation
from tests.pages import alert, fields, words
from tests.processes import content_of

if TYPE_CHECKING:
    from pathlib import Path

    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.decision_models import CommitteeRound
    from app.hosting.models import HostingOffer
    from tests.conftest import Client

CLOSES = OPENING + timedelta(days=14)


@pytest.fixture
def edition() -> Edition:
    return under_evaluation()


@pytest.fixture
def offers(edition: Edition) -> list[HostingOffer]:
    """Offers of Alboria, Brevia and Calanthia, in this order."""
    names = {"XAA": "Alboria", "XAB": "Brevia", "XAC": "Calanthia"}
    return [make_offer(edition, make_country(code, name=name)) for code, name in names.items()]


@pytest.fixture
def members() -> list[Person]:
    """Three members; the first is the chair."""
    return make_committee(3)


@pytest.fixture
def recused() -> Person:
    """A member who is the contact of Alboria."""
    return make_recused()


@pytest.fixture
def asked(
    edition: Edition, offers: list[HostingOffer], members: list[Person], organiser: Person
) -> CommitteeRound:
    assert members
    return consensus.propose(edition, choice(offers), closes_at=CLOSES, by=organiser, now=OPENING)


@pytest.fixture
def voting(asked: CommitteeRound, members: list[Person], organiser: Person) -> CommitteeRound:
    consensus.answer(asked, members[2], agrees=False, reason="Too far.", now=OPENING)
    balloting.open_ballot(asked, closes_at=CLOSES, by=organiser, now=OPENING)
    return asked


def path(edition: Edition, act: str = "") -> str:
    return f"/hosting/calls/{edition.slug}/decision{act}"


def test_an_organiser_asks_and_what_was_typed_is_kept_until_it_fits(
    client: Client, edition: Edition, offers: list[HostingOffer], members: list[Person],
    organiser: Person,
) -> None:  # fmt: skip
    client.sign_in(organiser)
    assert path(edition) in client.get(f"/hosting/calls/{edition.slug}").text
    assert "Nothing is asked yet" in words(client.get(path(edition)))
    typed = {
        "offer": offers[0].public_id,
        "reserve": offers[0].public_id,
        "first_day": edition.dtstart.isoformat(),
        "last_day": (edition.dtend - timedelta(days=1)).isoformat(),
        "reason": "The <b>best</b> venue.",
        "weighed": "Costs against access.",
        "closes_on": "2027-01-29",
    }
    wrong = client.submit(path(edition, "/propose"), **typed)
    assert (wrong.status_code, alert(wrong)) == (
        422,
        "Choose an offer that stands, and another one as reserve.",
    )
    assert {key: fields(wrong)[key] for key in typed} == typed
    outside = client.submit(
        path(edition, "/propose"), **typed | {"reserve": "", "first_day": "2027-01-01"}
    )
    assert alert(outside).startswith("First day: Alboria did not offer these days.")
    done = client.submit(path(edition, "/propose"), **typed | {"reserve": offers[1].public_id})
    assert (done.status_code, done.location) == (303, path(edition))
    compared = client.get(f"/hosting/calls/{edition.slug}")
    assert "The committee is deciding" in words(compared)
    assert "first_day" not in fields(compared)
    client.sign_in(members[1])
    page = client.get(path(edition))
    assert "Alboria hosts in Offerville." in words(page)
    assert "The &lt;b&gt;best" in page.text


def test_a_member_objects_and_everybody_reads_why(
    client: Client, asked: CommitteeRound, members: list[Person]
) -> None:
    edition = asked.edition
    client.sign_in(members[1])
    nothing = client.submit(path(edition, "/answer"))
    assert (nothing.status_code, alert(nothing)) == (
        422,
        "Your answer: Choose whether you agree or object.",
    )
    bare = client.submit(path(edition, "/answer"), says="object")
    assert alert(bare) == "Reason: Say why you object; the committee reads it before it votes."
    client.submit(path(edition, "/answer"), says="agree")
    client.submit(path(edition, "/answer"), says="object", reason="Too far for most.")
    client.sign_in(members[0])
    page = words(client.get(path(edition)))
    assert "Member 1 objectsToo far for most." in page.replace("objects Too", "objectsToo")
    assert "0 agree, 1 object, of 3 with a say." in page
    assert path(edition, "/ballot") in client.get(path(edition)).text


def test_who_is_recused_reads_along_and_is_refused_in_clear_words(
    client: Client, recused: Person, asked: CommitteeRound
) -> None:
    edition = asked.edition
    client.sign_in(recused)
    page = client.get(path(edition))
    assert "You keep out of this choice" in words(page)
    assert path(edition, "/answer") not in page.text
    answer = client.submit(path(edition, "/answer"), says="object", reason="My own words.")
    assert answer.status_code == 422
    assert "You have no say in this choice" in words(answer)
    assert "My own words." in words(answer)


def test_a_ballot_is_ranked_by_numbers_equals_and_gaps_as_they_are(
    client: Client, voting: CommitteeRound, members: list[Person], offers: list[HostingOffer]
) -> None:
    edition = voting.edition
    client.sign_in(members[1])
    assert path(edition, "/vote") in client.get(path(edition)).text
    nothing = client.submit(path(edition, "/vote"), place0="", place1="", place2="")
    assert (nothing.status_code, alert(nothing)) == (
        422,
        "Give at least one of the offers a place; 1 is the best.",
    )
    client.submit(path(edition, "/vote"), place0="3", place1="3", place2="")
    assert [ranking for _key, ranking in queries.ballots(voting)] == [
        [sorted(offer.public_id for offer in offers[:2])]
    ]
    again = client.submit(path(edition, "/vote"), place0="1", place1="", place2="2")
    assert (again.status_code, fields(again)["place0"]) == (422, "1")
    assert "You have voted already." in alert(again)
    assert "You have voted" in words(client.get(path(edition)))
    assert client.get(path(edition, "/vote")).status_code == 303


def test_a_recused_member_and_a_late_one_vote_by_hand_and_lose_nothing(
    client: Client,
    recused: Person,
    voting: CommitteeRound,
    members: list[Person],
    organiser: Person,
) -> None:
    edition = voting.edition
    client.sign_in(recused)
    refused = client.submit(path(edition, "/vote"), place0="1", place1="2", place2="3")
    assert (refused.status_code, fields(refused)["place1"]) == (422, "2")
    assert "You have no say in this choice" in alert(refused)
    for member in members[:2]:
        balloting.cast(voting, member, {voting.candidates[0]: 1}, now=OPENING)
    balloting.close_ballot(voting, by=organiser, now=CLOSES)
    client.sign_in(members[2])
    late = client.submit(path(edition, "/vote"), place0="1", place1="2", place2="3")
    assert (late.status_code, fields(late)["place2"]) == (422, "3")
    assert "No ballot is taken now" in alert(late)
    assert queries.count_ballots(voting) == 2


def test_the_files_do_not_tell_how_the_box_filled(
    client: Client, voting: CommitteeRound, members: list[Person], instance_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    first, second, third = voting.candidates
    page = path(voting.edition, "/vote")
    for member, places in zip(members, ("123", "321", "213"), strict=True):
        client.sign_in(member)
        typed = {f"place{at}": place for at, place in enumerate(places)}
        assert client.submit(page, **typed).status_code == 303
        if db.engine.dialect.name == "sqlite":
            # The log of what was written, transaction by transaction, is cut to nothing.
            assert (instance_path / "symposia.db-wal").stat().st_size == 0
    assert queries.count_ballots(voting) == 3
    # No line of the log has a place, an offer or a voter beside it.
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if "place" in line] == []
    assert [line for line in said for name in (first, second, third) if name in line] == []
    assert [line for line in said if any(member.email in line for member in members)] == []


@pytest.mark.skipif(bool(POSTGRESQL), reason="reads the files that SQLite keeps")
def test_a_copy_of_every_file_holds_each_ballot_once_and_nothing_of_how_it_came(
    client: Client, voting: CommitteeRound, members: list[Person], organiser: Person,
    instance_path: Path,
) -> None:  # fmt: skip
    page = path(voting.edition, "/vote")
    for member, places in zip(members, ("123", "321", "213"), strict=True):
        client.sign_in(member)
        client.submit(page, **{f"place{at}": place for at, place in enumerate(places)})
    balloting.close_ballot(voting, by=organiser, now=CLOSES)
    db.session.commit()
    database.scrub(SealedBallot, BallotTicket)
    ballots = db.session.scalars(select(SealedBallot)).all()
    keys = [ballot.id.encode() for ballot in ballots]
    rankings = [json.dumps(ballot.ranking).encode() for ballot in ballots]
    found = dict(content_of(instance_path))
    holding = {name for name, content in found.items() if any(key in content for key in keys)}
    assert holding == {"symposia.db"}
    content = found["symposia.db"]
    # No older version of a ballot is left in a free page, which would tell what was there before
    # the next one came; they lie in the order of their keys, one after the other.
    assert [content.count(key) for key in keys] == [1] * len(members)
    result = json.dumps(voting.count_order).encode()  # told to everybody
    assert [content.count(one) - (one == result) for one in rankings] == [1] * len(members)
    places = [content.index(key) for key in sorted(keys)]
    ascending, descending = sorted(places), sorted(places, reverse=True)
    assert places in (ascending, descending)


def test_before_the_end_nobody_sees_more_than_how_many_have_voted(
    client: Client, voting: CommitteeRound, members: list[Person], organiser: Person
) -> None:
    edition = voting.edition
    client.sign_in(organiser)
    before = words(client.get(path(edition)))
    balloting.cast(voting, members[0], {voting.candidates[0]: 1}, now=OPENING)
    after = words(client.get(path(edition)))
    assert before.replace("0 of 3 have voted", "1 of 3 have voted") == after
    assert "1 of 3 have voted." in after
    assert "The count" not in after
    early = client.submit(path(edition, "/end"))
    assert (early.status_code, "This is still open." in early.text) == (409, True)


def test_a_counted_ballot_is_shown_recounted_and_recorded(
    client: Client,
    voting: CommitteeRound,
    members: list[Person],
    offers: list[HostingOffer],
    organiser: Person,
) -> None:
    edition = voting.edition
    for member in members:
        balloting.cast(
            voting, member, {offers[1].public_id: 1, offers[2].public_id: 2}, now=OPENING
        )
    client.sign_in(organiser)
    client.submit(path(edition, "/end"))
    assert voting.status is RoundStatus.COUNTED
    page = words(client.get(path(edition)))
    assert "3 of 3 voted. By the Schulze method: Brevia Calanthia Alboria" in page
    assert "they come to what was recorded." in page
    assert voting.digest in page
    form = client.get(path(edition, "/record"))
    assert fields(form)["reserve"] == offers[2].public_id
    typed = {key: fields(form)[key] for key in ("first_day", "last_day", "reserve")}
    done = client.submit(
        path(edition, "/record"),
        offer=offers[1].public_id,
        reason="The committee voted.",
        weighed="Costs against access.",
        **typed,
    )
    assert done.status_code == 303
    assert [offer.status for offer in offers] == [
        OfferStatus.NOT_SELECTED,
        OfferStatus.SELECTED,
        OfferStatus.RESERVE,
    ]
    told = words(client.get(path(edition)))
    assert "By secret ballot of the committee" in told
    assert "0 agreed and 1 objected, of 3 with a say. 3 of 3 voted." in told


def test_a_chair_breaks_a_tie_and_an_organiser_is_told_who_can(
    client: Client,
    voting: CommitteeRound,
    members: list[Person],
    offers: list[HostingOffer],
    organiser: Person,
) -> None:
    edition = voting.edition
    for member, offer in zip(members, (offers[0], offers[1], None), strict=True):
        places = {offer.public_id: 1} if offer else {one.public_id: 1 for one in offers}
        balloting.cast(voting, member, places, now=OPENING)
    balloting.close_ballot(voting, by=organiser, now=OPENING)
    client.sign_in(organiser)
    assert "A chair of the committee breaks the tie." in words(client.get(path(edition)))
    client.sign_in(members[0])
    form = client.get(path(edition, "/record"))
    typed = {key: fields(form)[key] for key in ("first_day", "last_day")}
    client.submit(
        path(edition, "/record"),
        offer=offers[1].public_id,
        reserve=offers[0].public_id,
        reason="It has never hosted.",
        weighed="Both are equal.",
        **typed,
    )
    assert edition.country_code == "XAB"


def test_a_member_declares_an_interest_and_keeps_out(
    client: Client, asked: CommitteeRound, members: list[Person]
) -> None:
    edition = asked.edition
    client.sign_in(members[1])
    own = f"/hosting/calls/{edition.slug}/interest"
    assert own in client.get(path(edition)).text
    assert client.submit(own, words=" ").status_code == 422
    client.submit(own, words="My brother runs the hall")
    page = words(client.get(path(edition)))
    assert "You keep out of this choice The reason: My brother runs the hall." in page
    assert [person.email for person in committee.members(edition)] == [
        "member0@example.org",
        "member2@example.org",
    ]


def test_the_reserve_is_made_host_from_its_page(
    client: Client, asked: CommitteeRound, offers: list[HostingOffer], organiser: Person
) -> None:
    edition = asked.edition
    deciding.settle(asked, by=organiser, now=CLOSES)
    service.withdraw(offers[0], reason="It burnt.", by=organiser, now=CLOSES)
    client.sign_in(organiser)
    assert "Brevia is the reserve." in words(client.get(path(edition)))
    form = client.get(path(edition, "/reserve"))
    assert "The selected host has withdrawn. Brevia stands by." in words(form)
    typed = {key: fields(form)[key] for key in ("first_day", "last_day")}
    done = client.submit(
        path(edition, "/reserve"),
        offer=offers[1].public_id,
        reason="The host withdrew.",
        weighed="It stood by.",
        **typed,
    )
    assert (done.status_code, edition.country_code) == (303, "XAB")
    assert "The reserve moved up" in words(client.get(path(edition)))
