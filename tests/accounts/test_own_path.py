from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.arrival import own_path


@pytest.mark.parametrize("path", ["/", "/me", "/calendar?year=2027&view=list", "/a//b", "/é"])
def test_a_path_of_our_own_is_followed(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "me",
        "//evil.example",
        "///evil.example",
        "\\evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/me\r\nSet-Cookie: a=b",
        "\x00/me",
        " /me",
        "//[",
        "//\u2100.example",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_not(path: str | None) -> None:
    assert own_path(path) == ""


@given(path=st.text(st.sampled_from("/\\:@?#.[]\t\n ahtps\u2100"), max_size=12))
def test_what_is_followed_begins_with_one_slash_and_never_raises(path: str) -> None:
    followed = own_path(path)
    assert followed in {"", path}
    assert not followed or (followed[0], followed[1:2] in {"/", "\\"}) == ("/", False)
