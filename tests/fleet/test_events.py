"""Events of a real machine, written in every way that there is, counted by the unit."""

import re
from collections.abc import Iterator

import pytest

from lab.fleet import Fleet, Machine
from lab.installed import UNIT, exporting, page
from lab.wait import wait_for

SOON = 30.0
SAMPLE = re.compile(
    r'^hyperion_events_total\{source="(\w+)",level="(\w+)",class="(\w+)"\} (\d+)$', re.MULTILINE
)
# A machine of the fleet sees no kernel: in the place of its log is a pipe, which something has to
# hold open for journald to take it.
KERNEL = """
mkfifo /dev/kmsg
systemd-run --quiet --unit=kernel sh -c 'exec sleep infinity <>/dev/kmsg'
systemctl restart systemd-journald
"""
NO_KERNEL = "systemctl stop kernel; rm /dev/kmsg; systemctl restart systemd-journald"
WRITE = """
logger --tag sshd --priority auth.info 'Failed password for root from 203.0.113.9 port 22 ssh2'
echo "lab.service: Failed with result 'exit-code'." |
    systemd-cat --identifier=systemd --priority=warning
echo '3,{number},1000000,-;Out of memory: Killed process 4711 (java) total-vm:8kB' >/dev/kmsg
journalctl --sync
"""
UNIT_FAILURE = ("journal", "warning", "unit_failure")
WANTED = {
    ("journal", "info", "authentication_failure"): 1,
    UNIT_FAILURE: 1,
    ("kernel", "err", "oom_kill"): 1,
}

Counts = dict[tuple[str, str, str], int]


@pytest.fixture(scope="module")
def there(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    there = fleet[2]
    with exporting(there, tmp_path_factory.mktemp("dist")):
        there.done(KERNEL)
        yield there
        there.done(NO_KERNEL)


def counts(there: Machine) -> Counts:
    found = {(s, level, name): int(count) for s, level, name, count in SAMPLE.findall(page(there))}
    return {key: found[key] for key in WANTED}


def times(number: int, killed: int = 0) -> Counts:
    """Each so often; and of a unit that is killed, systemd says so itself."""
    return {key: count * number + killed * (key == UNIT_FAILURE) for key, count in WANTED.items()}


def await_counts(there: Machine, wanted: Counts) -> None:
    def reached() -> bool:
        assert counts(there) == wanted
        return True

    wait_for(reached, SOON, "the counts")


def write(there: Machine, number: int) -> None:
    there.done(WRITE.format(number=number))


def test_killed_it_counts_what_is_written_before_meanwhile_and_after_once(there: Machine) -> None:
    assert counts(there) == times(0)
    write(there, 0)
    await_counts(there, times(1))
    write(there, 1)
    there.done(f"systemctl kill --kill-whom main --signal KILL {UNIT}")
    write(there, 2)
    await_counts(there, times(3, killed=1))
    there.done(f"systemctl stop {UNIT}")
    write(there, 3)
    there.done("journalctl --rotate && systemctl restart systemd-journald")
    write(there, 4)
    there.done(f"systemctl start {UNIT}")
    await_counts(there, times(5, killed=1))
    write(there, 5)
    await_counts(there, times(6, killed=1))
    assert "hyperion_events_kept 1\n" in page(there)


def test_who_only_asks_once_as_root_takes_nothing_from_the_unit(there: Machine) -> None:
    before = counts(there)
    there.done(f"systemctl stop {UNIT}")
    write(there, 6)
    there.done("/opt/hyperion/bin/hyperion-exporter --once")
    there.done(f"systemctl start {UNIT}")
    wanted = {key: count + 1 for key, count in before.items()}
    await_counts(there, wanted)
    write(there, 7)
    wanted = {key: count + 2 for key, count in before.items()}
    await_counts(there, wanted)
    assert "hyperion_events_kept 1\n" in page(there)


def test_its_user_may_not_write_elsewhere(there: Machine) -> None:
    state = there.done("stat -c '%U %a' /var/lib/hyperion-exporter /var/lib/hyperion-exporter/*")
    assert state.split("\n")[:2] == ["hyperion-exporter 755", "hyperion-exporter 644"]
