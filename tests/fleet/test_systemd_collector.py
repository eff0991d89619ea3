"""Real systemd, asked over its own bus from outside the machine."""

import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hyperion_exporter import config
from hyperion_exporter.collectors.logind import Logind
from hyperion_exporter.collectors.systemd import Systemd
from hyperion_exporter.guard import Guard
from hyperion_exporter.sources.dbus import SYSTEM_BUS
from lab.fleet import Fleet, Machine
from lab.programs import program
from lab.servers import answers, free_port, running
from lab.wait import wait_for

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]

FLAGS = ["--collector.systemd", "--collector.logind"]
# In node_exporter some of what we give by default is off; and Debian's leaves targets out.
THEIR_FLAGS = [
    "--collector.disable-defaults", *FLAGS, "--collector.systemd.enable-task-metrics",
    "--collector.systemd.enable-restarts-metrics",
    r"--collector.systemd.unit-exclude=.+\.(automount|device|mount|scope|slice)",
]  # fmt: skip


def child(process: int) -> int:
    """The first process that one started."""
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


@pytest.fixture
def init(fleet: Fleet) -> int:
    """The first process of a machine, by its number outside: unshare, systemd-nspawn, systemd."""
    return child(child(fleet[0].process.pid))


@pytest.fixture
def guard(init: int) -> Guard:
    flags = [*FLAGS, f"--path.rootfs=/proc/{init}/root"]
    return Guard(config.read(flags, [Logind, Systemd]).collectors)


@pytest.fixture
def machine(fleet: Fleet) -> Machine:
    return fleet[0]


def parsed(text: str) -> Samples:
    return {
        (sample.name, frozenset((k, v) for k, v in sample.labels.items() if v)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith(("node_systemd", "node_logind"))
    }


def of_unit(guard: Guard, name: str) -> dict[str, float]:
    """What is said of a unit, with its state where it has one."""
    return {
        family + "." + dict(labels).get("state", ""): value
        for (family, labels), value in parsed(guard.gather(30)).items()
        if ("name", name) in labels
    }


@pytest.fixture
def theirs(init: int, tmp_path: Path) -> Iterator[Callable[[], Samples]]:
    """What node_exporter says of the same machine."""
    url = f"127.0.0.1:{free_port()}"
    bus = f"unix:path=/proc/{init}/root/{SYSTEM_BUS}"
    argv = [program("node_exporter", version="1.11"), *THEIR_FLAGS, f"--web.listen-address={url}"]
    environment = {"DBUS_SYSTEM_BUS_ADDRESS": bus}
    with running(argv, tmp_path / "log", lambda: answers(f"http://{url}/"), env=environment):

        def page() -> Samples:
            with urllib.request.urlopen(f"http://{url}/metrics", timeout=30) as response:
                return parsed(response.read().decode())

        yield page


def test_systemd_and_logind_are_told_as_node_exporter_tells_them(
    guard: Guard, theirs: Callable[[], Samples]
) -> None:
    # A unit may move between the two.
    same = wait_for(
        lambda: (ours := parsed(guard.gather(30))) == theirs() and ours, 30, "both to say the same"
    )
    assert len(same) > 500


def test_a_service_that_fails_again_and_again_is_seen(guard: Guard, machine: Machine) -> None:
    assert of_unit(guard, "flaky.service") == {}
    properties = ["Restart=on-failure", "RestartSec=50ms", "StartLimitBurst=3"]
    words = [f"--property={word}" for word in properties]
    started = machine.ssh("systemd-run", "--unit=flaky", "--remain-after-exit", *words, "false")
    assert started.returncode == 0, started.stderr
    try:
        failed = wait_for(
            lambda: (
                (said := of_unit(guard, "flaky.service"))
                and said["node_systemd_unit_state.failed"] == 1
                and said
            ),
            30,
            "the service to fail for good",
        )
        assert failed["node_systemd_service_restart_total."] == 3
        samples = parsed(guard.gather(30))
        assert samples["node_systemd_system_running", frozenset()] == 0
        assert samples["node_systemd_units", frozenset({("state", "failed")})] >= 1
    finally:
        machine.ssh("systemctl", "reset-failed", "flaky.service")
    wait_for(lambda: not of_unit(guard, "flaky.service"), 30, "the service to be forgotten")


def test_a_timer_that_ran_out_is_seen(guard: Guard, machine: Machine) -> None:
    words = ["--unit=soon", "--on-active=1ms", "--timer-property=RemainAfterElapse=yes"]
    machine.ssh("systemd-run", *words, "--timer-property=AccuracySec=1ms", "sleep", "60")
    try:
        moment = wait_for(
            lambda: of_unit(guard, "soon.timer")["node_systemd_timer_last_trigger_seconds."],
            30,
            "the timer to run out",
        )
        assert abs(moment - time.time()) < 60
    finally:
        machine.ssh("systemctl", "stop", "soon.timer", "soon.service")


def test_a_systemd_that_hangs_does_not_hold_up_the_scrape(guard: Guard, init: int) -> None:
    before = parsed(guard.gather(30))
    os.kill(init, signal.SIGSTOP)
    try:
        for _ in range(5):
            begun = time.monotonic()
            assert parsed(guard.gather(30)) == before
            # One wait for each of the two collectors, and no more of them while it hangs.
            assert time.monotonic() - begun < 15
    finally:
        os.kill(init, signal.SIGCONT)
    wait_for(lambda: of_unit(guard, "ssh.service"), 30, "systemd to answer again")


def test_a_bus_that_is_restarted_is_found_again(guard: Guard, machine: Machine) -> None:
    units = [key for key in parsed(guard.gather(30)) if key[0] == "node_systemd_unit_state"]
    restarted = machine.ssh("systemctl", "restart", "dbus.socket", "dbus.service")
    assert restarted.returncode == 0, restarted.stderr
    wait_for(lambda: set(units) <= parsed(guard.gather(30)).keys(), 30, "the bus to be back")
