"""Rules about the code itself, as functions that name each offender; test_house.py holds them."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("exporter/hyperion_exporter", "control-api/hyperion_control", "grafana/sources")
# A file may be longer when its first line says why, in these words.
EXCUSE = "long because"
MOST_LINES = 300
STARTERS = {"subprocess", "pty", "multiprocessing"}
STARTER_CALLS = {"system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp"}
# The rooms whose work is to start programs.
MAY_START = ("sources", "runners", "up", "agent")


def modules(root: Path = ROOT) -> Iterator[Path]:
    for room in PRODUCT:
        yield from sorted((root / room).rglob("*.py"))


def too_long(files: Iterable[Path]) -> list[str]:
    found = []
    for file in files:
        lines = file.read_text().splitlines()
        if len(lines) > MOST_LINES and EXCUSE not in lines[0]:
            found.append(f"{file.name}: {len(lines)} lines")
    return found


def without_docstring(files: Iterable[Path]) -> list[str]:
    """Every module says in one line what it is; more may follow after a blank one."""
    found = []
    for file in files:
        doc = ast.get_docstring(ast.parse(file.read_text()))
        if not doc or (doc.splitlines()[1:] or [""])[0]:
            found.append(file.name)
    return found


def starting_programs(files: Iterable[Path], root: Path = ROOT) -> list[str]:
    found = []
    for file in files:
        if set(file.relative_to(root).parts[:-1]).isdisjoint(MAY_START):
            found += [f"{file.name}: {what}" for what in _starters(ast.parse(file.read_text()))]
    return found


def _starters(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in STARTERS)
        elif isinstance(node, ast.ImportFrom) and node.module in STARTERS:
            yield node.module
        elif isinstance(node, ast.Attribute) and _starts(ast.unparse(node)):
            yield ast.unparse(node)


def _starts(call: str) -> bool:
    room, _, name = call.rpartition(".")
    return room == "os" and (name in STARTER_CALLS or name.startswith(("exec", "spawn")))


def unlisted(folder: Path, listed: Iterable[type]) -> list[str]:
    """Files of a folder of which no class is in the folder's list."""
    known = {kind.__module__.rpartition(".")[2] for kind in listed}
    return sorted({file.stem for file in folder.glob("*.py")} - known - {"__init__"})


def repeated(exposition: str) -> list[str]:
    """Samples that share name and labels; promtool does not see them, Prometheus refuses them."""
    names = [line.rpartition(" ")[0] for line in exposition.splitlines() if line[:1] not in "#"]
    return sorted({name for name in names if names.count(name) > 1})
