"""Output: every byte at its place, the head and the tail kept, and not much more than that."""

import pytest
from sqlalchemy import func, select

from control_api.hands import Hands
from control_api.people import ACME, People
from hyperion_control.domain.excerpts import Keeper
from hyperion_control.domain.orders import Order
from hyperion_control.store import machines, outputs, tasks
from hyperion_control.store.machines import Machine
from hyperion_control.store.outputs import PIECE_BYTES
from hyperion_control.store.tasks import Task
from hyperion_control.usecases import acts
from hyperion_control.usecases.acts import Act
from hyperion_control.usecases.parts import Parts

# Each place differs from its neighbours, and 251 divides no size that we use.
STREAM = bytes(range(251)) * 4096
HEAD, TAIL = 100_000, 70_000


@pytest.fixture
def task(parts: Parts, people: People) -> Task:
    with parts.database.writing(ACME) as connection:
        machines.add(connection, Machine("mch_1", ACME, "web-1", parts.clock()))
    order = Order(("ps",), head=HEAD, tail=TAIL)
    task_id = acts.begin(parts, people.actor("olga"), "mch_1", Act("processes:list", order))
    with parts.database.reading(ACME) as connection:
        found = tasks.get(connection, task_id)
    assert found
    return found


def said(parts: Parts, task: Task, size: int, step: int) -> None:
    """A stream of that size, written in steps."""
    for start in range(0, size, step):
        Hands(parts).say(task, STREAM[start : min(start + step, size)], start=start)


@pytest.mark.parametrize("step", [7_001, 300_000])
def test_what_fits_is_read_back_byte_by_byte(parts: Parts, task: Task, step: int) -> None:
    said(parts, task, HEAD + TAIL, step)
    with parts.database.reading(ACME) as connection:
        whole = b""
        while part := outputs.read(connection, task.id, "stdout", len(whole), 30_001)[1]:
            whole += part
        assert whole == STREAM[: HEAD + TAIL]
        biggest = select(func.max(func.length(outputs.outputs.c.bytes)))
        assert connection.execute(biggest).scalar_one() <= PIECE_BYTES
        assert not outputs.goes_on(connection, task.id, "stdout", HEAD + TAIL)
        assert outputs.read(connection, task.id, "stderr", 0, 10) == (0, b"")


@pytest.mark.parametrize("step", [60_001, 600_000])
def test_of_more_the_head_and_the_tail_are_kept(parts: Parts, task: Task, step: int) -> None:
    size = 900_000
    said(parts, task, size, step)
    keeper = Keeper(HEAD, TAIL)
    keeper.add(STREAM[:size])
    with parts.database.reading(ACME) as connection:
        found = outputs.excerpt(connection, task.id, "stdout", size, TAIL)
        assert found == keeper.excerpt()
        kept = outputs.kept(connection, task.command_id)[task.id, "stdout"]
        assert HEAD + TAIL <= kept <= HEAD + TAIL + PIECE_BYTES
        assert (
            outputs.read(connection, task.id, "stdout", HEAD - 5, 10)[1] == STREAM[HEAD - 5 : HEAD]
        )
        start, data = outputs.read(connection, task.id, "stdout", HEAD, 10)
        assert start > HEAD, "it goes on behind the gap"
        assert data == STREAM[start : start + 10]


def test_the_writer_may_leave_out_the_middle_itself(parts: Parts, task: Task) -> None:
    hands = Hands(parts)
    hands.say(task, STREAM[:HEAD])
    hands.say(task, STREAM[800_000:900_000], start=800_000)
    keeper = Keeper(HEAD, TAIL)
    keeper.add(STREAM[:900_000])
    with parts.database.reading(ACME) as connection:
        assert outputs.excerpt(connection, task.id, "stdout", 900_000, TAIL) == keeper.excerpt()


def test_pieces_are_numbered_in_the_order_they_came(parts: Parts, task: Task) -> None:
    hands = Hands(parts)
    hands.say(task, b"a")
    hands.say(task, b"x", "stderr")
    hands.say(task, b"b", start=1)
    with parts.database.reading(ACME) as connection:
        found = outputs.after_number(connection, task.command_id, 0, "", "", 10)
        assert [(each.number, each.bytes) for each in found] == [(1, b"a"), (2, b"x"), (3, b"b")]
        rest = outputs.after_number(connection, task.command_id, 1, task.id, "stdout", 10)
        assert [each.bytes for each in rest] == [b"b"]
