"""Beside process-exporter, under the same rules: the same groups, with the same in them."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from getpass import getuser
from pathlib import Path
from subprocess import Popen

import pytest

from lab.ours import exporter
from lab.pages import Samples, samples, scrape
from lab.process_exporter import process_exporter
from lab.servers import Server
from lab.still import still, stir

RULES = r"""
process_names:
- comm: [hyp-lamp, hyp-door]
- name: "{{.Comm}} of {{.Username}}"
  exe: [hyp-gate]
- name: "{{.ExeFull}}:{{.Matches.Megabytes}}"
  cmdline:
  - ^hyp-wall
  - hyp-wall (?P<Megabytes>\d+) \d+ \d+$
- name: never
  comm: [hyp-never]
"""
GROUPS = {"hyp-lamp", "hyp-door", f"hyp-gate of {getuser()}", "hyp-wall:3"}
FAMILIES = re.compile(r"^# TYPE (namedprocess_\w+) (\w+)$", re.MULTILINE)
# What function of the kernel each waits in.
WCHAN = "namedprocess_namegroup_threads_wchan"
# Counters in all but the kind.
ERRORS = {f"namedprocess_scrape_{what}errors" for what in ("", "partial_", "procread_")}
STATES = "namedprocess_namegroup_states"
SHARED = ("memtype", "proportionalResident")


@pytest.fixture
def stirred() -> Iterator[Popen[bytes]]:
    """Processes that stand still, and one of them that can be stirred."""
    with ExitStack() as stack:
        stack.enter_context(still("hyp-lamp", count=3, megabytes=5, files=20))
        stack.enter_context(still("hyp-door", threads=4))
        stack.enter_context(still("hyp-gate"))
        stack.enter_context(still("hyp-wall", megabytes=3))
        yield stack.enter_context(still("hyp-door", megabytes=2))[0]


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    rules = tmp_path / "groups.yml"
    rules.write_text(RULES)
    flags = ["--collector.disable-defaults", "--collector.process_groups"]
    flags += [f"--collector.process_groups.config={rules}", "--collector.process_groups.smaps"]
    with (
        exporter(tmp_path, flags) as ours,
        process_exporter(rules, tmp_path, ["-threads=false"]) as theirs,
    ):
        yield ours, theirs


def of_groups(page: str) -> Samples:
    return {
        key: value
        for key, value in samples(page).items()
        if key[0].startswith("namedprocess_namegroup_") and key[0] != WCHAN
    }


def comparable(page: str) -> Samples:
    """Without states, where it counts the first of several threads twice, and without the memory
    that is shared with processes that come and go.
    """
    return {
        (name, labels): value
        for (name, labels), value in of_groups(page).items()
        if name != STATES and SHARED not in labels
    }


def shared(page: str) -> Samples:
    return {key: value for key, value in of_groups(page).items() if SHARED in key[1]}


def test_all_that_process_exporter_gives_of_processes_that_stand_still_is_equal(
    stirred: Popen[bytes], beside: tuple[Server, Server]
) -> None:
    mine, wanted = (scrape(server) for server in beside)
    assert comparable(mine) == pytest.approx(comparable(wanted))
    assert shared(mine) == pytest.approx(shared(wanted), rel=0.1)
    found = {dict(labels).get("groupname") for _, labels in of_groups(mine)}
    assert found == GROUPS
    kinds, their_kinds = (dict(FAMILIES.findall(page)) for page in (mine, wanted))
    assert their_kinds.keys() - kinds.keys() == {WCHAN}
    assert {name for name, kind in kinds.items() if kind != their_kinds[name]} == ERRORS


def test_states_are_those_of_threads_each_once(
    stirred: Popen[bytes], beside: tuple[Server, Server]
) -> None:
    mine, wanted = (
        {key: value for key, value in of_groups(scrape(server)).items() if key[0] == STATES}
        for server in beside
    )
    assert mine.keys() == wanted.keys()
    more = {key: value - mine[key] for key, value in wanted.items() if value != mine[key]}
    door = frozenset({("groupname", "hyp-door"), ("state", "Other")})
    assert more == {(STATES, door): 1}


def test_what_they_take_from_then_on_is_equal(
    stirred: Popen[bytes], beside: tuple[Server, Server]
) -> None:
    before = [comparable(scrape(server)) for server in beside]
    stir(stirred)
    mine, wanted = (comparable(scrape(server)) for server in beside)
    assert mine == pytest.approx(wanted)
    key = (
        "namedprocess_namegroup_cpu_seconds_total",
        frozenset({("groupname", "hyp-door"), ("mode", "user")}),
    )
    assert mine[key] > before[0][key]


def test_one_that_ends_leaves_what_it_took(
    stirred: Popen[bytes], beside: tuple[Server, Server]
) -> None:
    for server in beside:
        scrape(server)
    stir(stirred)
    for server in beside:
        scrape(server)
    stirred.kill()
    stirred.wait()
    mine, wanted = (comparable(scrape(server)) for server in beside)
    assert mine == pytest.approx(wanted)
