"""What a command says: by place, as a stream of events or lines, or grouped by what is alike."""

import base64
from typing import Any, Literal

from flask import request
from flask_openapi3 import APIBlueprint
from pydantic import Field, RootModel

from hyperion_control.api import output_streams
from hyperion_control.api.commands import CommandPath
from hyperion_control.border import waiting
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.models import Answer, Query
from hyperion_control.domain.commands import TaskState
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import feeds
from hyperion_control.usecases.feeds import Alike, Chunk

bp = APIBlueprint("outputs", __name__, url_prefix="/api/commands")

MOST_BYTES = 1024 * 1024
LINES = "text/plain"


class OutputQuery(Query):
    machine: str = Field("", max_length=63, description="Name or id; needed for JSON of many.")
    stream: Literal["", "stdout", "stderr"] = Field("", description="JSON: stdout when empty.")
    offset: int = Field(0, ge=0, le=2**62)
    limit: int = Field(64 * 1024, ge=1, le=MOST_BYTES, description="Bytes at most.")
    wait: int = Field(0, ge=0, le=60, description="Seconds to wait for something new.")
    group: Literal["", "identical"] = ""


class ChunkAnswer(Answer):
    task_id: str
    machine_id: str
    machine: str
    state: TaskState
    stream: str
    offset: int  # later than was asked for where the bytes between are not kept
    next_offset: int
    completed: bool  # nothing will follow
    base64: str
    text: str  # the same for people: what is no UTF-8 is replaced


class AlikeAnswer(Answer):
    state: TaskState
    code: int | None
    signal: str
    reason: str
    machines: list[str]
    stdout: str
    stderr: str


class AlikesAnswer(Answer):
    data: list[AlikeAnswer]


class OutputAnswer(RootModel[ChunkAnswer | AlikesAnswer]):
    """The second with `group`."""


@bp.get("/<command_id>/output", summary="Read the output", responses={200: OutputAnswer})
@requires(Role.OPERATOR, scope="commands:run")
def read(path: CommandPath, query: OutputQuery) -> Any:
    """Read what was said: JSON by `offset`, or as it comes until the end.

    With `Accept: text/event-stream` each event is a piece of one stream, and Last-Event-ID goes on
    behind it; with `Accept: text/plain` lines begin with the name of their machine, and `machine`
    gives the bytes as they are. `group=identical` shows once what several machines said.
    """
    if query.group:
        found = feeds.alike(parts(), actor(), path.command_id)
        return {"data": [_alike(each, query.limit) for each in found]}
    feed = feeds.feed(parts(), actor(), path.command_id, query.machine, query.stream)
    wanted = request.accept_mimetypes.best_match(("application/json", waiting.EVENTS, LINES))
    if wanted == waiting.EVENTS:
        return output_streams.events(feed)
    if wanted == LINES:
        return output_streams.lines(feed)
    asker, having = actor(), parts()
    if query.wait:
        waiting.until(
            path.command_id,
            query.wait,
            lambda: _news(feeds.chunk(having, asker, feed, query.offset, 1)),
        )
    return _chunk(feeds.chunk(having, asker, feed, query.offset, query.limit), feed.stream)


def _news(chunk: Chunk) -> bool | None:
    return True if chunk.data or chunk.completed else None


def _chunk(chunk: Chunk, stream: str) -> dict[str, Any]:
    return ChunkAnswer(
        task_id=chunk.task.id,
        machine_id=chunk.task.machine_id,
        machine=chunk.task.machine,
        state=chunk.task.state,
        stream=stream or "stdout",
        offset=chunk.offset,
        next_offset=chunk.offset + len(chunk.data),
        completed=chunk.completed,
        base64=base64.b64encode(chunk.data).decode(),
        text=chunk.data.decode(errors="replace"),
    ).model_dump(mode="json")


def _alike(group: Alike, limit: int) -> dict[str, Any]:
    first = group.tasks[0]
    return AlikeAnswer(
        state=first.state,
        code=first.code,
        signal=first.signal,
        reason=first.reason,
        machines=[task.machine for task in group.tasks],
        stdout=group.stdout.head[:limit].decode(errors="replace"),
        stderr=group.stderr.head[:limit].decode(errors="replace"),
    ).model_dump(mode="json")
