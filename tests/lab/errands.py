"""Commands as people ask for them, written straight into the database, and what becomes of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

from control_api.people import ACME, People
from hyperion_control.domain import ids
from hyperion_control.domain.batches import Width
from hyperion_control.domain.chain import Record
from hyperion_control.domain.orders import Order
from hyperion_control.runners.pool import Pool
from hyperion_control.store import commands, machines, outputs, records, tasks
from hyperion_control.store.commands import Command
from hyperion_control.store.machines import Machine
from hyperion_control.store.tasks import Task
from hyperion_control.usecases import issuing, workers
from hyperion_control.usecases.crew import Crew
from hyperion_control.usecases.parts import Parts
from lab.wait import wait_for

NOTHING: Mapping[str, Any] = {}
OPEN = ("queued", "running", "canceling")


def add_machine(parts: Parts, name: str = "here", **more: Any) -> str:
    """Of acme; unless said otherwise, the one that the tests run on."""
    fields = {"runner": "local", "labels": {}, **more}
    made = Machine(ids.new("mch"), ACME, name, parts.clock(), **fields)
    with parts.database.writing(ACME) as connection:
        machines.add(connection, made)
    return made.id


def ask(
    people: People,
    machine_ids: Sequence[str],
    *argv: str,
    width: Width = issuing.ALL_AT_ONCE,
    lasts: timedelta = timedelta(hours=1),
    token: str = "",
    order: Mapping[str, Any] = NOTHING,
    **more: Any,
) -> Command:
    """Olga asks."""
    parts, olga = people.parts, people.actor("olga")
    asker = replace(olga, login_id="", token_id=token) if token else olga
    whole = Order(argv, **order)
    command = issuing.draft(parts, asker, "command:run", whole, machine_ids, lasts, width, **more)
    with parts.database.writing(ACME) as connection:
        issuing.write(connection, command, machine_ids)
    parts.bell.ring(issuing.TASKS)
    return command


def tasks_of(parts: Parts, command: Command) -> list[Task]:
    with parts.database.reading(ACME) as connection:
        return tasks.of_command(connection, command.id)


def state(parts: Parts, command: Command) -> str:
    with parts.database.reading(ACME) as connection:
        found = commands.get(connection, command.id)
    assert found
    return str(found.state)


def ended(parts: Parts, command: Command, seconds: float = 20) -> list[Task]:
    """Its tasks, once all of them and the command itself have ended."""

    def over() -> list[Task] | None:
        found = tasks_of(parts, command)
        waiting = any(not task.ended for task in found)
        return None if waiting or state(parts, command) in OPEN else found

    return wait_for(over, seconds, f"the end of {command.id}") or []


def recorded(parts: Parts, action: str) -> list[Record]:
    with parts.database.reading("*") as connection:
        return [record for record in records.walk(connection) if record.action == action]


def said(parts: Parts, task: Task, stream: str = "stdout") -> bytes:
    with parts.database.reading(ACME) as connection:
        return outputs.read(connection, task.id, stream, 0, 1 << 20)[1]


@contextmanager
def working(parts: Parts) -> Iterator[Crew]:
    """A worker's crew, in threads of this process."""
    crew = Crew(parts, workers.introduce(parts), Pool())
    thread = Thread(target=crew.run)
    thread.start()
    try:
        yield crew
    finally:
        crew.stop()
        thread.join()
