"""Free memory by the size of its pieces."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.buddyinfo import Buddyinfo
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


def test_blocks_are_counted_by_node_zone_and_size(
    paths: Paths, write: Write, scrape: Scrape
) -> None:
    write(
        "proc/buddyinfo", "Node 0, zone      DMA      1      0      3 \nNode 1, zone   Normal 7\n"
    )
    assert scrape(Buddyinfo(paths, NoOptions())) == {
        ("node_buddyinfo_blocks", "0", "0", "DMA"): 1,
        ("node_buddyinfo_blocks", "0", "1", "DMA"): 0,
        ("node_buddyinfo_blocks", "0", "2", "DMA"): 3,
        ("node_buddyinfo_blocks", "1", "0", "Normal"): 7,
    }
