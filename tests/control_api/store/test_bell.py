"""The bell, within a process and between two, on pipes and through PostgreSQL."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from hyperion_control.settings import Settings
from hyperion_control.store.bell import LOOK_SECONDS, Bell, line
from hyperion_control.store.bell_pipes import PIPE_BYTES
from lab.databases import ON_POSTGRES
from lab.wait import wait_for

Bells = Callable[[], Bell]


@pytest.fixture
def bells(settings: Settings) -> Iterator[Bells]:
    """Each is the bell of another process: they know each other by the line only."""
    made: list[Bell] = []

    def make() -> Bell:
        made.append(Bell(line(settings.database_url, settings.data)))
        return made[-1]

    yield make
    for bell in made:
        bell.close()


@pytest.fixture
def on_pipes(tmp_path: Path) -> Iterator[Bells]:
    made: list[Bell] = []

    def make(folder: Path = tmp_path) -> Bell:
        made.append(Bell(line("sqlite:///any", folder)))
        return made[-1]

    yield make
    for bell in made:
        bell.close()


def heard_by(bell: Bell) -> list[str]:
    found: list[str] = []
    bell.subscribe(found.append)
    return found


def ring_until_heard(bell: Bell, topic: str, heard: list[str]) -> None:
    """A line through a server takes a moment to stand."""

    def rung() -> bool:
        bell.ring(topic)
        return topic in heard

    wait_for(rung, 10, f"{topic} to be heard")


def test_a_ring_is_heard_in_another_process_at_once(bells: Bells) -> None:
    near, far = bells(), bells()
    heard = heard_by(far)
    ring_until_heard(near, "first", heard)
    begun = time.monotonic()
    near.ring("tsk_1")
    wait_for(lambda: "tsk_1" in heard, 5, "the ring")
    assert time.monotonic() - begun < LOOK_SECONDS
    assert "tsk_2" not in heard


def test_who_rings_hears_it_once(bells: Bells) -> None:
    near, far = bells(), bells()
    here, there = heard_by(near), heard_by(far)
    ring_until_heard(near, "first", there)
    ring_until_heard(far, "back", here)
    near.ring("tsk_1")
    # What comes after it on the same line has overtaken nothing.
    ring_until_heard(far, "last", here)
    assert here.count("tsk_1") == 1


def test_waiting_ends_with_the_ring_and_gives_what_is_ready(bells: Bells) -> None:
    near, far = bells(), bells()
    found: list[str] = []
    looks: list[int] = []
    rung: list[float] = []
    ring_until_heard(far, "first", heard_by(near))

    def ready() -> str | None:
        looks.append(1)
        return found[0] if found else None

    def change() -> None:
        wait_for(lambda: len(looks) > 1, 5, "somebody to wait")
        found.append("done")
        far.ring("tsk_1")
        rung.append(time.monotonic())

    changing = threading.Thread(target=change)
    changing.start()
    assert near.wait("tsk_1", 10, ready) == "done"
    changing.join()
    assert time.monotonic() - rung[0] < LOOK_SECONDS - 0.2, "not by looking"


def test_waiting_asks_first_and_then_for_no_longer_than_it_was_told(on_pipes: Bells) -> None:
    bell = on_pipes()
    assert bell.wait("tsk_1", 10, lambda: 0) == 0, "0 is an answer"
    begun = time.monotonic()
    assert bell.wait("tsk_1", 0.1, lambda: None) is None
    assert time.monotonic() - begun < 10


def test_a_lost_ring_costs_two_seconds(on_pipes: Bells) -> None:
    since = time.monotonic()
    found = on_pipes().wait("tsk_1", 10, lambda: time.monotonic() - since > 0.1 or None)
    assert found
    assert time.monotonic() - since < LOOK_SECONDS + 2


def test_a_bell_that_nobody_uses_leaves_nothing_and_starts_nothing(tmp_path: Path) -> None:
    threads = threading.active_count()
    for url in ("sqlite:///any", "postgresql://nobody@127.0.0.1:9/none"):
        bell = Bell(line(url, tmp_path))
        bell.wait("tsk_1", 10, lambda: "at once")
        bell.close()
    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []


def test_a_burst_holds_nobody_up_however_slow_its_hearers_are(on_pipes: Bells) -> None:
    near, far = on_pipes(), on_pipes()
    go_on, heard = threading.Event(), []

    def slowly(topic: str) -> None:
        if not heard:
            go_on.wait(10)
        heard.append(topic)

    far.subscribe(slowly)
    begun = time.monotonic()
    for _ in range(2 * PIPE_BYTES // len("tsk_1\n")):
        near.ring("tsk_1")
    assert time.monotonic() - begun < 5
    go_on.set()
    wait_for(lambda: len(heard) > 1000, 5, "what the pipe held to be heard")
    assert set(heard) == {"tsk_1"}


def test_the_pipe_of_a_process_that_was_killed_is_removed(on_pipes: Bells, tmp_path: Path) -> None:
    heard = heard_by(on_pipes())
    dead = tmp_path / "bell" / "1-dead"
    os.mkfifo(dead)
    ring_until_heard(on_pipes(), "tsk_1", heard)
    assert not dead.exists()
    assert len(list((tmp_path / "bell").iterdir())) == 1


def test_a_long_path_is_as_good_as_a_short_one(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("longer" * 20)
    folder.mkdir(parents=True)
    near, far = (Bell(line("sqlite:///any", folder)) for _ in range(2))
    ring_until_heard(near, "tsk_1", heard_by(far))
    near.close()
    far.close()


def test_only_its_owner_may_look_into_the_folder(on_pipes: Bells, tmp_path: Path) -> None:
    heard_by(on_pipes())
    assert (tmp_path / "bell").stat().st_mode & 0o777 == 0o700


def test_where_no_pipe_can_be_made_the_process_still_hears_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bell").write_text("a file in its place")
    bell = Bell(line("sqlite:///any", tmp_path))
    heard = heard_by(bell)
    bell.ring("tsk_1")
    bell.close()
    assert heard == ["tsk_1"]
    assert "news come 2 s late: File exists" in caplog.text


@ON_POSTGRES
def test_the_line_is_taken_up_again_after_the_database_was_away(
    bells: Bells, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    near, far = bells(), bells()
    heard = heard_by(far)
    ring_until_heard(near, "before", heard)
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
        assert connection.execute(ended, ["hyperion bell"]).rowcount == 2
    ring_until_heard(near, "after", heard)
    assert caplog.text.count("cannot hear other processes") == 2


def test_ringing_does_not_fail_while_the_database_is_away(tmp_path: Path) -> None:
    bell = Bell(line("postgresql://nobody@127.0.0.1:9/none", tmp_path))
    heard = heard_by(bell)
    begun = time.monotonic()
    bell.ring("tsk_1")
    assert time.monotonic() - begun < 5
    bell.close()
    assert heard == ["tsk_1"]
