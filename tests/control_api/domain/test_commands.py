"""How a command ends, and what of it is written down."""

import pytest

from hyperion_control.domain import commands
from hyperion_control.domain.commands import OPEN_TASKS, CommandState, TaskState
from hyperion_control.domain.orders import Order

ORDER = Order(("ls", "-l"), b"secret", {"A": "1"}, "/tmp", "www-data", 5, 10, 20)
WIDTH = {"batch": "5"}


@pytest.mark.parametrize(
    ("states", "end"),
    [
        ("succeeded", "succeeded"),
        ("succeeded failed", "partially_failed"),
        ("succeeded skipped", "partially_failed"),
        ("succeeded lost", "partially_failed"),
        ("succeeded canceled", "canceled"),
        ("failed failed", "failed"),
        ("failed unreachable", "failed"),
        ("unreachable", "failed"),
        ("timed_out", "timed_out"),
        ("timed_out failed", "failed"),
        ("lost lost", "lost"),
        ("expired", "expired"),
        ("skipped failed", "failed"),
    ],
)
def test_a_command_ends_by_its_tasks(states: str, end: str) -> None:
    found = commands.verdict(TaskState(state) for state in states.split())
    assert found == CommandState(end)


@pytest.mark.parametrize("state", OPEN_TASKS)
def test_it_has_not_ended_while_one_has_not(state: TaskState) -> None:
    assert commands.verdict([TaskState.SUCCEEDED, TaskState.FAILED, state]) is None


def test_an_order_is_written_and_read_again_without_what_may_be_secret() -> None:
    written = commands.written(ORDER)
    assert "secret" not in str(written)
    assert commands.read(written, ORDER.stdin) == ORDER


def test_whatever_is_changed_takes_another_approval() -> None:
    given = commands.digest(ORDER, ["mch_1", "mch_2"], WIDTH)
    assert given == commands.digest(ORDER, ["mch_2", "mch_1"], WIDTH)
    others = [
        commands.digest(Order(("ls", "-la")), ["mch_1", "mch_2"], WIDTH),
        commands.digest(Order(**{**vars(ORDER), "stdin": b"other"}), ["mch_1", "mch_2"], WIDTH),
        commands.digest(Order(**{**vars(ORDER), "user": "root"}), ["mch_1", "mch_2"], WIDTH),
        commands.digest(ORDER, ["mch_1"], WIDTH),
        commands.digest(ORDER, ["mch_1", "mch_2"], {"batch": "6"}),
    ]
    assert len({given, *others}) == len(others) + 1
