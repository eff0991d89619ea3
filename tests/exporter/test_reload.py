"""A reload: what changes is made anew, what is wrong changes nothing, what stays goes on."""

import itertools
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import le
from pathlib import Path

import pytest

from hyperion_exporter import config, logs
from hyperion_exporter.cli import open_gate
from hyperion_exporter.collector import Block, Collector, NoData, gauge, one, option
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.config import Config, Plan
from hyperion_exporter.guard import Guard
from hyperion_exporter.paths import Paths
from hyperion_exporter.reload import Reloader, Reloads
from hyperion_exporter.serving.server import Server
from lab.serving import ask, serving
from lab.wait import wait_for

LAMPS = gauge("lamps", "How many lamps there are.")
Samples = dict[tuple[str, ...], float]


@dataclass(frozen=True)
class Options:
    count: int = option(1, "how many")


class Lamps(Collector):
    name = "lamps"
    help = "Lamps."
    options = Options
    asked = threading.Semaphore(0)
    go_on = threading.Event()

    def __init__(self, paths: Paths, options: Options) -> None:
        self._count = options.count

    def collect(self) -> Iterable[Block]:
        if self._count == 0:
            raise NoData
        if self._count == 13:
            self.asked.release()
            self.go_on.wait()
        return [one([LAMPS], [self._count])]


class Doors(Lamps):
    name = "doors"
    default = False

    def collect(self) -> Iterable[Block]:
        raise NoData


class Running:
    """A server and its reloader, with a file that the test writes."""

    def __init__(self, server: Server, file: Path, kinds: tuple[type[Collector], ...]) -> None:
        self.server, self.file, self.kinds = server, file, kinds
        self.reloads = Reloads(itertools.count(100.0, 100.0).__next__)
        first = self.read({})
        server.guard.renew([*first.collectors, self.reloads])
        self._reloader = Reloader(
            first, self.read, open_gate, server.guard, [server], self.reloads
        )  # fmt: skip

    def read(self, known: Mapping[Plan, Collector]) -> Config:
        return config.read([f"--config.file={self.file}"], self.kinds, {}, known)

    def reload(self, text: str) -> None:
        self.file.write_text(text)
        self._reloader.reload()

    def page(self) -> str:
        return ask(self.server).body


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "exporter.yml"
    file.write_text("collectors: {lamps: {count: 3}}")
    return file


@pytest.fixture(autouse=True)
def log(capfd: pytest.CaptureFixture[str]) -> None:
    """As the program begins it."""
    logs.begin("info", "logfmt")


@pytest.fixture
def running(file: Path) -> Iterator[Running]:
    with serving() as server:
        yield Running(server, file, (Doors, Lamps))


def said(capfd: pytest.CaptureFixture[str]) -> str:
    return capfd.readouterr().err


def test_the_new_configuration_is_in_force_without_a_restart(
    running: Running, parse: Callable[[str], Samples], capfd: pytest.CaptureFixture[str]
) -> None:
    before = parse(running.page())
    assert before["lamps",] == 3
    assert before["hyperion_exporter_config_last_reload_successful",] == 1
    assert before["hyperion_exporter_config_last_reload_success_timestamp_seconds",] == 100
    running.reload("collectors: {lamps: {count: 4}, doors: {enabled: true}}")
    after = parse(running.page())
    assert after["lamps",] == 4
    assert ("node_scrape_collector_success", "doors") in after
    assert after["hyperion_exporter_config_last_reload_success_timestamp_seconds",] == 200
    assert 'msg="reloaded: 2 collectors"' in said(capfd)


def test_the_path_and_the_log_change_too(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    running.reload("{web: {telemetry_path: /m}, log: {level: debug, format: json}}")
    assert (ask(running.server, "/metrics").status, ask(running.server, "/m").status) == (404, 200)
    assert '"msg": "reloaded: 1 collectors"' in said(capfd)
    assert logging.getLogger().level == logging.DEBUG


def test_a_web_configuration_comes_into_force(running: Running, tmp_path: Path) -> None:
    web = tmp_path / "web.yml"
    web.write_text("http_server_config: {headers: {X-Frame-Options: deny}}")
    running.reload("web: {config_file: web.yml}")
    assert ask(running.server).headers["X-Frame-Options"] == "deny"
    running.reload("web: {}")
    assert "X-Frame-Options" not in ask(running.server).headers


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("collectors: {lamp: {count: 4}}", "unknown key collectors.lamp"),
        ("collectors: {lamps: {count: many}}", "write a whole number from 0 on"),
        ("web: {config_file: gone.yml}", "gone.yml: cannot be read: No such file"),
        ("]", "this is no YAML"),
    ],
)
def test_where_it_is_wrong_the_old_one_stays_and_the_log_says_why(
    running: Running,
    parse: Callable[[str], Samples],
    capfd: pytest.CaptureFixture[str],
    text: str,
    why: str,
) -> None:
    running.reload(text)
    page = parse(running.page())
    assert page["lamps",] == 3
    assert page["hyperion_exporter_config_last_reload_successful",] == 0
    assert page["hyperion_exporter_config_last_reload_success_timestamp_seconds",] == 100
    assert why in said(capfd)
    running.reload("collectors: {lamps: {count: 5}}")
    page = parse(running.page())
    assert page["lamps",] == 5
    assert page["hyperion_exporter_config_last_reload_successful",] == 1


def test_what_only_a_restart_changes_is_named(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    running.reload("web: {listen_address: [':1'], max_requests: 40}")
    assert ask(running.server).status == 200
    assert "web.listen_address stays as it was: only a restart changes it" in said(capfd)
    running.reload("web: {listen_address: [':1']}")
    assert "stays as it was" not in said(capfd), "once"


def test_a_scrape_under_way_ends_as_it_began(running: Running) -> None:
    answers: list[str] = []
    Lamps.go_on.clear()
    running.reload("collectors: {lamps: {count: 13}}")
    asker = threading.Thread(target=lambda: answers.append(running.page()))
    asker.start()
    assert Lamps.asked.acquire(timeout=10)
    running.reload("collectors: {lamps: {count: 4}}")
    Lamps.go_on.set()
    asker.join(10)
    assert "lamps 13\n" in answers[0]
    assert "lamps 4\n" in running.page()


def test_what_hangs_is_not_asked_once_more_with_each_reload(
    running: Running, parse: Callable[[str], Samples]
) -> None:
    """Else each reload on a machine with a hung disk would leave a thread behind."""
    before = threading.enumerate()
    Lamps.go_on.clear()
    impatient = {"X-Prometheus-Scrape-Timeout-Seconds": "0.1"}
    running.reload("collectors: {lamps: {count: 13}}")
    ask(running.server, headers=impatient)
    for count in (4, 13, 4, 13):
        running.reload(f"collectors: {{lamps: {{count: {count}}}}}")
        page = parse(ask(running.server, headers=impatient).body)
        assert page["hyperion_collector_timeout", "lamps"] == 1
    new = [thread for thread in threading.enumerate() if thread not in before]
    collecting = [thread for thread in new if thread.name == "collect"]
    assert len(collecting) <= 2, "the one that hangs, and the one that goes on"
    Lamps.go_on.set()
    wait_for(lambda: "lamps 13\n" in running.page(), 10, "the one that hung")


def test_counts_go_on_over_a_reload() -> None:
    class Twins(Lamps):
        def collect(self) -> Iterable[Block]:
            return [one([LAMPS, LAMPS], [1, 2])]

    guard = Guard([Twins(Paths(), Options())])
    for count in (1, 2, 3):
        dropped = f'hyperion_collector_dropped_series_total{{collector="lamps"}} {count}\n'
        assert dropped in guard.gather(10)
        guard.renew([Twins(Paths(), Options())])


def test_reloads_leave_nothing_open(file: Path) -> None:
    """All made anew each time, and asked."""
    text = "{{path: {{procfs: {}}}}}"
    with serving() as server:
        file.write_text(text.format("/proc"))
        running = Running(server, file, COLLECTORS)

        def reload(number: int) -> None:
            running.reload(text.format("/proc/../proc" if number % 2 else "/proc"))
            running.page()

        for number in range(3):
            reload(number)
        before = held()
        for number in range(8):
            reload(number)
        # What the last answer held may be about to go.
        wait_for(lambda: all(map(le, held(), before)), 10, "nothing more to be held")


def held() -> tuple[int, int]:
    # But for the stat files of tasks, which come and go with the machine's tasks.
    links = (os.readlink(file) for file in Path("/proc/self/fd").iterdir() if file.is_symlink())  # noqa: PTH115
    others = [link for link in links if not re.match(r"/proc/\d+/(task/\d+/)?stat", link)]
    return len(others), threading.active_count()
