from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flask import request

import config
from app import create_app
from app.accounts import links
from app.accounts.models import Role
from app.clock import real_utcnow
from tests.factories import OPENING, make_edition, make_person
from tests.pages import words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Client

PUBLIC = ("/", "/calendar", "/series", "/subscribe", "/hosting/", "/feeds/all.ics", "/healthz")


@pytest.mark.parametrize("path", [*PUBLIC, "/nowhere", "/login", "/feeds/nowhere.ics"])
def test_every_answer_carries_the_headers_of_trust(path: str, client: Client) -> None:
    headers = client.get(path).headers
    csp = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert (csp["default-src"], csp["script-src"], csp["style-src"], csp["frame-ancestors"]) == (
        "'none'",
        "'self'",
        "'self'",
        "'none'",
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_sets_no_cookie(path: str, client: Client) -> None:
    make_edition()
    answer = client.get(path)
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])


def test_a_public_page_may_be_kept_and_a_persons_may_not(client: Client) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-cache"
    assert client.get("/login").headers["Cache-Control"] == "no-store"
    client.sign_in(make_person())
    assert client.get("/").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/nothing.css?v=1", "/static/nothing.css"])
def test_a_page_in_the_place_of_a_file_is_nobodys_to_keep(path: str, client: Client) -> None:
    client.sign_in(make_person(name="Ana García"))
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_a_page_reads_nothing_of_what_was_sent_with_the_asking(path: str, client: Client) -> None:
    status = client.get(path).status_code
    sent = client.get(path, data="[" * 100_000, content_type="application/json")
    assert sent.status_code == status


def test_a_cookie_is_sent_again_only_when_it_has_changed(client: Client) -> None:
    token = links.make_link("a@example.org", life=timedelta(minutes=1), now=real_utcnow())
    signed_in = client.submit(f"/login/link/{token}")
    assert len(signed_in.headers.getlist("Set-Cookie")) == 1
    client.get("/me")
    for path in ("/", "/me", "/static/css/base.css"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])
        answer.close()


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    cookie = client.get("/login").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_over_https_the_cookie_and_the_browser_insist_on_it(tmp_path: Path) -> None:
    settings = config.read(
        {
            "SYMPOSIA_SECRET_KEY": "of this test",
            "SYMPOSIA_INSTANCE_PATH": str(tmp_path),
            "SYMPOSIA_BASE_URL": "https://symposia.example.net",
        }
    )
    client = create_app(settings).test_client()
    answer = client.get("/healthz", base_url="https://symposia.example.net")
    assert (answer.status_code, answer.headers["Strict-Transport-Security"]) == (
        200,
        "max-age=31536000; includeSubDomains",
    )
    assert settings.is_https
    assert client.application.config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert client.application.config["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "localhost"])
def test_requests_under_our_names_are_taken(host: str, client: Client) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1", "a b"])
def test_a_foreign_host_is_refused(host: str, client: Client) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text


@pytest.mark.parametrize(("count", "believed"), [("0", "127.0.0.1"), ("1", "192.0.2.7")])
def test_an_address_is_believed_only_from_the_servers_before_us(
    count: str, believed: str, tmp_path: Path
) -> None:
    settings = config.read(
        {
            "SYMPOSIA_SECRET_KEY": "of this test",
            "SYMPOSIA_INSTANCE_PATH": str(tmp_path),
            "SYMPOSIA_PROXY_COUNT": count,
        }
    )
    app = create_app(settings)
    seen = []
    app.before_request(lambda: seen.append(request.remote_addr))
    app.test_client().get("/healthz", headers={"X-Forwarded-For": "203.0.113.9, 192.0.2.7"})
    assert seen == [believed]


def test_what_is_not_there_has_a_page_with_a_way_on(client: Client) -> None:
    answer = client.get("/nowhere")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert words(answer).startswith("404 There is nothing here The address may be old")
    assert 'href="/"' in answer.text


def test_a_page_that_is_not_for_me_says_so(client: Client) -> None:
    client.sign_in(make_person())
    answer = client.get("/organise/")
    assert words(answer).startswith(
        "403 This page is not open to you Your sign-in does not cover it."
    )


def test_a_wrong_method_says_which_are_right(client: Client) -> None:
    answer = client.post("/calendar")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_stale_form_is_told_to_try_again(client: Client) -> None:
    answer = client.post("/login", data={"email": "a@example.org", "password": "x"})
    assert answer.status_code == 400
    assert words(answer).startswith("400 That request made no sense Go back, reload the page")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.post(
        "/login",
        data={"email": "a@example.org"},
        environ_overrides={"CONTENT_LENGTH": str(33 * 1024 * 1024)},
    )
    assert answer.status_code == 413
    assert words(answer).startswith("413 That is too large")


def test_a_form_field_that_is_too_large_is_refused(client: Client) -> None:
    head = b'--cut\r\nContent-Disposition: form-data; name="email"\r\n\r\n'
    body = head + b"x" * (1024 * 1024 + 1) + b"\r\n--cut--\r\n"
    answer = client.post("/login", data=body, content_type="multipart/form-data; boundary=cut")
    assert answer.status_code == 413


def test_a_fault_of_ours_is_told_without_its_inside(client: Client) -> None:
    app = client.application
    app.testing = False
    try:
        client.sign_in(make_person(role=Role.ORGANISER))
        # A broken row is as good a fault as any.
        edition = make_edition(registration_closes_at=OPENING)
        edition.tzid = "Nowhere/At_All"
        answer = client.get(f"/organise/editions/{edition.slug}/change-registration")
    finally:
        app.testing = True
    assert answer.status_code == 500
    assert words(answer).startswith("500 Something broke on our side Nothing was saved.")
    assert "Nowhere" not in answer.text


def test_health_and_readiness(client: Client) -> None:
    assert [client.get(path).text for path in ("/healthz", "/readyz")] == ["ok\n", "ready\n"]


@pytest.mark.parametrize("path", ["/", "/calendar", "/login", "/subscribe", "/hosting/"])
def test_pages_hold_no_script_or_style_of_their_own(path: str, client: Client) -> None:
    make_edition()
    page = client.get(path).text
    assert (" style=" in page, "<style" in page, " onclick=" in page) == (False, False, False)
    assert page.count("<script") == page.count('<script type="module" src=')
