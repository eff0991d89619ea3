"""The one door out: every request that we send to another server."""

from typing import Any
from urllib.parse import urlsplit

import requests

from hyperion_control.errors import Refused

# To connect, and between two bytes of the answer: the worker's other chores wait as long.
PATIENCE_SECONDS = (2, 5)


class Unanswered(Refused):
    """Another server gives no answer, or none that helps."""


class Rejected(Unanswered):
    """It answers, and refuses this request."""


def call(method: str, url: str, *, form: Any = None, body: Any = None) -> Any:
    """What it answers as JSON; None when it answers nothing."""
    try:
        with requests.Session() as session:
            # What the environment says of proxies and passwords is not meant for our own servers.
            session.trust_env = False
            answer = session.request(
                method,
                url,
                data=form,
                json=body,
                timeout=PATIENCE_SECONDS,
                allow_redirects=False,
            )
            return _read(answer, url)
    except requests.Timeout as fault:
        raise Unanswered(f"{_place(url)} does not answer in time") from fault
    except requests.JSONDecodeError as fault:
        raise Unanswered(f"what {_place(url)} answers is no JSON") from fault
    except requests.RequestException as fault:
        raise Unanswered(f"{_place(url)} does not answer") from fault


def _read(answer: requests.Response, url: str) -> Any:
    if not answer.ok:
        said = " ".join(answer.text.split())[:200]
        raise Rejected(f"{_place(url)} refuses with {answer.status_code}: {said}")
    if not answer.content:
        return None
    return answer.json()


def _place(url: str) -> str:
    """Without the password that the address may hold."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
