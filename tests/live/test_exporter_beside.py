"""Beside node_exporter, old and new: all that it gives is there, and what stands still is equal."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter import golden
from hyperion_exporter.collectors import COLLECTORS
from lab.house import ROOT
from lab.ours import exporter
from lab.pages import Key, Samples, names, samples, scrape
from lab.servers import Server, node_exporter

# The flags of 1.11; a collector without one is ours alone.
FLAGS = (ROOT / "tests/exporter/config/node_exporter.flags").read_text().split()
# What the libraries of its language say of themselves, a number of macOS, here always 0, and the
# states that some process is in just then.
THEIRS_ALONE = re.compile(
    r"go_|promhttp_|process_|node_exporter_build_info$|node_filesystem_purgeable_bytes$"
    r"|node_processes_(threads_)?state$"
)
# How long they took, what each calls no data, and the threads, files and sockets that it needs to
# answer.
OF_THE_SCRAPE = re.compile(
    r"node_scrape_collector_|node_processes_|node_procs_running$|node_filefd_allocated$"
    r"|node_sockstat_sockets_used$"
)
# Enough for what flickers to be seen at rest.
ROUNDS = 10


@dataclass(frozen=True)
class Peer:
    """A node_exporter, and in what it is known to differ."""

    version: str
    lacks: frozenset[str] = frozenset()
    # For both; and for it alone.
    flags: tuple[str, ...] = ()
    own_flags: tuple[str, ...] = ()
    # By family, the labels that are not compared.
    labels: Mapping[str, str] = field(default_factory=dict)


OLD = Peer(
    "1.5",
    # They came later.
    lacks=frozenset({"cpu_vulnerabilities", "kernel_hung", "softirqs", "watchdog"}),
    # Its default; later compressed memory (zram) was left out too.
    flags=(
        r"--collector.diskstats.device-exclude=^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$",
    ),
    # Labels that came later.
    labels={
        "node_disk_info": "rotational",
        "node_network_info": "adminstate",
        "node_nvme_info": "cntlid",
    },
)
NEW = Peer(
    "1.11",
    # The kernel answers these for itself, not for the machine that is shown.
    own_flags=("--no-collector.arp.netlink", "--no-collector.netdev.netlink"),
    # Its library does not tell of every disk.
    labels={"node_disk_info": "rotational"},
)


def collectors(without: Collection[str]) -> list[str]:
    shared = [kind.name for kind in COLLECTORS if f"collector.{kind.name}" in FLAGS]
    chosen = [f"--collector.{name}" for name in shared if name not in without]
    return ["--collector.disable-defaults", *chosen]


def comparable(found: Samples, labels: Mapping[str, str]) -> set[Key]:
    return {
        (name, frozenset(label for label in labelled if label[0] != labels.get(name)))
        for name, labelled in found
        if not THEIRS_ALONE.match(name)
    }


def differing(ours: Server, theirs: Server) -> dict[Key, tuple[float, float]]:
    """What we say before and after, and they say otherwise in between, in every round."""
    found: dict[Key, tuple[float, float]] = {}
    for number in range(ROUNDS):
        before, wanted, after = (samples(scrape(server)) for server in (ours, theirs, ours))
        now = {
            key: (value, wanted[key])
            for key, value in before.items()
            if key in wanted
            and value == after.get(key)
            and not math.isclose(value, wanted[key], rel_tol=1e-12)
            and not OF_THE_SCRAPE.match(key[0])
        }
        found = {key: now[key] for key in now if key in found or number == 0}
        if not found:
            break
    return found


@pytest.mark.parametrize("peer", [OLD, NEW], ids=lambda peer: peer.version)
def test_all_that_node_exporter_gives_of_this_machine_is_there(peer: Peer, tmp_path: Path) -> None:
    flags = [*collectors(peer.lacks), *peer.flags, f"--collector.textfile.directory={tmp_path}"]
    with (
        exporter(tmp_path, flags) as ours,
        node_exporter(tmp_path, peer.version, flags) as theirs,
    ):
        # Meanwhile a process or an interface may come or go.
        before, page, after = (scrape(server) for server in (ours, theirs, ours))
        wanted = comparable(samples(page), peer.labels)
        given = comparable(samples(before) | samples(after), peer.labels)
        assert sorted(wanted - given, key=str) == []
        lacking = names(page) - names(before)
        assert {name for name in lacking if not THEIRS_ALONE.match(name)} == set()
        assert differing(ours, theirs) == {}
        assert len(given & wanted) > 500, "it says much"


def test_the_detailed_counters_of_interfaces_are_called_as_there(tmp_path: Path) -> None:
    flags = ["--collector.disable-defaults", "--collector.netdev"]
    flags += [f"--collector.netdev.{what}" for what in ("enable-detailed-metrics", "label-ifalias")]
    with (
        exporter(tmp_path, flags) as ours,
        node_exporter(tmp_path, NEW.version, flags) as theirs,
    ):
        given, wanted = (
            {key for key in samples(scrape(server)) if key[0].startswith("node_network_")}
            for server in (ours, theirs)
        )
    assert given == wanted


def test_all_that_node_exporter_gives_of_the_captured_machine_is_there(tmp_path: Path) -> None:
    machine = golden.captured(tmp_path / "machine")
    flags = [
        *collectors(golden.ASKING),
        *("--collector.cpu.info", "--collector.stat.softirq"),
        *(f"--path.{name}={machine}/{name.removesuffix('fs')}" for name in ("procfs", "sysfs")),
        *(f"--path.rootfs={machine}/root", f"--path.udev.data={machine}/udev"),
        f"--collector.textfile.directory={machine}/textfile",
    ]
    with (
        exporter(tmp_path, flags) as ours,
        node_exporter(tmp_path, NEW.version, [*flags, *NEW.own_flags]) as theirs,
    ):
        given, wanted = (
            comparable(samples(scrape(server)), NEW.labels) for server in (ours, theirs)
        )
        assert sorted(filter(plain, wanted - given), key=str) == []
        assert differing(ours, theirs) == {}
        assert len(given & wanted) > 1500, "it says nearly all"


def plain(key: Key) -> bool:
    """Of blanks in mounts and their devices it leaves some as the kernel writes them, in octal."""
    name, labels = key
    return not (name.startswith("node_filesystem_") and re.search(r"\\\\0[14][02]", str(labels)))
