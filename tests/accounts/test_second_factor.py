from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from app import outbox
from app.accounts import links, passwords, second_factor, service, sessions
from app.accounts.models import Method, Person, RecoveryCode, Role, SignIn
from app.accounts.second_factor import _step_of
from app.clock import real_utcnow
from app.database import db
from tests.factories import OPENING, make_person
from tests.pages import alert, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from tests.conftest import Client

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXP" * 2
moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given its zone by the strategy


def code_of(secret: str, *, steps: int = 0) -> str:
    step = int(real_utcnow().timestamp()) // 30
    return pyotp.TOTP(secret).generate_otp(step + steps)


def staff_with_app(client: Client) -> tuple[Person, str, Sequence[str]]:
    """Return an organiser who has set up an app as people do, its secret and the recovery codes."""
    person = make_person("olga@example.org", role=Role.ORGANISER)
    passwords.set_password(person, PASSWORD, now=OPENING)
    client.submit("/login", email=person.email, password=PASSWORD)
    page = client.get("/me/sign-in/app").text
    found = re.search(r">([A-Z2-7]{4}(?: [A-Z2-7]{4})+)</textarea>", page)
    assert found
    secret = found[1].replace(" ", "")
    # The code of the step before: the present one is still to be used by the tests.
    shown = client.submit("/me/sign-in/app", code=code_of(secret, steps=-1))
    codes = re.findall(r"<code>([a-z0-9-]{19})</code>", shown.text)
    return person, secret, codes


def test_staff_without_a_second_factor_sets_one_up_before_anything_else_opens(
    client: Client,
) -> None:
    person = make_person("olga@example.org", role=Role.ORGANISER)
    passwords.set_password(person, PASSWORD, now=OPENING)
    answer = client.submit("/login", email=person.email, password=PASSWORD, next="/organise/plan")
    assert answer.location == "/me/sign-in/set-up?next=/organise/plan"
    for path in ("/organise/", "/me", "/me/sign-in", "/hosting/interests/"):
        assert client.get(path).location == f"/me/sign-in/set-up?next={path}"
    assert client.submit("/me/sign-out-everywhere").location == "/me/sign-in/set-up"
    assert client.get("/").status_code == 200
    assert client.get(answer.location).status_code == 200
    assert client.submit("/logout").location == "/"
    assert client.get("/me/sign-in/app").status_code == 303


def test_an_app_is_active_once_a_code_of_it_was_typed(client: Client) -> None:
    person = make_person(role=Role.ORGANISER)
    token = links.make_link(person.email, life=timedelta(minutes=1), now=real_utcnow())
    client.submit(f"/login/link/{token}")
    client.get("/me/sign-in/app")
    wrong = client.submit("/me/sign-in/app", code="000000")
    assert wrong.status_code == 422
    assert "This code is not right" in alert(wrong)
    assert (person.totp_secret, person.has_second_factor) == (None, False)
    assert client.get("/organise/").status_code == 303


def test_setting_up_an_app_shows_ten_recovery_codes_once_and_writes_to_the_person(
    client: Client,
) -> None:
    person, secret, codes = staff_with_app(client)
    assert (len(set(codes)), db.session.query(RecoveryCode).count()) == (10, 10)
    assert person.totp_secret is not None
    assert secret not in person.totp_secret
    assert client.get("/organise/").status_code == 200
    assert codes[0] not in client.get("/me/sign-in").text
    letter = outbox.latest()[0]
    assert (letter.to_address, letter.subject) == (person.email, "Your sign-in has changed")
    assert secret not in letter.text


def test_the_second_step_comes_after_password_and_link_alike(client: Client) -> None:
    person, secret, _codes = staff_with_app(client)
    client.submit("/logout")
    answer = client.submit("/login", email=person.email, password=PASSWORD, next="/organise/plan")
    assert answer.location == "/login/second?next=/organise/plan"
    assert client.get("/organise/").location == "/login/second?next=/organise/"
    assert client.get("/me/sign-in/app").location == "/login/second?next=/me/sign-in/app"
    done = client.submit("/login/second", code=code_of(secret), next="/organise/plan")
    assert (done.status_code, done.location) == (303, "/organise/plan")
    client.submit("/logout")
    token = links.make_link(person.email, life=timedelta(minutes=1), now=real_utcnow())
    assert client.submit(f"/login/link/{token}").location == "/login/second?next=/organise/"


def test_a_code_counts_once(client: Client) -> None:
    person, secret, _codes = staff_with_app(client)
    code = code_of(secret)
    outcomes = []
    for _ in range(2):
        client.submit("/logout")
        client.submit("/login", email=person.email, password=PASSWORD)
        outcomes.append(client.submit("/login/second", code=code).status_code)
    assert outcomes == [303, 422]


def test_a_code_counts_once_however_many_try_it_at_once(client: Client, app: Flask) -> None:
    person, secret, _codes = staff_with_app(client)
    code, now = code_of(secret), real_utcnow()
    person_id = person.id
    outcomes: list[bool] = []

    def press() -> None:
        with app.app_context():
            same = db.session.get(Person, person_id)
            assert same
            outcomes.append(second_factor.accepts(same, code, now=now))
            db.session.commit()

    outcomes.append(second_factor.accepts(person, code, now=now))
    second = threading.Thread(target=press)
    second.start()
    second.join(0.3)
    db.session.commit()
    second.join()
    assert outcomes == [True, False]


@given(now=moments, off=st.integers(-5, 5), after=st.integers(-3, 3))
def test_a_code_is_taken_one_step_early_or_late_and_never_at_or_before_the_last(
    now: datetime, off: int, after: int
) -> None:
    present = int(now.timestamp()) // 30
    code = pyotp.TOTP(SECRET).generate_otp(present + off)
    step = _step_of(SECRET, code, after=present + after, now=now)
    if step is not None:
        assert abs(step - present) <= 1
        assert step > present + after
        assert pyotp.TOTP(SECRET).generate_otp(step) == code
    elif abs(off) <= 1:
        assert off <= after


def test_a_recovery_code_counts_once_and_is_told(client: Client) -> None:
    person, _secret, codes = staff_with_app(client)
    outcomes = []
    for typed in (codes[0].upper().replace("-", " "), codes[0], codes[1]):
        client.submit("/logout")
        client.submit("/login", email=person.email, password=PASSWORD)
        outcomes.append(client.submit("/login/second", code=typed).status_code)
    assert outcomes == [303, 422, 303]
    assert "8 are left" in words(client.get("/me/sign-in"))
    assert "recovery code was used" in outbox.latest()[0].text


def test_new_recovery_codes_void_the_old_ones(client: Client) -> None:
    person, _secret, codes = staff_with_app(client)
    shown = client.submit("/me/sign-in/recovery-codes").text
    fresh = re.findall(r"<code>([a-z0-9-]{19})</code>", shown)
    assert len(fresh) == 10
    tried = [second_factor.accepts(person, code, now=OPENING) for code in (codes[0], fresh[0])]
    assert tried == [False, True]


def test_five_wrong_codes_end_the_session_and_the_next_begins_anew(client: Client) -> None:
    person, secret, _codes = staff_with_app(client)
    client.submit("/logout")
    client.submit("/login", email=person.email, password=PASSWORD)
    answers = [client.submit("/login/second", code="000000") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [303]
    assert answers[-1].location.startswith("/login")
    client.submit("/login", email=person.email, password=PASSWORD)
    assert client.submit("/login/second", code=code_of(secret)).status_code == 303


def test_who_guesses_codes_with_a_stolen_password_does_not_lock_the_person_out(
    client: Client,
) -> None:
    person, secret, _codes = staff_with_app(client)
    for _ in range(4):
        client.submit("/logout")
        client.submit("/login", email=person.email, password=PASSWORD)
        for _ in range(5):
            client.submit("/login/second", code="000000")
    client.submit("/login", email=person.email, password=PASSWORD)
    refused = client.submit("/login/second", code=code_of(secret))
    assert (refused.status_code, "too many wrong codes" in alert(refused)) == (422, True)
    client.submit("/logout")
    token = links.make_link(person.email, life=timedelta(minutes=1), now=real_utcnow())
    client.submit(f"/login/link/{token}")
    assert client.submit("/login/second", code=code_of(secret)).status_code == 303


def test_a_role_given_meanwhile_asks_for_the_second_factor_at_once(client: Client) -> None:
    person = make_person()
    token = links.make_link(person.email, life=timedelta(minutes=1), now=real_utcnow())
    client.submit(f"/login/link/{token}")
    assert client.get("/me").status_code == 200
    service.grant(person, Role.COMMITTEE, now=OPENING)
    assert client.get("/organise/").location == "/me/sign-in/set-up?next=/organise/"


def test_without_its_last_factor_a_staff_person_sets_up_another(client: Client) -> None:
    person, _secret, _codes = staff_with_app(client)
    other = client.application.test_client()
    assert isinstance(other, type(client))
    other.sign_in(person)
    assert client.submit("/me/sign-in/app/remove").status_code == 303
    assert client.get("/organise/").location == "/me/sign-in/set-up?next=/organise/"
    assert other.get("/organise/").location == "/login?next=/organise/"
    assert db.session.query(RecoveryCode).count() == 0


@pytest.mark.parametrize("role", [Role.NATIONAL_CONTACT, Role.HOST_TEAM, Role.VISA_OFFICER])
def test_whoever_acts_for_others_needs_two_proofs(role: Role) -> None:
    person = make_person(role=role, scope="XAA")
    assert sessions.needs_second_factor(person, now=real_utcnow())
    person.grants[0].ends_at = OPENING.replace(year=2020)
    assert not sessions.needs_second_factor(person, now=real_utcnow())


def test_a_participant_and_a_demonstration_account_need_one(client: Client) -> None:
    demonstration = make_person(role=Role.ORGANISER)
    demonstration.is_demonstration = True
    for person in (demonstration, make_person(role=Role.PARTICIPANT)):
        token = links.make_link(person.email, life=timedelta(minutes=1), now=real_utcnow())
        client.submit(f"/login/link/{token}")
        assert client.get("/me").status_code == 200


def test_a_link_of_the_command_line_stands_for_both_proofs(client: Client) -> None:
    person, _secret, _codes = staff_with_app(client)
    client.submit("/logout")
    token = links.make_link(
        person.email, life=timedelta(days=1), now=real_utcnow(), is_vouched=True
    )
    assert client.submit(f"/login/link/{token}").location == "/organise/"
    assert client.submit("/me/sign-in/app/remove").location == "/me/sign-in"


# -- proving it again ------------------------------------------------------------------------


def age_proof(minutes: int) -> None:
    db.session.execute(
        update(SignIn).values(confirmed_at=real_utcnow() - timedelta(minutes=minutes)),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()


def test_a_sensitive_form_asks_again_and_leads_back(client: Client) -> None:
    person = make_person()
    passwords.set_password(person, PASSWORD, now=OPENING)
    client.sign_in(person)
    assert client.get("/me/sign-in/password").status_code == 200
    age_proof(21)
    asked = client.get("/me/sign-in/password")
    assert asked.location == "/confirm?next=/me/sign-in/password"
    # Whoever had the form open before has time to send it.
    assert client.submit("/me/sign-in/password", password="short").status_code == 422
    wrong = client.submit("/confirm", password="not it at all", next="/me/sign-in/password")
    assert (wrong.status_code, "That did not fit" in alert(wrong)) == (422, True)
    done = client.submit("/confirm", password=PASSWORD, next="/me/sign-in/password")
    assert (done.status_code, done.location) == (303, "/me/sign-in/password")
    assert client.get("/me/sign-in/password").status_code == 200


def test_a_sensitive_act_waits_for_the_proof_and_leads_back_to_its_page(client: Client) -> None:
    person = make_person()
    passwords.set_password(person, PASSWORD, now=OPENING)
    client.sign_in(person)
    age_proof(31)
    answer = client.post(
        "/me/sign-in/password/remove",
        data={"csrf_token": client.csrf_token()},
        headers={"Referer": "http://localhost/me/sign-in"},
    )
    assert answer.location == "/confirm?next=/me/sign-in"
    db.session.expire_all()
    assert person.password is not None


def test_a_code_by_mail_proves_it_for_who_has_nothing_else(client: Client) -> None:
    person = make_person()
    client.sign_in(person)
    age_proof(40)
    assert "Send me a code" in words(client.get("/confirm"))
    client.submit("/confirm/code", next="/me/sign-in/password")
    found = re.search(r"asked for it: (\d{4} \d{4})", outbox.latest()[0].text)
    assert found
    answer = client.submit("/confirm", mailed_code=found[1], next="/me/sign-in/password")
    assert answer.location == "/me/sign-in/password"
    assert client.get("/me/sign-in/password").status_code == 200


def test_the_code_of_somebody_else_proves_nothing(client: Client) -> None:
    client.sign_in(make_person())
    browser = "b" * 43
    links.mail_link("other@example.org", now=real_utcnow(), browser=browser)
    with client.session_transaction() as session:
        session["link_browser"] = browser
    found = re.search(r"asked for it: (\d{4} \d{4})", outbox.latest()[0].text)
    assert found
    assert client.submit("/confirm", mailed_code=found[1]).status_code == 422


# -- sessions --------------------------------------------------------------------------------


def test_a_person_sees_their_devices_and_signs_out_on_one(client: Client) -> None:
    person, stranger = make_person(), make_person()
    other = client.application.test_client()
    assert isinstance(other, type(client))
    other.sign_in(person)
    client.sign_in(person)
    foreign = sessions.open_session(
        stranger, method=Method.LINK, device="theirs", now=real_utcnow()
    )
    ids = {row.person_id: row.id for row in db.session.query(SignIn).order_by(SignIn.id.desc())}
    first = db.session.query(SignIn).order_by(SignIn.id).first()
    assert first
    client.submit(f"/me/sign-in/sessions/{ids[stranger.id]}/end")
    client.submit(f"/me/sign-in/sessions/{first.id}/end")
    assert [device.get("/me").status_code for device in (client, other)] == [200, 303]
    db.session.expire_all()
    still = db.session.query(SignIn).filter_by(person_id=stranger.id).one()
    assert (still.ended_at, bool(foreign)) == (None, True)


def test_a_proof_changes_the_token_so_a_cookie_from_before_opens_nothing(client: Client) -> None:
    person, secret, _codes = staff_with_app(client)
    client.submit("/logout")
    client.submit("/login", email=person.email, password=PASSWORD)
    before = client.get_cookie("session")
    assert before
    client.submit("/login/second", code=code_of(secret))
    assert client.get("/organise/").status_code == 200
    client.set_cookie("session", before.value)
    assert client.get("/organise/").location == "/login?next=/organise/"


def test_use_is_noted_by_the_hour(client: Client) -> None:
    client.sign_in(make_person())
    long_ago = real_utcnow() - timedelta(hours=2)
    db.session.execute(update(SignIn).values(used_at=long_ago))
    client.get("/me")
    db.session.expire_all()
    assert real_utcnow() - db.session.query(SignIn).one().used_at < timedelta(minutes=1)
