"""The page that offers the feeds: every way to each, what is in it, how late it may come."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import segno

from app import publication
from app.countries.models import Association
from app.database import db
from app.editions import disruptions
from app.editions import service as editions
from app.series.models import SeriesKind
from scheduler.lifecycle import EditionStatus
from tests.factories import OPENING, make_country, make_edition, make_person, make_series
from tests.pages import CountedQueries, words

if TYPE_CHECKING:
    from app.editions.models import Edition
    from tests.conftest import Client

FIRST = date(2027, 6, 8)


def announced(series: str = "symposium", region: str | None = None, **facts: object) -> Edition:
    made = make_series(series, region=region)
    return make_edition(
        series=made, **{"status": EditionStatus.ANNOUNCED, "dtstart": FIRST} | facts
    )  # type: ignore[arg-type]


@pytest.fixture
def world() -> None:
    """A symposium in Africa, a workshop of no place, an engagement of Europe's series."""
    country = make_country("XAA", name="Alboria", region="africa")
    for slug, name in (("au", "African Union"), ("las", "League of Arab States")):
        country.associations.append(Association(slug=slug, name=name))
    db.session.add(Association(slug="eu", name="European Union"))
    announced(title="S", country_code="XAA", city="Albor")
    make_series("workshop", kind=SeriesKind.PRACTITIONER_WORKSHOP)
    announced("workshop", title="W", dtstart=date(2027, 9, 13))
    announced("regional-europe", "europe", title="E", dtstart=date(2027, 5, 11))


@pytest.mark.usefixtures("world")
def test_every_feed_is_offered_in_every_way(client: Client) -> None:
    page = client.get("/subscribe").text
    paths = ("all", "deadlines", "series/symposium", "series/workshop", "region/africa")
    google = "https://calendar.google.com/calendar/render?cid=webcal%3A%2F%2Flocalhost%3A8000%2F"
    outlook = "https://outlook.live.com/calendar/0/addfromweb?url=http%3A%2F%2Flocalhost%3A8000%2F"
    pages = [(path, page) for path in paths]
    for kind, key in (("country", "XAA"), ("association", "au")):
        assert f'href="webcal://localhost:8000/feeds/{kind}/{key}.ics"' in page
        assert f'href="/subscribe?{kind}={key}"' in page
        pages.append((f"{kind}/{key}", client.get(f"/subscribe?{kind}={key}").text))
    for path, found in pages:
        quoted = f"feeds%2F{path.replace('/', '%2F')}.ics"
        for way in (
            f'value="http://localhost:8000/feeds/{path}.ics"',
            f'href="webcal://localhost:8000/feeds/{path}.ics"',
            f'href="/feeds/{path}.ics" download',
            google + quoted,
            outlook + quoted,
        ):
            assert way in found


@pytest.mark.usefixtures("world")
def test_what_the_calendar_showed_comes_first_with_its_deadlines(client: Client) -> None:
    page = client.get("/subscribe?region=africa&series=symposium").text
    assert "/feeds/all.ics?region=africa&amp;series=symposium" in page
    assert "/feeds/deadlines.ics?region=africa&amp;series=symposium" in page
    headings = re.findall("<h2>(.*?)</h2>", page)
    assert headings[:3] == ["Symposium: Africa", "Everything", "Deadlines: Symposium: Africa"]
    for unknown in (
        *("series=nowhere", "region=atlantis", "country=XZZ", "country=xaa", "association=nato"),
        "country=XAA&region=africa",
        "country=XAA&association=au",
    ):
        assert client.get(f"/subscribe?{unknown}").status_code == 404


def plain(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", "", html).split())


def agendas(page: str) -> list[list[str]]:
    """Return what each preview shows, an item a line."""
    lists = re.findall(r'<ol class="agenda".*?</ol>', page, re.DOTALL)
    return [[plain(item) for item in re.findall("<li.*?</li>", one, re.DOTALL)] for one in lists]


@pytest.mark.usefixtures("world")
def test_the_next_entries_are_shown_as_a_calendar_will(client: Client) -> None:
    who = {"by": make_person(), "now": OPENING, "reason": "Flood"}
    announced(title="Past", dtstart=date(2026, 3, 3))
    disruptions.cancel(announced(title="Off", dtstart=date(2027, 7, 6)), **who)
    postponed = announced(title="Later", dtstart=date(2027, 8, 3))
    disruptions.postpone(postponed, dtstart=None, dtend=None, **who)
    page = client.get("/subscribe").text
    everything = agendas(page)[0]
    assert everything == [
        "11–13 May 2027 E This event only: E, as a file",
        "8–10 June 2027 S Albor, Alboria This event only: S, as a file",
        "6–8 July 2027 CANCELLED: Off This event only: Off, as a file",
    ]
    later = next(one for one in agendas(page) if any("Later" in item for item in one))
    assert (
        "3–5 August 2027 Later (postponed, new dates to follow) (tentative) This event only"
        in later[-1]
    )
    assert "6 events in it, past ones included" in plain(page)


@pytest.mark.usefixtures("world")
def test_one_event_can_be_taken_alone(client: Client) -> None:
    chosen = client.get("/subscribe?region=africa").text.split("<h2>")[1]
    (path,) = re.findall(r'class="agenda__file" href="(/feeds/edition/[^"]*)"', chosen)
    answer = client.get(path)
    assert (answer.text.count("BEGIN:VEVENT"), "SUMMARY:S\r\n" in answer.text) == (1, True)


def test_the_page_says_how_late_each_program_is(client: Client) -> None:
    page = words(client.get("/subscribe"))
    for program in ("Apple Calendar", "Google Calendar May take up to a day", "Thunderbird"):
        assert program in page


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/subscribe/all.svg", "/subscribe"),
        ("/subscribe/all.svg?series=symposium", "/subscribe?series=symposium"),
        (
            "/subscribe/deadlines.svg?region=africa&series=symposium",
            "/subscribe?series=symposium&region=africa#deadlines",
        ),
    ],
)
def test_a_code_brings_a_telephone_to_the_selection(
    client: Client, path: str, leads_to: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert client.get(leads_to.partition("#")[0]).status_code == 200
    same = segno.make(f"http://localhost:8000{leads_to}", error="m", micro=False)
    dark = [
        (x, y)
        for y, row in enumerate(same.matrix_iter(border=4))
        for x, one in enumerate(row)
        if one
    ]
    assert modules(answer.text) == dark


def modules(svg: str) -> list[tuple[int, int]]:
    """Return the dark modules that the lines of a code paint, row by row."""
    (path,) = re.findall(r'stroke="#000" d="([^"]+)"', svg)
    x = y = 0.0
    found = []
    for act, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", path):
        if act == "h":
            found += [(int(x) + step, int(y)) for step in range(int(first))]
            x += int(first)
        else:
            x, y = (
                (float(first), float(second))
                if act == "M"
                else (x + float(first), y + float(second))
            )
    return found


@pytest.mark.usefixtures("world")
def test_every_code_on_the_page_has_words_and_a_picture(client: Client) -> None:
    page = client.get("/subscribe?series=symposium").text
    codes = re.findall(r'<img class="offer__code" src="([^"]+)"[^>]* alt="([^"]+)"', page)
    assert len(codes) == page.count('<img class="offer__code"') == 3 + 3 + 4
    for path, alt in codes:
        assert client.get(path.replace("&amp;", "&")).status_code == 200
        assert alt.startswith("QR code: opens “")
    assert client.get("/subscribe/all.svg?series=nowhere").status_code == 404
    assert client.get("/subscribe/everything.svg").status_code == 404


@pytest.mark.usefixtures("world")
def test_places_with_events_are_offered_by_name_with_their_number(client: Client) -> None:
    page = client.get("/subscribe").text
    lists = re.findall(r'<ul class="place-list".*?</ul>', page, re.DOTALL)
    assert [[plain(item) for item in re.findall("<li.*?</li>", one)] for one in lists] == [
        ["Alboria 1 event Subscribe: Alboria"],
        [
            "African Union 1 event Subscribe: African Union",
            "League of Arab States 1 event Subscribe: League of Arab States",
        ],
    ]


@pytest.mark.usefixtures("world")
def test_a_place_that_was_chosen_shows_what_comes_next_there(client: Client) -> None:
    page = client.get("/subscribe?association=au").text
    assert re.findall("<h2>(.*?)</h2>", page)[0] == "Events in countries of African Union"
    assert [plain(one).partition(" This event only")[0] for one in agendas(page)[0]] == [
        "8–10 June 2027 S Albor, Alboria"
    ]
    (code,) = set(re.findall(r'src="(/subscribe/[^"]*au)"', page))
    assert client.get(code).status_code == 200


def test_a_change_shows_at_once_to_who_asks_again(client: Client) -> None:
    edition, by = announced(title="Before"), make_person(commit=True)
    texts = [client.get("/subscribe").text]
    editions.describe(edition, title="After", summary="", by=by, now=OPENING)
    db.session.commit()
    texts.append(client.get("/subscribe").text)
    make_series("another", title="Another series")
    publication.touch(now=OPENING)
    db.session.commit()
    texts.append(client.get("/subscribe").text)
    told = [[name in text for name in ("Before", "After", "Another series")] for text in texts]
    assert told == [[True, False, False], [False, True, False], [False, True, True]]


def test_who_asks_again_costs_few_statements(client: Client) -> None:
    announced()
    client.set_cookie("of", "another site")  # or the whole page would be kept
    with CountedQueries() as anew:
        client.get("/subscribe")
    with CountedQueries() as again:
        client.get("/subscribe")
    told = [[one for one in each.statements if one != "BEGIN"] for each in (anew, again)]
    assert [len(each) for each in told] == [8, 2], told


def test_hundreds_of_events_in_forty_countries_are_a_page_of_sixty_kilobytes(
    client: Client,
) -> None:
    for number in range(40):
        code = f"X{chr(65 + number // 26)}{chr(65 + number % 26)}"
        country = make_country(code, name=f"The Republic of {code} Somewhere", region="africa")
        announced(f"series-{number % 6}", country_code=country.code, city="Albor")
    for number in range(10):
        country.associations.append(Association(slug=f"a{number}", name="Organisation of States"))
    db.session.commit()
    assert len(client.get("/subscribe").data) < 60_000


def test_the_page_grows_with_no_event(client: Client) -> None:
    announced()
    one = len(client.get("/subscribe").data)
    for number in range(30):
        announced(dtstart=FIRST + timedelta(days=number))
    assert len(client.get("/subscribe").data) < one + 6_000
