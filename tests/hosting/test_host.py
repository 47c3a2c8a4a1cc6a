from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app import clock
from app.accounts import grants
from app.accounts.models import Role
from app.database import db
from app.desk import decisions
from app.editions import disruptions, service
from app.hosting import checklist, choosing, host_team
from app.hosting.host_models import TaskOwner
from app.outbox import OutboxMessage
from scheduler.errors import PermissionDeniedError
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_call, make_country, make_edition, make_offer, make_person
from tests.pages import alert, fields, words

if TYPE_CHECKING:
    from app.accounts.models import Person
    from app.editions.models import Edition
    from app.hosting.models import HostingOffer
    from tests.conftest import Client

S = EditionStatus
FIRST = date(2028, 3, 7)


@pytest.fixture
def edition() -> Edition:
    """A confirmed edition with its host."""
    country = make_country("XAA")
    return make_edition(
        status=S.CONFIRMED, dtstart=FIRST, country_code=country.code, city="Rabat", tzid="UTC"
    )


def page(edition: Edition) -> str:
    return f"/hosting/host/{edition.slug}"


def titles(edition: Edition) -> dict[str, checklist.HostTask]:
    return {task.title: task for task in checklist.tasks(edition)}


def select(by: Person) -> HostingOffer:
    """Choose XAA, which has promised a security contact, as the host of an edition."""
    edition = make_edition(status=S.UNDER_EVALUATION, dtstart=FIRST, title="Symposium")
    make_call(edition)
    offer = make_offer(
        edition, make_country("XAA"),
        details={"assurances": {"security_contact": "Colonel A. Example"}},
    )  # fmt: skip
    choosing.select(
        offer, dtstart=edition.dtstart, dtend=edition.dtend, reason="The best", by=by, now=OPENING
    )
    return offer


def confirm(edition: Edition, by: Person) -> None:
    service.confirm(
        edition, dtstart=edition.dtstart, dtend=edition.dtend, tzid="UTC", city="Rabat",
        venue="Hall", venue_address="", by=by, now=OPENING,
    )  # fmt: skip


# -- the checklist ---------------------------------------------------------------------------


def test_the_checklist_is_made_with_the_host_from_what_the_offer_promised() -> None:
    by = make_person(role=Role.ORGANISER)
    edition = select(by).edition
    assert checklist.tasks(edition) == []
    confirm(edition, by)
    found = titles(edition)
    assert found["Name the security contact"].promise == "Colonel A. Example"
    assert found["Contract with the venue"].promise == "Town Hall"
    assert {task.owner for task in found.values()} == set(TaskOwner)


def test_days_hang_on_the_milestones_and_move_with_the_event(edition: Edition) -> None:
    by, task = make_person(), titles(edition)["Contract with the venue"]
    # Like the agreement's latest day of a symposium: six months before.
    assert task.due_on == date(2027, 9, 7)
    later = FIRST + timedelta(days=28)
    disruptions.reschedule(
        edition, dtstart=later, dtend=later + timedelta(days=3), reason="Ramadan", by=by,
        now=OPENING,
    )  # fmt: skip
    assert task.due_on == date(2027, 10, 4)
    disruptions.postpone(edition, dtstart=None, dtend=None, reason="Flood", by=by, now=OPENING)
    assert (task.due_on, task.is_overdue(date(2030, 1, 1))) == (None, False)


def test_with_another_host_the_checklist_is_made_anew(edition: Edition) -> None:
    by = make_person()
    checklist.mark_done(titles(edition)["Book interpretation"], by=by, now=OPENING)
    disruptions.relocate(
        edition, make_country("XAB"), city="Fez", venue="", venue_address="", tzid="UTC",
        reason="Flood", by=by, now=OPENING,
    )  # fmt: skip
    found = titles(edition)
    assert {task.country_code for task in found.values()} == {"XAB"}
    assert found["Book interpretation"].is_open
    disruptions.release_host(edition, reason="Flood", by=by, now=OPENING)
    assert checklist.tasks(edition) == []


def test_the_host_is_told_what_organisers_change_and_a_former_one_that_it_is_over(
    edition: Edition, contact: Person
) -> None:
    member = make_person(role=Role.HOST_TEAM, scope=edition.slug)
    other = make_person(role=Role.NATIONAL_CONTACT, scope=make_country("XAB", name="Brevania").code)
    who: dict[str, Any] = {"reason": "Flood", "by": make_person(), "now": OPENING}
    title, later = edition.title, FIRST + timedelta(days=7)
    disruptions.reschedule(edition, dtstart=later, dtend=later + timedelta(days=3), **who)
    disruptions.postpone(edition, dtstart=None, dtend=None, **who)
    disruptions.relocate(
        edition, make_country("XAB"), city="Brev", venue="",
        venue_address="", tzid="UTC", **who,
    )  # fmt: skip
    disruptions.cancel(edition, **who)

    def told(person: Person) -> list[str]:
        query = db.select(OutboxMessage.subject).filter_by(to_address=person.email)
        return list(db.session.scalars(query.order_by(OutboxMessage.id)))

    hosted = [f"{title}, which you host, has moved to other days",
              f"{title}, which you host, is postponed"]  # fmt: skip
    assert told(member) == hosted
    assert told(contact) == [*hosted, f"{title} does not take place in your country any more"]
    assert told(other) == [f"{title}, which you host, takes place in Brev, Brevania",
                           f"{title}, which you host, is cancelled"]  # fmt: skip


def test_nothing_of_a_former_hosts_offer_reaches_the_next_nor_can_it_take_the_event_away(
    client: Client,
) -> None:
    by = make_person(role=Role.ORGANISER)
    offer = select(by)
    edition = offer.edition
    confirm(edition, by)
    place = {"venue": "", "venue_address": "", "tzid": "UTC"}
    other = make_country("XAB")
    disruptions.relocate(edition, other, city="Fez", reason="Flood", **place, by=by, now=OPENING)
    assert {task.promise for task in checklist.tasks(edition)} == {""}
    for reader in (by, make_person(role=Role.NATIONAL_CONTACT, scope="XAB")):
        assert "The offer that was selected" not in words(client.sign_in(reader).get(page(edition)))
    former = make_person(role=Role.NATIONAL_CONTACT, scope="XAA")
    client.sign_in(former)
    path = f"/hosting/offers/{offer.public_id}"
    assert "Withdraw the offer" not in words(client.get(path))
    answer = client.submit(f"{path}/withdraw", reason="Too late")
    assert (answer.status_code, "was moved to another country" in words(answer)) == (409, True)
    assert (edition.status, edition.country_code) == (S.CONFIRMED, "XAB")
    # Back with the host that was chosen, its offer is again what was promised.
    disruptions.relocate(
        edition, offer.country, city="Rabat", reason="Dry", **place, by=by, now=OPENING
    )
    assert titles(edition)["Name the security contact"].promise == "Colonel A. Example"


def test_an_item_is_done_taken_back_and_waived_each_once(edition: Edition) -> None:
    by, task = make_person(), titles(edition)["Book interpretation"]
    checklist.mark_done(task, by=by, now=OPENING)
    with pytest.raises(checklist.TaskRecordedError, match="Book interpretation"):
        checklist.waive(task, "Not needed", by=by, now=OPENING)
    checklist.reopen(task, by=by, now=OPENING)
    with pytest.raises(checklist.TaskReasonError):
        checklist.waive(task, " ", by=by, now=OPENING)
    checklist.waive(task, "One language", by=by, now=OPENING)
    assert (task.is_open, task.done_on, task.waived_reason) == (False, None, "One language")


def test_the_desk_is_told_of_an_overdue_item_only_if_it_is_the_organisers(
    app: object,
) -> None:
    country = make_country("XAA")
    soon = make_edition(
        status=S.CONFIRMED, dtstart=clock.today() + timedelta(days=10), country_code=country.code,
        city="Rabat", tzid="UTC",
    )  # fmt: skip
    by = make_person()
    with app.test_request_context():  # type: ignore[attr-defined]
        lines = [line.text for line in decisions.next_decisions(clock.today())]
        assert "Visa support letters issued." in lines
        assert "Contract with the venue." not in lines
        task = titles(soon)["Visa support letters issued"]
        checklist.mark_done(task, by=by, now=clock.utcnow())
        lines = [line.text for line in decisions.next_decisions(clock.today())]
        assert "Visa support letters issued." not in lines


def test_the_host_keeps_its_items_and_only_organisers_theirs(
    client: Client, edition: Edition, contact: Person
) -> None:
    found = titles(edition)
    own, theirs = found["Book interpretation"], found["Visa support letters issued"]
    client.sign_in(contact)
    answer = client.submit(f"{page(edition)}/tasks/{own.id}/done")
    assert (answer.status_code, answer.location) == (303, f"{page(edition)}#checklist")
    assert client.submit(f"{page(edition)}/tasks/{theirs.id}/done").status_code == 404
    assert client.get(f"{page(edition)}/tasks/{own.id}/waive").status_code == 403
    db.session.refresh(own)
    assert (own.done_on, own.person_id) == (OPENING.date(), contact.id)
    assert "Done Friday 15 January 2027" in words(client.get(page(edition)))


def test_an_organiser_adds_an_item_whose_day_moves_with_the_event(
    client: Client, edition: Edition
) -> None:
    client.sign_in(make_person(role=Role.ORGANISER))
    at = f"{page(edition)}/tasks/new"
    wrong = client.submit(at, title="Flags", owner="host", due_on="someday")
    assert (wrong.status_code, "“someday” is not a day" in alert(wrong)) == (422, True)
    assert fields(wrong)["title"] == "Flags"
    far = client.submit(at, title="Flags", owner="host", due_on="2020-01-01")
    assert "between two years before the event" in alert(far)
    assert client.submit(at, title="Flags", owner="host", due_on="2028-03-06").status_code == 303
    task = titles(edition)["Flags"]
    assert (task.lead, task.due_on, task.owner) == ("T-1 days", date(2028, 3, 6), TaskOwner.HOST)


def test_the_page_says_what_is_overdue_and_whose_it_is(client: Client) -> None:
    country = make_country("XAA")
    soon = make_edition(
        status=S.CONFIRMED, dtstart=clock.today() + timedelta(days=10), country_code=country.code
    )
    client.sign_in(make_person(role=Role.HOST_TEAM, scope=soon.slug))
    told = words(client.get(page(soon)))
    assert "12 items are overdue Name the security contact (Host team), Contract with" in told
    assert "Waive" not in told


# -- the host team ---------------------------------------------------------------------------


def invited_link(address: str) -> str:
    query = db.select(OutboxMessage.text).filter_by(to_address=address)
    text = db.session.scalars(query.order_by(OutboxMessage.id.desc())).first()
    found = re.search(r"/invitations/\S+", text or "")
    assert found
    return found.group()


def test_the_hosts_contact_invites_the_host_team_which_then_has_its_page(
    client: Client, edition: Edition, contact: Person
) -> None:
    client.sign_in(contact)
    answer = client.submit(f"{page(edition)}/team/invite", email="Member@example.org")
    assert (answer.status_code, answer.location) == (303, f"{page(edition)}/team")
    assert "member@example.org until" in words(client.get(f"{page(edition)}/team"))
    member = make_person("member@example.org")
    client.sign_in(member)
    assert client.get(page(edition)).status_code == 404
    assert client.submit(invited_link("member@example.org")).status_code == 303
    told = words(client.get(page(edition)))
    assert "Checklist" in told
    assert "Invite somebody" not in words(client.get(f"{page(edition)}/team"))
    assert client.submit(f"{page(edition)}/team/invite", email="x@example.org").status_code == 404


@pytest.mark.parametrize("typed", ["", "nobody", "contact itself"])
def test_an_invitation_that_cannot_be_comes_back(
    client: Client, edition: Edition, contact: Person, typed: str
) -> None:
    client.sign_in(contact)
    typed = contact.email if typed == "contact itself" else typed
    answer = client.submit(f"{page(edition)}/team/invite", email=typed)
    assert (answer.status_code, "E-mail address:" in alert(answer)) == (422, True)
    assert fields(answer)["email"] == typed


def test_only_the_contact_of_the_host_country_invites_and_not_before_the_host_is_confirmed(
    edition: Edition, contact: Person
) -> None:
    now = clock.real_utcnow()
    make_country("XAB")
    other = make_person(role=Role.NATIONAL_CONTACT, scope="XAB")
    db.session.commit()
    with pytest.raises(PermissionDeniedError):
        host_team.invite(edition, "x@example.org", by=other, now=now)
    db.session.rollback()
    host_team.invite(edition, "x@example.org", by=contact, now=now)
    ahead = make_edition(status=S.HOST_SELECTED, country_code="XAA")
    with pytest.raises(host_team.NoConfirmedHostError):
        host_team.invite(ahead, "x@example.org", by=contact, now=now)
    offer = grants.Offer(Role.VISA_OFFICER, edition.slug)
    assert not grants.may_give(contact, offer, now)


def test_the_contact_ends_a_role_and_its_person_is_told(
    client: Client, edition: Edition, contact: Person
) -> None:
    member = make_person(role=Role.HOST_TEAM, scope=edition.slug)
    at = f"{page(edition)}/team/{member.grants[0].id}/end"
    client.sign_in(contact)
    assert "Reason:" in alert(client.submit(at, reason=" "))
    assert client.submit(at, reason="Another post").status_code == 303
    assert host_team.members(edition) == []
    mail = db.session.scalar(db.select(OutboxMessage).filter_by(to_address=member.email))
    assert mail is not None
    assert "has ended" in mail.subject
    assert client.get(at).status_code == 404


def test_an_invitation_is_withdrawn(client: Client, edition: Edition, contact: Person) -> None:
    client.sign_in(contact)
    client.submit(f"{page(edition)}/team/invite", email="member@example.org")
    (waiting,) = host_team.invitations(edition, clock.real_utcnow())
    client.submit(f"{page(edition)}/team/invitations/{waiting.id}/withdraw")
    db.session.rollback()
    assert host_team.invitations(edition, clock.real_utcnow()) == []


# -- what the agreement says -----------------------------------------------------------------


def test_what_is_agreed_stands_on_the_checklist_with_its_owner_and_day(client: Client) -> None:
    edition = make_edition(
        status=EditionStatus.HOST_SELECTED, country_code=make_country("XAA").code
    )
    client.sign_in(make_person(role=Role.ORGANISER))
    page = f"/hosting/host/{edition.slug}/agreement"
    today, due_on = OPENING.date().isoformat(), edition.dtstart - timedelta(days=40)
    term = {"terms-0-title": "Lend two interpreters", "terms-0-owner": "organiser"}
    half = client.submit(f"{page}/accepted", on_day=today, **term)
    assert (half.status_code, "by which day" in alert(half)) == (422, True)
    assert fields(half)["terms-0-title"] == "Lend two interpreters"
    term["terms-0-due_on"] = due_on.isoformat()
    assert client.submit(f"{page}/accepted", on_day=today, note="Signed", **term).status_code == 303
    amended = {"terms-0-title": "A second hall", "terms-0-owner": "host", "terms-0-due_on": today}
    client.submit(f"{page}/amended", on_day=today, note="Two more rooms", **amended)
    db.session.expire_all()
    found = {task.title: task for task in checklist.tasks(edition)}
    first, second = found["Lend two interpreters"], found["A second hall"]
    assert (first.owner, first.due_on, first.promise) == (
        TaskOwner.ORGANISER,
        due_on,
        "version 1, Signed",
    )
    assert (second.owner, second.promise) == (TaskOwner.HOST, "version 2, Two more rooms")
    service.confirm(
        edition, city="Albor", venue="Hall", venue_address="", tzid="UTC",
        dtstart=edition.dtstart, dtend=edition.dtend, by=make_person(), now=OPENING,
    )  # fmt: skip
    titles = [task.title for task in checklist.tasks(edition)]
    assert (len(titles), {*found} < {*titles}) == (len(checklist.USUAL) + 2, True)
    assert "The agreement says: version 2, Two more rooms" in words(
        client.get(f"/hosting/host/{edition.slug}")
    )
