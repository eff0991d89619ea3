"""Long lists in pieces."""

import pytest
from flask import Flask
from pydantic import ValidationError

from hyperion_control.border import pages
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.pages import cut
from hyperion_control.errors import Invalid

NUMBERS = [str(number) for number in range(10)]


def piece(address: str, after: str, limit: int) -> tuple[dict[str, object], dict[str, str]]:
    found = [number for number in NUMBERS if number > after][: limit + 1]
    with Flask("any").test_request_context(address):
        return pages.answer(cut(found, limit, str), int)


def test_every_item_comes_once_until_there_is_no_next_cursor() -> None:
    seen, cursor = [], ""
    for _ in range(4):
        body, _headers = piece("/n", PageQuery(cursor=cursor).after, 3)
        seen += body["data"]  # type: ignore[operator]
        cursor = str(body["next_cursor"] or "")
    assert seen == list(range(10))
    assert cursor == ""


def test_a_page_that_is_just_full_is_the_last() -> None:
    body, headers = piece("/n", "", 10)
    assert (body["next_cursor"], headers) == (None, {})


def test_the_link_keeps_what_was_asked_and_leads_on() -> None:
    body, headers = piece("/n?search=a%26b&limit=3&cursor=old", "", 3)
    assert headers["Link"] == f'</n?search=a%26b&limit=3&cursor={body["next_cursor"]}>; rel="next"'


@pytest.mark.parametrize("cursor", ["!", "a", "ff", "00", "é"])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid, match="begin without one"):
        _ = PageQuery(cursor=cursor).after


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_page_has_a_size_that_we_can_carry(limit: int) -> None:
    with pytest.raises(ValidationError):
        PageQuery(limit=limit)
