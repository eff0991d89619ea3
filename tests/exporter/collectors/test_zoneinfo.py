"""Memory zones."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.zoneinfo import Zoneinfo
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

TABLE = """\
Node 0, zone      DMA
  per-node stats
      nr_dirtied   1189097
      nr_invented  5
  pages free     2949
        min      8
        high     14
        protection: (0, 2039)
      numa_hit     1
  pagesets
    cpu: 0
              count: 0
              high:  99
Node 1, zone   Normal
  pages free     1
        min      3
        protection: (0, 0, 7)
"""


def test_each_zone_has_its_pages(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/zoneinfo", TABLE)
    assert scrape(Zoneinfo(paths, NoOptions())) == {
        ("node_zoneinfo_nr_dirtied_total", "0", "DMA"): 1189097,
        ("node_zoneinfo_min_pages", "0", "DMA"): 8,
        ("node_zoneinfo_high_pages", "0", "DMA"): 14,
        ("node_zoneinfo_protection_0", "0", "DMA"): 0,
        ("node_zoneinfo_protection_1", "0", "DMA"): 2039,
        ("node_zoneinfo_numa_hit_total", "0", "DMA"): 1,
        ("node_zoneinfo_min_pages", "1", "Normal"): 3,
        ("node_zoneinfo_protection_0", "1", "Normal"): 0,
        ("node_zoneinfo_protection_1", "1", "Normal"): 0,
        ("node_zoneinfo_protection_2", "1", "Normal"): 7,
    }
