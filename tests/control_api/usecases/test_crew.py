"""Tasks from their claim to their one end, on this machine: nothing is faked but who asks."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from control_api.conftest import Clock
from control_api.people import ACME, People, id_of
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.batches import Width
from hyperion_control.domain.commands import TaskState
from hyperion_control.domain.roles import Role
from hyperion_control.store import tasks
from hyperion_control.store.commands import Command
from hyperion_control.store.database import Database
from hyperion_control.store.tasks import Result
from hyperion_control.usecases import (
    dispatch,
    issuing,
    leftovers,
    organisations,
    tokens,
    users,
    workers,
)
from hyperion_control.usecases.crew import STOPPED, Crew
from hyperion_control.usecases.dispatch import MOST_LOOKS_AT_ONE, TOO_MANY_FAILED, UNASKED, Room
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Recorder
from hyperion_control.usecases.tokens import Wanted
from lab.databases import ON_SQLITE
from lab.errands import add_machine, ask, ended, recorded, said, state, tasks_of, working
from lab.processes import living
from lab.wait import wait_for


@pytest.fixture
def crew(parts: Parts) -> Iterator[Crew]:
    with working(parts) as crew:
        yield crew


def claimed(parts: Parts) -> list[Command]:
    """What a worker that has nothing to do claims now, task by task."""
    worker = workers.introduce(parts)
    return [each.command for each in dispatch.claim(parts, worker, Room({}))]


def test_what_was_asked_is_done_and_told(parts: Parts, people: People, crew: Crew) -> None:
    script = 'cat; echo "to you" >&2; exit 3'
    order = {"stdin": b"from you"}
    command = ask(people, [add_machine(parts)], "sh", "-c", script, order=order)
    [task] = ended(parts, command)
    assert (task.state, task.code, task.stdout_size, task.stderr_size) == ("failed", 3, 8, 7)
    assert (said(parts, task), said(parts, task, "stderr")) == (b"from you", b"to you\n")
    streams = (hashlib.sha256(text).digest() for text in (b"from you", b"to you\n"))
    assert task.digest == hashlib.sha256(b"".join(streams)).hexdigest()
    assert state(parts, command) == "failed"


def test_output_is_there_while_the_program_runs(
    parts: Parts, people: People, crew: Crew, tmp_path: Path
) -> None:
    script = f"echo one; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo two"
    command = ask(people, [add_machine(parts)], "sh", "-c", script)
    [task] = tasks_of(parts, command)
    wait_for(lambda: said(parts, task) == b"one\n", 10, "the first line")
    (tmp_path / "go").touch()
    [task] = ended(parts, command)
    assert said(parts, task) == b"one\ntwo\n"


def test_a_canceled_program_is_gone_and_so_are_its_children(
    parts: Parts, people: People, crew: Crew
) -> None:
    mark = f"sleep {8_000_000 + os.getpid()}"
    command = ask(people, [add_machine(parts)], "sh", "-c", f"{mark} & echo up; wait")
    [task] = tasks_of(parts, command)
    wait_for(lambda: said(parts, task), 10, "the program to run")
    assert living(mark)
    with parts.database.writing(ACME) as connection:
        issuing.cancel(connection, command.id, id_of("olga"), parts.clock())
    parts.bell.ring(issuing.TASKS)
    [task] = ended(parts, command)
    assert (task.state, state(parts, command), living(mark)) == ("canceled", "canceled", [])


def test_each_task_is_on_record_with_how_it_ended(parts: Parts, people: People, crew: Crew) -> None:
    machine_id = add_machine(parts)
    command = ask(people, [machine_id], "false")
    ended(parts, command)
    intent, outcome = recorded(parts, "task:run")
    assert (intent.action, intent.target, intent.actor_id) == (
        "task:run",
        machine_id,
        id_of("olga"),
    )
    assert json.loads(intent.detail)["command"] == command.id
    assert (outcome.of, outcome.outcome, outcome.detail) == (
        intent.id,
        "failed",
        '{"code":"failed"}',
    )


@ON_SQLITE
def test_what_cannot_be_recorded_is_not_done(parts: Parts, people: People, tmp_path: Path) -> None:
    away = Database(f"sqlite:///{tmp_path}/gone/control.sqlite")
    with (
        closing(Recorder(away, parts.clock, CollectorRegistry(), patience=0.2)) as audit,
        working(replace(parts, audit=audit)),
    ):
        command = ask(people, [add_machine(parts)], "touch", f"{tmp_path}/canary")
        [task] = ended(parts, command)
    assert (task.state, (tmp_path / "canary").exists()) == ("failed", False)
    assert "nothing was done, since it cannot be recorded" in task.reason


@ON_SQLITE
def test_a_look_is_not_on_record(parts: Parts, people: People, crew: Crew) -> None:
    command = ask(people, [add_machine(parts)], "true", passing=True)
    [task] = ended(parts, command)
    assert (task.state, recorded(parts, "task:run")) == ("succeeded", [])


@ON_SQLITE
def test_a_worker_that_is_stopped_leaves_nothing_running(parts: Parts, people: People) -> None:
    mark = f"sleep {9_000_000 + os.getpid()}"
    with working(parts):
        command = ask(people, [add_machine(parts)], "sh", "-c", f"echo up; {mark}")
        [task] = tasks_of(parts, command)
        wait_for(lambda: said(parts, task), 10, "the program to run")
    [task] = tasks_of(parts, command)
    assert (task.state, task.reason, living(mark)) == ("canceled", STOPPED, [])


def test_no_two_workers_claim_the_same_task_or_go_wider_than_they_may(
    parts: Parts, people: People
) -> None:
    ids = [add_machine(parts, f"web-{number}") for number in range(6)]
    command = ask(people, ids, "true", width=Width(concurrency=4))
    assert (len(claimed(parts)), claimed(parts)) == (4, [])
    assert [task.state for task in tasks_of(parts, command)] == ["running"] * 4 + ["queued"] * 2


def test_the_rest_is_skipped_when_too_many_have_failed(
    parts: Parts, people: People, crew: Crew
) -> None:
    ids = [add_machine(parts, f"web-{number}") for number in range(9)]
    command = ask(people, ids, "false", width=Width(batch="2", max_failures="2"))
    states = [task.state for task in ended(parts, command)]
    assert states == ["failed"] * 4 + ["skipped"] * 5
    assert tasks_of(parts, command)[8].reason == TOO_MANY_FAILED


CHANGES: dict[str, Callable[[Parts, Actor, str], object]] = {
    "the account is disabled": lambda parts, ada, _: users.disable(parts, ada, id_of("olga")),
    "the person only looks now": lambda parts, ada, _: organisations.set_role(
        parts, ada, ACME, id_of("olga"), Role.OBSERVER
    ),
    "the person has left": lambda parts, ada, _: organisations.remove(
        parts, ada, ACME, id_of("olga")
    ),
    "the token is revoked": lambda parts, ada, token_id: tokens.revoke(parts, ada, token_id),
}


@ON_SQLITE
@pytest.mark.parametrize("change", CHANGES)
def test_what_waits_is_let_be_when_who_asked_may_not_act_any_more(
    parts: Parts, people: People, change: str
) -> None:
    made = tokens.create(parts, people.actor("olga"), Wanted("script", ("commands:run",)))
    machine_id, token = add_machine(parts), made.token.id
    ask(people, [machine_id], "true", token=token)
    assert claimed(parts)
    command = ask(people, [machine_id], "true", token=token)
    CHANGES[change](parts, people.actor("ada"), token)
    assert not claimed(parts)
    [task] = tasks_of(parts, command)
    assert (task.state, task.reason, state(parts, command)) == ("canceled", UNASKED, "canceled")


@ON_SQLITE
def test_looks_leave_a_machine_room_for_what_is_done_to_it(parts: Parts, people: People) -> None:
    machine_id = add_machine(parts)
    for _ in range(MOST_LOOKS_AT_ONE + 2):
        ask(people, [machine_id], "true", passing=True)
    ask(people, [machine_id], "true")
    looks = [command.passing for command in claimed(parts)]
    assert looks == [True] * MOST_LOOKS_AT_ONE + [False]


def test_what_is_too_early_or_too_late_is_not_begun(
    parts: Parts, people: People, clock: Clock
) -> None:
    here = add_machine(parts)
    soon = clock() + timedelta(minutes=5)
    early = ask(people, [here], "true", not_before=soon)
    late = ask(people, [here], "true", lasts=timedelta(minutes=1))
    clock.forward(61)
    assert claimed(parts) == []
    leftovers.expire(parts, workers.introduce(parts))
    assert ([task.state for task in tasks_of(parts, late)], state(parts, late)) == (
        ["expired"],
        "expired",
    )
    clock.forward(240)
    assert [command.id for command in claimed(parts)] == [early.id]


def test_tasks_of_a_worker_that_died_are_lost_and_never_begun_again(
    parts: Parts, people: People, clock: Clock
) -> None:
    command = ask(people, [add_machine(parts)], "true")
    assert len(claimed(parts)) == 1
    other = workers.introduce(parts)
    clock.forward(29)
    leftovers.give_up(parts, other)
    assert state(parts, command) == "running"
    clock.forward(2)
    leftovers.give_up(parts, other)
    assert (state(parts, command), claimed(parts)) == ("lost", [])
    with parts.database.writing(ACME) as connection:
        [task] = tasks_of(parts, command)
        late = tasks.end(connection, task.id, Result(TaskState.SUCCEEDED), clock())
    assert not late
