"""The words, glyphs and tones of every state: one look, wherever a state is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scheduler.errors import N_

Tone = Literal["quiet", "accent", "signal", "danger", "ok"]
Machine = Literal["edition", "offer", "agreement", "round", "need", "registration"]


@dataclass(frozen=True, slots=True)
class State:
    """How a state is shown: its words (still to be translated), a glyph and a tone."""

    words: str
    glyph: str
    tone: Tone


STATES: Mapping[str, Mapping[str, State]] = {
    "edition": {
        "projected": State(N_("Expected"), "expected", "quiet"),
        "call_open": State(N_("Call for hosts open"), "open", "accent"),
        "under_evaluation": State(N_("Host being chosen"), "half", "accent"),
        "host_selected": State(N_("Host chosen"), "chosen", "accent"),
        "confirmed": State(N_("Confirmed"), "check", "ok"),
        "announced": State(N_("Announced"), "check", "ok"),
        "registration_open": State(N_("Registration open"), "open", "accent"),
        "registration_closed": State(N_("Registration closed"), "shut", "quiet"),
        "in_progress": State(N_("Under way"), "play", "accent"),
        "completed": State(N_("Held"), "check", "ok"),
        "reported": State(N_("Reported"), "done", "ok"),
        "closed": State(N_("Concluded"), "done", "ok"),
        "postponed": State(N_("Postponed"), "pause", "signal"),
        "cancelled": State(N_("Cancelled"), "cross", "danger"),
    },
    "offer": {
        "draft": State(N_("Draft"), "pen", "quiet"),
        "submitted": State(N_("Sent in"), "arrow", "accent"),
        "returned": State(N_("Returned for changes"), "back", "signal"),
        "eligible": State(N_("Meets the conditions"), "open", "accent"),
        "evaluated": State(N_("Evaluated"), "half", "accent"),
        "shortlisted": State(N_("Shortlisted"), "star", "accent"),
        "recommended": State(N_("Recommended"), "chosen", "accent"),
        "selected": State(N_("Selected"), "check", "ok"),
        "reserve": State(N_("In reserve"), "queue", "quiet"),
        "not_selected": State(N_("Not selected"), "shut", "quiet"),
        "withdrawn": State(N_("Withdrawn"), "cross", "quiet"),
        "lapsed": State(N_("Lapsed"), "expected", "quiet"),
    },
    "agreement": {
        "not_started": State(N_("Agreement not started"), "expected", "quiet"),
        "requested": State(N_("Agreement requested"), "arrow", "accent"),
        "under_negotiation": State(N_("Agreement under negotiation"), "half", "accent"),
        "accepted": State(N_("Agreement accepted"), "check", "ok"),
        "amended": State(N_("Agreement amended"), "pen", "ok"),
        "fulfilled": State(N_("Agreement fulfilled"), "done", "ok"),
    },
    "round": {
        "consensus_open": State(N_("The committee is asked"), "open", "accent"),
        "objected": State(N_("Objected: a ballot follows"), "warning", "signal"),
        "ballot_open": State(N_("Secret ballot open"), "open", "accent"),
        "lapsed": State(N_("Too few voted"), "pause", "signal"),
        "counted": State(N_("Counted"), "half", "accent"),
        "tied": State(N_("Tied: the chair decides"), "warning", "signal"),
        "decided": State(N_("Decided"), "check", "ok"),
        "called_off": State(N_("Called off"), "cross", "quiet"),
    },
    "need": {
        "open": State(N_("Open to offers"), "open", "accent"),
        "offered": State(N_("Offer waits for a decision"), "half", "accent"),
        "decided": State(N_("Host decided"), "check", "ok"),
        "declined": State(N_("Declined"), "shut", "quiet"),
        "withdrawn": State(N_("Withdrawn"), "cross", "quiet"),
        "lapsed": State(N_("Lapsed"), "expected", "quiet"),
    },
    "registration": {
        "draft": State(N_("Not sent yet"), "pen", "quiet"),
        "submitted": State(N_("Waiting for a decision"), "arrow", "accent"),
        "endorsed": State(N_("Endorsed"), "half", "accent"),
        "returned": State(N_("Returned for changes"), "back", "signal"),
        "refused": State(N_("Refused"), "cross", "danger"),
        "confirmed": State(N_("Place confirmed"), "check", "ok"),
        "waitlisted": State(N_("On the waiting list"), "queue", "signal"),
        "offered": State(N_("Place offered: please reply"), "warning", "signal"),
        "not_selected": State(N_("Not selected"), "shut", "quiet"),
        "checked_in": State(N_("Arrived"), "check", "ok"),
        "attended": State(N_("Attended"), "done", "ok"),
        "cancelled": State(N_("Cancelled"), "cross", "quiet"),
        "replaced": State(N_("Replaced by a colleague"), "back", "quiet"),
        "no_show": State(N_("Did not come"), "shut", "quiet"),
    },
}

SERIES_WORDS: Mapping[str, str] = {
    "symposium": N_("Symposium"),
    "practitioner_workshop": N_("Practitioner workshop"),
    "regional_engagement": N_("Regional engagement"),
}


def state_of(status: str, of: Machine = "edition") -> State:
    """Return how ``status`` of a machine of ``scheduler.lifecycle`` is shown."""
    return STATES[of][status]


def series_words(kind: str) -> str:
    """Return the name of a kind of series, still to be translated."""
    return SERIES_WORDS[kind]
