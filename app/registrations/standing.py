"""Where a registration stands, in sentences: who decides, by when, why it waits, what comes next.

Every state has its sentences under every policy; a test goes through the table of states.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.editions import milestone_queries, timeline
from app.editions.models import AdmissionPolicy
from app.i18n import gettext as _
from app.i18n import ngettext, zone_words
from app.registrations import letters, queries, seating, waiting
from scheduler import lifecycle
from scheduler.admission import Order
from scheduler.lifecycle import EditionStatus, RegistrationStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from app.registrations.models import Registration

_R = RegistrationStatus
_OPEN, _NOMINATION = AdmissionPolicy.OPEN, AdmissionPolicy.NOMINATION
PENDING = lifecycle.LIVE - {_R.CONFIRMED, _R.CHECKED_IN, _R.ATTENDED}
"""States that come to nothing once the event has begun."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is told of their registration; empty texts are left out."""

    title: str
    tone: str = "info"
    words: str = ""
    decides: str = ""
    by_when: str = ""
    why: str = ""
    moves: str = ""
    comes_next: str = ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The same as terms and texts, in the order in which one asks."""
        told = [
            (_("Why you wait"), self.why),
            (_("What would move it"), self.moves),
            (_("Who decides"), self.decides),
            (_("By when"), self.by_when),
            (_("What comes next"), self.comes_next),
        ]
        return [(term, text) for term, text in told if text]


def of(registration: Registration, *, now: datetime) -> Standing:
    """Say where ``registration`` stands at ``now``."""
    edition = registration.edition
    if edition.status is EditionStatus.CANCELLED and registration.is_live:
        return Standing(
            _("The event is cancelled"),
            "warning",
            _("Your registration is kept as it stood; you need not cancel it."),
            decides=_("Nobody any more."),
            comes_next=_("Nothing. If the event is held at another time, you register anew."),
        )
    case = _Case(registration, now)
    if registration.status in PENDING and edition.has_begun(case.today):
        return _too_late(is_over=case.today >= edition.dtend)
    return SENTENCES[registration.status](case)


def _too_late(*, is_over: bool) -> Standing:
    if is_over:
        return Standing(
            _("The event is over, and this did not become a place"),
            decides=_("Nobody any more."),
            comes_next=_("Nothing."),
        )
    return Standing(
        _("The event has begun, and this did not become a place"),
        "warning",
        decides=_("Nobody any more."),
        comes_next=_("At the door one can ask whether somebody is still let in."),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """One registration at one moment, and the words that several states share."""

    row: Registration
    now: datetime

    @property
    def today(self) -> date:
        return self.row.edition.day_at(self.now)

    @property
    def country(self) -> str:
        return self.row.country.name if self.row.country else ""

    @property
    def policy(self) -> AdmissionPolicy:
        return self.row.edition.admission_policy

    @property
    def is_open(self) -> bool:
        return self.row.edition.takes_registrations(self.now)

    def day(self, day: date) -> str:
        """Say a day that lies ahead, with how far it is; or one that has passed."""
        words = letters.day_words(day)
        if day < self.today:
            return words
        left = timeline.time_left(day, self.today)
        return _("%(day)s, %(left)s", day=words, left=left)

    def last_day(self, day: date) -> str:
        zone = zone_words(self.row.edition.tzid)
        left = timeline.time_left(day, self.today)
        return _(
            "%(day)s, 24:00 (%(zone)s), %(left)s", day=letters.day_words(day), zone=zone, left=left
        )

    def eve(self) -> str:
        edition = self.row.edition
        if edition.dates_to_follow:
            return _("The event has no days yet; new ones will follow.")
        return _("Before the event begins, on %(day)s.", day=self.day(edition.dtstart))

    def closing(self) -> str:
        """Say until when one can still send or change a registration."""
        edition = self.row.edition
        closes_on = edition.registration_closes_on
        if not self.is_open:
            if closes_on is not None and closes_on < self.today:
                return _("Registration closed on %(day)s.", day=letters.day_words(closes_on))
            return _("Registration is not open.")
        if closes_on is None:
            return self.eve()
        return _("Registration closes on %(day)s.", day=self.last_day(closes_on))

    def decision(self) -> str:
        """Say by when it is decided, as far as the milestones tell."""
        edition = self.row.edition
        found = []
        is_with_country = self.policy is _NOMINATION and self.row.status is _R.SUBMITTED
        closes_on = edition.nominations_close_on
        if is_with_country and self.row.country_code and closes_on and closes_on >= self.today:
            found.append(_("Nominations close on %(day)s.", day=self.last_day(closes_on)))
        sent = milestone_queries.find(edition, letters.INVITATIONS)
        due_on = sent.due_on if sent is not None and not sent.is_recorded else None
        if due_on is not None and due_on >= self.today:
            found.append(_("Invitations are sent by %(day)s.", day=self.day(due_on)))
        return " ".join(found) or _(
            "No day is set; the event begins on %(day)s.", day=letters.day_words(edition.dtstart)
        )

    def after_sending(self) -> str:
        if self.policy is _OPEN:
            return _("A free place is yours at once; else you get a turn in the queue.")
        if self.policy is _NOMINATION and not self.row.nominated_by_id:
            return _("Your country endorses you, then the organisers decide, and we write to you.")
        return _("The organisers decide, and we write to you.")

    def again(self) -> str:
        """Say whether one may register anew."""
        if self.is_open:
            return _("You may register again; you then stand behind all who wait.")
        return _("Nothing: registration is not open.")

    def done_on(self) -> str:
        gone_at = self.row.cancelled_at
        return letters.day_words(self.row.edition.day_at(gone_at)) if gone_at else ""


def _draft(case: _Case) -> Standing:
    row = case.row
    words, by_when = _("What you typed is kept for you."), case.closing()
    if row.entry_reason:
        words = _("The organisers let you in for this reason: %(reason)s", reason=row.entry_reason)
        by_when = case.eve()
    elif row.nominated_by_id is not None:
        words = _("%(country)s nominates you. Confirm it by completing it.", country=case.country)
    elif not case.is_open:
        words = _("What you typed is kept. The organisers can still let you in, with a reason.")
    return Standing(
        _("Not sent yet: it holds no place and no turn"),
        "warning",
        words,
        decides=_("You: complete it and send it."),
        by_when=by_when,
        comes_next=case.after_sending(),
    )


def _submitted(case: _Case) -> Standing:
    decides = _("The organisers.")
    if case.policy is _NOMINATION:
        decides = (
            _(
                "The national contact of %(country)s first, then the organisers.",
                country=case.country,
            )
            if case.country
            else _("The organisers: you told no country, so no national contact sees it.")
        )
    return Standing(
        _("Sent, and not decided yet"),
        words=_("It is not a place yet. Please do not book travel before that."),
        decides=decides,
        by_when=case.decision(),
        comes_next=_(
            "We write to you when it is decided: a place, a turn in the queue, or neither."
        ),
    )


def _endorsed(case: _Case) -> Standing:
    title = (
        _("%(country)s endorses you; the organisers have not decided yet", country=case.country)
        if case.country
        else _("Endorsed; the organisers have not decided yet")
    )
    return Standing(
        title,
        words=_("It is not a place yet. Please do not book travel before that."),
        decides=_("The organisers."),
        by_when=case.decision(),
        comes_next=_(
            "We write to you when it is decided: a place, a turn in the queue, or neither."
        ),
    )


def _returned(case: _Case) -> Standing:
    return Standing(
        _("Returned to you for changes"),
        "warning",
        _("Change what is asked for below; what you save is sent in again."),
        decides=_("You first, then who returned it, then the organisers."),
        by_when=case.closing(),
        comes_next=case.after_sending(),
    )


def _refused(case: _Case) -> Standing:
    return Standing(
        _("%(country)s does not endorse you", country=case.country)
        if case.country
        else _("Your country does not endorse you"),
        "warning",
        _("A reason that was given stands below. Your national contact can tell you more."),
        decides=_("Your national contact has decided."),
        by_when=case.done_on(),
        comes_next=case.again(),
    )


def _confirmed(case: _Case) -> Standing:
    request = case.row.visa_request
    return Standing(
        _("You have a place"),
        "success",
        _("Your visa letter waits for you: what you told was sent back, with the reason.")
        if request is not None and request.returned_because
        else _("There is nothing more to do now. We write to you when something changes."),
        decides=_("Nobody: it is yours."),
        by_when=_("%(by)s Until then you can cancel, if you cannot come.", by=case.eve()),
        comes_next=_("The event. Your badge is scanned at the door, or your name is looked up."),
    )


def _waitlisted(case: _Case) -> Standing:
    row = case.row
    why = waiting.waits(row.edition, [row])[row.id]
    state = queries.party_of(row)
    later = _("We write to you when a place comes. Please do not book travel before that.")
    if row.is_held:
        return Standing(
            _("On the waiting list, held by the organisers"),
            "warning",
            later,
            decides=_("The organisers: they accept or decline."),
            by_when=case.decision(),
            why=why,
            moves=_("The organisers accept you; a free place is then yours, or a turn."),
            comes_next=_taking(case),
        )
    if state is not None and not state.is_complete:
        return Standing(
            _("Your party is not complete yet"),
            "warning",
            later,
            decides=_("The rest of your party.")
            if state.awaited
            else _("The organisers, on the others of your party."),
            by_when=case.closing() if state.awaited else case.decision(),
            why=why,
            moves=_("The others register, or you go on without them, or come alone.")
            if state.awaited
            else _("The others are decided on, or you come alone."),
            comes_next=_("Your party gets its places together, or one turn in the queue."),
        )
    if row.edition.status is EditionStatus.POSTPONED:
        return Standing(
            _("You are on the waiting list, and the event is postponed"),
            "warning",
            later,
            decides=ORDERS[seating.settings_of(row.edition).queue_order](),
            by_when=case.eve(),
            why=why,
            moves=_("The event is confirmed anew: the queue moves up then."),
            comes_next=_taking(case),
        )
    return Standing(
        _("You are number %(number)s in the queue", number=waiting.number(row)),
        "warning",
        later,
        decides=ORDERS[seating.settings_of(row.edition).queue_order](),
        by_when=_("No day: the queue moves until the event begins."),
        why=why,
        moves=_(
            "%(count)s places that are free at once, or more places. Who of you leaves the party "
            "makes it smaller.",
            count=state.people,
        )
        if state is not None and state.people > 1
        else _("Somebody ahead of you, or with a place, cancels; or there are more places."),
        comes_next=_taking(case),
    )


def _taking(case: _Case) -> str:
    days = seating.days_to_answer(case.row, seating.settings_of(case.row.edition))
    if days is None:
        return _("A place that comes free is yours at once.")
    return ngettext(
        "A place that comes free is offered to you; you take it within %(num)s day.",
        "A place that comes free is offered to you; you take it within %(num)s days.",
        days,
    )


def _offered(case: _Case) -> Standing:
    answer_on = case.row.answer_on
    return Standing(
        _("A place is kept for you"),
        "warning",
        _("Take it below, or cancel, so that the next in the queue can come."),
        decides=_("You."),
        by_when=case.last_day(answer_on) if answer_on is not None else "",
        comes_next=_("If you take it, it is yours. If the day passes, it goes to the next."),
    )


def _not_selected(case: _Case) -> Standing:
    return Standing(
        _("You were not selected"),
        "warning",
        _("The reason stands below."),
        decides=_("The organisers have decided."),
        by_when=case.done_on(),
        comes_next=_("Nothing. The organisers can still invite you."),
    )


def _checked_in(case: _Case) -> Standing:
    return Standing(
        _("You have arrived"),
        "success",
        decides=_("Nobody: you are in."),
        by_when=_(
            "Until %(day)s.", day=letters.day_words(case.row.edition.dtend - timedelta(days=1))
        ),
        comes_next=_("After the event: your certificate, where one is issued, and a survey."),
    )


def _attended(case: _Case) -> Standing:  # noqa: ARG001 - the form of a sentence
    return Standing(
        _("You took part"),
        "success",
        decides=_("Nobody: it is recorded."),
        comes_next=_("Your certificate, where one is issued, stands among your documents."),
    )


def _cancelled(case: _Case) -> Standing:
    return Standing(
        _("Cancelled: there is no place and no turn any more"),
        decides=_("It is over; how it came about stands below."),
        by_when=case.done_on(),
        comes_next=case.again(),
    )


def _replaced(case: _Case) -> Standing:
    return Standing(
        _("A colleague has your place"),
        decides=_("The national contact of %(country)s has decided.", country=case.country)
        if case.country
        else _("Your national contact has decided."),
        by_when=case.done_on(),
        comes_next=case.again(),
    )


def _no_show(case: _Case) -> Standing:  # noqa: ARG001 - the form of a sentence
    return Standing(
        _("You were expected, and nobody saw you at the door"),
        "warning",
        decides=_("The organisers keep the list of who came."),
        comes_next=_("If you were there, write to the organisers: they can put it right."),
    )


ORDERS: Mapping[Order, Callable[[], str]] = {
    Order.TIME: lambda: _("Nobody: whoever came first is next."),
    Order.RANKING: lambda: _(
        "The ranking of your national contact: each country’s first nominee, then each second."
    ),
    Order.BALANCE: lambda: _(
        "Nobody: countries that nobody is in for yet are next, then whoever came first."
    ),
}

SENTENCES: Mapping[RegistrationStatus, Callable[[_Case], Standing]] = {
    _R.DRAFT: _draft,
    _R.SUBMITTED: _submitted,
    _R.ENDORSED: _endorsed,
    _R.RETURNED: _returned,
    _R.REFUSED: _refused,
    _R.CONFIRMED: _confirmed,
    _R.WAITLISTED: _waitlisted,
    _R.OFFERED: _offered,
    _R.NOT_SELECTED: _not_selected,
    _R.CHECKED_IN: _checked_in,
    _R.ATTENDED: _attended,
    _R.CANCELLED: _cancelled,
    _R.REPLACED: _replaced,
    _R.NO_SHOW: _no_show,
}
