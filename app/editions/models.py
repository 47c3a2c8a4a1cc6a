"""Tables of editions and their milestones, of dates moved by hand or known from elsewhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.countries.models import Country
from app.database import Instant, Model
from app.series.models import Series
from app.uploads import StoredFile
from scheduler import lifecycle
from scheduler.ical import EntryStatus
from scheduler.known_dates import KnownDate, Level
from scheduler.lifecycle import AgreementStatus, EditionStatus
from scheduler.recurrence import RecurrenceRule

CONFIRMED_TO_ALL = frozenset(
    {
        EditionStatus.ANNOUNCED,
        EditionStatus.REGISTRATION_OPEN,
        EditionStatus.REGISTRATION_CLOSED,
        EditionStatus.IN_PROGRESS,
        EditionStatus.COMPLETED,
        EditionStatus.REPORTED,
        EditionStatus.CLOSED,
    }
)

BEGUN = frozenset(
    {
        EditionStatus.IN_PROGRESS,
        EditionStatus.COMPLETED,
        EditionStatus.REPORTED,
        EditionStatus.CLOSED,
    }
)


class Precision(StrEnum):
    """How exactly the days of a record are known; nothing finer is ever invented."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    WINDOW = "window"


class AdmissionPolicy(StrEnum):
    """Which steps a registration passes before it holds a place."""

    OPEN = "open"
    APPROVAL = "approval"
    NOMINATION = "nomination"


class Edition(Model):
    """One event of a series. ``dtstart`` and ``dtend`` are all-day, the end exclusive."""

    __table_args__ = (
        UniqueConstraint("series_id", "recurrence_id"),
        # In the order of feeds, with all that decides what stands in them: no row is looked up.
        Index(
            "ix_edition_feed",
            *("dtstart", "uid", "public_since", "status", "precision", "dtend", "component_tag"),
        ),
        CheckConstraint("dtstart < dtend", name="ends_after_it_starts"),
        CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), index=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    uid: Mapped[str] = mapped_column(String(255), unique=True)  # made once, never derived
    sibling_uid: Mapped[str | None] = mapped_column(String(255))  # told as the one before it
    sequence: Mapped[int] = mapped_column(default=0)
    status: Mapped[EditionStatus] = mapped_column(
        Enum(EditionStatus, native_enum=False, length=30), index=True
    )
    own_title: Mapped[str] = mapped_column(String(250), default="")
    ordinal: Mapped[int | None]  # none while an earlier occurrence is unrecorded
    recurrence_id: Mapped[date | None]  # the occurrence of the rule that this edition uses up
    dtstart: Mapped[date]
    dtend: Mapped[date]
    precision: Mapped[Precision] = mapped_column(
        Enum(Precision, native_enum=False, length=10), default=Precision.DAY
    )
    dates_to_follow: Mapped[bool] = mapped_column(default=False)  # postponed, no new dates yet
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"), index=True)
    city: Mapped[str] = mapped_column(String(120), default="")
    latitude: Mapped[float | None]  # of the city, in degrees; public, to a kilometre
    longitude: Mapped[float | None]
    venue: Mapped[str] = mapped_column(String(200), default="")  # not public
    venue_address: Mapped[str] = mapped_column(String(500), default="")  # not public
    tzid: Mapped[str] = mapped_column(String(60), default="")  # IANA name
    summary: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(300), default="")  # of a past edition's record
    agreement: Mapped[AgreementStatus] = mapped_column(
        Enum(AgreementStatus, native_enum=False, length=20), default=AgreementStatus.NOT_STARTED
    )
    agreement_waiver: Mapped[str] = mapped_column(String(1000), default="")
    admission_policy: Mapped[AdmissionPolicy] = mapped_column(
        Enum(AdmissionPolicy, native_enum=False, length=15), default=AdmissionPolicy.OPEN
    )
    capacity: Mapped[int | None]
    # What the milestones, and the days that people set instead, come to; whoever was let in waits
    # for the first of these, and the last two end by themselves.
    registration_opens_at: Mapped[datetime | None]
    nominations_close_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]
    announced_at: Mapped[datetime | None]  # from here on no host simply leaves
    public_since: Mapped[datetime | None]  # when the world was first told
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    # Of the bytes that feeds keep; here, since feeds read it of every edition that they show.
    component_tag: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    created_at: Mapped[Instant]
    modified_at: Mapped[Instant]
    series: Mapped[Series] = relationship(lazy="joined", innerjoin=True)
    country: Mapped[Country | None] = relationship(lazy="joined")

    @property
    def title(self) -> str:
        """What the edition is called."""
        return title_of(self.own_title, self.ordinal, self.series.title, self.dtstart.year)

    @property
    def is_settled(self) -> bool:
        """Whether only people move this edition, and no plan does."""
        return self.status in lifecycle.SETTLED

    @property
    def is_public(self) -> bool:
        """Whether the world was told of this edition."""
        return self.public_since is not None

    @property
    def place(self) -> str:
        """City and country, as far as they are known."""
        return place_of(self.city, self.country.name if self.country else None)

    @property
    def geo(self) -> tuple[float, float] | None:
        """Latitude and longitude of the city in degrees, if an organiser told them."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude

    @geo.setter
    def geo(self, point: tuple[float, float] | None) -> None:
        self.latitude, self.longitude = point or (None, None)

    @property
    def alpha2(self) -> str | None:
        """The host country's two-letter code (ISO 3166-1), by which calendars know it."""
        return self.country.alpha2 if self.country else None

    @property
    def region(self) -> str | None:
        """The region of the place, else that of the series."""
        return (self.country.region if self.country else None) or self.series.region

    @property
    def public_entry_status(self) -> EntryStatus:
        """The VEVENT STATUS that the public feeds carry."""
        if self.status is EditionStatus.CANCELLED:
            return EntryStatus.CANCELLED
        if self.status in CONFIRMED_TO_ALL:
            return EntryStatus.CONFIRMED
        return EntryStatus.TENTATIVE

    def status_on(self, today: date) -> EditionStatus:
        """Return the state as the calendar makes it on ``today``."""
        return lifecycle.by_the_clock(
            self.status,
            self.dtstart,
            self.dtend,
            today,
            opens_on=self.registration_opens_on,
            closes_on=self.registration_closes_on,
        )

    def opens_by_itself(self, today: date) -> bool:
        """Whether registration was let open, and waits for its first day."""
        is_let_open = self.status is EditionStatus.REGISTRATION_OPEN
        return is_let_open and self.status_on(today) is EditionStatus.ANNOUNCED

    def has_begun(self, today: date) -> bool:
        """Whether the event is under way on ``today``, or was held."""
        return self.status_on(today) in BEGUN

    def day_at(self, now: datetime) -> date:
        """Return the day that ``now`` falls on at the edition's place."""
        return now.astimezone(self.zone).date()

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the place; until it is known, UTC."""
        return ZoneInfo(self.tzid or "UTC")

    @property
    def registration_opens_on(self) -> date | None:
        """The day at the place from which one may register; ``None``: since it was let open."""
        opens_at = self.registration_opens_at
        return self.day_at(opens_at) if opens_at is not None else None

    @property
    def registration_closes_on(self) -> date | None:
        """The last day at the place to register; ``None``: until the event begins."""
        return self._last_day(self.registration_closes_at)

    @property
    def nominations_close_on(self) -> date | None:
        """The last day at the place to nominate; ``None``: as long as one may register."""
        return self._last_day(self.nominations_close_at)

    def _last_day(self, end: datetime | None) -> date | None:
        return self.day_at(end - timedelta(seconds=1)) if end is not None else None

    def takes_registrations(self, now: datetime) -> bool:
        """Whether a person may register at ``now``: until the event begins at its place."""
        today = self.day_at(now)
        status = lifecycle.by_the_clock(self.status, self.dtstart, self.dtend, today)
        return (
            status is EditionStatus.REGISTRATION_OPEN
            and (self.registration_opens_at is None or self.registration_opens_at <= now)
            and (self.registration_closes_at is None or now < self.registration_closes_at)
        )

    def takes_nominations(self, now: datetime) -> bool:
        """Whether a national contact may nominate at ``now``."""
        return self.takes_registrations(now) and (
            self.nominations_close_at is None or now < self.nominations_close_at
        )

    @property
    def has_agreement(self) -> bool:
        """Whether the agreement with the host stands, or a written waiver replaces it."""
        accepted = {AgreementStatus.ACCEPTED, AgreementStatus.AMENDED, AgreementStatus.FULFILLED}
        return self.agreement in accepted or bool(self.agreement_waiver)


class EditionOverride(Model):
    """One occurrence of a rule moved, or skipped, by hand; plans keep to it."""

    __table_args__ = (
        UniqueConstraint("series_id", "recurrence_id"),
        CheckConstraint("(dtstart IS NULL) = (dtend IS NULL)", name="both_days_or_skip"),
        CheckConstraint("dtstart IS NULL OR dtstart < dtend", name="ends_after_it_starts"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    recurrence_id: Mapped[date]
    dtstart: Mapped[date | None]  # none: the occurrence is skipped
    dtend: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    made_at: Mapped[Instant]
    series: Mapped[Series] = relationship()
    person: Mapped[Person | None] = relationship()


class AgreementAct(StrEnum):
    """What is recorded of an agreement: a move of its state, or what is beside it."""

    REQUESTED = "requested"
    UNDER_NEGOTIATION = "under_negotiation"
    ACCEPTED = "accepted"
    AMENDED = "amended"
    FULFILLED = "fulfilled"
    LETTER = "letter"
    WAIVED = "waived"
    ENDED = "ended"  # the host left


class AgreementRecord(Model):
    """One act on the agreement with a host, and the letter that goes with it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), index=True
    )
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))  # the host's
    act: Mapped[AgreementAct] = mapped_column(Enum(AgreementAct, native_enum=False, length=20))
    on_day: Mapped[date]  # of the act, not of its record
    version: Mapped[int | None]  # of the text: 1 as accepted, one more each amendment
    note: Mapped[str] = mapped_column(String(1000), default="")
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    recorded_at: Mapped[Instant]
    letter: Mapped[StoredFile | None] = relationship(lazy="joined")


class KnownEvent(Model):
    """An event of somebody else that ours should not fall on: its days, or a rule for them."""

    __table_args__ = (
        UniqueConstraint("name", "dtstart"),
        CheckConstraint("(rrule IS NULL) = (dtend IS NOT NULL)", name="days_or_rule"),
        CheckConstraint("dtend IS NULL OR dtstart < dtend", name="ends_after_it_starts"),
        CheckConstraint("length_days BETWEEN 1 AND 366", name="length"),
        CheckConstraint("margin_days BETWEEN 0 AND 31", name="margin"),
        CheckConstraint("level IN ('HARD', 'SOFT')", name="level"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(250))
    dtstart: Mapped[date]  # of a rule: the day it counts from
    dtend: Mapped[date | None]  # exclusive; of the month, year or window when no day is known
    precision: Mapped[Precision] = mapped_column(Enum(Precision, native_enum=False, length=10))
    rrule: Mapped[str | None] = mapped_column(String(500))  # a RECUR value, RFC 5545 §3.3.10
    length_days: Mapped[int] = mapped_column(default=1)  # of each occurrence of the rule
    margin_days: Mapped[int] = mapped_column(default=0)  # uncertain by so many days each way
    level: Mapped[Level] = mapped_column(
        Enum(Level, native_enum=False, length=10), default=Level.SOFT
    )
    city: Mapped[str] = mapped_column(String(120), default="")
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))
    kind: Mapped[str] = mapped_column(String(40), default="")  # what recurs, "IAEA-GC"
    source: Mapped[str] = mapped_column(String(300), default="")
    certainty: Mapped[str] = mapped_column(String(20), default="")  # verified, recalled, inferred
    country: Mapped[Country | None] = relationship(lazy="joined")

    @property
    def rule(self) -> RecurrenceRule | None:
        """The rule that says its days, ``None`` where the days themselves are told."""
        return RecurrenceRule(self.rrule, self.dtstart) if self.rrule is not None else None

    @property
    def known_date(self) -> KnownDate:
        """What the engine compares with the days of an edition."""
        is_rule = self.rrule is not None
        return KnownDate(
            name=self.name,
            dtstart=None if is_rule else self.dtstart,
            dtend=self.dtend,
            rule=self.rule,
            length_days=self.length_days,
            margin_days=self.margin_days,
            level=self.level,
            estimated=self.certainty == "inferred",
            precision=self.precision.value,
            city=self.city,
            kind=self.kind,
            source=self.source,
        )

    @property
    def place(self) -> str:
        """City and country, as far as they are known."""
        return place_of(self.city, self.country.name if self.country else None)


class MilestoneStep(Model):
    """One step of a series' own template of milestones; without any, its kind's defaults hold."""

    __table_args__ = (
        UniqueConstraint("series_id", "key"),
        CheckConstraint("minimum_weeks BETWEEN 0 AND 520", name="minimum_weeks"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(120))
    lead: Mapped[str] = mapped_column(String(30))  # as `scheduler.lead_times.Lead` writes it
    minimum_weeks: Mapped[int] = mapped_column(default=0)
    is_optional: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=False)


class EditionSchedule(Model):
    """What the milestones of an edition are counted from, besides its start day."""

    edition_id: Mapped[int] = mapped_column(
        ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True
    )
    begun_on: Mapped[date]  # the work: the call opened, or a host was named without one
    call_closes_on: Mapped[date | None]  # the last day for offers; none: there was no call
    offered_on: Mapped[date | None]  # the first offer
    decide_by: Mapped[date | None]  # the last day to decide on rolling offers, while some wait
    # Days that an organiser set; without one, its milestone's holds.
    registration_opens_on: Mapped[date | None]
    nominations_close_on: Mapped[date | None]
    registration_closes_on: Mapped[date | None]


class EditionMilestone(Model):
    """One milestone of one edition: when it is due, what people did, what calendars were told."""

    __table_args__ = (
        UniqueConstraint("edition_id", "key"),
        CheckConstraint("done_on IS NULL OR waived_reason = ''", name="done_or_waived"),
        CheckConstraint("(told_on IS NULL) = (told_status IS NULL)", name="told_whole"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(120))
    lead: Mapped[str] = mapped_column(String(30))
    position: Mapped[int]
    is_optional: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=False)
    is_dropped: Mapped[bool] = mapped_column(default=False)  # no longer a step of the template
    due_on: Mapped[date | None]
    done_on: Mapped[date | None]
    waived_reason: Mapped[str] = mapped_column(String(500), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    recorded_at: Mapped[datetime | None]
    uid: Mapped[str] = mapped_column(String(255), unique=True)  # made once, never derived again
    sequence: Mapped[int] = mapped_column(default=0)
    told_on: Mapped[date | None]  # the day that public calendars show
    told_status: Mapped[EntryStatus | None] = mapped_column(
        Enum(EntryStatus, native_enum=False, length=10)
    )
    created_at: Mapped[Instant]
    modified_at: Mapped[Instant]
    edition: Mapped[Edition] = relationship(lazy="raise")

    @property
    def is_recorded(self) -> bool:
        """Whether it is done, or waived for a reason."""
        return self.done_on is not None or bool(self.waived_reason)


def title_of(own_title: str, ordinal: int | None, series_title: str, year: int) -> str:
    """Return what an edition is called: its own title, else by ordinal, else by year."""
    if own_title:
        return own_title
    return (
        f"{series_title} {year}" if ordinal is None else f"{ordinal_word(ordinal)} {series_title}"
    )


def place_of(city: str, country: str | None) -> str:
    """Return city and country, as far as they are known."""
    return ", ".join(part for part in (city, country) if part)


def ordinal_word(number: int) -> str:
    """Return ``number`` as it is said in a row: 1st, 2nd, 3rd, 4th.

    >>> [ordinal_word(number) for number in (1, 2, 3, 4, 11, 21, 112)]
    ['1st', '2nd', '3rd', '4th', '11th', '21st', '112th']
    """
    teen = number % 100 in {11, 12, 13}
    suffix = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
