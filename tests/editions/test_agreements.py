from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.accounts.models import Role
from app.database import db
from app.editions import agreements, disruptions, service
from app.editions.agreements import Record
from app.editions.models import AgreementAct as A
from scheduler.errors import DomainError
from scheduler.lifecycle import AgreementStatus, EditionStatus, MoveError
from tests.factories import OPENING, PDF, make_country, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.accounts.models import Person
    from app.editions.models import Edition

S = EditionStatus
TODAY = OPENING.date()


def hosted(status: EditionStatus = S.CONFIRMED, **facts: object) -> Edition:
    country = make_country("XAA")
    facts = {"city": "Rabat", "tzid": "Africa/Casablanca"} | facts
    return make_edition(status=status, country_code=country.code, **facts)  # type: ignore[arg-type]


def record(edition: Edition, act: A, by: Person, *, note: str = "", day: date = TODAY) -> None:
    agreements.record(edition, act, Record(day, note), by=by, now=OPENING)


def told(edition: Edition) -> list[tuple[str, int | None, str]]:
    return [(row.act.value, row.version, row.note) for row in agreements.records(edition)]


def test_an_agreement_is_asked_for_negotiated_accepted_and_amended_with_versions() -> None:
    edition, by = hosted(), make_person()
    record(edition, A.REQUESTED, by, note="By note verbale")
    record(edition, A.UNDER_NEGOTIATION, by)
    record(edition, A.ACCEPTED, by)
    record(edition, A.AMENDED, by, note="Two more rooms")
    record(edition, A.AMENDED, by, note="A third room")
    assert told(edition) == [
        ("requested", None, "By note verbale"),
        ("under_negotiation", None, ""),
        ("accepted", 1, ""),
        ("amended", 2, "Two more rooms"),
        ("amended", 3, "A third room"),
    ]
    assert (edition.agreement, edition.has_agreement) == (AgreementStatus.AMENDED, True)


def test_accepting_at_once_goes_by_way_of_the_request() -> None:
    edition, by = hosted(), make_person()
    agreements.record_agreement(edition, waiver="", by=by, now=OPENING)
    assert told(edition) == [("requested", None, ""), ("accepted", 1, "")]


@pytest.mark.parametrize("act", [A.UNDER_NEGOTIATION, A.AMENDED, A.FULFILLED])
def test_the_table_of_states_decides_what_comes_next(act: A) -> None:
    edition, by = hosted(dtstart=TODAY - timedelta(days=9)), make_person()
    db.session.commit()
    with pytest.raises(MoveError):
        record(edition, act, by, note="Something")
    db.session.rollback()
    assert (edition.agreement, told(edition)) == (AgreementStatus.NOT_STARTED, [])


def test_what_is_recorded_has_happened() -> None:
    edition, by = hosted(), make_person()
    with pytest.raises(agreements.DayToComeError):
        record(edition, A.REQUESTED, by, day=TODAY + timedelta(days=2))
    record(edition, A.ACCEPTED, by)
    with pytest.raises(agreements.NotOverError, match="is not over yet"):
        record(edition, A.FULFILLED, by)


def test_an_agreement_is_fulfilled_once_the_event_was_held() -> None:
    edition, by = hosted(S.ANNOUNCED, dtstart=TODAY - timedelta(days=9)), make_person()
    record(edition, A.ACCEPTED, by)
    record(edition, A.FULFILLED, by)
    assert edition.agreement is AgreementStatus.FULFILLED
    assert agreements.possible(edition, TODAY) == [A.LETTER]


def test_there_is_no_agreement_without_a_host() -> None:
    edition, by = make_edition(status=S.UNDER_EVALUATION), make_person()
    db.session.commit()
    for act in (A.REQUESTED, A.ACCEPTED):
        with pytest.raises(agreements.NoHostError):
            record(edition, act, by)
        db.session.rollback()
    with pytest.raises(agreements.NoHostError):
        agreements.record_agreement(edition, waiver="Small", by=by, now=OPENING)


def test_letters_are_kept_with_their_act_and_a_rollback_takes_them_away() -> None:
    edition, by = hosted(), make_person()
    facts = Record(TODAY, "Signed", (PDF, "signed.pdf"))
    made = agreements.record(edition, A.ACCEPTED, facts, by=by, now=OPENING)
    assert made.letter is not None
    assert (made.letter.name, made.letter.path.read_bytes()) == ("signed.pdf", PDF)
    path = made.letter.path
    db.session.rollback()
    assert not path.exists()


@pytest.mark.parametrize("leaves", ["withdraws", "another country"])
def test_with_another_host_the_agreement_begins_anew_and_the_host_team_ends(leaves: str) -> None:
    edition, by = hosted(), make_person()
    member = make_person(role=Role.HOST_TEAM, scope=edition.slug)
    record(edition, A.ACCEPTED, by)
    if leaves == "withdraws":
        disruptions.release_host(edition, reason="Flood", by=by, now=OPENING)
    else:
        disruptions.relocate(
            edition, make_country("XAB"), city="Fez", venue="", venue_address="",
            tzid="Africa/Casablanca", reason="Flood", by=by, now=OPENING,
        )  # fmt: skip
    assert (edition.agreement, edition.has_agreement) == (AgreementStatus.NOT_STARTED, False)
    assert told(edition)[-1] == ("ended", None, "Flood")
    assert agreements.current(agreements.records(edition)) == []
    assert [grant.ended_at is not None for grant in member.grants] == [True]


def test_another_city_of_the_same_country_leaves_the_agreement() -> None:
    edition, by = hosted(), make_person()
    record(edition, A.ACCEPTED, by)
    disruptions.relocate(
        edition, make_country("XAA"), city="Fez", venue="", venue_address="",
        tzid="Africa/Casablanca", reason="Strike", by=by, now=OPENING,
    )  # fmt: skip
    assert edition.has_agreement


def test_a_letter_alone_is_not_for_the_next_host_either() -> None:
    edition, by = hosted(), make_person()
    letter = Record(TODAY, "", (PDF, "letter.pdf"))
    agreements.record(edition, A.LETTER, letter, by=by, now=OPENING)
    move_abroad(edition, by)
    assert agreements.current(agreements.records(edition)) == []
    assert [act for act, _version, _note in told(edition)] == ["letter", "ended"]


def announced(by: Person) -> Edition:
    edition = hosted(S.CONFIRMED, city="Rabat", tzid="Africa/Casablanca", title="Symposium")
    record(edition, A.ACCEPTED, by)
    service.announce(edition, by=by, now=OPENING)
    db.session.commit()
    return edition


def move_abroad(edition: Edition, by: Person, **facts: Any) -> None:  # noqa: ANN401 - of the agreement
    disruptions.relocate(
        edition, make_country("XAB", name="Brevania"), city="Brev", venue="", venue_address="",
        tzid="UTC", reason="Flood", by=by, now=OPENING, **facts,
    )  # fmt: skip


def test_what_is_announced_moves_abroad_only_with_a_new_agreement_or_a_waiver() -> None:
    by = make_person()
    edition = announced(by)
    with pytest.raises(disruptions.AgreementEndsError, match="agreement with Brevania is signed"):
        move_abroad(edition, by)
    db.session.rollback()
    assert (edition.city, edition.has_agreement, edition.sequence) == ("Rabat", True, 1)
    move_abroad(edition, by, waiver="A note verbale stands for it.")
    assert (edition.status, edition.country_code) == (S.ANNOUNCED, "XAB")
    assert told(edition)[-2:] == [
        ("ended", None, "Flood"),
        ("waived", None, "A note verbale stands for it."),
    ]
    assert edition.sequence == 2


def test_what_is_announced_moves_abroad_with_the_new_agreement() -> None:
    by = make_person()
    edition = announced(by)
    move_abroad(edition, by, is_agreed=True)
    assert told(edition)[-2:] == [("requested", None, ""), ("accepted", 1, "")]
    assert agreements.records(edition)[-1].country_code == "XAB"


def test_what_stays_in_its_country_keeps_its_agreement_and_takes_no_other() -> None:
    by = make_person()
    edition = announced(by)
    place: dict[str, Any] = {"city": "Fez", "venue": "", "venue_address": "", "tzid": "UTC"}
    with pytest.raises(disruptions.AgreementStaysError, match="stays the same"):
        disruptions.relocate(
            edition, make_country("XAA"), **place, reason="Strike", waiver="So", by=by, now=OPENING
        )
    db.session.rollback()
    assert (edition.city, edition.agreement_waiver) == ("Rabat", "")


def test_what_is_postponed_moves_abroad_and_is_announced_anew_once_there_is_an_agreement() -> None:
    by = make_person()
    edition = announced(by)
    disruptions.postpone(edition, dtstart=None, dtend=None, reason="Flood", by=by, now=OPENING)
    move_abroad(edition, by)
    assert (edition.has_agreement, edition.public_entry_status.value) == (False, "TENTATIVE")
    days = {"dtstart": edition.dtstart, "dtend": edition.dtend}
    place = {"city": "Brev", "venue": "", "venue_address": "", "tzid": "UTC"}
    service.confirm(edition, by=by, now=OPENING, **days, **place)  # type: ignore[arg-type]
    db.session.commit()
    with pytest.raises(service.AgreementMissingError):
        service.announce(edition, by=by, now=OPENING)


def _ways(edition: Edition, by: Person) -> dict[str, Callable[[], object]]:
    """Every act that may lie between a host and the announcement, with whatever it needs."""
    one, other = make_country("XAA"), make_country("XAB")
    days = {"dtstart": edition.dtstart, "dtend": edition.dtend}
    who: dict[str, object] = {"by": by, "now": OPENING}
    place = {"venue": "", "venue_address": "", "tzid": "Africa/Casablanca"}

    def select(country: object, city: str) -> None:
        service.select_host(edition, country, city=city, venue="", **days, **who)  # type: ignore[arg-type]

    def relocate(country: object, **facts: object) -> None:
        disruptions.relocate(edition, country, city="Fez", reason="Strike", **facts, **place, **who)  # type: ignore[arg-type]

    return {
        "select": lambda: select(one, "Rabat"),
        "select without a city": lambda: select(other, ""),
        "confirm": lambda: service.confirm(edition, city="Rabat", **place, **days, **who),  # type: ignore[arg-type]
        "confirm nowhere": lambda: service.confirm(edition, city="", **place, **days, **who),  # type: ignore[arg-type]
        "relocate within": lambda: relocate(one),
        "relocate abroad": lambda: relocate(other),
        "relocate abroad, agreed": lambda: relocate(other, is_agreed=True),
        "relocate abroad, waived": lambda: relocate(other, waiver="Small"),
        "relocate back, waived": lambda: relocate(one, waiver="Small"),
        "withdraw": lambda: disruptions.release_host(edition, reason="Flood", **who),  # type: ignore[arg-type]
        "postpone": lambda: disruptions.postpone(
            edition, dtstart=None, dtend=None, reason="Flood", **who  # type: ignore[arg-type]
        ),
        "waive": lambda: agreements.record_agreement(edition, waiver="Small", **who),  # type: ignore[arg-type]
        "announce": lambda: service.announce(edition, **who),  # type: ignore[arg-type]
        **{
            act.value: lambda act=act: record(edition, act, by, note="Words")
            for act in (A.REQUESTED, A.UNDER_NEGOTIATION, A.ACCEPTED, A.AMENDED, A.FULFILLED)
        },
    }  # fmt: skip


def _stands(edition: Edition) -> bool:
    """Whether, by the records, host and organisers agreed or the agreement was waived."""
    with_this_host = [
        row.act
        for row in agreements.current(agreements.records(edition))
        if row.country_code == edition.country_code
    ]
    return bool({A.ACCEPTED, A.WAIVED} & set(with_this_host))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_path_leads_to_the_announcement_without_days_city_and_agreement(
    data: st.DataObject,
) -> None:
    edition, by = make_edition(status=S.UNDER_EVALUATION), make_person()
    ways = _ways(edition, by)
    db.session.commit()
    usual = ("select", "confirm", "announce")
    for _step in range(14):
        name = data.draw(st.sampled_from(usual) | st.sampled_from(sorted(ways)))
        with suppress(DomainError):
            ways[name]()
            db.session.commit()
        db.session.rollback()
        if edition.status is S.ANNOUNCED:  # and as long as it is
            assert edition.city, name
            assert edition.country_code, name
            assert not edition.dates_to_follow
            assert edition.has_agreement
            assert _stands(edition)
