"""Prefer: wait, as clients write it."""

import pytest
from flask import Flask

from hyperion_control.border import preferences


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("wait=20", 20),
        ("respond-async, wait=5", 5),
        ("wait = 7; strict", 7),
        ("Wait=9", 9),
        ("wait=600", preferences.MOST_SECONDS),
        ("wait=0", 0),
        ("wait=-5", 0),
        ("await=5", 0),
        ("wait=5s", 0),
        ("wait", 0),
    ],
)
def test_a_client_says_how_long_it_likes_to_wait(header: str, seconds: int) -> None:
    with Flask(__name__).test_request_context(headers={"Prefer": header}):
        assert preferences.wait() == seconds
