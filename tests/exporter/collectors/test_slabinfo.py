"""Object caches of the kernel."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.slabinfo import Options, Slabinfo
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

TABLE = """\
slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables
tw_sock_TCP          704    864    256   32    2 : tunables    0    0    0 : slabdata 27 27 0
kmalloc-8192         132    148   8192    4    8 : tunables    0    0    0 : slabdata 37 37 0
"""


def test_each_cache_has_its_numbers(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/slabinfo", TABLE)
    samples = scrape(Slabinfo(paths, Options()))
    assert samples["node_slabinfo_active_objects", "tw_sock_TCP"] == 704
    assert samples["node_slabinfo_objects", "tw_sock_TCP"] == 864
    assert samples["node_slabinfo_object_size_bytes", "kmalloc-8192"] == 8192
    assert samples["node_slabinfo_objects_per_slab", "kmalloc-8192"] == 4
    assert samples["node_slabinfo_pages_per_slab", "tw_sock_TCP"] == 2
    assert len(samples) == 10


def test_caches_can_be_chosen(paths: Paths, write: Write, scrape: Scrape) -> None:
    write("proc/slabinfo", TABLE)
    for options in (Options(slabs_exclude="^kmalloc"), Options(slabs_include="^tw_")):
        assert {slab for _, slab in scrape(Slabinfo(paths, options))} == {"tw_sock_TCP"}
