"""The captured machine gives the page that is written down, byte for byte."""

import difflib
import re

from prometheus_client.parser import text_string_to_metric_families

from exporter import golden
from hyperion_exporter.collectors import COLLECTORS
from hyperion_exporter.collectors.netdev import Netdev, Options
from hyperion_exporter.paths import Paths
from lab.house import repeated


def test_the_captured_machine_gives_the_expected_page() -> None:
    expected, now = golden.EXPECTED.read_text(), golden.page()
    changed = difflib.unified_diff(expected.splitlines(), now.splitlines(), lineterm="", n=0)
    assert "\n".join(changed) == "", "if that is meant: python tests/exporter/golden.py"


def test_the_expected_page_can_be_parsed_and_says_nothing_twice() -> None:
    text = golden.EXPECTED.read_text()
    assert sum(len(family.samples) for family in text_string_to_metric_families(text)) > 2000
    assert repeated(text) == []


def test_every_collector_but_those_that_cannot_gives_something_on_it() -> None:
    found = re.findall(r'^hyperion_collector_series\{collector="(.*)"\} [1-9]', golden.page(), re.M)
    assert sorted(found) == sorted({kind.name for kind in COLLECTORS} - {*golden.ASKING})


def test_a_list_longer_than_the_kernel_gives_at_a_time_is_whole() -> None:
    """/proc/net/dev comes about 4 kB a read: the captured one is longer, to its last line."""
    file = golden.MACHINE / "proc/net/dev"
    assert file.stat().st_size > 4096
    table, *_ = Netdev(Paths(procfs=golden.MACHINE / "proc"), Options()).collect()
    last = file.read_text().splitlines()[-1].split(":")[0].strip()
    assert [key for (key,) in table.shape()[1]][-1] == last
