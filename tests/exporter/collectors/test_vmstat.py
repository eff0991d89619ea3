"""Paging, swapping, faults and kills for want of memory."""

from collections.abc import Callable

import pytest

from hyperion_exporter.collectors.vmstat import Options, Vmstat
from hyperion_exporter.paths import Paths

LINES = """nr_free_pages 1087227
pgpgin 100
pswpout 0
pgfault 18446744073709551615
pgmajfault 7
oom_kill 1
pgsteal_kswapd 12
"""


def test_the_usual_fields_are_given(
    paths: Paths, write: Callable[..., object], scrape: Callable[..., object]
) -> None:
    write("proc/vmstat", LINES)
    assert scrape(Vmstat(paths, Options())) == {
        ("node_vmstat_pgpgin",): 100,
        ("node_vmstat_pswpout",): 0,
        ("node_vmstat_pgfault",): 2**64 - 1,
        ("node_vmstat_pgmajfault",): 7,
        ("node_vmstat_oom_kill",): 1,
    }


def test_other_fields_can_be_asked_for(
    paths: Paths, write: Callable[..., object], scrape: Callable[..., object]
) -> None:
    write("proc/vmstat", LINES)
    assert scrape(Vmstat(paths, Options("^nr_"))) == {("node_vmstat_nr_free_pages",): 1087227}
    assert scrape(Vmstat(paths, Options("^none$"))) == {}


def test_a_kernel_that_names_more_is_followed(
    paths: Paths, write: Callable[..., object], scrape: Callable[..., object]
) -> None:
    collector = Vmstat(paths, Options("^pgpg"))
    for lines, samples in (
        ("a 1\npgpgin 2\n", {("node_vmstat_pgpgin",): 2}),
        ("pgpgout 3\na 1\npgpgin 4\n", {("node_vmstat_pgpgout",): 3, ("node_vmstat_pgpgin",): 4}),
    ):
        write("proc/vmstat", lines)
        assert scrape(collector) == samples


@pytest.mark.parametrize("line", ["pgpgin", "pgpgin 1 2", "pgpgin x", "pgpgin\x00 1"])
def test_a_damaged_line_is_refused(
    line: str, paths: Paths, write: Callable[..., object], scrape: Callable[..., object]
) -> None:
    write("proc/vmstat", line)
    with pytest.raises(ValueError, match=r"unpack|not a n"):
        scrape(Vmstat(paths, Options()))


@pytest.mark.parametrize("lines", ["oom_kill 1\n2\n", "oom_kill\n1 2\n3\n"])
def test_where_lines_hold_more_and_less_nothing_is_believed(
    paths: Paths, write: Callable[..., object], scrape: Callable[..., object], lines: str
) -> None:
    """Else a value would be given under its neighbour's name."""
    collector = Vmstat(paths, Options())
    write("proc/vmstat", "oom_kill 1\n")
    scrape(collector)
    write("proc/vmstat", lines)
    with pytest.raises(ValueError, match="values to unpack"):
        scrape(collector)
