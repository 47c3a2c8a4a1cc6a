"""The second factor: codes from an authenticator app, and codes on paper for when it is lost."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import segno
from sqlalchemy import delete, select

from app import audit, database
from app.accounts import letters, queries, sessions
from app.accounts.models import RecoveryCode
from app.database import db
from app.i18n import gettext as _
from app.outbox import settings
from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.fernet import Fernet

    from app.accounts.models import Person, SignIn

ISSUER = "Symposia"
STEP_SECONDS = 30
WINDOW = 1  # steps before and after: clocks go wrong, and people type slowly
RECOVERY_CODES = 10
RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
RECOVERY_LENGTH = 16
FAILURES_MAX = 20  # wrong codes an hour after first proofs of one kind
FAILURES_WITHIN = timedelta(hours=1)


class CodeError(DomainError):
    """A code that does not match, or has been used."""

    message = N_(
        "This code is not right, or has been used. Take the one that your app shows now; each "
        "works once."
    )


class TooManyCodesError(DomainError):
    """So many wrong codes that the first proof alone is not trusted any more."""

    message = N_(
        "There have been too many wrong codes. Sign in by a link sent to your address instead, "
        "or wait an hour."
    )


# -- the authenticator app -------------------------------------------------------------------


def new_secret() -> str:
    """Return a secret for an authenticator app, sealed, since a cookie carries it to the form.

    It counts once a code of it has been typed.
    """
    return _vault().encrypt(pyotp.random_base32().encode()).decode()


def unseal(sealed: str) -> str | None:
    """Return the secret in ``sealed``; ``None`` once ``SYMPOSIA_SECRET_KEY`` is another one."""
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - it takes 8 MB, for few

    try:
        return _vault().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def address_of(secret: str, person: Person) -> str:
    """Return the address (otpauth) that an app reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER)


def picture_of(secret: str, person: Person) -> str:
    """Return a QR code of the app's address as a ``data:`` image."""
    code = segno.make(address_of(secret, person), error="m")
    return code.svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def set_up_app(sign_in: SignIn, sealed: str, code: str, *, now: datetime) -> list[str]:
    """Make the app with this secret a second factor; return recovery codes if it is the first.

    Raises:
        CodeError: ``code`` is not what the app shows.
    """
    person = sign_in.person
    database.write(person)
    secret = unseal(sealed)
    step = _step_of(secret, code, after=0, now=now) if secret else None
    if step is None:
        raise CodeError
    person.totp_secret, person.totp_step = sealed, step
    return factor_added(sign_in, "person.app_added", _("An authenticator app was added."), now=now)


def remove_app(sign_in: SignIn, *, now: datetime) -> None:
    """Forget the authenticator app."""
    person = sign_in.person
    database.write(person)
    if person.totp_secret is None:
        return
    person.totp_secret = None
    factor_removed(sign_in, "person.app_removed", _("The authenticator app was removed."), now=now)


def accepts(person: Person, code: str, *, now: datetime) -> bool:
    """Whether ``code`` is the app's or a recovery code; whichever it is, it is used up by this."""
    database.write(person)
    typed = "".join(code.split()).replace("-", "").lower()
    if person.totp_secret is not None and typed.isdigit():
        secret = unseal(person.totp_secret)
        step = _step_of(secret, typed, after=person.totp_step, now=now) if secret else None
        if step is not None:
            person.totp_step = step
            db.session.flush()
        return step is not None
    return _spend_recovery_code(person, typed, now=now)


def prove(sign_in: SignIn, code: str, *, now: datetime) -> bool:
    """Try ``code`` as the second proof of ``sign_in``; the count of a wrong one must be committed.

    Raises:
        TooManyCodesError: somebody who has the first factor is guessing.
    """
    failures = queries.count_failures(sign_in.person, sign_in.method, since=now - FAILURES_WITHIN)
    if failures >= FAILURES_MAX:
        raise TooManyCodesError
    if not accepts(sign_in.person, code, now=now):
        sessions.note_failure(sign_in, now=now)
        return False
    sessions.confirm(sign_in, now=now, second_factor=True)
    return True


def _step_of(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """Return the step of 30 seconds whose code this is, if it is near and not used up."""
    digits = "".join(code.split())
    app = pyotp.TOTP(secret)
    present = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(present - WINDOW, present + WINDOW + 1):
        # Each is compared, so that the time taken tells nothing.
        if hmac.compare_digest(app.generate_otp(step).encode(), digits.encode()) and step > after:
            found = step
    return found


def _vault() -> Fernet:
    """Return what encrypts secrets that must be read again, by a key of the installation's."""
    from cryptography.fernet import Fernet  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - as above

    key = HKDF(SHA256(), length=32, salt=None, info=b"symposia totp").derive(
        settings().secret_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(key))


# -- codes on paper --------------------------------------------------------------------------


def new_recovery_codes(person: Person, *, now: datetime) -> list[str]:
    """Give ``person`` new recovery codes, shown this once; the old ones are void."""
    database.write(person)
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    codes = [
        "".join(secrets.choice(RECOVERY_LETTERS) for _letter in range(RECOVERY_LENGTH))
        for _code in range(RECOVERY_CODES)
    ]
    db.session.add_all(
        RecoveryCode(person_id=person.id, code_hash=queries.hashed(code)) for code in codes
    )
    db.session.flush()
    audit.record("person.recovery_codes_made", person, by=person, now=now)
    return ["-".join(code[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4)) for code in codes]


def _spend_recovery_code(person: Person, code: str, *, now: datetime) -> bool:
    found = db.session.scalar(
        select(RecoveryCode).where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_hash == queries.hashed(code),
            RecoveryCode.used_at.is_(None),
        )
    )
    if found is None:
        return False
    found.used_at = now
    db.session.flush()
    audit.record("person.recovery_code_used", person, by=person, now=now)
    letters.method_changed(person, _("A recovery code was used to sign in."), now=now)
    return True


# -- what factors have in common -------------------------------------------------------------


def factor_added(sign_in: SignIn, action: str, what: str, *, now: datetime) -> list[str]:
    """Note a new second factor, just proved; return recovery codes if there were none."""
    person = sign_in.person
    is_first = not person.has_second_factor
    person.has_second_factor = True
    sessions.confirm(sign_in, now=now, second_factor=True)
    sessions.end_sessions(person, now=now, but=sign_in)
    audit.record(action, person, by=person, now=now)
    letters.method_changed(person, what, now=now)
    return new_recovery_codes(person, now=now) if is_first else []


def factor_removed(sign_in: SignIn, action: str, what: str, *, now: datetime) -> None:
    """Note that a second factor is gone; without any, recovery codes are void too."""
    person = sign_in.person
    _count_factors(person)
    if not person.has_second_factor:
        sign_in.second_factor_at = None  # whoever needs one sets up another before going on
    sessions.end_sessions(person, now=now, but=sign_in)
    audit.record(action, person, by=person, now=now)
    letters.method_changed(person, what, now=now)


def _count_factors(person: Person) -> None:
    db.session.flush()
    person.has_second_factor = person.totp_secret is not None or bool(queries.passkeys_of(person))
    if not person.has_second_factor:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    db.session.flush()
