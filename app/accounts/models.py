"""Tables of people, their roles, and the ways in which they sign in."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from enum import StrEnum

from flask_security import RoleMixin, UserMixin
from sqlalchemy import (
    JSON,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
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


# Who acts for others: their sign-in needs a second factor.
STAFF = frozenset(Role) - {Role.PARTICIPANT}


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


class Method(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105 # nosec B105 - a word
    LINK = "link"
    CODE = "code"
    PASSKEY = "passkey"
    PROVIDER = "provider"


def _uniquifier() -> str:
    return uuid.uuid4().hex


def _origin() -> str:
    return secrets.token_hex(16)


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
    # Set by ``flask demo load`` alone: these accounts sign in by the password that is printed.
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    has_second_factor: Mapped[bool] = mapped_column(default=False)  # an app or a passkey
    totp_secret: Mapped[str | None] = mapped_column(String(255))  # encrypted; none: no app
    totp_step: Mapped[int] = mapped_column(default=0)  # the last code's; a code counts once
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
    # An organiser's: shared with whoever made them one, so that nobody counts as two persons.
    # A word of its own and no key: it must outlast the person at its beginning.
    origin: Mapped[str] = mapped_column(String(32), default=_origin)
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
    method: Mapped[Method] = mapped_column(Enum(Method, native_enum=False, length=20))
    began_at: Mapped[Instant]
    used_at: Mapped[Instant]  # to five minutes
    confirmed_at: Mapped[Instant]  # the last proof of who it is
    second_factor_at: Mapped[datetime | None]  # when the second factor was proved
    failed_count: Mapped[int] = mapped_column(default=0)  # wrong codes since the last right one
    expires_at: Mapped[Instant] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship()


class HeldForm(Model):
    """What one session typed into a form that waits for a fresh proof of who it is."""

    id: Mapped[int] = mapped_column(primary_key=True)
    sign_in_id: Mapped[int] = mapped_column(
        ForeignKey("sign_in.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    path: Mapped[str] = mapped_column(String(500))
    back: Mapped[str] = mapped_column(String(500))
    fields: Mapped[list[list[str]]] = mapped_column(JSON)  # [name, value], as a browser sends them
    expires_at: Mapped[Instant] = mapped_column(index=True)


class SignInLink(Model):
    """A one-time address that signs its person in; kept as a hash, spent by POST.

    A mailed one also has a code, to be typed into the browser that asked for it.
    """

    __table_args__ = (Index("ix_sign_in_link_email", "email"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    code_hash: Mapped[str | None] = mapped_column(String(64))
    failed_count: Mapped[int] = mapped_column(default=0)
    # Made by whoever runs this site: it stands for both proofs, and so mends a lost factor.
    is_vouched: Mapped[bool] = mapped_column(default=False)
    next_path: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class Passkey(Model):
    """One passkey of a person (Web Authentication); the private half never leaves their device."""

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)  # base64url
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[Instant]
    used_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship()


class PasskeyChallenge(Model):
    """What a browser was asked to sign; deleted when it is answered, so an answer counts once."""

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[Instant] = mapped_column(index=True)


class RecoveryCode(Model):
    """One of the codes on paper that stand in for a lost second factor, once each."""

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


class Identity(Model):
    """Who a person is at an identity provider (OpenID Connect): issuer and subject, no address."""

    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(255))  # at most, says the standard
    made_at: Mapped[Instant]
    used_at: Mapped[Instant]
    person: Mapped[Person] = relationship()


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
