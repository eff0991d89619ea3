"""Waiting for the bell without a thread: the server puts a request aside and asks it again.

A view that waits is left, and called again past the gate when there is something for it. So what
changes the world stands before the wait, and is carried over it:

    task_id = waiting.carried() or acts.begin(...)
    found = waiting.until(task_id, 15, lambda: acts.outcome(...), carry=task_id)

Never inside of a `with`, which would be left as well. Where the server cannot put requests aside,
as behind a test's client, the thread waits in place.
"""

import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar

from flask import Response, current_app, g, request

from hyperion_control.border.context import parts
from hyperion_control.errors import Problem, Unavailable
from hyperion_control.store.bell import LOOK_SECONDS, Bell

T = TypeVar("T")

EVENTS = "text/event-stream"
# Whoever may no longer read a stream reads no longer than this.
STREAM_LOOK_SECONDS = 0.8

FULL = "as many requests wait already as can: ask again in 5 s"


class Told(NamedTuple):
    """An answer that is good until something is written; whole when the request is over."""

    route: str
    response: Response


@dataclass
class Visit:
    """One request from its first dispatch to its answer, as the server keeps it."""

    room: Callable[[], bool]  # whether one more may be put aside
    again: bool = False
    over: bool = False  # the server stops: whoever waits is answered now
    request_id: str = ""
    carried: Any = None
    ends: dict[str, float] = field(default_factory=dict)  # of its waits, by topic
    told: Told | None = None


visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


class Parked(BaseException):
    """Leaves the thread to others; no Exception, so that nothing takes it for a fault."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic)
        self.topic = topic


class StreamCut(Exception):
    """It ends in the middle, and so that its reader can tell."""


class ParkedRequest(Parked):
    def __init__(
        self,
        topic: str,
        end: float,
        ready: Callable[[], object],
        every: float = LOOK_SECONDS,
    ) -> None:
        super().__init__(topic)
        self.end = end
        self.every = every
        self._ready = ready

    def due(self) -> bool:
        """Whether to ask again. A fault counts: the view meets it, and it is answered."""
        try:
            return time.monotonic() >= self.end or self._ready() is not None
        except Exception:
            return True


class ParkedStream(Parked):
    """The head of its answer is sent; the server sends what `look` gives, until None."""

    def __init__(
        self, topic: str, look: Callable[[], bytes | None], *, chunked: bool, idle: bytes
    ) -> None:
        super().__init__(topic)
        self.look = look
        self.chunked = chunked
        self.idle = idle  # what to send when nothing happens for long


def carried() -> Any:
    """What `until` was given to carry; None the first time."""
    now = visit.get()
    return now.carried if now else None


def again() -> bool:
    """Whether this request has passed the gate before, so that its code was used by itself."""
    now = visit.get()
    return now is not None and now.again


def request_id() -> str:
    """The one that this request had before it was put aside."""
    now = visit.get()
    return now.request_id if now else ""


def until(
    topic: str,
    seconds: float,
    ready: Callable[[], T | None],
    carry: Any = None,
    every: float = LOOK_SECONDS,
) -> T | None:
    """What `ready` gives as soon as it is not None; None when the time is over.

    `ready` is asked in threads that the request has left: it reads, and what it reads is small.
    `every` so many seconds it is asked without a ring, where a lost one is made good by nobody.
    """
    now = visit.get()
    if now is None:
        return parts().bell.wait(topic, seconds, ready)
    if carry is not None:
        now.carried = carry
    end = now.ends.setdefault(topic, time.monotonic() + seconds)
    if (found := ready()) is not None or now.over or time.monotonic() >= end:
        return found
    _refuse_full(now)
    # With the request as it is now, which `ready` may look at.
    raise ParkedRequest(topic, end, partial(copy_context().run, ready), every)


def live(topic: str, pieces: Callable[[], bytes | None], content_type: str = EVENTS) -> Response:
    """An answer that goes on: `pieces` gives what is new, b"" for nothing yet, None for the end.

    It is asked at each ring and at least every STREAM_LOOK_SECONDS, each time behind the gate and
    with a context of the request of its own. A piece is at most some 64 KiB.
    """
    now = visit.get()
    if now:
        _refuse_full(now)
    stream = ParkedStream(
        topic,
        _looks(pieces),
        chunked=request.environ["SERVER_PROTOCOL"] == "HTTP/1.1",
        idle=b":\n\n" if content_type == EVENTS else b"",
    )
    body = _left(stream) if now else _in_place(stream, parts().bell)
    response = Response(
        body if request.method != "HEAD" else iter(()),
        content_type=f"{content_type}; charset=utf-8",
    )
    # nginx would otherwise gather the answer before it hands it on.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _looks(pieces: Callable[[], bytes | None]) -> Callable[[], bytes | None]:
    app, environ = current_app._get_current_object(), request.environ  # type: ignore[attr-defined]
    seen = visit.get() or Visit(room=lambda: True)
    seen.again, seen.request_id = True, g.request_id

    def look() -> bytes | None:
        token = visit.set(seen)
        try:
            with app.request_context(environ):
                if app.preprocess_request() is None:
                    return pieces()
                raise StreamCut("it was answered otherwise")
        except Problem as refusal:
            raise StreamCut(str(refusal)) from None
        finally:
            visit.reset(token)

    return look


def _left(stream: ParkedStream) -> Iterator[bytes]:
    yield b""  # sends the head
    raise stream


def _in_place(stream: ParkedStream, bell: Bell) -> Iterator[bytes]:
    def news() -> list[bytes | None] | None:
        piece = stream.look()
        return None if piece == b"" else [piece]

    while True:
        for piece in bell.wait(stream.topic, STREAM_LOOK_SECONDS, news) or ():
            if piece is None:
                return
            yield piece


def _refuse_full(now: Visit) -> None:
    now.request_id = g.request_id
    if not now.room():
        raise Unavailable(FULL, code="too-many-waiting", headers={"Retry-After": "5"})
