"""People's browsers, as far as a server can tell: a connection, a cookie, a form's token."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

TIMEOUT_SECONDS = 60
TOKEN = re.compile(r'<input[^>]*name="csrf_token"[^>]*value="([^"]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, and after how long."""

    status: int
    headers: Message  # whose names are found in any case
    text: str
    seconds: float


class Browser:
    """One person's browser; ``cookie`` is that of their session."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        self.cookie = cookie
        self.token = ""

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for a page, and remember the token of its form."""
        reply = self._ask("GET", path, "", headers)
        found = TOKEN.findall(reply.text)
        self.token = found[-1] if found else self.token
        return reply

    def post(self, path: str, **fields: str) -> Reply:
        """Send a form with the token that was seen last."""
        return self._ask("POST", path, urlencode({"csrf_token": self.token, **fields}), FORM)

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()

    def _ask(self, method: str, path: str, body: str, headers: Mapping[str, str]) -> Reply:
        own = {"Cookie": self.cookie} if self.cookie else {}
        began = time.perf_counter()
        self.connection.request(method, path, body, {**own, **headers})
        response = self.connection.getresponse()
        text = response.read().decode(errors="replace")
        seconds = time.perf_counter() - began
        given = response.getheader("Set-Cookie")
        self.cookie = given.partition(";")[0] if given else self.cookie
        return Reply(response.status, response.headers, text, seconds)
