"""Words with placeholders in braces, which organisers write and facts fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduler.errors import N_, DomainError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class UnknownPlaceholderError(DomainError):
    """Words with a placeholder that nothing fills."""

    message = N_("Nothing fills {placeholder}. You can use {known}.")


def insist(words: str, known: Collection[str]) -> None:
    """Insist that every placeholder of ``words`` is one of ``known``.

    Raises:
        UnknownPlaceholderError: one is not.
    """
    for found in placeholders_in(words):
        if found not in known:
            raise UnknownPlaceholderError(
                placeholder=f"{{{found}}}", known=" ".join(f"{{{name}}}" for name in known)
            )


def placeholders_in(words: str) -> list[str]:
    """Return what stands between braces in ``words``, in order.

    >>> placeholders_in("Dear {name}, welcome to {event}.")
    ['name', 'event']
    """
    return [part.partition("}")[0] for part in words.split("{")[1:] if "}" in part]


def fill(words: str, facts: Mapping[str, str]) -> str:
    """Return ``words`` with ``{name}`` and the like replaced; nothing else of it is read.

    >>> fill("Dear {name}: {name} and {other}", {"name": "Ana {other}"})
    'Dear Ana {other}: Ana {other} and {other}'
    """
    parts = words.split("{")
    for place, part in enumerate(parts[1:], 1):
        name, closed, rest = part.partition("}")
        parts[place] = facts[name] + rest if closed and name in facts else "{" + part
    return "".join(parts)
