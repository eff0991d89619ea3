"""Claims the tasks that wait, as many as fit and as wide as their commands may go."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hyperion_control.domain import batches
from hyperion_control.domain.batches import Standing, Turn
from hyperion_control.domain.commands import TaskState
from hyperion_control.store import commands, machines, tasks
from hyperion_control.store.commands import Command
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import askers, issuing
from hyperion_control.usecases.carrying import Errand
from hyperion_control.usecases.parts import Parts

LEASE = timedelta(seconds=30)
# Of what people do, and again so many looks: neither keeps the other waiting.
MOST = 64
# A connection has seven places: who only looks leaves some to who acts.
MOST_LOOKS_AT_ONE = 4
TOO_MANY_FAILED = "too many others of this command had failed"
UNASKED = "who asked for it may not do that any more"


class Room:
    """How many more errands this worker takes."""

    def __init__(self, running: Mapping[str, Errand]) -> None:
        self._free = Counter({True: MOST, False: MOST})
        self._looks: Counter[str] = Counter()
        for errand in list(running.values()):
            self.take(errand.command, errand.task.machine_id)

    def has(self, command: Command, machine_id: str) -> bool:
        crowded = command.passing and self._looks[machine_id] >= MOST_LOOKS_AT_ONE
        return self._free[command.passing] > 0 and not crowded

    def take(self, command: Command, machine_id: str) -> None:
        self._free[command.passing] -= 1
        self._looks[machine_id] += command.passing


def claim(parts: Parts, worker: Worker, room: Room) -> list[Errand]:
    """What this worker has to run now, of all organisations."""
    now = parts.clock()
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        # Nobody is kept from writing while there is nothing to claim.
        if not any(_turns(connection, now, room)):
            return []
    claimed: list[Errand] = []
    changed: list[str] = []
    # Two workers who counted at once would go wider than the command may.
    with parts.database.writing(EVERY_ORGANISATION, alone="claims") as connection:
        for command, turn in _turns(connection, now, room):
            changed.append(command.id)
            if turn.stop:
                skipped = TaskState.SKIPPED, TOO_MANY_FAILED, now
                issuing.end_waiting(connection, command.id, *skipped)
            elif not askers.may_still(connection, command):
                issuing.end_waiting(connection, command.id, TaskState.CANCELED, UNASKED, now)
            else:
                claimed += _claim(connection, worker, command, turn.begin, now, room)
    for command_id in changed:
        issuing.ring(parts, command_id)
    return claimed


def _turns(connection: Connection, now: datetime, room: Room) -> Iterator[tuple[Command, Turn]]:
    """The commands of which something is to be begun or let be."""
    ready = commands.ready(connection, now)
    # What is behind a queue is asked for by the machine's own agent.
    queued = machines.behind_queues(connection) if ready else set()
    for command in ready:
        standings = tasks.standings(connection, command.id)
        turn = batches.turn(issuing.width_of(command), standings, now)
        ours = tuple(each for each in turn.begin if each.machine_id not in queued)
        if turn.stop or any(room.has(command, each.machine_id) for each in ours):
            yield command, replace(turn, begin=ours)


def _claim(
    connection: Connection,
    worker: Worker,
    command: Command,
    standings: Sequence[Standing],
    now: datetime,
    room: Room,
) -> Iterator[Errand]:
    for standing in standings:
        fits = room.has(command, standing.machine_id)
        task = tasks.get(connection, standing.task_id) if fits else None
        if task and issuing.claim(connection, task, worker.id, now + LEASE, now):
            room.take(command, standing.machine_id)
            yield Errand(command, task)
