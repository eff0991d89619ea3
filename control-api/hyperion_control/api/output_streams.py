"""Streams of what a command says, from its first byte or from where a reader was, to its end."""

import base64
import json
from collections.abc import Callable
from typing import Any

from flask import Response, request

from hyperion_control.border import waiting
from hyperion_control.border.context import actor, parts
from hyperion_control.domain.commands import TaskState
from hyperion_control.domain.prefixed import Lines
from hyperion_control.errors import Invalid
from hyperion_control.store.outputs import Piece
from hyperion_control.store.tasks import Task
from hyperion_control.usecases import feeds
from hyperion_control.usecases.feeds import Feed

LINES = "text/plain"


def events(feed: Feed) -> Response:
    """A piece is never in two events nor partly in one: its number is the event's id."""

    def show(piece: Piece) -> bytes:
        said = {
            "machine": feed.names[piece.task_id],
            "task_id": piece.task_id,
            "stream": piece.stream,
            "offset": piece.start,
            "base64": base64.b64encode(piece.bytes).decode(),
        }
        return _event("output", said, piece.number)

    def end() -> bytes:
        return b"".join(_event("task", _ending(task)) for task in _ends(feed)) + _event("end", {})

    return waiting.live(feed.command_id, _Reading(feed, _last_seen(), show, end))


def lines(feed: Feed) -> Response:
    """For people; of one machine the bytes as they are."""
    if feed.narrowed:
        return waiting.live(
            feed.command_id, _Reading(feed, 0, lambda piece: piece.bytes, lambda: b""), LINES
        )
    held = Lines()

    def show(piece: Piece) -> bytes:
        return held.add(feed.names[piece.task_id], piece.stream, piece.start, piece.bytes)

    def end() -> bytes:
        return held.rest() + b"".join(_sentence(task) for task in _ends(feed))

    return waiting.live(feed.command_id, _Reading(feed, 0, show, end), LINES)


class _Reading:
    """A reader's place; asked again and again, it gives what is new."""

    def __init__(
        self, feed: Feed, after: int, show: Callable[[Piece], bytes], end: Callable[[], bytes]
    ) -> None:
        self._feed = feed
        self._after = after
        self._show = show
        self._end = end
        self._read: list[Piece] = []
        self._over = False

    def __call__(self) -> bytes | None:
        while not self._over:
            if not self._read and not self._look():
                return b""
            if self._over:
                return self._end()
            piece = self._read.pop(0)
            self._after = piece.number
            if shown := self._show(piece):
                return shown
        return None

    def _look(self) -> bool:
        """Whether there is anything new, be it the end."""
        found = feeds.pieces(parts(), actor(), self._feed, self._after)
        self._over = found is None
        self._read = found or []
        return self._over or bool(self._read)


def _last_seen() -> int:
    given = request.headers.get("Last-Event-ID", "0")
    if not given.isdecimal() or len(given) > 18:
        raise Invalid("Last-Event-ID is the id of an event that was sent before")
    return int(given)


def _ends(feed: Feed) -> list[Task]:
    return feeds.ends(parts(), actor(), feed)


def _ending(task: Task) -> dict[str, Any]:
    names = ("machine", "id", "state", "code", "signal", "seconds", "reason")
    return {name: getattr(task, name) for name in names}


def _event(kind: str, said: dict[str, Any], number: int | None = None) -> bytes:
    name = "" if number is None else f"id: {number}\n"
    return f"{name}event: {kind}\ndata: {json.dumps(said)}\n\n".encode()


def _sentence(task: Task) -> bytes:
    """Of those that did not succeed."""
    if task.state is TaskState.SUCCEEDED:
        return b""
    ended = f"exit code {task.code}" if task.code is not None else task.signal
    told = ", ".join(each for each in (str(task.state), ended, task.reason) if each)
    return f"{task.machine} = {told}\n".encode()
