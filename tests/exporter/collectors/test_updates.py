"""Updates that wait, from a made-up package manager; tests/fleet asks a real one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, one
from hyperion_exporter.collectors.adaptive import RECOMMENDED
from hyperion_exporter.collectors.updates import Options, Updates
from hyperion_exporter.known import Known
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.packages import KINDS, Manager
from hyperion_exporter.sources.program import Failed, Output
from lab.wait import wait_for

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

NAMED = {kind.name: kind for kind in KINDS}
APT = b"Listing...\nbash/stable,stable-security 2 amd64 [upgradable from: 1]\n"
PACMAN = b"bash 1 -> 2\nzstd 1 -> 2\n"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def updates(name: str, output: Output, clock: Callable[[], float] = lambda: 0.0) -> Updates:
    def run(argv: Sequence[str]) -> Output:
        assert argv[0] == f"/usr/bin/{name}"
        return output

    manager = Manager(NAMED[name], Path("/usr/bin", name), run)
    return Updates(Paths(), Options(), lambda: manager, clock)


def test_updates_are_given_by_kind_with_their_age(scrape: Scrape) -> None:
    clock = Clock()
    collector = updates("apt", Output(0, APT), clock)
    wait_for(lambda: len(scrape(collector)) > 1, 10, "the first answer")
    clock.now = 30
    assert scrape(collector) == {
        ("hyperion_updates_pending", "apt", "all"): 1,
        ("hyperion_updates_pending", "apt", "security"): 1,
        ("hyperion_updates_age_seconds",): 30,
        ("hyperion_updates_interval_seconds",): 60,
    }


def test_what_the_manager_cannot_tell_is_left_out(scrape: Scrape) -> None:
    collector = updates("pacman", Output(0, PACMAN))
    wait_for(lambda: len(scrape(collector)) > 1, 10, "the first answer")
    pending = {k[1:]: v for k, v in scrape(collector).items() if k[0] == "hyperion_updates_pending"}
    assert pending == {("pacman", "all"): 2}


def test_the_interval_in_force_follows_the_machine(scrape: Scrape) -> None:
    collector = updates("apt", Output(0, APT))
    known = Known()
    known.note("adaptive", [one((RECOMMENDED,), (15,))])
    collector.see(known)
    assert scrape(collector)["hyperion_updates_interval_seconds",] == 30


def test_a_machine_without_a_known_manager_has_none(scrape: Scrape) -> None:
    with pytest.raises(NoData, match="none of apt, zypper, dnf and pacman"):
        scrape(Updates(Paths(), Options(), lambda: None))


def test_below_another_root_the_manager_would_tell_of_the_wrong_machine(
    paths: Paths, scrape: Scrape
) -> None:
    with pytest.raises(NoData):
        scrape(Updates(paths, Options()))


def test_a_manager_that_fails_says_so(scrape: Scrape) -> None:
    collector = updates("apt", Output(100, b""))

    def fault() -> str:
        try:
            scrape(collector)
        except Failed as error:
            return str(error)
        return ""

    assert "ended with status 100" in wait_for(fault, 10, "the fault")
