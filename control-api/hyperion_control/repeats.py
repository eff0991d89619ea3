"""Answers that are given again, ahead of the application, as long as nothing was written.

Whoever polls asks the same each second, and mostly nothing has happened. What a repeatable view
told a moment ago is told again by the thread that accepts: to the same address, for the same bytes,
the bearer among them, and only while the database counts no change. So whoever was disabled or
signed out is refused with the commit that says so, and whoever has written reads what they wrote.
"""

import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Response
from gunicorn import SERVER  # type: ignore[import-untyped]
from gunicorn.util import http_date  # type: ignore[import-untyped]

from hyperion_control.border.waiting import Told

# What time alone changes, as the end of a login, is told so much later.
GOOD_SECONDS = 1.0
# From then on one who asks is sent on, so that not all of them come when it is no good any more.
RENEW_SECONDS = 0.5
MOST = 256
# The kernel takes as much at once from us, beside what the client has not taken yet.
MOST_BYTES = 64 * 1024


class Asked(NamedTuple):
    key: tuple[str, bytes]
    changes: int  # of the database, when it was asked


@dataclass
class Kept:
    changes: int
    at: float
    route: str
    head: bytes
    body: bytes
    renewing: bool = False


class Repeats:
    """For one thread: `changes` is what Changes counts, `note` is told whose answer it was."""

    def __init__(
        self,
        changes: Callable[[], int | None],
        note: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._changes = changes
        self._note = note
        self._clock = clock
        self._kept: dict[tuple[str, bytes], Kept] = {}

    def asked(self, client: Any, data: bytes) -> Asked | None:
        """None for what is never repeated."""
        if not _may_repeat(data) or (changes := self._changes()) is None:
            return None
        return Asked((client[0], hashlib.blake2b(data, digest_size=20).digest()), changes)

    def answer(self, asked: Asked) -> bytes | None:
        kept = self._kept.get(asked.key)
        if kept is None or kept.changes != asked.changes:
            return None
        age = self._clock() - kept.at
        if age >= GOOD_SECONDS or (age >= RENEW_SECONDS and not kept.renewing):
            kept.renewing = True
            return None
        self._note(kept.route)
        return b"%breq_%b\r\n\r\n%b" % (kept.head, uuid.uuid4().hex.encode(), kept.body)

    def keep(self, asked: Asked | None, told: Told | None) -> None:
        if asked is None or told is None or not _may_be_kept(told.response):
            return
        body, now = told.response.get_data(), self._clock()
        self._kept.pop(asked.key, None)
        self._kept[asked.key] = Kept(asked.changes, now, told.route, _head(told.response), body)
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]


def _may_repeat(data: bytes) -> bool:
    """A script's GET, of which nothing is to be found in the answer but what it asks for."""
    head = data.lower()
    return (
        head.startswith(b"get ")
        and b" http/1.1\r\n" in head
        and b"\r\nauthorization:" in head
        and b"\r\ncookie:" not in head
        and b"\r\nx-request-id:" not in head
    )


def _may_be_kept(response: Response) -> bool:
    cookie = "Set-Cookie" in response.headers
    return response.status_code == 200 and not cookie and len(response.get_data()) <= MOST_BYTES


def _head(response: Response) -> bytes:
    """As gunicorn writes it, but for the request's id, which comes last and is not there yet."""
    fields = [("Server", SERVER), ("Date", http_date()), ("Connection", "keep-alive")]
    fields += [field for field in response.headers if field[0] != "X-Request-Id"]
    lines = [f"{name}: {value}" for name, value in [*fields, ("X-Request-Id", "")]]
    return "\r\n".join(["HTTP/1.1 200 OK", *lines]).encode("latin-1")
