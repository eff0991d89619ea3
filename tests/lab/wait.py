"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")
PAUSE = 0.02


def wait_for(condition: Callable[[], T], seconds: float, what: str) -> T:
    """Ask until the answer is true and return it; an exception counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answer := condition():
                return answer
            last = f"last answer: {answer!r}"
        except Exception as error:
            last = f"last error: {error!r}"
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s for {what}; {last}")
        time.sleep(PAUSE)
