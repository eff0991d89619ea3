"""The API as the client commands ask it: where it is, a token and, where it wants one, a code."""

import getpass
import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from hyperion_control import environment
from hyperion_control.errors import Refused

NAMES = ("HYPERION_URL", "HYPERION_TOKEN", "HYPERION_TOKEN_FILE")
CONNECT_SECONDS = 10
# A request may wait for a machine; a stream is as quiet as the machine is.
ANSWER_SECONDS = 90


@dataclass
class Remote:
    url: str
    token: str = field(repr=False)
    otp: str = ""  # sent with the first request that may want it

    def __post_init__(self) -> None:
        self._session = requests.Session()
        # As its own kind of sign-in, so that no .netrc takes its place.
        self._session.auth = self._sign

    @classmethod
    def from_env(cls, env: Mapping[str, str], otp: str = "") -> "Remote":
        token = environment.secret(env, "HYPERION_TOKEN")
        if not token:
            raise Refused("set HYPERION_TOKEN or HYPERION_TOKEN_FILE to a token of the API")
        return cls(environment.server(env, "HYPERION_URL", port=8080), token, otp)

    def get(self, path: str, **query: object) -> Any:
        return self._asked("GET", path, params=query).json()

    def every(self, path: str, **query: object) -> Iterator[Any]:
        """All items of a list, page by page."""
        cursor = ""
        while cursor is not None:
            page = self.get(path, **query, cursor=cursor)
            yield from page["data"]
            cursor = page["next_cursor"]

    def post(self, path: str, body: object) -> Any:
        # Under the same key nothing is done twice, should the first try be without a code.
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        return self._asked("POST", path, json=body, headers=headers).json()

    def lines(self, path: str, form: str, **query: object) -> Iterator[str]:
        """As they come; `form` is text/plain or text/event-stream."""
        headers = {"Accept": form}
        with self._asked("GET", path, params=query, headers=headers, stream=True) as answer:
            try:
                for line in answer.iter_lines(chunk_size=None):
                    yield line.decode(errors="replace")
            except requests.RequestException as fault:
                raise Refused(f"the API broke off: {type(fault).__name__}") from None

    def events(self, path: str, **query: object) -> Iterator[tuple[str, Any]]:
        kind = ""
        for line in self.lines(path, "text/event-stream", **query):
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)

    def machine(self, name: str) -> str:
        """The id of the machine with this name, or with this id."""
        if name.startswith("mch_"):
            return name
        for each in self.every("/api/machines", search=name):
            if each["name"] == name:
                return str(each["id"])
        raise Refused(f"there is no machine called {name}, or this token does not reach it")

    def _asked(self, method: str, path: str, **more: Any) -> requests.Response:
        answer = self._send(method, path, **more)
        if _code(answer) == "step-up-needed" and not self.otp and sys.stdin.isatty():
            self.otp = getpass.getpass("Code from your authenticator: ").strip()
            answer = self._send(method, path, **more)
        if answer.status_code >= 300:
            raise Refused(_sentence(answer))
        return answer

    def _send(self, method: str, path: str, stream: bool = False, **more: Any) -> requests.Response:
        seconds = (CONNECT_SECONDS, None if stream else ANSWER_SECONDS)
        try:
            return self._session.request(
                method,
                self.url + path,
                timeout=seconds,
                stream=stream,
                allow_redirects=False,
                **more,
            )
        except requests.RequestException as fault:
            # Not the fault's own words: they hold the address, which may hold a password.
            said = "the API does not answer where HYPERION_URL says"
            raise Refused(f"{said}: {type(fault).__name__}") from None

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        if self.otp and request.method == "POST":
            request.headers["X-OTP"] = self.otp
        return request


def _problem(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json() if answer.status_code >= 400 else {}
    except requests.JSONDecodeError:
        found = {}
    return found if isinstance(found, dict) else {}


def _code(answer: requests.Response) -> str:
    return str(_problem(answer).get("code", ""))


def _sentence(answer: requests.Response) -> str:
    said = _problem(answer)
    errors = "; ".join(f"{each['pointer']}: {each['detail']}" for each in said.get("errors", ()))
    if said.get("code") == "step-up-needed":
        return "this takes a fresh code: give it with --otp"
    told = said.get("detail") or f"it answered {answer.status_code}, and not as the API does"
    return f"{told} ({errors})" if errors else str(told)
