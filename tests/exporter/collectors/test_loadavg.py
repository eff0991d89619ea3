"""How many tasks want to run."""

from collections.abc import Callable

import pytest

from hyperion_exporter.collector import NoOptions
from hyperion_exporter.collectors.loadavg import Loadavg
from hyperion_exporter.paths import Paths


def test_the_three_averages_are_given(
    paths: Paths, write: Callable[..., object], scrape: Callable[..., object]
) -> None:
    write("proc/loadavg", "0.20 1.18 12.59 1/80 11206\n")
    loadavg = Loadavg(paths, NoOptions())
    assert scrape(loadavg) == {("node_load1",): 0.2, ("node_load5",): 1.18, ("node_load15",): 12.59}
    write("proc/loadavg", "0.00 0.00 0.00 1/80 11206\n")
    assert scrape(loadavg) == {("node_load1",): 0, ("node_load5",): 0, ("node_load15",): 0}


@pytest.mark.parametrize("content", ["", "0.1", "0.1 0.2", "a b c", "0.1 0.2 0,3"])
def test_a_damaged_file_gives_no_average(
    content: str, paths: Paths, write: Callable[..., object], scrape: Callable[..., object]
) -> None:
    write("proc/loadavg", content)
    with pytest.raises(ValueError, match=r"values in a table of 3|not a number"):
        scrape(Loadavg(paths, NoOptions()))
