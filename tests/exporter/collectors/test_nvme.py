"""NVMe controllers and namespaces."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoData, NoOptions
from hyperion_exporter.collectors.nvme import Nvme
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

HOME = "sys/class/nvme/nvme0"


@pytest.fixture(autouse=True)
def controller(write: Write) -> None:
    for file, text in {
        "firmware_rev": "1B2Q", "model": "Disk 9", "serial": "S7", "state": "live", "cntlid": "4",
    }.items():  # fmt: skip
        write(f"{HOME}/{file}", f"{text}    \n")


def test_a_controller_says_what_it_is(paths: Paths, scrape: Scrape) -> None:
    assert scrape(Nvme(paths, NoOptions())) == {
        ("node_nvme_info", "nvme0", "1B2Q", "Disk 9", "S7", "live", "4"): 1
    }


@pytest.mark.parametrize("name", ["nvme0n3", "nvme0c1n3"])
def test_its_namespaces_have_sizes(name: str, paths: Paths, write: Write, scrape: Scrape) -> None:
    for file, text in {
        "ana_state": "optimized", "size": "100", "nuse": "60", "queue/logical_block_size": "512",
    }.items():  # fmt: skip
        write(f"{HOME}/{name}/{file}", f"{text}\n")
    samples = scrape(Nvme(paths, NoOptions()))
    assert samples["node_nvme_namespace_info", "nvme0", "3", "optimized"] == 1
    assert samples["node_nvme_namespace_size_bytes", "nvme0", "3"] == 51200
    assert samples["node_nvme_namespace_capacity_bytes", "nvme0", "3"] == 51200
    assert samples["node_nvme_namespace_used_bytes", "nvme0", "3"] == 30720
    assert samples["node_nvme_namespace_logical_block_size_bytes", "nvme0", "3"] == 512


def test_what_an_old_kernel_does_not_say_is_left_out(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(f"{HOME}/nvme0n1/size", "100\n")
    write(f"{HOME}/nvme0n1/queue/logical_block_size", "512\n")
    samples = scrape(Nvme(paths, NoOptions()))
    assert samples["node_nvme_namespace_info", "nvme0", "1", "unknown"] == 1
    assert ("node_nvme_namespace_used_bytes", "nvme0", "1") not in samples


def test_a_machine_without_such_disks_says_so(paths: Paths) -> None:
    paths.sys("class/nvme").rename(paths.sys("elsewhere"))
    with pytest.raises(NoData):
        list(Nvme(paths, NoOptions()).collect())
