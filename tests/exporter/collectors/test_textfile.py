"""Metrics that scripts leave in files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter import config
from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.textfile import Options, Textfile
from hyperion_exporter.collectors.uname import Uname
from hyperion_exporter.guard import Guard
from hyperion_exporter.page import OPENMETRICS
from hyperion_exporter.paths import Paths

Write = Callable[[str, str | bytes], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]
Page = Callable[..., str]

ERROR = ("node_textfile_scrape_error",)


@pytest.fixture
def textfile(paths: Paths) -> Textfile:
    folder = paths.rootfs / "textfile"
    folder.mkdir()
    return Textfile(paths, Options((str(folder),)))


@pytest.fixture
def left(textfile: Textfile, write: Write, scrape: Scrape) -> Callable[..., dict[str, float]]:
    """What becomes of files that are left with that text; without their times."""

    def left(**files: str | bytes) -> dict[tuple[str, ...], float]:
        for name, text in files.items():
            write(f"root/textfile/{name}.prom", text)
        samples = scrape(textfile)
        return {k: v for k, v in samples.items() if k[0] != "node_textfile_mtime_seconds"}

    return left


def test_metrics_of_all_files_are_given(left: Callable[..., dict[str, float]]) -> None:
    assert left(one='backup_done{disk="sda"} 1\n', two="updates 7\n# a word\n\n") == {
        ("backup_done", "sda"): 1,
        ("updates",): 7,
        ERROR: 0,
    }


def test_kind_and_help_are_kept(
    left: Callable[..., object], textfile: Textfile, page: Page
) -> None:
    left(
        one="# HELP jobs_total Jobs \\\\ done\\nso far.\n# TYPE jobs_total counter\njobs_total 3\n"
    )
    text = page(list(textfile.collect()))
    assert (
        "# HELP jobs_total Jobs \\\\ done\\nso far.\n# TYPE jobs_total counter\njobs_total 3\n"
        in text
    )


HISTOGRAM = """\
# HELP wait_seconds Waiting.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 1
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_sum 4.5
wait_seconds_count 3
"""


def test_a_histogram_keeps_its_form(
    left: Callable[..., object], textfile: Textfile, page: Page
) -> None:
    left(one=HISTOGRAM)
    assert HISTOGRAM in page(list(textfile.collect()))


def test_and_is_told_in_parts_where_the_format_is_stricter(
    left: Callable[..., object], textfile: Textfile, page: Page
) -> None:
    left(one=HISTOGRAM)
    text = page(list(textfile.collect()), OPENMETRICS)
    assert "# TYPE wait_seconds_bucket unknown\nwait_seconds_bucket{" in text
    assert "# TYPE wait_seconds_sum unknown\nwait_seconds_sum 4.5\n" in text


def test_samples_of_one_family_need_not_have_the_same_labels(
    left: Callable[..., dict[str, float]],
) -> None:
    samples = left(one='x{a="1"} 1\n', two='x{b="2"} 2\nx 3\n')
    assert samples == {("x", "1", ""): 1, ("x", "", "2"): 2, ("x", "", ""): 3, ERROR: 0}


def test_the_time_of_a_file_is_given(
    left: Callable[..., object], textfile: Textfile, paths: Paths, scrape: Scrape
) -> None:
    left(one="x 1\n")
    file = paths.rootfs / "textfile/one.prom"
    os.utime(file, (0, 1234567.5))
    assert scrape(textfile)["node_textfile_mtime_seconds", str(file)] == 1234567


def test_a_file_is_read_again_when_it_changed(
    left: Callable[..., dict[str, float]], paths: Paths
) -> None:
    assert left(one="x 1\n")["x",] == 1
    assert left(one="x 25\n")["x",] == 25
    (paths.rootfs / "textfile/one.prom").unlink()
    assert left() == {ERROR: 0}


def test_a_file_that_did_not_change_is_not_read_again(
    left: Callable[..., object], textfile: Textfile
) -> None:
    left(one="x 1\n")
    assert next(iter(textfile.collect())) is next(iter(textfile.collect()))


def test_only_files_that_are_named_so_are_read(
    left: Callable[..., dict[str, float]], write: Write
) -> None:
    write("root/textfile/one.prom.tmp", "x 1\n")
    write("root/textfile/notes.txt", "x 1\n")
    assert left() == {ERROR: 0}


@pytest.mark.parametrize(
    "bad",
    [
        "x\n", "x one\n", "x 1 1700000000000\n", "x 1_000\n", "x 1e999\n", "9x 1\n", "x{a=1} 1\n",
        'x{a="1" 1\n', 'x{a="1",a="2"} 1\n', 'x{__name__="y"} 1\n', "x 1\ny", b"x{a=\"\xff\"} 1\n",
        "# TYPE x histogram\nx 1\n",
    ],
)  # fmt: skip
def test_a_bad_file_costs_only_itself(bad: str | bytes, left: Callable[..., object]) -> None:
    assert left(bad=bad, good="y 1\n") == {("y",): 1, ERROR: 1}


def test_a_family_of_two_kinds_is_that_of_the_first_file(
    left: Callable[..., dict[str, float]],
) -> None:
    one, two = "# TYPE x gauge\nx 1\n", '# TYPE x counter\nx{a="2"} 2\ny 1\n'
    assert left(one=one, two=two) == {("x",): 1, ("y",): 1, ERROR: 1}


def test_what_is_no_file_is_not_waited_for(
    left: Callable[..., dict[str, float]], paths: Paths
) -> None:
    os.mkfifo(paths.rootfs / "textfile/pipe.prom")
    (paths.rootfs / "textfile/folder.prom").mkdir()
    (paths.rootfs / "textfile/gone.prom").symlink_to("nowhere")
    assert left(one="x 1\n") == {("x",): 1, ERROR: 1}


def test_a_folder_that_is_not_there_is_an_error(paths: Paths, scrape: Scrape) -> None:
    assert scrape(Textfile(paths, Options((str(paths.rootfs / "no"),)))) == {ERROR: 1}


def test_no_folder_is_none(paths: Paths, scrape: Scrape) -> None:
    assert scrape(Textfile(paths, Options())) == {ERROR: 0}
    assert scrape(Textfile(paths, Options(("",)))) == {ERROR: 0}


def test_folders_may_be_several_and_patterns(paths: Paths, write: Write, scrape: Scrape) -> None:
    for folder in ("a1", "a2", "b"):
        write(f"root/{folder}/x.prom", f"from_{folder} 1\n")
    patterns = (str(paths.rootfs / "a*"), str(paths.rootfs / "b"))
    names = {key[0] for key in scrape(Textfile(paths, Options(patterns)))}
    assert {"from_a1", "from_a2", "from_b"} <= names


def test_the_flag_may_be_given_more_than_once(paths: Paths, write: Write) -> None:
    flags = []
    for folder in ("a", "b"):
        write(f"root/{folder}/x.prom", f"from_{folder} 1\n")
        flags.append(f"--collector.textfile.directory={paths.rootfs / folder}")
    (textfile,) = config.read(["--collector.textfile", *flags], [Textfile]).collectors
    page = Guard([textfile]).gather(30)
    assert "\nfrom_a 1\n" in page
    assert "\nfrom_b 1\n" in page


def test_a_family_that_is_another_collector_s_is_left_out_alone(
    left: Callable[..., object], textfile: Textfile, write: Write, paths: Paths
) -> None:
    write("proc/sys/kernel/domainname", "example\n")
    left(one='node_uname_info{release="a lie"} 7\nnode_scrape_collector_success 7\ny 1\n')
    guard = Guard([textfile, Uname(paths, NoOptions())])
    for _ in range(2):
        page = guard.gather(30)
        assert "a lie" not in page
        assert 'domainname="example"' in page
        assert "\ny 1\n" in page
        assert 'node_scrape_collector_success{collector="textfile"} 1\n' in page
    assert 'hyperion_collector_dropped_series_total{collector="textfile"} 4\n' in page
    # Alone, nothing is in its way but what every page has.
    assert "a lie" in guard.gather(30, only={"textfile"})
