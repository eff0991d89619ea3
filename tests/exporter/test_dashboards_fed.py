"""What the world's dashboards and alerts ask for is given, by collectors that are on by default."""

import re
from collections.abc import Mapping
from itertools import chain

import pytest

from exporter import golden, needed
from hyperion_exporter import config
from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.guard import Guard
from lab.house import ROOT
from lab.ttar import unpack

FIXTURES = ROOT.parent / "shared/data/node_exporter-1.11.1"
# It needs systemd: tests/fleet/test_exporter_unit.py holds its names on a real machine.
ON_THE_FLEET = "systemd"
# These read the kernel that runs the test: no machine of files has all their names.
LIVE = ("netdev", "netstat")
NEEDED = needed.by_collector()
Given = Mapping[str, set[str]]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """The names that each default collector gives, over all machines that we have here."""
    if not FIXTURES.is_dir():
        pytest.skip(f"needs node_exporter's fixtures in {FIXTURES.name}, which are not here")
    root = tmp_path_factory.mktemp("machines")
    unpack(FIXTURES / "sys.ttar", root)
    # A limit that no chip of theirs has.
    (root / "sys/class/hwmon/hwmon2/temp1_crit_hyst").write_text("90000\n")
    paths = [f"--path.procfs={FIXTURES}/proc", f"--path.sysfs={root}/sys", f"--path.rootfs={root}"]
    only = ["--collector.disable-defaults", *(f"--collector.{name}" for name in LIVE)]
    machines = (
        config.read(paths, COLLECTORS).collectors,
        golden.collectors(golden.captured(root / "captured")),
        config.read(only, COLLECTORS).collectors,
    )
    found: dict[str, set[str]] = {}
    for collector in chain(*machines):
        found.setdefault(collector.name, set()).update(names_of(collector))
    return found


def names_of(collector: Collector) -> set[str]:
    return set(re.findall(r"^\w+", Guard([collector]).gather(10), re.MULTILINE))


@pytest.mark.parametrize("kind", sorted(NEEDED.keys() - {ON_THE_FLEET}))
def test_a_collector_gives_by_default_what_is_asked_of_it(kind: str, given: Given) -> None:
    assert sorted(NEEDED[kind] - given.get(kind, set()) - needed.LEFT_OUT.keys()) == []


def test_every_collector_that_is_asked_is_on_by_default() -> None:
    assert sorted(NEEDED.keys() - {kind.name for kind in COLLECTORS if kind.default}) == []


def test_what_is_left_out_is_left_out(given: Given) -> None:
    assert sorted(needed.LEFT_OUT.keys() & set().union(*given.values())) == []


def test_the_list_is_whole() -> None:
    """The numbers that were counted in the dashboard and in the mixin."""
    asked = [*needed.ALERTS.values(), *needed.RULES.values()]
    mixin = set(needed.names(" ".join([needed.MIXIN_DASHBOARDS, *(names for _, names in asked)])))
    dashboard = set(needed.names(" ".join(needed.DASHBOARD.values())))
    assert (len(dashboard), len(mixin), len(dashboard | mixin)) == (228, 44, 236)
    assert dashboard | mixin == set().union(*NEEDED.values())
    assert (needed.count(needed.ALERTS), needed.count(needed.RULES)) == (26, 15)


def test_every_alert_and_every_rule_has_all_it_asks_for(given: Given) -> None:
    fed = NEEDED[ON_THE_FLEET].union(*given.values())
    rules = {**needed.ALERTS, **needed.RULES}
    lacks = {name: set(needed.names(asked)) - fed for name, (_, asked) in rules.items()}
    assert {name: sorted(lack) for name, lack in lacks.items() if lack} == {}
    print(
        f"\nfed: {needed.QUERIES - len(needed.LEFT_OUT)} of {needed.QUERIES} queries,"
        f" all {needed.count(needed.ALERTS)} alerts and {needed.count(needed.RULES)} rules"
    )
