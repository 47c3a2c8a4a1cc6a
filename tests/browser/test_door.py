"""The door on a phone, while the network comes and goes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import segno
from playwright.sync_api import Error, expect
from sqlalchemy import func, select

from app.accounts import sessions
from app.accounts.models import Role
from app.clock import real_utcnow
from app.database import db
from app.documents import service as documents
from app.documents.models import IssuedDocument
from app.door.models import Attendance
from app.outbox import address
from app.registrations import service as registrations
from app.registrations.models import WalkIns
from tests.factories import OPENING, limit, make_edition, make_person
from tests.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from app.accounts.models import Person
    from app.registrations.models import Registration

TODAY = date(2027, 1, 15)
IS_KEPT = """async () => {
  const found = await caches.match(location.pathname);
  return navigator.serviceWorker.controller !== null && found !== undefined;
}"""
BEFORE = OPENING - timedelta(days=10)


def attended_count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Attendance)) or 0


def test_the_door_goes_on_offline_and_counts_nobody_twice(new_page: Callable[..., Page]) -> None:
    edition = make_edition(dtstart=TODAY, days=2, commit=True)
    for name in ("Ana García", "Ben", "王小明"):
        registrations.register(edition, make_person(name=name), now=BEFORE)
    keeper = make_person(role=Role.HOST_TEAM, scope=edition.slug, commit=True)
    page = new_page(keeper, viewport={"width": 375, "height": 800})
    page.goto(f"/door/{edition.slug}")
    state = page.locator("[data-door-state]")
    expect(state).to_have_text("Everything is sent.")
    field = page.get_by_label("Code on the badge, or a name")
    field.fill("garcia")
    page.get_by_role("button", name="Check in: Ana García").click()
    expect(page.get_by_role("status")).to_have_text("Ana García is checked in.")
    expect(page.locator('[data-door-count="2027-01-15"]')).to_have_text("1")

    # A controlled page: what it loads is at hand from now on.
    assert until(lambda: page.evaluate(IS_KEPT))
    page.context.set_offline(True)
    field.fill("王")
    field.press("Enter")
    expect(page.get_by_role("status")).to_have_text("王小明 is checked in.")
    expect(state).to_have_text(
        "No network: go on, nothing is lost. 1 wait on this device and are sent by themselves."
    )
    assert attended_count() == 1

    page.reload()
    expect(state).to_contain_text("1 wait on this device")
    field.fill("Ben")
    page.get_by_role("button", name="Check in: Ben").click()
    expect(state).to_contain_text("2 wait on this device")
    field.fill("王")
    expect(page.locator(".door__here")).to_have_text("Checked in")

    # A mistake: what was not sent yet is simply not sent.
    field.fill("Ben")
    page.get_by_role("button", name="Take it back: Ben").click()
    expect(state).to_contain_text("1 wait on this device")
    page.get_by_role("button", name="Check in: Ben").click()

    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(state).to_have_text("Everything is sent.")
    expect(page.locator('[data-door-count="2027-01-15"]')).to_have_text("3")
    assert attended_count() == 3

    field.fill("Ana")
    page.get_by_role("button", name="Take it back: Ana García").click()
    expect(page.get_by_text("Ana García is not checked in any more.")).to_be_visible()
    assert attended_count() == 2

    page.get_by_role("button", name="End the shift and clear this device").click()
    page.wait_for_url("**/")
    assert page.evaluate("localStorage.length") == 0
    assert not page.evaluate("caches.has('door')")


def show_to_camera(path: Path, registration: Registration) -> None:
    """Write what a camera sees of a badge: its code, by the side of a hall's grey, as YUV4MPEG2."""
    url = address("documents.verify", code=badge_code(registration))
    width, height, module = 640, 480, 9
    grey = bytearray(b"\x80" * width * height)
    dark = segno.make(url, error="m", micro=False).matrix
    side = (len(dark) + 8) * module
    for y in range(side):
        for x in range(side):
            row, column = y // module - 4, x // module - 4
            is_in = 0 <= row < len(dark) and 0 <= column < len(dark)
            shade = 0x20 if is_in and dark[row][column] else 0xE0
            grey[(y + (height - side) // 2) * width + x + 40] = shade
    frame = b"FRAME\n" + bytes(grey) + b"\x80" * (width * height // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * 5)


def badge_code(registration: Registration) -> str:
    return db.session.scalars(
        select(IssuedDocument.code).where(IssuedDocument.registration_id == registration.id)
    ).one()


def test_the_camera_reads_badges_with_and_without_the_network_and_counts_once(
    new_page: Callable[..., Page], launch: Callable[..., Browser], tmp_path: Path
) -> None:
    edition = make_edition(dtstart=TODAY, days=2, commit=True)
    ana, ben = (
        registrations.register(edition, make_person(name=name), now=BEFORE)
        for name in ("Ana García", "Ben")
    )
    keeper = make_person(role=Role.HOST_TEAM, scope=edition.slug, commit=True)
    documents.make_badges(edition, by=keeper, now=BEFORE)
    db.session.commit()
    seen = tmp_path / "camera.y4m"
    show_to_camera(seen, ana)
    camera = launch(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={seen}",
    )
    page = new_page(keeper, using=camera, viewport={"width": 375, "height": 800})
    page.add_init_script("delete window.BarcodeDetector")  # as Firefox and Safari have none
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    page.goto(f"/door/{edition.slug}")
    state = page.locator("[data-door-state]")
    expect(state).to_have_text("Everything is sent.")
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.get_by_role("status")).to_have_text("Ana García is checked in.")
    expect(page.locator('[data-door-count="2027-01-15"]')).to_have_text("1")
    page.get_by_role("button", name="Stop the camera").click()
    assert refused == []  # nothing of it is against the policy of contents

    assert until(lambda: page.evaluate(IS_KEPT))
    page.context.set_offline(True)
    page.reload()
    show_to_camera(seen, ben)
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.get_by_role("status")).to_have_text("Ben is checked in.")
    page.get_by_role("button", name="Stop the camera").click()
    # Shown once more, after a while or at another moment: the same person has come already.
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.get_by_role("status")).to_have_text("Ben was checked in already.")
    expect(state).to_contain_text("1 wait on this device")
    assert attended_count() == 1
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(state).to_have_text("Everything is sent.")
    expect(page.locator('[data-door-count="2027-01-15"]')).to_have_text("2")
    assert attended_count() == 2


def test_a_door_that_is_offline_overnight_counts_for_the_next_day(
    new_page: Callable[..., Page],
) -> None:
    page, _keeper = keep_a_door(new_page)
    page.context.set_offline(True)
    field = page.get_by_label("Code on the badge, or a name")
    field.fill("Ben")
    page.get_by_role("button", name="Check in: Ben").click()
    expect(page.get_by_role("status")).to_have_text("Ben is checked in.")
    kept = """(change) => {
      const key = Object.keys(localStorage).find((each) => each.startsWith("door:"));
      const door = JSON.parse(localStorage.getItem(key));
      door.shift += change;
      localStorage.setItem(key, JSON.stringify(door));
      return door.queue.map(({ day }) => day);
    }"""
    page.evaluate(kept, 24 * 3600 * 1000)  # the night
    page.reload()
    expect(page.locator("[data-door-state]")).to_contain_text(
        "Check-ins now count for Saturday 16 January."
    )
    field.fill("Ben")
    page.get_by_role("button", name="Check in: Ben").click()
    expect(page.get_by_role("status")).to_have_text("Ben is checked in.")
    assert page.evaluate(kept, 0) == ["2027-01-15", "2027-01-16"]


def test_a_browser_without_a_camera_says_so(new_page: Callable[..., Page]) -> None:
    page, _keeper = keep_a_door(new_page)
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.get_by_role("status")).to_contain_text("The camera cannot be used")
    expect(page.get_by_role("button", name="Scan with the camera")).to_be_enabled()


def kept_by(page: Page) -> object:
    """Return what the browser keeps of doors: names, what waits to be sent, pages."""
    return page.evaluate(
        """async () => {
          const keys = Object.keys(localStorage).filter((key) => key.startsWith("door:"));
          const [door] = keys.map((key) => JSON.parse(localStorage.getItem(key)));
          const names = (door?.guests ?? []).map(({ name }) => name);
          return [names, door?.queue.length ?? 0, await caches.has("door")];
        }"""
    )


def keep_a_door(new_page: Callable[..., Page]) -> tuple[Page, Person]:
    edition = make_edition(dtstart=TODAY, days=2, commit=True)
    for name in ("Ana García", "Ben"):
        registrations.register(edition, make_person(name=name), now=BEFORE)
    keeper = make_person(role=Role.HOST_TEAM, scope=edition.slug, commit=True)
    page = new_page(keeper, viewport={"width": 1280, "height": 800})
    page.goto(f"/door/{edition.slug}")
    assert until(lambda: page.evaluate(IS_KEPT))
    assert until(lambda: kept_by(page) == [["Ana García", "Ben"], 0, True])
    return page, keeper


def test_signing_out_leaves_nothing_of_the_door_on_the_device(
    new_page: Callable[..., Page],
) -> None:
    page, _keeper = keep_a_door(new_page)
    door = page.url
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")
    assert until(lambda: kept_by(page) == [[], 0, False])
    page.context.set_offline(True)
    with pytest.raises(Error, match="ERR_"):
        page.goto(door)


def test_a_session_that_is_ended_elsewhere_takes_the_door_from_the_device(
    new_page: Callable[..., Page],
) -> None:
    page, keeper = keep_a_door(new_page)
    field = page.get_by_label("Code on the badge, or a name")
    page.context.set_offline(True)
    field.fill("Ben")
    page.get_by_role("button", name="Check in: Ben").click()
    expect(page.locator("[data-door-state]")).to_contain_text("1 wait on this device")
    sessions.end_sessions(keeper, now=real_utcnow())
    db.session.commit()
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    state = "Sign in again to send what waits here. Nothing is lost. 1 wait on this device"
    expect(page.locator("[data-door-state]")).to_contain_text(state)
    # What was recorded waits for whoever signs in next; the names and the page are gone.
    assert until(lambda: kept_by(page) == [[], 1, False])
    page.reload()
    page.wait_for_url("**/login?next=**")
    assert until(lambda: kept_by(page) == [[], 1, False])


def test_who_comes_without_a_registration_is_kept_offline_and_taken_in_once(
    new_page: Callable[..., Page],
) -> None:
    edition = make_edition(dtstart=TODAY, days=2, capacity=1, commit=True)
    limit(edition, walk_ins=WalkIns.FREE)
    keeper = make_person(role=Role.HOST_TEAM, scope=edition.slug, commit=True)
    page = new_page(keeper, viewport={"width": 375, "height": 800})
    page.goto(f"/door/{edition.slug}")
    state = page.locator("[data-door-state]")
    expect(state).to_have_text("Everything is sent.")
    page.context.set_offline(True)
    page.get_by_text("Somebody without a registration").click()
    for name in ("Nia", "Omar"):
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("E-mail address").fill(f"{name.lower()}@example.org")
        page.get_by_role("button", name="Register and check in").click()
    expect(page.get_by_role("status")).to_have_text("Omar is noted on this device.")
    expect(state).to_contain_text("2 wait on this device")
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.get_by_role("status")).to_have_text(
        "Nia has a place and is checked in. No place is free for Omar: number 1 in the queue."
    )
    expect(state).to_have_text("Everything is sent.")
    assert attended_count() == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the first sends first", "the second"])
def test_two_phones_that_were_offline_count_each_person_once(
    new_page: Callable[..., Page], order: tuple[int, int]
) -> None:
    edition = make_edition(dtstart=TODAY, days=2, capacity=3, commit=True)
    for name in ("Ana García", "Ben"):
        registrations.register(edition, make_person(name=name), now=BEFORE)
    limit(edition, walk_ins=WalkIns.FREE)
    phones = []
    for _phone in range(2):
        keeper = make_person(role=Role.HOST_TEAM, scope=edition.slug, commit=True)
        page = new_page(keeper, viewport={"width": 375, "height": 800})
        page.goto(f"/door/{edition.slug}")
        assert until(lambda page=page: page.evaluate(IS_KEPT))
        page.context.set_offline(True)
        phones.append(page)
    for page, names in zip(phones, (["Ana García", "Ben"], ["Ana García"]), strict=True):
        for name in names:
            page.get_by_label("Code on the badge, or a name").fill(name)
            page.get_by_role("button", name=f"Check in: {name}").click()
        page.get_by_text("Somebody without a registration").click()
        page.get_by_label("Name", exact=True).fill("Nia")
        page.get_by_label("E-mail address").fill("nia@example.org")
        page.get_by_role("button", name="Register and check in").click()
        expect(page.locator("[data-door-state]")).to_contain_text("wait on this device")
    assert attended_count() == 0
    for page in [phones[number] for number in order]:
        page.context.set_offline(False)
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(page.locator("[data-door-state]")).to_have_text("Everything is sent.")
        expect(page.get_by_role("status")).to_have_text("Nia has a place and is checked in.")
    count = page.locator('[data-door-count="2027-01-15"]')
    expect(count).to_have_text("3")
    db.session.rollback()
    found = db.session.execute(select(Attendance.day, func.count()).group_by(Attendance.day)).all()
    assert [tuple(row) for row in found] == [(TODAY, 3)]
    page.get_by_label("Code on the badge, or a name").fill("Ben")
    expect(page.locator(".door__here")).to_have_text("Checked in")  # by whichever phone
