"""A connection that is used again has one watch, which ends on its machine what we let go of."""

import os
import threading
from pathlib import Path

import psutil
import pytest

from hyperion_control.domain.orders import Order
from hyperion_control.runners.base import End
from hyperion_control.runners.channel import execute, open_channel
from hyperion_control.runners.launcher import SLACK_SECONDS, Launch
from hyperion_control.runners.line import Way
from hyperion_control.runners.pool import Pool
from hyperion_control.runners.ssh import SshRunner
from lab.processes import living
from lab.sshd import Sshd, sshd
from lab.wait import wait_for
from lab.ways import control_process, to_sshd

TRUE = Order(("true",))
# The program's child leaves its group, and neither heeds SIGTERM; a shell of its own stays with us.
TREE = "trap '' TERM; (setsid sleep {mark}1 >/dev/null 2>&1 &); echo $$; sleep {mark}2"


def door(pool: Pool, way: Way) -> str:
    with pool.line(way) as line:
        return line.watch.door()


def used_again(pool: Pool, way: Way) -> Path:
    """The door of a connection that two orders have used."""
    for _ in range(2):
        assert SshRunner(pool, way).run(TRUE).code == 0
    found = door(pool, way)
    assert found
    return Path(found)


def keeper_of(door: Path) -> psutil.Process:
    """Who keeps the door, not the child that only hands on what we say."""
    mark = door.parent.name.removeprefix("hyperion-")
    named = [one for one in psutil.process_iter(["cmdline"]) if mark in (one.info["cmdline"] or ())]
    return next(one for one in named if one.parent() not in named)


def test_only_the_first_order_of_a_connection_brings_a_watcher(pool: Pool, way: Way) -> None:
    watcher = f"timeout -s ALRM {54_321 + SLACK_SECONDS}"
    seen = []

    def look(*_: object) -> None:
        # A watcher is started beside the program, and may be a moment later; a watch is there.
        here = door(pool, way) or wait_for(lambda: living(watcher), 20, "the watcher")
        seen.append(bool(here) and not living(watcher))

    for _ in range(3):
        SshRunner(pool, way).run(Order(("sh", "-c", "echo up; sleep 0.2"), seconds=54_321), look)
    assert seen == [False, True, True]


@pytest.mark.parametrize("before", [0, 2])
def test_a_program_ends_by_itself_when_we_are_killed(
    way: Way, server: Sshd, mark: str, before: int
) -> None:
    with control_process(way, server.key, TREE.format(mark=mark), before) as ours:
        assert living(mark)
        ours.kill()
        wait_for(lambda: not living(mark), 20, "the program to be ended")


def test_one_that_we_let_go_of_is_ended_and_the_others_run_on(
    pool: Pool, way: Way, mark: str
) -> None:
    used_again(pool, way)
    up, cancel = threading.Event(), threading.Event()
    outcomes = []

    def other() -> None:
        order = Order(("sh", "-c", f"echo up; exec sleep {mark}7"))
        outcomes.append(SshRunner(pool, way).run(order, lambda *_: up.set(), cancel))

    def output(*_: object) -> None:
        raise OSError("disk full")

    beside = threading.Thread(target=other)
    beside.start()
    assert up.wait(20)
    with pytest.raises(OSError, match="disk full"):
        SshRunner(pool, way).run(Order(("sh", "-c", TREE.format(mark=mark))), output)
    wait_for(lambda: living(mark) == [f"sleep {mark}7"], 20, "that program to be ended")
    cancel.set()
    beside.join(20)
    assert [outcome.end for outcome in outcomes] == [End.CANCELED]


def test_one_that_we_let_go_of_on_its_way_is_ended_when_it_arrives(
    pool: Pool, way: Way, mark: str
) -> None:
    """Sooner than the watch looks by itself, which is every ten seconds."""
    used_again(pool, way)
    launch = Launch(Order(("sleep", mark)))
    with pool.line(way) as line:
        line.watch.let_go(launch.mark)
        channel = open_channel(line)
        execute(line, channel, launch.line(line.watch.door(), line.watch.shell))
        wait_for(channel.exit_status_ready, 8, "the program to be ended")
    assert not living(f"sleep {mark}")


def test_the_machine_ends_a_program_whose_time_is_over_when_we_cannot(
    pool: Pool, way: Way, mark: str
) -> None:
    """The sshd that serves us hangs, so neither our word nor our end reaches the machine."""
    used_again(pool, way)
    serving = psutil.Process(
        int(SshRunner(pool, way).run(Order(("sh", "-c", "echo $PPID"))).stdout.head)
    )
    order = Order(("sh", "-c", TREE.format(mark=mark)), seconds=1)
    try:
        outcome = SshRunner(pool, way).run(order, lambda *_: serving.suspend())
        assert outcome.end is End.LOST, outcome
        wait_for(lambda: not living(mark), 30, "the machine to end the program")
    finally:
        serving.kill()


def test_what_a_program_left_in_the_background_outlives_the_connection(
    pool: Pool, way: Way, mark: str
) -> None:
    place = used_again(pool, way).parent
    outcome = SshRunner(pool, way).run(Order(("sh", "-c", f"sleep {mark} & echo $!")))
    try:
        pool.close()
        wait_for(lambda: not place.exists(), 20, "the watch to go")
        assert living(f"sleep {mark}") == [f"sleep {mark}"]
    finally:
        os.kill(int(outcome.stdout.head), 9)


def test_a_watch_that_was_killed_is_replaced(pool: Pool, way: Way) -> None:
    first = used_again(pool, way)
    keeper_of(first).terminate()
    wait_for(lambda: door(pool, way) not in ("", str(first)), 20, "another watch")
    assert not first.parent.exists()
    assert SshRunner(pool, way).run(TRUE).code == 0


@pytest.mark.parametrize("shell", ["sh", "fish"])
def test_a_watch_that_takes_nothing_any_more_leaves_orders_their_own(
    pool: Pool, way: Way, mark: str, shell: str
) -> None:
    """Its door is gone and we have not heard of it yet."""
    used_again(pool, way).unlink()
    with pool.line(way) as line:
        line.watch.shell = shell
    cancel = threading.Event()
    order = Order(("sh", "-c", TREE.format(mark=mark)), seconds=65_432)
    watcher = f"timeout -s ALRM {65_432 + SLACK_SECONDS}"

    def look(*_: object) -> None:
        wait_for(lambda: living(watcher), 20, "the watcher")
        cancel.set()

    assert SshRunner(pool, way).run(order, look, cancel).end is End.CANCELED
    wait_for(lambda: not living(mark) + living(watcher), 20, "both to be gone")


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_machine_without_room_for_a_watch_goes_without(
    pool: Pool, mark: str, sessions: int
) -> None:
    cancel = threading.Event()
    with sshd(sessions=sessions) as small:
        way = Way(to_sshd(small))
        parents = {
            SshRunner(pool, way).run(Order(("sh", "-c", "echo $PPID"))).stdout.head
            for _ in range(3)
        }
        assert (len(parents), door(pool, way)) == (1, "")
        if sessions > 1:
            order = Order(("sh", "-c", TREE.format(mark=mark)))
            outcome = SshRunner(pool, way).run(order, lambda *_: cancel.set(), cancel)
            assert (outcome.end, living(mark)) == (End.CANCELED, [])
