"""What the API answered, or the reason why a test fails."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

As = Callable[[str], FlaskClient]


def answered(answer: Any, status: int = 200) -> Any:
    """The body; the whole answer is told when its status is another one."""
    assert answer.status_code == status, answer.text
    return answer.json


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]
