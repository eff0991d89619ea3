"""A machine gone bad: whatever its files say, each costs only the collectors that read it."""

import logging
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter import golden
from hyperion_exporter.guard import Guard

SEED = 20261121
ROUNDS = 2000
SAMPLE = re.compile(
    r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)*\})? '
    r"([-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|NaN|[-+]Inf)"
)
CHANGING = re.compile(f"{golden.LOOSE.pattern}|^hyperion_collector_dropped_series_total")
FILES = sorted(p.relative_to(golden.MACHINE) for p in golden.MACHINE.rglob("*") if p.is_file())

Dice = random.Random
Lines = dict[str, set[str]]


def cut(data: bytes, dice: Dice) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def noise(data: bytes, dice: Dice) -> bytes:
    return dice.randbytes(dice.randrange(1, 300))


def flipped(data: bytes, dice: Dice) -> bytes:
    spoiled = bytearray(data)
    for _ in range(dice.randint(1, 5)):
        spoiled[dice.randrange(len(spoiled))] = dice.choice(b'\0\t\n "\\#%{}=,:\x7f\x80\xff1-')
    return bytes(spoiled)


def doubled(data: bytes, dice: Dice) -> bytes:
    lines = data.split(b"\n")
    return b"\n".join(lines * 2 if dice.random() < 0.5 else dice.choices(lines, k=len(lines)))


def stretched(data: bytes, dice: Dice) -> bytes:
    """A word more or less in a line."""
    words = re.split(rb"([ \n]+)", data)
    at = dice.randrange(len(words))
    return b"".join(words[:at] + [b" 7 ", words[at]][: dice.randint(0, 2)] + words[at + 1 :])


def numbered(data: bytes, dice: Dice) -> bytes:
    number = dice.choice(
        [b"-1", b"9" * 20, b"9" * 400, b"9" * 5000, b"1e999", b"nan", b"-inf", b"1_0", b"0x1f",
         "١٢".encode(), b"", b"1.5", b"+3", b"18446744073709551616"]
    )  # fmt: skip
    found = list(re.finditer(rb"\d+", data)) or list(re.finditer(rb"^", data))
    return _replaced(data, dice.choice(found), number)


def _replaced(data: bytes, match: re.Match[bytes], by: bytes) -> bytes:
    return data[: match.start()] + by + data[match.end() :]


def emptied(data: bytes, dice: Dice) -> bytes:
    return dice.choice([b"", b"\n", b" \n \n"])


MUTATIONS = (cut, noise, flipped, doubled, stretched, numbered, emptied)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.CRITICAL):
        yield


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    return shutil.copytree(golden.MACHINE, tmp_path / "machine")


def fresh(machine: Path) -> Guard:
    return Guard(golden.collectors(machine, machine.parent / "root"))


def lines_of(guard: Guard) -> Lines:
    """What each collector gives, without what is different each time."""
    return {one: samples(guard.gather(30, only={one})) for one in guard.names}


def samples(page: str) -> set[str]:
    """Those that do not change by themselves."""
    # Not splitlines(): a label may hold what that takes for the end of a line.
    lines = (line for line in page.split("\n") if line and line[0] != "#")
    return {line for line in lines if not CHANGING.match(line)}


def successes(page: str) -> set[str]:
    return {line for line in samples(page) if line.startswith("node_scrape_collector_success")}


def check(page: str, usual: dict[str, str]) -> set[str]:
    """The samples of a page that anyone can parse, none of them twice; `usual` are known to be."""
    listed = page.split("\n")
    found = {*listed}
    new = (line for line in found - usual.keys() if line and line[0] != "#")
    unusual = [line for line in new if not CHANGING.match(line)]
    assert [line for line in unusual if not SAMPLE.fullmatch(line)] == []
    parsed = text_string_to_metric_families("".join(f"{line}\n" for line in unusual))
    assert sum(len(family.samples) for family in parsed) == len(unusual)
    twice = {name(line) for line in unusual} & {usual[line] for line in found & usual.keys()}
    assert (len(found), twice) == (len(listed), set()), "a sample is there twice"
    page.encode()
    return found


def name(line: str) -> str:
    return line.rpartition(" ")[0]


def readers(file: Path, machine: Path, whole: Lines) -> set[str]:
    """The collectors that notice when the file is missing."""
    kept = (machine / file).read_bytes()
    (machine / file).unlink()
    now = lines_of(fresh(machine))
    (machine / file).write_bytes(kept)
    return {name for name, lines in whole.items() if lines != now[name]}


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, set[str]]:
    """What must be on the page whatever a file says: all from collectors that do not read it."""
    machine = shutil.copytree(golden.MACHINE, tmp_path_factory.mktemp("others") / "machine")
    whole = lines_of(fresh(machine))
    return {file: rest(whole, readers(file, machine, whole)) for file in FILES}


def rest(whole: Lines, without: set[str]) -> set[str]:
    return set().union(*(found for name, found in whole.items() if name not in without))


def test_damaged_files_cost_only_those_who_read_them(
    machine: Path, others: dict[Path, set[str]]
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - the same damage each time
    guard = fresh(machine)
    usual = {line: name(line) for line in samples(guard.gather(30))}
    for number in range(ROUNDS):
        file, mutate = FILES[number % len(FILES)], dice.choice(MUTATIONS)
        whole = (golden.MACHINE / file).read_bytes()
        spoiled = mutate(whole, dice)
        (machine / file).write_bytes(spoiled)
        # What was opened while all was well, and now and then a start into the damage.
        page = (fresh(machine) if number % 20 == 0 else guard).gather(30)
        (machine / file).write_bytes(whole)
        missing = others[file] - check(page, usual)
        assert not missing, f"round {number}: {mutate.__name__} of {file}: {spoiled!r}"
    assert successes(guard.gather(30)) == successes(golden.page()), "and all is well again"


def gone(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def broken(path: Path) -> None:
    """Can be opened, but reading it is an error of the device."""
    path.unlink()
    path.symlink_to("/proc/self/mem")


def locked(path: Path) -> None:
    path.chmod(0)


# Root can read what is locked.
SPOILS = [gone, folder, loop, broken, *([locked] if os.geteuid() else [])]


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_that_cannot_be_read_costs_only_those_who_read_it(
    file: Path, spoil: Callable[[Path], None], machine: Path, others: dict[Path, set[str]]
) -> None:
    spoil(machine / file)
    usual = {line: name(line) for line in others[file]}
    assert usual.keys() <= check(fresh(machine).gather(30), usual)
