"""No way of an edition to its announcement goes past its days, its city and its agreement."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.database import db
from app.editions import agreements, disruptions
from app.editions import service as editions
from app.editions.models import AgreementAct, Precision
from app.hosting import calling, choosing, queries, service
from scheduler.errors import DomainError
from scheduler.lifecycle import BEFORE_THE_DAYS, AgreementStatus, EditionStatus, OfferStatus
from tests.factories import OPENING, PDF, make_country, make_edition, make_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.editions.models import Edition

S = EditionStatus
AGREED = {AgreementStatus.ACCEPTED, AgreementStatus.AMENDED, AgreementStatus.FULFILLED}
COUNTRIES = ("XAA", "XAB")


class Way:
    """One edition on its way, and what people can do to it by the services they use."""

    def __init__(self) -> None:
        self.by = make_person()
        self.edition: Edition = make_edition(status=S.PROJECTED, precision=Precision.MONTH, city="")
        self.countries = [make_country(code) for code in COUNTRIES]
        self.who: dict[str, Any] = {"by": self.by, "now": OPENING}
        db.session.commit()

    def call(self) -> None:
        closes_at = datetime.combine(self.edition.dtstart - timedelta(days=30), time.min, UTC)
        calling.open_call(
            self.edition, closes_at=closes_at, text="", is_published=False, **self.who
        )

    def offer(self, which: int) -> None:
        days = (self.edition.dtstart, self.edition.dtend + timedelta(days=3))
        facts = service.OfferFacts(city="Albor", venue="Hall", capacity=80, windows=[days])
        service.submit(
            self.edition, self.countries[which], facts, letter=(PDF, "l.pdf"), **self.who
        )

    def close(self) -> None:
        calling.close_call(self.edition, **self.who)

    def choose(self, which: int) -> None:
        offer = queries.offers_for(self.edition)[which]
        span = offer.windows[0]
        dtend = span.dtstart + timedelta(days=3)
        choosing.select(offer, dtstart=span.dtstart, dtend=dtend, reason="Best", **self.who)

    def name(self) -> None:
        span = (self.edition.dtstart, self.edition.dtend)
        editions.select_host(
            self.edition, self.countries[0], city="Albor", venue="", dtstart=span[0],
            dtend=span[1], **self.who,
        )  # fmt: skip

    def confirm(self, city: str) -> None:
        editions.confirm(
            self.edition, dtstart=self.edition.dtstart, dtend=self.edition.dtend, tzid="UTC",
            city=city, venue="", venue_address="", **self.who,
        )  # fmt: skip

    def agree(self, act: AgreementAct) -> None:
        agreements.record(self.edition, act, agreements.Record(OPENING.date(), "So"), **self.who)

    def waive(self) -> None:
        agreements.record_agreement(self.edition, waiver="A verbal note is on file.", **self.who)

    def announce(self) -> None:
        editions.announce(self.edition, **self.who)

    def set_status(self, status: EditionStatus) -> None:
        editions.set_status(self.edition, status, **self.who)

    def save_the_date(self) -> None:
        editions.publish_save_the_date(self.edition, **self.who)

    def withdraw(self) -> None:
        host = next(
            one for one in queries.offers_for(self.edition) if one.status is OfferStatus.SELECTED
        )
        service.withdraw(host, reason="It burnt", **self.who)

    def postpone(self, days: int) -> None:
        dtstart = self.edition.dtstart + timedelta(days=days) if days else None
        dtend = dtstart + timedelta(days=3) if dtstart else None
        disruptions.postpone(self.edition, dtstart=dtstart, dtend=dtend, reason="So", **self.who)

    def relocate(self, how: tuple[int, bool, str]) -> None:
        which, is_agreed, waiver = how
        disruptions.relocate(
            self.edition, self.countries[which], city="Elsewhere", venue="", venue_address="",
            tzid="UTC", reason="So", is_agreed=is_agreed, waiver=waiver, **self.who,
        )  # fmt: skip

    def move(self) -> None:
        span = [day + timedelta(days=7) for day in (self.edition.dtstart, self.edition.dtend)]
        disruptions.reschedule(
            self.edition, dtstart=span[0], dtend=span[1], reason="So", **self.who
        )

    @property
    def may_be_announced(self) -> bool:
        """Whether days, city, country and agreement or waiver are there; read from the rows."""
        one = self.edition
        with_host = agreements.current(agreements.records(one))
        acts = {row.act for row in with_host}
        is_agreed = one.agreement in AGREED and AgreementAct.ACCEPTED in acts
        is_waived = bool(one.agreement_waiver) and AgreementAct.WAIVED in acts
        has_days = one.precision is Precision.DAY and not one.dates_to_follow
        return bool(has_days and one.city and one.country_code and (is_agreed or is_waived))


which = st.integers(0, 1)
A = AgreementAct
ACTS: dict[str, st.SearchStrategy[Any]] = {
    "offer": which,
    "choose": which,
    "confirm": st.sampled_from(["", "Albor"]),
    "agree": st.sampled_from([A.REQUESTED, A.UNDER_NEGOTIATION, A.ACCEPTED, A.AMENDED]),
    "set_status": st.sampled_from([S.CONFIRMED, S.REGISTRATION_OPEN, S.UNDER_EVALUATION]),
    "postpone": st.sampled_from([0, 14]),
    "relocate": st.tuples(which, st.booleans(), st.sampled_from(["", "A note verbale."])),
}
ALONE = ("call", "close", "name", "waive", "announce", "save_the_date", "withdraw", "move")
steps = st.one_of(
    *(st.tuples(st.just(name), values) for name, values in ACTS.items()),
    *(st.tuples(st.just(name), st.none()) for name in ALONE),
    st.just(("announce", None)),
)
# Chance alone seldom comes far; from one of these on it goes its own ways.
BEGINNINGS: list[list[tuple[str, Any]]] = [
    [],
    [("call", None), ("offer", 0), ("offer", 1), ("close", None), ("choose", 0)],
    [("name", None), ("confirm", "Albor")],
    [("name", None), ("agree", A.ACCEPTED), ("confirm", "Albor"), ("relocate", (1, False, ""))],
    [("name", None), ("waive", None), ("confirm", "Albor"), ("announce", None), ("postpone", 0)],
    # Days that are known to the month, until somebody confirms them.
    [
        ("call", None),
        ("postpone", 0),
        ("relocate", (1, True, "")),
        ("confirm", "Albor"),
        ("announce", None),
    ],
    *(
        [
            ("name", None),
            ("agree", A.ACCEPTED),
            ("confirm", "Albor"),
            ("announce", None),
            ("relocate", (1, *told)),
        ]
        for told in ((False, ""), (True, ""), (False, "A note verbale."))
    ),
]


def test_no_way_leads_to_the_announcement_without_days_city_and_agreement() -> None:
    reached: Counter[str] = Counter()

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(BEGINNINGS), st.lists(steps, max_size=14))
    def go(beginning: list[tuple[str, Any]], more: list[tuple[str, Any]]) -> None:
        way = Way()
        for name, value in [*beginning, *more]:
            act: Callable[..., None] = getattr(way, name)
            could, was = way.may_be_announced, way.edition.status
            try:
                act(*([] if value is None else [value]))
            except (DomainError, IndexError, StopIteration):
                db.session.rollback()
                reached[f"{name} refused"] += 1
                continue
            db.session.commit()
            if way.edition.status is S.ANNOUNCED and was is not S.ANNOUNCED:
                assert (name, could, way.may_be_announced) == ("announce", True, True)
                reached["announced"] += 1
            # What was announced stays so only with all that the announcement needs.
            if way.edition.status in BEFORE_THE_DAYS:
                assert (name, way.may_be_announced) == (name, True)
                reached[f"{name} of what is announced"] += 1
            assert way.edition.status is not S.REGISTRATION_OPEN or was in {
                S.ANNOUNCED,
                S.REGISTRATION_OPEN,
            }

    go()
    # The law is not kept for want of trying.
    for tried in ("announced", "announce refused", "relocate of what is announced"):
        assert reached[tried] >= 10, (tried, reached)
