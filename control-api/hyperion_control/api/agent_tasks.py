"""What agents fetch and tell: the tasks of their machine, and its metrics."""

import base64
import binascii
from typing import Annotated, Any, Literal

from flask import Response, request
from flask_openapi3 import APIBlueprint
from pydantic import Field, field_validator
from werkzeug.exceptions import UnsupportedMediaType

from hyperion_control.api.answers import NOTHING
from hyperion_control.api.machines import MachinePath
from hyperion_control.border import bodies, waiting
from hyperion_control.border.context import actor, agent, agents_only, parts, requires
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.domain.commands import TaskState
from hyperion_control.domain.roles import Role
from hyperion_control.runners.base import End
from hyperion_control.store.tasks import Result
from hyperion_control.usecases import agent_tasks, pushes, updates
from hyperion_control.usecases.agent_tasks import News, Piece

bp = APIBlueprint("agent_tasks", __name__, url_prefix="/api/agents")

MOST_PAGE_BYTES = 4 * 1024 * 1024
TaskId = Annotated[str, Field(max_length=40)]
Size = Annotated[int, Field(ge=0, le=2**62)]
# How a program can end on a machine.
Ended = Literal["exited", "signaled", "timed_out", "canceled", "not_started", "lost"]


class OwnTaskPath(Path):
    task_id: str


class AskBody(Body):
    wait: int = Field(0, ge=0, le=60, description="Seconds to wait for something new.")
    canceling: tuple[TaskId, ...] = Field((), max_length=200, description="Being stopped already.")
    update: TaskId | None = Field(None, description="Known already; null: none is asked for.")


class NewsAnswer(Answer):
    waiting: tuple[str, ...]
    cancel: tuple[str, ...]
    update: str  # a task for hyperion-update; empty: none
    release: str  # that the agent told in its last heartbeat


class OrderAnswer(Answer):
    argv: list[str]
    stdin: str  # base64, as the three of the next lines are plain
    env: dict[str, str]
    folder: str
    user: str
    seconds: int
    head: int
    tail: int


class PieceBody(Body):
    stream: Literal["stdout", "stderr"]
    offset: Size
    base64: str = Field(max_length=512 * 1024)

    @field_validator("base64")
    @classmethod
    def _is_base64(cls, text: str) -> str:
        try:
            base64.b64decode(text, validate=True)
        except binascii.Error:
            raise ValueError("this is not base64") from None
        return text


class SayBody(Body):
    pieces: tuple[PieceBody, ...] = Field(min_length=1, max_length=16)


class EndBody(Body):
    end: Ended
    code: int | None = Field(None, ge=0, le=255)
    signal: str = Field("", max_length=20)
    seconds: float = Field(ge=0, le=1e10)
    reason: str = Field("", max_length=500)
    stdout_size: Size = 0
    stderr_size: Size = 0
    digest: str = Field("", pattern="^([0-9a-f]{64})?$")


@bp.post("/tasks", summary="Ask for tasks", responses={200: NewsAnswer})
@agents_only
def ask(body: AskBody) -> Any:
    """Give what is to be begun and what to be stopped, as soon as there is any. For agents only."""
    having, who = parts(), agent()
    if not waiting.again():
        agent_tasks.renew(having, who)
    found = waiting.until(
        who.machine_id,
        body.wait,
        lambda: agent_tasks.news(having, who, body.canceling, body.update),
        every=body.wait,  # for thousands of them the worker looks, at once
    )
    told = vars(found or News())
    return NewsAnswer(**told, release=updates.release_of(who)).model_dump(mode="json")


@bp.post("/tasks/<task_id>/begin", summary="Begin a task", responses={200: OrderAnswer})
@agents_only
def begin(path: OwnTaskPath) -> Any:
    """Take a task and give its order, which from now on is the agent's to end. For agents only."""
    order = agent_tasks.begin(parts(), actor().origin, agent(), path.task_id)
    answer = OrderAnswer(
        argv=list(order.argv),
        stdin=base64.b64encode(order.stdin).decode(),
        env=dict(order.env),
        **{name: getattr(order, name) for name in ("folder", "user", "seconds", "head", "tail")},
    )
    return answer.model_dump(mode="json")


@bp.post("/tasks/<task_id>/output", summary="Tell output", responses=NOTHING)
@agents_only
def say(path: OwnTaskPath, body: SayBody) -> Any:
    """Tell what a task says, by its place: what comes twice is kept once. For agents only."""
    pieces = [
        Piece(each.stream, each.offset, base64.b64decode(each.base64)) for each in body.pieces
    ]
    agent_tasks.say(parts(), agent(), path.task_id, pieces)
    return "", 204


@bp.post("/tasks/<task_id>/end", summary="End a task", responses=NOTHING)
@agents_only
def end(path: OwnTaskPath, body: EndBody) -> Any:
    """Tell how a task ended; told again it changes nothing. For agents only."""
    result = Result(TaskState.FAILED, **body.model_dump(exclude={"end"}))
    agent_tasks.end(parts(), actor().origin, agent(), path.task_id, End(body.end), result)
    return "", 204


@bp.post("/metrics", summary="Bring metrics", responses=NOTHING)
@bodies.up_to(MOST_PAGE_BYTES)
@agents_only
def push() -> Any:
    """Keep a page of metrics, packed by gzip, for Prometheus to fetch. For agents only."""
    if request.headers.get("Content-Encoding") != "gzip":
        raise UnsupportedMediaType
    pushes.keep(parts(), agent(), request.get_data())
    return "", 204


@bp.get("/<machine_id>/metrics", summary="Metrics that an agent brought")
@requires(Role.OBSERVER, scope="sd:read")
def metrics(path: MachinePath) -> Any:
    """Give Prometheus the page of a machine that it cannot reach; 503 when it is not fresh."""
    page, packed = pushes.last(parts(), actor(), path.machine_id), {"Content-Encoding": "gzip"}
    if not request.accept_encodings.quality("gzip"):
        page, packed = pushes.unpacked(page), {}
    return Response(page, headers=packed, content_type="text/plain; version=0.0.4; charset=utf-8")
