"""The table of outputs: what tasks have said, in numbered pieces at their place in a stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)

from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.store import commands
from hyperion_control.store.tables import catalogue
from hyperion_control.store.tasks import Task

PIECE_BYTES = 64 * 1024

outputs = Table(
    "outputs",
    catalogue,
    Column("task_id", String(40), ForeignKey("tasks.id"), primary_key=True),
    Column("stream", String(6), primary_key=True),  # stdout or stderr
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("command_id", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),  # in the order in which they came
    Column("size", Integer, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Index("ix_outputs_command_id", "command_id", "number"),
)

_end = outputs.c.start + outputs.c.size


@dataclass(frozen=True)
class Piece:
    task_id: str
    stream: str
    start: int
    bytes: bytes
    number: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.bytes)


def append(
    connection: Connection, task: Task, stream: str, start: int, data: bytes, head: int, tail: int
) -> None:
    """Bytes that follow what came before; `start` is later where the middle was left out already.

    Kept are the first `head` bytes and at least the last `tail` ones of those that came so far.
    """
    data, start = _wanted(data, start, head, tail)
    pieces = list(_cut(data, start, head))
    if pieces:
        first = commands.number(connection, task.command_id, len(pieces))
        rows = [_row(task, stream, at, each, first + i) for i, (at, each) in enumerate(pieces)]
        connection.execute(insert(outputs), rows)
    _trim(connection, task.id, stream, start + len(data), head, tail)


def after_number(
    connection: Connection, command_id: str, number: int, task_id: str, stream: str, limit: int
) -> list[Piece]:
    """What came after that piece, of one task or stream or, when empty, of all."""
    wanted = select(outputs).where(outputs.c.command_id == command_id, outputs.c.number > number)
    if task_id:
        wanted = wanted.where(outputs.c.task_id == task_id)
    if stream:
        wanted = wanted.where(outputs.c.stream == stream)
    return _pieces(connection, wanted.order_by(outputs.c.number).limit(limit))


def read(
    connection: Connection, task_id: str, stream: str, offset: int, limit: int
) -> tuple[int, bytes]:
    """From there, or from where it goes on behind a gap: the place and at most `limit` bytes."""
    behind = _is(task_id, stream), _end > offset
    first = connection.execute(select(func.min(outputs.c.start)).where(*behind)).scalar()
    if first is None:
        return offset, b""
    start, found = max(offset, first), bytearray()
    wanted = select(outputs).where(*behind, outputs.c.start < start + limit)
    for piece in _pieces(connection, wanted.order_by(outputs.c.start)):
        if piece.start > start + len(found):
            break
        found += piece.bytes[start + len(found) - piece.start :]
    return start, bytes(found[:limit])


def goes_on(connection: Connection, task_id: str, stream: str, offset: int) -> bool:
    """Whether bytes are here that lie behind this place."""
    wanted = select(outputs.c.start).where(_is(task_id, stream), _end > offset).limit(1)
    return connection.execute(wanted).first() is not None


def excerpt(connection: Connection, task_id: str, stream: str, size: int, tail: int) -> Excerpt:
    wanted = select(outputs).where(_is(task_id, stream)).order_by(outputs.c.start)
    head, rest, at = bytearray(), bytearray(), 0
    for piece in _pieces(connection, wanted):
        part = head if piece.start == at and not rest else rest
        part += piece.bytes
        at = piece.end
    return Excerpt(bytes(head), bytes(rest[-tail:] if tail else b""), size)


def kept(connection: Connection, command_id: str) -> dict[tuple[str, str], int]:
    """By task and stream, how many bytes are here."""
    of = outputs.c.task_id, outputs.c.stream
    wanted = select(*of, func.sum(outputs.c.size)).where(outputs.c.command_id == command_id)
    return {
        (task_id, stream): int(size)
        for task_id, stream, size in connection.execute(wanted.group_by(*of))
    }


def forget(connection: Connection, command_ids: Sequence[str]) -> None:
    connection.execute(delete(outputs).where(outputs.c.command_id.in_(command_ids)))


def _wanted(data: bytes, start: int, head: int, tail: int) -> tuple[bytes, int]:
    """Of a huge piece behind the head not more than will be kept of it."""
    if start < head or len(data) <= tail:
        return data, start
    return data[len(data) - tail :], start + len(data) - tail


def _cut(data: bytes, start: int, head: int) -> list[tuple[int, bytes]]:
    """Into pieces that lie on one side of the head's end, none too large."""
    at, found = start, []
    while at < start + len(data):
        room = head - at if at < head else PIECE_BYTES
        piece = data[at - start :][: min(room, PIECE_BYTES)]
        found.append((at, piece))
        at += len(piece)
    return found


def _trim(
    connection: Connection, task_id: str, stream: str, size: int, head: int, tail: int
) -> None:
    if size > head + tail:
        middle = outputs.c.start >= head, _end <= size - tail
        connection.execute(delete(outputs).where(_is(task_id, stream), *middle))


def _row(task: Task, stream: str, start: int, data: bytes, number: int) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "stream": stream,
        "start": start,
        "organisation_id": task.organisation_id,
        "command_id": task.command_id,
        "number": number,
        "size": len(data),
        "bytes": data,
    }


def _is(task_id: str, stream: str) -> ColumnElement[bool]:
    return (outputs.c.task_id == task_id) & (outputs.c.stream == stream)


def _pieces(connection: Connection, wanted: Any) -> list[Piece]:
    return [
        Piece(row.task_id, row.stream, row.start, bytes(row.bytes), row.number)
        for row in connection.execute(wanted)
    ]
