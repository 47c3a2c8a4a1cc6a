"""The one tree of errors that the domain raises and the application shows to people.

A subclass is a docstring and a translatable ``message`` that is filled from keyword arguments.
"""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark ``message`` for the translators' catalogue and return it unchanged."""
    return message


class DomainError(Exception):
    """Something the domain does not allow; its message is fit for the person who asked."""

    message = N_("This is not possible.")

    def __init__(self, **values: object) -> None:
        """Keep ``values``: they fill the braces of ``message``."""
        super().__init__(self.message.format(**values))
        self.values = values


class PermissionDeniedError(DomainError):
    """The person may not do this, and knows that the thing exists."""

    message = N_("Your sign-in does not cover it. Ask an organiser if you think it should.")


class NotFoundError(DomainError):
    """The thing is not there, or the person may not know that it is."""

    message = N_("The address may be old or mistyped, or what it named is not for everyone to see.")


class ConflictError(DomainError):
    """The thing has changed since it was looked at, or is not in the state this needs."""

    message = N_("This has changed in the meantime. Look again, then decide.")


class GoneError(DomainError):
    """The thing was there, and what it consisted of is lost."""

    message = N_("This is not there any more.")


class RecurrenceRuleError(DomainError):
    """A recurrence rule that is not a RECUR value (RFC 5545 §3.3.10), or not one we take."""

    message = N_("The recurrence rule is not usable: {problem} {accepted}")

    def __init__(
        self, *, problem: str, accepted: str = "For example: FREQ=YEARLY;BYMONTH=3;BYDAY=1TU."
    ) -> None:
        """Say in ``problem`` what is wrong, and in ``accepted`` what would do."""
        super().__init__(problem=problem, accepted=accepted)
