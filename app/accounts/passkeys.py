"""Passkeys: keys in people's devices that sign what we ask (Web Authentication, level 2)."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import delete

from app import database
from app.accounts import queries, second_factor, sessions
from app.accounts.models import Passkey, PasskeyChallenge
from app.database import db
from app.i18n import gettext as _
from app.outbox import settings
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.accounts.models import Person, SignIn

CHALLENGE_LIFE = timedelta(minutes=5)
PASSKEYS_MAX = 20
NAME = "Symposia"


class PasskeyError(DomainError):
    """A passkey that is not known, or whose signature does not fit."""

    message = N_("That passkey does not sign in here. Try again, or take another way.")


class TooManyPasskeysError(DomainError):
    """More passkeys than one person has devices."""

    message = N_("You have {most} passkeys already. Remove one that you no longer use.")


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom a passkey is for: the host's name, and the one address its pages may have."""

    id: str
    origin: str


def relying_party() -> RelyingParty | None:
    """Return what our passkeys are bound to; ``None``: no passkey can be, for want of a name.

    Browsers bind passkeys to names only. For a trial on one's own machine that is ``localhost``.
    """
    base = urlsplit(settings().base_url)
    host = base.hostname or ""
    try:
        if not ip_address(host).is_loopback:
            return None
    except ValueError:
        return RelyingParty(host, f"{base.scheme}://{base.netloc}")
    port = f":{base.port}" if base.port else ""
    return RelyingParty("localhost", f"{base.scheme}://localhost{port}")


def ask_to_make(person: Person, *, now: datetime) -> tuple[str, str]:
    """Return what a browser is asked to make a passkey of, as JSON, and the challenge in it.

    Raises:
        TooManyPasskeysError: there are enough already.
    """
    import webauthn  # noqa: PLC0415 - costs a quarter of a second
    from webauthn.helpers import structs  # noqa: PLC0415 - as above

    standing = queries.passkeys_of(person)
    if len(standing) >= PASSKEYS_MAX:
        raise TooManyPasskeysError(most=PASSKEYS_MAX)
    party = _party()
    challenge = _new_challenge(now=now)
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=person.fs_uniquifier.encode(),
        user_name=person.email,
        user_display_name=person.display_name,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(standing),
    )
    return webauthn.options_to_json(options), challenge.hex()


def add(sign_in: SignIn, answer: str, *, name: str, challenge: str, now: datetime) -> list[str]:
    """Keep the passkey that a browser made; return recovery codes if it is the first factor.

    Raises:
        PasskeyError: the answer is not one to ``challenge``.
    """
    import webauthn  # noqa: PLC0415 - as above
    from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415 - as above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - as above

    person, party = sign_in.person, _party()
    database.write(person)
    expected = _take_challenge(challenge, now=now)
    try:
        made = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=expected,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except (WebAuthnException, ValueError) as error:
        raise PasskeyError from error
    credential_id = bytes_to_base64url(made.credential_id)
    if queries.passkey(credential_id) is not None:
        raise PasskeyError
    db.session.add(
        Passkey(
            person_id=person.id,
            credential_id=credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name.strip()[:80] or _("Passkey"),
            made_at=now,
        )
    )
    return second_factor.factor_added(
        sign_in, "person.passkey_added", _("A passkey was added."), now=now
    )


def remove(sign_in: SignIn, passkey_id: int, *, now: datetime) -> None:
    """Forget one passkey of the person."""
    person = sign_in.person
    database.write(person)
    found = next((key for key in queries.passkeys_of(person) if key.id == passkey_id), None)
    if found is None:
        return
    db.session.delete(found)
    second_factor.factor_removed(
        sign_in, "person.passkey_removed", _("A passkey was removed."), now=now
    )


def ask_to_sign(person: Person | None, *, now: datetime) -> tuple[str, str]:
    """Return what a browser is asked to sign, as JSON, and the challenge in it.

    Without a person the device shows which passkeys it has, and must ask for finger, face or PIN.
    """
    import webauthn  # noqa: PLC0415 - as above
    from webauthn.helpers import structs  # noqa: PLC0415 - as above

    challenge = _new_challenge(now=now)
    options = webauthn.generate_authentication_options(
        rp_id=_party().id,
        challenge=challenge,
        allow_credentials=_descriptors(queries.passkeys_of(person)) if person else None,
        user_verification=structs.UserVerificationRequirement.PREFERRED
        if person
        else structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options), challenge.hex()


def check(
    answer: str, *, challenge: str, person: Person | None, now: datetime
) -> tuple[Person, bool]:
    """Return whose passkey signed ``challenge``, and whether it is two proofs in one.

    It is two where the device has asked for a finger, a face or a PIN. ``person``: only theirs
    will do; without one, only a passkey that is two proofs.

    Raises:
        PasskeyError: unknown, another's, a wrong signature, or an answer that was given before.
    """
    import webauthn  # noqa: PLC0415 - as above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - as above

    party = _party()
    database.write()
    expected = _take_challenge(challenge, now=now)
    said = _read(answer)
    passkey = queries.passkey(said["id"])
    if passkey is None or not passkey.person.active or person not in {None, passkey.person}:
        raise PasskeyError
    database.write(passkey)
    try:
        signed = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=expected,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=person is None,
        )
    except (WebAuthnException, ValueError) as error:
        raise PasskeyError from error
    passkey.sign_count, passkey.used_at = signed.new_sign_count, now
    db.session.flush()
    return passkey.person, signed.user_verified


def confirm(sign_in: SignIn, answer: str, *, challenge: str, now: datetime) -> None:
    """Take a passkey as a further proof of the person of ``sign_in``.

    Raises:
        PasskeyError: it is not one of theirs, or does not fit.
    """
    check(answer, challenge=challenge, person=sign_in.person, now=now)
    sessions.confirm(sign_in, now=now, second_factor=True)


def _party() -> RelyingParty:
    party = relying_party()
    if party is None:
        raise PasskeyError
    return party


def _new_challenge(*, now: datetime) -> bytes:
    database.write()
    db.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now))
    challenge = secrets.token_bytes(32)
    db.session.add(
        PasskeyChallenge(
            challenge_hash=queries.hashed(challenge.hex()), expires_at=now + CHALLENGE_LIFE
        )
    )
    db.session.flush()
    return challenge


def _take_challenge(challenge: str, *, now: datetime) -> bytes:
    """Use the challenge up; the cookie that carries it could be sent again, the row cannot."""
    taken: Any = db.session.execute(
        delete(PasskeyChallenge).where(
            PasskeyChallenge.challenge_hash == queries.hashed(challenge),
            PasskeyChallenge.expires_at > now,
        )
    )
    if taken.rowcount != 1:
        raise PasskeyError
    return bytes.fromhex(challenge)


def _read(answer: str) -> dict[str, Any]:
    """Return what a browser answered, once it is an object with the id of a passkey.

    Raises:
        PasskeyError: it is not.
    """
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise PasskeyError from error
    found = said.get("id") if isinstance(said, dict) else None
    # In base64url; half a character or a NUL would stop at the database.
    if not isinstance(found, str) or not re.fullmatch(r"[\w-]{1,1400}", found, re.ASCII):
        raise PasskeyError
    return said  # type: ignore[no-any-return]  # a dict, as was looked at


def _descriptors(passkeys: Sequence[Passkey]) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes, structs  # noqa: PLC0415 - as above

    return [
        structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id))
        for passkey in passkeys
    ]
