"""How wide a command goes: which of its tasks may begin now, and when the rest is let be."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hyperion_control.domain.commands import OPEN_TASKS, TaskState

SHARE = re.compile(r"([0-9]{1,5})(%?)")
# What counts against max_failures.
FAILURES = (
    TaskState.FAILED,
    TaskState.TIMED_OUT,
    TaskState.UNREACHABLE,
    TaskState.LOST,
    TaskState.EXPIRED,
)


@dataclass(frozen=True)
class Width:
    """Empty and 0: without a limit."""

    concurrency: int = 0
    batch: str = ""  # such as 5 or 10%
    batch_wait: int = 0  # seconds
    max_failures: str = ""


@dataclass(frozen=True)
class Standing:
    """How one task stands; in the order in which they begin."""

    task_id: str
    machine_id: str
    state: TaskState
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Turn:
    """What to do next with a command."""

    begin: tuple[Standing, ...] = ()
    stop: bool = False  # too many have failed: what has not begun is skipped
    again_at: datetime | None = None  # when there may be more to begin, though nothing ends


def share(text: str) -> str:
    """Checked, as a person writes it: a number or a percentage."""
    found = SHARE.fullmatch(text)
    if text and (found is None or (found[2] and int(found[1]) > 100)):
        raise ValueError("write a number or a percentage, such as 5 or 10%")
    return text


def count(text: str, of: int) -> int:
    """So many of them; a percentage is rounded down."""
    found = SHARE.fullmatch(text)
    assert found is not None, text  # noqa: S101  share() has looked at it
    number = int(found[1])
    return number * of // 100 if found[2] else number


def turn(width: Width, standings: Sequence[Standing], now: datetime) -> Turn:
    states = Counter(each.state for each in standings)
    waiting = [each for each in standings if each.state is TaskState.QUEUED]
    if not waiting:
        return Turn()
    if _too_many_failed(width, states, len(standings)):
        return Turn(stop=True)
    room, again_at = _batch_room(width, standings, now)
    running = states[TaskState.RUNNING] + states[TaskState.CANCELING]
    if width.concurrency:
        room = min(room, width.concurrency - running)
    return Turn(tuple(waiting[: max(0, room)]), again_at=again_at)


def until_last(width: Width, tasks: int, seconds: int) -> timedelta:
    """When the last one may begin if each takes all its time; none, where all begin at once."""
    at_once = min(
        max(1, count(width.batch, tasks)) if width.batch else tasks, width.concurrency or tasks
    )
    rounds = -(-tasks // at_once) - 1
    return timedelta(seconds=rounds * (seconds + width.batch_wait))


def _too_many_failed(width: Width, states: Counter[TaskState], tasks: int) -> bool:
    failed = sum(states[state] for state in FAILURES)
    return bool(width.max_failures) and failed > count(width.max_failures, tasks)


def _batch_room(
    width: Width, standings: Sequence[Standing], now: datetime
) -> tuple[int, datetime | None]:
    """How many may begin: the rest of the batch that runs, or the next one after its wait."""
    if not width.batch:
        return len(standings), None
    size = max(1, count(width.batch, len(standings)))
    begun = [each for each in standings if each.state is not TaskState.QUEUED]
    if len(begun) % size:
        return size - len(begun) % size, None
    if any(each.state in OPEN_TASKS for each in begun):
        return 0, None
    ended = [each.ended_at for each in begun if each.ended_at]
    due = max(ended) + timedelta(seconds=width.batch_wait) if ended else now
    return (size, None) if due <= now else (0, due)
