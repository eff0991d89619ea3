"""Connections are shared, dropped and hung up as promised; nobody here dials for real."""

import threading

import pytest

from hyperion_control.runners.base import Unreachable
from hyperion_control.runners.line import Hop, Key, Way
from hyperion_control.runners.pool import IDLE_SECONDS, MOST_CHANNELS, MOST_CONNECTIONS, Pool
from lab.wait import wait_for


class FakeLine:
    def __init__(self, way: Way) -> None:
        self.way = way
        self.up = True

    def is_active(self) -> bool:
        return self.up

    def close(self) -> None:
        self.up = False


class Exchange:
    """Dials, and keeps what it dialled."""

    def __init__(self) -> None:
        self.lines: list[FakeLine] = []
        self.now = 0.0
        self.pool = Pool(self.dial, lambda: self.now)  # type: ignore[arg-type]

    def dial(self, way: Way) -> list[FakeLine]:
        if way.machine.address == "away":
            raise Unreachable("cannot reach away")
        self.lines.append(FakeLine(way))
        return [self.lines[-1]]

    def use(self, way: Way) -> None:
        with self.pool.line(way):
            self.now += 1

    def up(self) -> list[str]:
        return [line.way.machine.address for line in self.lines if line.up]


def way(address: str = "a", key: str = "key", host_key: str = "host key") -> Way:
    return Way(Hop(address, "root", host_key, Key(key)))


def test_a_connection_serves_again() -> None:
    exchange = Exchange()
    exchange.use(way())
    exchange.use(way())
    assert len(exchange.lines) == 1


def test_a_dead_connection_is_replaced() -> None:
    exchange = Exchange()
    exchange.use(way())
    exchange.lines[0].up = False
    exchange.use(way())
    assert len(exchange.lines) == 2


@pytest.mark.parametrize("other", [way(key="other"), way(host_key="other")])
def test_another_key_hangs_up_the_old_connection(other: Way) -> None:
    exchange = Exchange()
    exchange.use(way())
    exchange.use(other)
    assert [line.up for line in exchange.lines] == [False, True]


def test_a_connection_in_use_is_hung_up_when_its_last_user_goes() -> None:
    exchange = Exchange()
    with exchange.pool.line(way()):
        exchange.use(way(key="other"))
        exchange.now += IDLE_SECONDS
        exchange.pool.sweep()
        assert exchange.lines[0].up
    assert not exchange.lines[0].up


def test_a_dropped_connection_is_not_given_again_and_its_users_finish() -> None:
    exchange = Exchange()
    with exchange.pool.line(way()):
        exchange.pool.drop(way())
        exchange.use(way())
        assert [line.up for line in exchange.lines] == [True, True]
    assert [line.up for line in exchange.lines] == [False, True]


def test_above_the_most_the_longest_unused_go() -> None:
    exchange = Exchange()
    for number in range(MOST_CONNECTIONS + 1):
        exchange.use(way(str(number)))
        exchange.now -= 0.99  # so that none of them is idle for long
    exchange.use(way("0"))
    exchange.pool.sweep()
    assert len(exchange.up()) == MOST_CONNECTIONS
    assert ("0" in exchange.up(), "1" in exchange.up()) == (True, False)


def test_an_eighth_user_waits_for_one_of_the_seven() -> None:
    exchange = Exchange()
    inside, leave = threading.Semaphore(0), threading.Event()

    def user() -> None:
        with exchange.pool.line(way()):
            inside.release()
            leave.wait(10)

    users = [threading.Thread(target=user) for _ in range(MOST_CHANNELS + 1)]
    for one in users:
        one.start()
    for _ in range(MOST_CHANNELS):
        assert inside.acquire(timeout=10)
    assert not inside.acquire(timeout=0.1)
    leave.set()
    assert inside.acquire(timeout=10)
    for one in users:
        one.join(10)
    assert len(exchange.lines) == 1


def test_two_who_need_a_cold_machine_dial_once() -> None:
    exchange = Exchange()
    users = [threading.Thread(target=exchange.use, args=(way(),)) for _ in range(MOST_CHANNELS)]
    for one in users:
        one.start()
    wait_for(lambda: not any(one.is_alive() for one in users), 10, "all of them")
    assert len(exchange.lines) == 1


def test_a_machine_that_is_away_is_tried_anew_each_time_and_holds_no_place() -> None:
    exchange = Exchange()
    for _ in range(MOST_CHANNELS + 1):
        with pytest.raises(Unreachable), exchange.pool.line(way("away")):
            raise AssertionError("it was there")


def test_closing_hangs_up_everything() -> None:
    exchange = Exchange()
    exchange.use(way("a"))
    exchange.use(way("b"))
    exchange.pool.close()
    assert exchange.up() == []
