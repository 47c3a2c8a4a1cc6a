"""Tables of people, their roles, their sessions and their sign-in links."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Enum, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Instant, Model


class Role(StrEnum):
    """What a person can be; most roles hold for one scope only."""

    ORGANISER = "organiser"
    COMMITTEE = "committee"
    NATIONAL_CONTACT = "national_contact"
    HOST_TEAM = "host_team"
    VISA_OFFICER = "visa_officer"
    PARTICIPANT = "participant"


class ScopeKind(StrEnum):
    """What a role is limited to."""

    EVERYTHING = "everything"
    COUNTRY = "country"
    EDITION = "edition"


SCOPE_OF = {
    Role.ORGANISER: ScopeKind.EVERYTHING,
    Role.COMMITTEE: ScopeKind.EVERYTHING,
    Role.NATIONAL_CONTACT: ScopeKind.COUNTRY,
    Role.HOST_TEAM: ScopeKind.EDITION,
    Role.VISA_OFFICER: ScopeKind.EDITION,
    Role.PARTICIPANT: ScopeKind.EVERYTHING,
}


def _uniquifier() -> str:
    return uuid.uuid4().hex


class Person(Model, UserMixin):
    """Somebody with an address we can write to; ``email`` is kept in lower case."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password: Mapped[str | None] = mapped_column(String(255))  # argon2id, none: links only
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=_uniquifier)
    created_at: Mapped[Instant]
    verified_at: Mapped[datetime | None]  # when a link sent to the address was first used
    grants: Mapped[list[Grant]] = relationship(back_populates="person", order_by="Grant.id")

    @property
    def roles(self) -> list[Grant]:  # type: ignore[override]  # read-only here
        """The grants, under the name that Flask-Security looks for."""
        return self.grants

    @property
    def display_name(self) -> str:
        """How pages call this person: the name, or the address while there is none."""
        return self.name or self.email


class Grant(Model, RoleMixin):
    """One role of one person for one scope; it stays as history once it has ended."""

    __table_args__ = (
        Index(
            "one_standing_grant",
            "person_id",
            "role",
            "scope_kind",
            "scope_key",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_grant_role", "role", "scope_key"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False, length=20))
    # Text rather than keys: accounts lies below countries and editions.
    scope_kind: Mapped[ScopeKind] = mapped_column(Enum(ScopeKind, native_enum=False, length=20))
    scope_key: Mapped[str] = mapped_column(String(80), default="")
    is_chair: Mapped[bool] = mapped_column(default=False)  # the committee's casting vote
    is_deputy: Mapped[bool] = mapped_column(default=False)  # of a national contact
    granted_at: Mapped[Instant]
    ends_at: Mapped[datetime | None]  # when it is to end, or was
    ended_at: Mapped[datetime | None]  # when somebody ended it, or its end was noted
    end_reason: Mapped[str] = mapped_column(String(500), default="")
    person: Mapped[Person] = relationship(back_populates="grants")

    @property
    def name(self) -> str:  # type: ignore[override]  # read-only here
        """The role's name, as Flask-Security looks for it."""
        return self.role.value

    def holds(self, now: datetime) -> bool:
        """Whether the grant is in force at ``now``."""
        return self.ended_at is None and (self.ends_at is None or now < self.ends_at)


class Invitation(Model):
    """A role offered to an address; whoever signs in with it takes the role by a one-time link.

    ``replaces`` is the role of somebody else that ends as this one begins.
    """

    __table_args__ = (
        Index(
            "one_open_invitation",
            "email",
            "role",
            "scope_key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False, length=20))
    scope_kind: Mapped[ScopeKind] = mapped_column(Enum(ScopeKind, native_enum=False, length=20))
    scope_key: Mapped[str] = mapped_column(String(80), default="")
    is_chair: Mapped[bool] = mapped_column(default=False)
    is_deputy: Mapped[bool] = mapped_column(default=False)
    ends_at: Mapped[datetime | None]  # when the role is to end
    reason: Mapped[str] = mapped_column(String(500), default="")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("grant.id", ondelete="CASCADE"))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    closed_at: Mapped[datetime | None]  # taken or withdrawn
    is_taken: Mapped[bool] = mapped_column(default=False)
    replaces: Mapped[Grant | None] = relationship()
    invited_by: Mapped[Person | None] = relationship()

    def is_open(self, now: datetime) -> bool:
        """Whether it can be taken at ``now``."""
        return self.closed_at is None and now < self.expires_at


class SignIn(Model):
    """One session of one person; the cookie carries the token, we keep its hash."""

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(200), default="")
    began_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship()


class SignInLink(Model):
    """A one-time address that signs its person in; kept as a hash, spent by POST."""

    __table_args__ = (Index("ix_sign_in_link_email", "email"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    next_path: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[datetime | None]


class Purpose(StrEnum):
    """What a person may agree to, each for itself."""

    PARTICIPANTS_LIST = "participants_list"
    PHOTO = "photo"
    SLIDES = "slides"
    MAILING = "mailing"


class Consent(Model):
    """One person's agreement to one purpose, in the words shown; kept once withdrawn."""

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[Purpose] = mapped_column(Enum(Purpose, native_enum=False, length=20))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    given_at: Mapped[Instant]
    withdrawn_at: Mapped[datetime | None]
