"""Every line of /proc/meminfo under the kernel's own name."""

from collections.abc import Callable

import pytest

from hyperion_exporter.collector import NoOptions
from hyperion_exporter.collectors.meminfo import Meminfo
from hyperion_exporter.page import BadValue
from hyperion_exporter.paths import Paths

LINES = """MemTotal:       16264520 kB
Active(anon):     3100220 kB
HugePages_Total:       8
DirectMap2M:    11124736 kB
"""


@pytest.fixture
def meminfo(paths: Paths) -> Meminfo:
    return Meminfo(paths, NoOptions())


def test_every_line_is_a_family_in_bytes_or_a_count(
    meminfo: Meminfo, write: Callable[..., object], scrape: Callable[..., object]
) -> None:
    write("proc/meminfo", LINES)
    assert scrape(meminfo) == {
        ("node_memory_MemTotal_bytes",): 16264520 * 1024,
        ("node_memory_Active_anon_bytes",): 3100220 * 1024,
        ("node_memory_HugePages_Total",): 8,
        ("node_memory_DirectMap2M_bytes",): 11124736 * 1024,
    }


def test_lines_may_come_and_go(
    meminfo: Meminfo, write: Callable[..., object], scrape: Callable[..., dict[object, float]]
) -> None:
    write("proc/meminfo", LINES)
    scrape(meminfo)
    write("proc/meminfo", "Zswap:  12 kB\nMemTotal:  1 kB\n")
    assert list(scrape(meminfo)) == [("node_memory_Zswap_bytes",), ("node_memory_MemTotal_bytes",)]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Mem Total: 1 kB", ValueError),
        ("MemTotal:", ValueError),
        ("MemTotal: many kB", ValueError),
        ("Mem{a}: 1 kB", BadValue),
        ("Speicher-Größe: 1", BadValue),
        (b"\x7fELF\x02: 1", BadValue),
    ],
)
def test_a_line_that_the_kernel_never_writes_is_refused(
    line: str | bytes, fault: type[Exception], meminfo: Meminfo,
    write: Callable[..., object], scrape: Callable[..., object],
) -> None:  # fmt: skip
    write("proc/meminfo", line)
    with pytest.raises(fault):
        scrape(meminfo)
