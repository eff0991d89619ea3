"""Acts: one order on one machine, on record before it can begin, and looks that leave no trace."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.hands import Hands
from control_api.people import ACME, People
from control_api.test_matrix import take_no_records
from hyperion_control.domain.commands import TaskState
from hyperion_control.domain.orders import Order
from hyperion_control.errors import AuditUnavailable, NotFound
from hyperion_control.store import commands, machines, tasks
from hyperion_control.store.machines import Machine
from hyperion_control.store.records import records
from hyperion_control.store.tasks import Result, Task
from hyperion_control.usecases import acts, issuing, workers
from hyperion_control.usecases.acts import Act
from hyperion_control.usecases.parts import Parts

RESTART = Act("service:restart", Order(("systemctl",), b"in"), action="service:restart", reason="x")
LOOK = Act("processes:list", Order(("ps",)), passing=True)


@pytest.fixture
def machine(parts: Parts, people: People) -> str:
    with parts.database.writing(ACME) as connection:
        machines.add(connection, Machine("mch_1", ACME, "web-1", parts.clock(), labels={}))
    return "mch_1"


def task_of(parts: Parts, task_id: str) -> Task:
    with parts.database.reading(ACME) as connection:
        found = tasks.get(connection, task_id)
    assert found
    return found


def recorded(parts: Parts) -> list[tuple[str, str]]:
    with parts.database.reading("*") as connection:
        return [(row.action, row.phase) for row in connection.execute(select(records))]


def test_an_act_is_recorded_done_and_told(parts: Parts, people: People, machine: str) -> None:
    olga, hands = people.actor("olga"), Hands(parts)
    task_id = acts.begin(parts, olga, machine, RESTART)
    assert recorded(parts) == [("service:restart", "intent"), ("service:restart", "outcome")]
    assert acts.outcome(parts, olga, task_id) is None
    task = task_of(parts, task_id)
    hands.begin(task)
    hands.say(task, b"done\n")
    assert hands.end(task, "failed", 3, size=5)
    found = acts.outcome(parts, olga, task_id)
    assert found
    assert (found.state, found.code, found.stdout.head) == (TaskState.FAILED, 3, b"done\n")
    assert not found.stdout.truncated


def test_the_worker_learns_who_asked_for_what(parts: Parts, people: People, machine: str) -> None:
    olga = people.actor("olga")
    task = task_of(parts, acts.begin(parts, olga, machine, RESTART))
    with parts.database.reading(ACME) as connection:
        command = commands.get(connection, task.command_id)
    assert command
    assert issuing.order_of(parts, command) == RESTART.order
    assert command.stdin
    assert command.stdin != b"in"
    asker = issuing.asker_of(command)
    assert (asker.user_id, asker.via, asker.origin) == (olga.user_id, olga.via, olga.origin)


def test_a_look_is_in_no_list_and_soon_forgotten(
    parts: Parts, people: People, machine: str, clock: Clock
) -> None:
    olga = people.actor("olga")
    task = task_of(parts, acts.begin(parts, olga, machine, LOOK))
    kept = acts.begin(parts, olga, machine, RESTART)
    Hands(parts).say(task, b"1 init\n")
    with parts.database.reading(ACME) as connection:
        listed = commands.page(connection, ACME, commands.Wanted(), None, 10)
    assert [command.kind for command in listed] == ["service:restart"]
    worker = workers.introduce(parts)
    clock.forward(600)
    acts.forget_looks(parts, worker)
    assert acts.outcome(parts, olga, task.id) is None
    clock.forward(1)
    acts.forget_looks(parts, worker)
    with pytest.raises(NotFound):
        acts.outcome(parts, olga, task.id)
    assert acts.outcome(parts, olga, kept) is None
    assert [action for action, _ in recorded(parts)] == 2 * ["service:restart"]


def test_a_task_ends_once_and_is_claimed_once(parts: Parts, people: People, machine: str) -> None:
    task = task_of(parts, acts.begin(parts, people.actor("olga"), machine, RESTART))
    now, until = parts.clock(), parts.clock() + timedelta(seconds=30)
    with parts.database.writing(ACME) as connection:
        claims = [issuing.claim(connection, task, f"wrk_{n}", until, now) for n in range(2)]
        assert claims == [True, False]
        done = Result(TaskState.SUCCEEDED, code=0)
        ends = [issuing.end(connection, task, done, now) for _ in range(2)]
        assert ends == [True, False]
        assert not tasks.end(connection, task.id, Result(TaskState.LOST), now)
    assert task_of(parts, task.id).state is TaskState.SUCCEEDED


def test_a_neighbour_has_no_such_task(parts: Parts, people: People, machine: str) -> None:
    task_id = acts.begin(parts, people.actor("olga"), machine, LOOK)
    eve = people.actor("eve")
    for ask in (
        lambda: acts.outcome(parts, eve, task_id),
        lambda: acts.begin(parts, eve, machine, LOOK),
    ):
        with pytest.raises(NotFound):
            ask()


def test_what_cannot_be_recorded_is_not_begun(parts: Parts, people: People, machine: str) -> None:
    take_no_records(parts)
    with pytest.raises(AuditUnavailable):
        acts.begin(parts, people.actor("olga"), machine, RESTART)
    with parts.database.reading(ACME) as connection:
        assert commands.ready(connection, parts.clock()) == []
