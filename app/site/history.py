"""The audit log's entries as sentences: "Moved from 2–4 March 2027 to 16–18 March 2027"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _l

from app.accounts.consents import WORDINGS
from app.accounts.forms import ROLE_LABELS
from app.accounts.models import Purpose, Role
from app.editions.scopes import scope_names
from app.hosting.section_forms import FORMS
from app.hosting.sections import Section
from app.i18n import gettext as _
from app.site.dates import format_day, format_span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.audit import AuditEntry

WORDS = {
    "edition.added": _l("Added by hand"),
    "edition.overridden": _l("Moved off its rule"),
    "edition.override_released": _l("Follows its rule again"),
    "edition.call_open": _l("Call for hosts opened"),
    "edition.call_changed": _l("Call for hosts changed"),
    "edition.under_evaluation": _l("Call for hosts closed"),
    "edition.host_proposed": _l("Host proposed to the committee"),
    "edition.host_agreed": _l("A member of the committee agreed"),
    "edition.host_objected": _l("A member of the committee objected"),
    "edition.ballot_opened": _l("Secret ballot opened"),
    "edition.ballot_reopened": _l("Secret ballot opened again"),
    "edition.ballot_lapsed": _l("Secret ballot ended without a quorum"),
    "edition.ballot_counted": _l("Secret ballot counted"),
    "edition.round_called_off": _l("Round of the committee called off"),
    "edition.host_decided": _l("Decision of the committee recorded"),
    "edition.host_selected": _l("Host selected"),
    "edition.host_withdrew": _l("The host withdrew"),
    "edition.confirmed": _l("Confirmed"),
    "edition.agreement_recorded": _l("Agreement with the host recorded"),
    "edition.agreement_requested": _l("Agreement with the host asked for"),
    "edition.agreement_under_negotiation": _l("Agreement with the host under negotiation"),
    "edition.agreement_amended": _l("Agreement with the host amended"),
    "edition.agreement_fulfilled": _l("Agreement with the host fulfilled"),
    "edition.agreement_letter": _l("Letter on the agreement with the host added"),
    "edition.task_added": _l("Item added to the host’s checklist"),
    "edition.task_done": _l("Item of the host’s checklist done"),
    "edition.task_waived": _l("Item of the host’s checklist waived"),
    "edition.task_reopened": _l("Item of the host’s checklist open again"),
    "edition.change_proposed": _l("The host proposed other days or another place"),
    "edition.proposal_withdrawn": _l("Proposal of the host withdrawn"),
    "edition.proposal_approved": _l("Proposal of the host approved"),
    "edition.proposal_declined": _l("Proposal of the host declined"),
    "edition.save_the_date": _l("Save-the-date published"),
    "edition.announced": _l("Announced"),
    "edition.registration_opened": _l("Registration opened"),
    "edition.registration_changed": _l("Registration settings changed"),
    "edition.registration_closed": _l("Registration closed"),
    "edition.registrations_read": _l("List of participants read"),
    "edition.moved": _l("Moved to other days"),
    "edition.relocated": _l("Moved to another place"),
    "edition.postponed": _l("Postponed"),
    "edition.reinstated": _l("Takes place after all"),
    "edition.cancelled": _l("Cancelled"),
    "edition.described": _l("Title or text changed"),
    "edition.located": _l("Point on the map changed"),
    "edition.milestone_done": _l("Milestone done"),
    "edition.milestone_waived": _l("Milestone waived"),
    "edition.milestone_reopened": _l("Milestone taken back"),
    "series.milestones_changed": _l("Milestones of the series changed"),
    "series.founded": _l("Series founded"),
    "series.changed": _l("Series changed"),
    "series.plan_applied": _l("Plan applied"),
    "series.occurrence_skipped": _l("Occurrence skipped"),
    "series.occurrence_taken_up": _l("Occurrence taken up again"),
    "known_event.added": _l("Known event added"),
    "known_event.changed": _l("Known event changed"),
    "known_event.removed": _l("Known event deleted"),
    "known_event.imported": _l("Known events imported"),
    "edition.call_extended": _l("Call for hosts extended"),
    "edition.hosts_approached": _l("Countries asked directly to host"),
    "edition.evaluator_assigned": _l("A member asked to judge"),
    "edition.interest_declared": _l("An interest declared"),
    "offer.gate_checked": _l("Condition checked"),
    "offer.eligible": _l("Offer meets the conditions"),
    "offer.scored": _l("Offer scored"),
    "offer.evaluated": _l("Offer evaluated"),
    "offer.reserve": _l("Offer in reserve"),
    "offer.begun": _l("Offer begun"),
    "offer.returned": _l("Offer returned for changes"),
    "offer.lapsed": _l("Offer lapsed"),
    "offer.submitted": _l("Offer submitted"),
    "offer.changed": _l("Offer changed"),
    "offer.withdrawn": _l("Offer withdrawn"),
    "offer.selected": _l("Offer selected"),
    "offer.not_selected": _l("Offer not selected"),
    "interest.told": _l("Interest in hosting told"),
    "interest.changed": _l("Interest in hosting changed"),
    "interest.withdrawn": _l("Interest in hosting withdrawn"),
    "need.proposed": _l("Need of a region proposed"),
    "need.changed": _l("Need of a region changed"),
    "need.edition_taken_out": _l("Its edition is taken out again: no offer was sent in"),
    "need.supported": _l("Need of a region supported"),
    "need.support_taken_back": _l("Support of a need taken back"),
    "need.open": _l("No complete offer waits any more; the need is open again"),
    "need.offered": _l("A complete offer arrived; the time to decide runs"),
    "need.decided": _l("The need has a host"),
    "need.declined": _l("Need of a region declined"),
    "need.withdrawn": _l("Need of a region withdrawn"),
    "need.decision_put_off": _l("Decision on a need put off"),
    "rotation.settings_changed": _l("Settings of the rotation changed"),
    "rotation.fixed": _l("Host fixed in the rotation"),
    "rotation.unfixed": _l("Host left to the rotation again"),
    "rotation.adopted": _l("Rotation of hosts adopted"),
    "registration.confirmed": _l("Registered, with a place"),
    "registration.waitlisted": _l("Registered, on the waiting list"),
    "edition.application_changed": _l("What an application asks and offers changed"),
    "edition.question_added": _l("Question of the application added"),
    "edition.question_changed": _l("Question of the application changed"),
    "edition.question_moved": _l("Question of the application moved"),
    "edition.question_retired": _l("Question of the application retired"),
    "edition.question_asked_again": _l("Question of the application asked again"),
    "edition.question_deleted": _l("Question of the application deleted"),
    "edition.question_copied": _l("Questions of another application copied"),
    "registration.answer_file_read": _l("File sent as an answer read"),
    "edition.limits_changed": _l("Limits of registration changed"),
    "registration.submitted": _l("Registered, to be decided"),
    "registration.endorsed": _l("Endorsed by the country"),
    "registration.returned": _l("Returned for changes"),
    "registration.refused": _l("Not endorsed by the country"),
    "registration.not_selected": _l("Not selected"),
    "registration.offered": _l("A place was offered"),
    "registration.lapsed": _l("The offered place lapsed"),
    "registration.invited": _l("Invited by an organiser"),
    "registration.nominated": _l("Nominated by the country"),
    "registration.ranked": _l("Ranked by the country"),
    "registration.replaced": _l("Replaced by a colleague"),
    "registration.joined_party": _l("Joined to a party"),
    "registration.left_party": _l("Left a party"),
    "registration.role_changed": _l("Comes in another role"),
    "registration.changed": _l("Particulars changed"),
    "grant.requested": _l("Travel grant asked for"),
    "grant.not_needed": _l("Travel grant no longer asked for"),
    "grant.given": _l("Travel grant given"),
    "grant.declined": _l("Travel grant declined"),
    "registration.moved_up": _l("Moved up: a place became free"),
    "registration.walked_in": _l("Registered at the door"),
    "registration.checked_in": _l("Checked in at the door"),
    "registration.check_in_taken_back": _l("Check-in taken back"),
    "edition.door_list_taken": _l("List of participants taken to the door"),
    "edition.attendance_closed": _l("List of who came closed"),
    "registration.cancelled": _l("Registration cancelled"),
    "person.identity_added": _l("Account of the identity provider tied"),
    "person.identity_removed": _l("Account of the identity provider untied"),
    "person.password_removed": _l("Password removed"),
    "person.recovery_codes_made": _l("Recovery codes made"),
    "person.recovery_code_used": _l("Recovery code used"),
    "offer.shortlisted": _l("Offer shortlisted"),
    "offer.recommended": _l("Offer recommended"),
    "release.asked": _l("Personal data in bulk asked for"),
    "release.granted": _l("Personal data in bulk granted"),
    "release.declined": _l("Personal data in bulk not granted"),
    "release.fetched": _l("File of personal data fetched"),
    "release.ended": _l("File of personal data, or list of participants, taken away"),
    "edition.survey_opened": _l("Survey opened"),
    "edition.survey_closed": _l("Survey closed"),
    "message.sent": _l("Message to participants sent"),
    "message.stopped": _l("Message to participants stopped"),
    "message.continued": _l("Message to participants continued"),
    "registration.visa_letter_asked": _l("Visa support letter asked for"),
    "registration.visa_letter_returned": _l("Request for a visa support letter sent back"),
    "registration.visa_letter_not_needed": _l("No visa support letter needed"),
    "edition.visa_requests_read": _l("List of visa requests read"),
    "document.written": _l("Words of a document written"),
    "document.issued": _l("Document issued"),
    "document.revoked": _l("Document taken back"),
    "document.badges_printed": _l("Badges printed"),
    "feed.made": _l("Personal calendar address made"),
    "feed.rotated": _l("Personal calendar address renewed"),
    "feed.revoked": _l("Personal calendar address revoked"),
    "person.role_granted": _l("Role given"),
    "person.role_end_set": _l("Role is to end"),
    "person.role_ended": _l("Role ended"),
    "invitation.made": _l("Role offered by invitation"),
    "invitation.resent": _l("Invitation sent again"),
    "invitation.withdrawn": _l("Invitation withdrawn"),
    "person.password_changed": _l("Password changed"),
    "person.organiser_confirmed": _l("Confirmed as an organiser in their own right"),
    "person.signed_out": _l("Signed out everywhere by an organiser"),
    "person.renamed": _l("Name changed"),
    "person.consent_given": _l("Consent given"),
    "person.consent_withdrawn": _l("Consent withdrawn"),
    "person.erased": _l("A person erased"),
    "backup.restored": _l("A backup put back"),
}

KINDS = {
    "edition": _l("Edition"),
    "series": _l("Series"),
    "known_event": _l("Known event"),
    "hosting_offer": _l("Offer"),
    "hosting_interest": _l("Interest in hosting"),
    "engagement_need": _l("Need of a region"),
    "rotation_settings": _l("Rotation of hosts"),
    "rotation_run": _l("Rotation of hosts"),
    "registration": _l("Registration"),
    "personal_feed": _l("Personal calendar address"),
    "invitation": _l("Invitation to a role"),
    "issued_document": _l("Document"),
    "document_text": _l("Words of a document"),
    "person": _l("Person"),
    "backup": _l("Backup"),
}
"""What acts are done to, by the name of its table."""

OTHER = _l("Changed")  # should an act have no words of its own; a test looks for such


@dataclass(frozen=True, slots=True)
class Told:
    """One act in words."""

    at: datetime
    words: str
    details: tuple[str, ...]
    reason: str


def tell(entries: Iterable[AuditEntry], *, public: bool = False) -> list[Told]:
    """Return ``entries`` in words; ``public`` leaves out what only members may know."""
    entries = list(entries)
    holds_keys = any(entry.changes.keys() & {"scope", "host"} for entry in entries)
    names = scope_names() if holds_keys and not public else {}
    return [
        Told(
            entry.at,
            str(WORDS.get(entry.action, OTHER)),
            tuple(_details(entry, names, public=public)),
            entry.reason,
        )
        for entry in entries
    ]


def _details(entry: AuditEntry, names: Mapping[str, str], *, public: bool) -> Iterable[str]:
    changes = entry.changes
    if "dtstart" in changes or "dtend" in changes:
        yield from _days(entry)
    was, now_is = changes.get("city", ("", ""))
    if now_is and was:
        yield _("from %(was)s to %(now_is)s", was=was, now_is=now_is)
    elif now_is:
        yield _("in %(city)s", city=now_is)
    if public:
        return
    if "venue" in changes and changes["venue"][1]:
        yield _("venue: %(venue)s", venue=changes["venue"][1])
    if "role" in changes:
        yield from _role(changes, names)
    if "milestone" in changes:
        yield _(changes["milestone"][1])
    if "task" in changes:
        yield _(changes["task"][1])
    if "capacity" in changes and changes["capacity"][1]:
        yield _("capacity: %(capacity)s", capacity=changes["capacity"][1])
    yield from _names(entry, names)


def _names(entry: AuditEntry, names: Mapping[str, str]) -> Iterable[str]:
    """Name what the page of the subject no longer tells."""
    changes = entry.changes
    if entry.subject_kind == "known_event" and "name" in changes:
        was, now_is = changes["name"]
        yield now_is or was
    if "question" in changes:
        yield changes["question"][1]
    if "section" in changes:
        yield _section(changes["section"][1])
    if "countries" in changes:
        yield changes["countries"][1]
    if entry.action == "rotation.fixed":
        host = changes["host"][1]
        yield names.get(host, host) or _("no host")
    if "occurrence" in changes:
        yield str(format_day(date.fromisoformat(changes["occurrence"][1])))
    if "purpose" in changes:
        yield from (str(WORDINGS[Purpose(side)].label) for side in changes["purpose"] if side)


def _section(key: str) -> str:
    return str(FORMS[Section(key)].title) if key in set(Section) else _("Annexes")


def _role(changes: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[str]:
    """Tell which role it was about, and for what."""
    role = next(filter(None, changes["role"]), "")
    scope = next(filter(None, changes.get("scope", ())), "")
    words = ROLE_LABELS.get(Role(role)) if role in set(Role) else None
    if words and scope:
        yield _("%(role)s, %(scope)s", role=words, scope=names.get(scope, scope))
    elif words:
        yield str(words)


def _days(entry: AuditEntry) -> Iterable[str]:
    was, now_is = (_span(entry.changes, side) for side in (0, 1))
    if was and now_is and was != now_is:
        yield _("from %(was)s to %(now_is)s", was=was, now_is=now_is)


def _span(changes: Mapping[str, Any], side: int) -> str:
    """Return the days before (0) or after (1) the act; a side that did not change is the same."""
    days = [changes[field][side] for field in ("dtstart", "dtend") if field in changes]
    if len(days) < 2 or not all(days):  # noqa: PLR2004 - a start and an end
        return ""
    dtstart, dtend = (date.fromisoformat(day) for day in days)
    return str(format_span(dtstart, dtend))
