"""Calls that hang cost only themselves, the first time and every time."""

import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from hyperion_exporter.crew import Crew
from lab.wait import wait_for

PATIENCE = 0.02
ENOUGH = 10.0  # never waited for when all is well


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Calls that hang do so until this is set."""
    release = threading.Event()
    yield release
    release.set()


@pytest.fixture
def crew(request: pytest.FixtureRequest) -> Crew[str, str]:
    return Crew(request.node.name, PATIENCE)


@pytest.fixture
def threads(request: pytest.FixtureRequest) -> Callable[[], int]:
    """How many threads the crew of this test has; they bear its name."""
    return lambda: sum(thread.name == request.node.name for thread in threading.enumerate())


def ready() -> str:
    return "ready"


def hanging(release: threading.Event, calls: list[str] | None = None) -> Callable[[], str]:
    def hang() -> str:
        if calls is not None:
            calls.append("hang")
        release.wait()
        return "late"

    return hang


def test_every_call_is_answered_by_one_thread(
    crew: Crew[str, str], threads: Callable[[], int]
) -> None:
    for _ in range(100):
        answers = crew.run({name: lambda name=name: name * 2 for name in "abc"}, ENOUGH)
        assert answers == {"a": "aa", "b": "bb", "c": "cc"}
    assert threads() == 1


def test_nothing_to_do_is_done_at_once(crew: Crew[str, str], threads: Callable[[], int]) -> None:
    assert crew.run({}, ENOUGH) == {}
    assert threads() == 0


@pytest.mark.parametrize("hung", [1, 9, 40])
def test_calls_that_hang_cost_only_themselves(
    crew: Crew[str, str], release: threading.Event, hung: int
) -> None:
    def free() -> str:
        release.set()
        return "ready"

    names = [f"hung{n}" for n in range(hung)]
    calls = {name: hanging(release) for name in names} | {"a": ready, "b": free}
    late = dict.fromkeys(names, "late")
    # Those that hang come first, and are let go only by the last.
    assert crew.run(calls, ENOUGH) == late | {"a": "ready", "b": "ready"}


def test_while_a_call_hangs_no_second_one_is_made(
    crew: Crew[str, str], release: threading.Event
) -> None:
    made: list[str] = []
    calls = {"hung": hanging(release, made), "a": ready}
    crew.run(calls, 0.1)
    begun = time.monotonic()
    for _ in range(20):
        assert crew.run(calls, ENOUGH) == {"a": "ready"}
    assert time.monotonic() - begun < ENOUGH, "only the first round waits for it"
    assert made == ["hang"]


def test_a_call_that_comes_back_is_made_again(
    crew: Crew[str, str], release: threading.Event
) -> None:
    before = crew.run({"hung": hanging(release)}, 0.05)
    release.set()
    answers = wait_for(lambda: crew.run({"hung": ready}, ENOUGH), ENOUGH, "the call to be made")
    assert answers == {"hung": "ready"}
    assert before == {}, "the late answer is of a round that has ended"


def test_threads_stay_bounded_over_many_rounds(
    crew: Crew[str, str], release: threading.Event, threads: Callable[[], int]
) -> None:
    calls = {f"hung{n}": hanging(release) for n in range(9)} | {"a": ready}
    for _ in range(100):
        crew.run(calls, 0.3)
    assert threads() <= 10
    release.set()
    wait_for(lambda: threads() <= 1, ENOUGH, "the released threads to end")


def test_a_slow_call_delays_only_until_another_thread_takes_over(
    crew: Crew[str, str], release: threading.Event
) -> None:
    """It waits for the one behind it: with a single thread neither would ever answer."""
    second = threading.Event()

    def slow() -> str:
        return "slow" if second.wait(ENOUGH) else "alone"

    def behind() -> str:
        second.set()
        return "behind"

    assert crew.run({"slow": slow, "behind": behind}, ENOUGH) == {
        "slow": "slow",
        "behind": "behind",
    }


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_a_call_that_raises_is_absent_and_ends_nothing(
    crew: Crew[str, str],
    error: type[BaseException],
    threads: Callable[[], int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raising() -> str:
        raise error("on purpose")

    with caplog.at_level(logging.CRITICAL):
        for _ in range(3):
            assert crew.run({"bad": raising, "a": ready}, ENOUGH) == {"a": "ready"}
    assert threads() == 1


def test_without_any_time_left_nothing_is_waited_for(
    crew: Crew[str, str], release: threading.Event
) -> None:
    assert "hung" not in crew.run({"hung": hanging(release)}, 0)
    assert "hung" not in crew.run({"hung": hanging(release)}, -1)


def test_a_crew_that_nobody_needs_leaves_no_thread_and_holds_on_to_nothing(
    request: pytest.FixtureRequest, threads: Callable[[], int]
) -> None:
    class Thing:
        def answer(self) -> str:
            return "here"

    thing, crew = Thing(), Crew[str, str](request.node.name, PATIENCE)
    assert crew.run({"thing": thing.answer}, ENOUGH) == {"thing": "here"}
    gone = weakref.ref(thing)
    del thing, crew
    gc.collect()
    wait_for(lambda: threads() == 0, ENOUGH, "its thread to end")
    assert gone() is None
