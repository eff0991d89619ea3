"""What is done on machines, as Prometheus sees it."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from control_api.conftest import Clock
from control_api.people import ACME, People
from hyperion_control.domain.commands import TaskState
from hyperion_control.store.tasks import Result
from hyperion_control.usecases import issuing
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.task_measures import TaskMeasures
from lab.errands import add_machine, ask, tasks_of


def test_tasks_actions_and_changed_keys_are_counted(
    parts: Parts, people: People, clock: Clock
) -> None:
    registry = CollectorRegistry()
    registry.register(TaskMeasures(parts))
    keys = {"host_key": "ssh-ed25519 A", "host_key_offered": "ssh-ed25519 B"}
    swapped, new = add_machine(parts, **keys), add_machine(parts, "new", host_key_offered="x y")
    done = ask(people, [swapped], "true")
    ask(people, [swapped, new], "true")
    ask(people, [new], "true", not_before=clock() + timedelta(hours=1))
    with parts.database.writing(ACME) as connection:
        [task] = tasks_of(parts, done)
        issuing.end(connection, task, Result(TaskState.LOST), clock())
    clock.forward(90)
    value = registry.get_sample_value
    assert value("hyperion_control_tasks", {"state": "queued"}) == 3
    assert value("hyperion_control_tasks", {"state": "running"}) == 0
    assert value("hyperion_control_task_wait_seconds") == 90
    assert value("hyperion_control_host_key_changed") == 1
    ended = {"kind": "command:run", "state": "lost"}
    assert value("hyperion_control_actions_total", ended) == 1
