"""A machine gone bad: whatever its files say, each costs only the collectors that read it."""

import logging
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter import golden
from hyperion_exporter.guard import Guard

SEED = 20261121
# Several at once: the page takes longer than what is on it.
ROUNDS, AT_ONCE = 400, 6
SAMPLE = re.compile(
    r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)*\})? '
    r"([-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|NaN|[-+]Inf)"
)
# Besides what the golden page leaves open: what depends on the looks before, at damaged files too,
# and so all that the Guard says of those who remember.
BY_MEMORY = "hyperion_(?:collector_dropped|health_|process_)|namedprocess_"
OF_THEM = r'\w+\{collector="(?:health|process_groups|process_top)"'
CHANGING = re.compile(f"{golden.LOOSE.pattern}|^(?:{BY_MEMORY}|{OF_THEM})")
LONG = [p.relative_to(golden.MACHINE) for p in golden.MACHINE.rglob("*") if p.is_file()]
# What the machine is packed in, and what is configuration: wrong rules refuse the start.
for other in (golden.SMALL.name, "groups.yml"):
    LONG.remove(Path(other))
SMALL = [Path(name) for name in re.findall(r"^Path: (.+)\nLines", golden.SMALL.read_text(), re.M)]
FILES = sorted([*LONG, *SMALL])


FOLDERS = {Path(*file.parts[:3]) for file in SMALL}


def place(file: Path) -> Path:
    """What is attacked as a whole where whole pages are compared: small files, by their folder."""
    folder = Path(*file.parts[:3])
    return folder if folder in FOLDERS else file


PLACES = sorted({place(file) for file in FILES})

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


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return golden.captured(tmp_path_factory.mktemp("attack") / "machine")


@pytest.fixture(scope="module")
def whole(machine: Path) -> Path:
    """The same machine, which nobody attacks."""
    return shutil.copytree(machine, machine.parent / "whole", symlinks=True)


def fresh(machine: Path) -> Guard:
    return Guard(golden.collectors(machine))


@contextmanager
def spoiled(path: Path, whole: Path, spoil: Callable[[Path], None]) -> Iterator[None]:
    """The file, or all files of the folder, until the end of the block."""
    files = [p for p in path.rglob("*") if p.is_file() and not p.is_symlink()] or [path]
    for file in files:
        spoil(file)
    try:
        yield
    finally:
        gone(path)
        if whole.is_dir():
            shutil.copytree(whole, path, symlinks=True)
        else:
            shutil.copy2(whole, path)


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


def changed(file: Path) -> None:
    file.write_text("77\n")


def readers(place: Path, machine: Path, whole: Path, usual: Lines) -> set[str]:
    """The collectors that lose something when the place is missing, or says something else."""
    found = set()
    for spoil in (gone, changed):
        with spoiled(machine / place, whole / place, spoil):
            now = samples(fresh(machine).gather(30))
        found |= {name for name, lines in usual.items() if not lines <= now}
    return found


@pytest.fixture(scope="module")
def others(machine: Path, whole: Path) -> dict[Path, set[str]]:
    """What must be on the page whatever a place says: all from collectors that do not read it."""
    usual = lines_of(fresh(machine))
    return {place: rest(usual, readers(place, machine, whole, usual)) for place in PLACES}


def rest(usual: Lines, without: set[str]) -> set[str]:
    return set().union(*(found for name, found in usual.items() if name not in without))


def test_damaged_files_cost_only_those_who_read_them(
    machine: Path, whole: Path, others: dict[Path, set[str]]
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - the same damage each time
    guard = fresh(machine)
    usual = {line: name(line) for line in samples(guard.gather(30))}
    for number in range(ROUNDS):
        damage = {file: damaged(whole / file, dice) for file in dice.sample(FILES, AT_ONCE)}
        for file, content in damage.items():
            (machine / file).write_bytes(content)
        # What was opened while all was well, and now and then a start into the damage.
        page = (fresh(machine) if number % 20 == 0 else guard).gather(30)
        for file in damage:
            (machine / file).write_bytes((whole / file).read_bytes())
        untouched = set.intersection(*(others[place(file)] for file in damage))
        missing = untouched - check(page, usual)
        assert not missing, f"round {number}: {damage}"
    assert successes(guard.gather(30)) == successes(golden.page()), "and all is well again"


def damaged(file: Path, dice: Dice) -> bytes:
    # Some are empty, as a descriptor is; there is nothing in them to change.
    return dice.choice(MUTATIONS)(file.read_bytes() or b"0", dice)


def gone(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
@pytest.mark.parametrize("first", range(0, len(PLACES), AT_ONCE), ids=lambda n: str(PLACES[n]))
def test_what_cannot_be_read_costs_only_those_who_read_it(
    first: int,
    spoil: Callable[[Path], None],
    machine: Path,
    whole: Path,
    others: dict[Path, set[str]],
) -> None:
    places = PLACES[first : first + AT_ONCE]
    usual = {line: name(line) for line in set.intersection(*(others[place] for place in places))}
    with ExitStack() as attack:
        for place in places:
            attack.enter_context(spoiled(machine / place, whole / place, spoil))
        page = fresh(machine).gather(30)
    assert usual.keys() <= check(page, usual)
