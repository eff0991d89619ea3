"""The kernel's name, and what the machine calls itself."""

import os
from collections.abc import Callable

import pytest

from hyperion_exporter.collector import NoOptions
from hyperion_exporter.collectors.uname import Uname
from hyperion_exporter.paths import Paths

FAKE = os.uname_result(("Linux", "alder", "6.12.48-amd64", "#1 SMP", "x86_64"))


def test_the_machine_says_who_it_is(
    paths: Paths, write: Callable[..., object], scrape: Callable[..., object]
) -> None:
    write("proc/sys/kernel/domainname", "(none)\n")
    assert scrape(Uname(paths, NoOptions(), lambda: FAKE)) == {
        ("node_uname_info", "(none)", "x86_64", "alder", "6.12.48-amd64", "Linux", "#1 SMP"): 1
    }


def test_a_name_that_changes_is_given_as_it_is_now(
    paths: Paths, write: Callable[..., object], scrape: Callable[..., dict[tuple[str, ...], float]]
) -> None:
    write("proc/sys/kernel/domainname", "example\n")
    names = iter(("alder", "birch"))
    uname = Uname(paths, NoOptions(), lambda: os.uname_result((*FAKE[:1], next(names), *FAKE[2:])))
    assert [next(iter(scrape(uname)))[3] for _ in range(2)] == ["alder", "birch"]


def test_a_kernel_that_keeps_the_domain_to_itself_is_no_data(
    paths: Paths, scrape: Callable[..., object]
) -> None:
    with pytest.raises(FileNotFoundError):
        scrape(Uname(paths, NoOptions(), lambda: FAKE))
