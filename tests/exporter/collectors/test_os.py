"""Name and version of the operating system."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.os import LABELS, Os
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

RELEASE = """\
# made by hand
NAME="Linux \\"for\\" all"
ID=allinux
VERSION_ID='12.4 beta'
SUPPORT_END=2028-06-30
BROKEN="never ends
"""


def test_the_file_is_read_as_a_shell_would(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("root/usr/lib/os-release", RELEASE)
    samples = scrape(Os(paths, NoOptions()))
    info = next(labels for labels in samples if labels[0] == "node_os_info")
    assert info[1 + LABELS.index("name")] == 'Linux "for" all'
    assert samples["node_os_version", "allinux", "", 'Linux "for" all'] == 12.4
    assert samples["node_os_support_end_timestamp_seconds",] == 1845936000


def test_the_administrators_file_goes_first(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("root/usr/lib/os-release", "ID=vendor\nVERSION_ID=1\n")
    write("root/etc/os-release", "ID=own\nVERSION_ID=2\n")
    assert scrape(Os(paths, NoOptions()))["node_os_version", "own", "", ""] == 2


def test_an_upgrade_is_seen(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("root/etc/os-release", "ID=debian\nVERSION_ID=12\n")
    collector = Os(paths, NoOptions())
    scrape(collector)
    new = write("root/etc/os-release.new", "ID=debian\nVERSION_ID=13\n")
    new.rename(paths.rootfs / "etc/os-release")
    assert scrape(collector)["node_os_version", "debian", "", ""] == 13


def test_a_system_that_only_rolls_has_no_version(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write("root/etc/os-release", "ID=rolling\n")
    assert [name for name, *_ in scrape(Os(paths, NoOptions()))] == ["node_os_info"]


def test_without_the_file_there_is_no_data(paths: Paths, scrape: Scrape) -> None:
    with pytest.raises(NoData):
        scrape(Os(paths, NoOptions()))
