"""Choosing, sorting and paging processes, and the tree of them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hyperion_control.domain import process_list
from hyperion_control.domain.process_list import KEYS, Filter
from hyperion_control.domain.processes import Process
from hyperion_control.errors import Invalid

ONE = Process(
    pid=1,
    ppid=0,
    start="1-b",
    started_at=datetime(2026, 11, 21, tzinfo=UTC),
    name="init",
    cmdline=("/sbin/init", "splash"),
    user="root",
    unit="init.scope",
    state="sleeping",
    nice=0,
    threads=1,
    cpu=0.0,
    cpu_seconds=1.5,
    rss_bytes=10,
    read_bytes=5,
    write_bytes=None,
)
WEB = replace(ONE, pid=20, ppid=1, name="nginx", cmdline=("nginx: master",), unit="nginx.service")
BUSY = replace(WEB, pid=21, ppid=20, user="www-data", state="running", cpu=0.9, write_bytes=7)
IDLE = replace(WEB, pid=22, ppid=20, user="www-data", cpu=0.9, nice=-5)
ALL = [ONE, WEB, BUSY, IDLE]


def pids(
    wanted: Filter | None = None, sort: str = "pid", after: str = "", limit: int = 9
) -> list[int]:
    found = process_list.page(ALL, wanted or Filter(), sort, after, limit)
    return [each.pid for each in found.items]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), [1, 20, 21, 22]),
        (Filter(user="www-data"), [21, 22]),
        (Filter(name="nginx", user="root"), [20]),
        (Filter(name="ngin"), []),
        (Filter(unit="init.scope"), [1]),
        (Filter(state="running"), [21]),
        (Filter(cmdline="init spl"), [1]),
        (Filter(cmdline="x"), [20, 21, 22]),
    ],
)
def test_processes_are_chosen(wanted: Filter, found: list[int]) -> None:
    assert pids(wanted) == found


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("-cpu", [21, 22, 1, 20]),
        ("nice", [22, 1, 20, 21]),
        ("-pid", [22, 21, 20, 1]),
        ("-write_bytes", [21, 1, 20, 22]),
    ],
)
def test_processes_are_sorted_and_equal_ones_by_number(sort: str, found: list[int]) -> None:
    assert pids(sort=sort) == found


@pytest.mark.parametrize("sort", [*KEYS, *(f"-{key}" for key in KEYS)])
def test_pages_lead_through_all_of_them_once(sort: str) -> None:
    seen, after = [], ""
    for _ in ALL:
        page = process_list.page(ALL, Filter(), sort, after, 1)
        seen += [each.pid for each in page.items]
        after = page.after
    assert (after, seen) == ("", pids(sort=sort))


def test_a_page_goes_on_where_one_has_gone() -> None:
    page = process_list.page(ALL, Filter(), "-cpu", "", 2)
    rest = process_list.page([ONE, WEB], Filter(), "-cpu", page.after, 2)
    assert [each.pid for each in rest.items] == [1, 20]


@pytest.mark.parametrize("after", ["x", "1", "1 x", "x 1"])
def test_a_cursor_of_somebody_else_is_refused(after: str) -> None:
    with pytest.raises(Invalid, match="begin without one"):
        pids(after=after)


def test_the_tree_has_each_behind_its_parent() -> None:
    branches = process_list.tree([IDLE, ONE, BUSY, WEB, replace(ONE, pid=9, ppid=7)])
    assert [(depth, each.pid) for depth, each in branches] == [
        *((0, 1), (1, 20), (2, 22), (2, 21)),
        (0, 9),
    ]


def test_a_tree_may_be_deeper_than_anything_nested() -> None:
    chain = [replace(ONE, pid=pid, ppid=pid - 1) for pid in range(1, 5001)]
    assert [depth for depth, _ in process_list.tree(chain)] == list(range(5000))


def test_nobody_is_missing_from_the_tree_when_numbers_change_hands() -> None:
    circle = [replace(ONE, pid=5, ppid=6), replace(ONE, pid=6, ppid=5), replace(ONE, pid=7, ppid=7)]
    assert sorted(each.pid for _, each in process_list.tree([*circle, ONE])) == [1, 5, 6, 7]
