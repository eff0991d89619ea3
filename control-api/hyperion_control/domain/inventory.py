"""Machines as lines of CSV or as YAML, each with the number of its line."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

# One transaction, in which nobody else writes: about two seconds.
MOST = 1000
DEEPEST = 6
COLUMNS = (
    *("name", "hostname", "ips", "macs", "port"),
    *("runner", "ssh_port", "ssh_user", "ssh_key", "jump"),
    *("group", "owner_id", "labels", "notes"),
)
# Where an empty cell is an empty value; elsewhere it stands for what is usual.
MAY_BE_EMPTY = ("hostname", "ips", "macs", "ssh_key", "jump", "group", "labels", "notes")
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

# libyaml's, where it is there: ten times as fast, and no deep nesting ends it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Unreadable(ValueError):
    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line = line


@dataclass(frozen=True)
class Line:
    number: int
    values: Mapping[str, Any]


def read(form: str, text: str) -> list[Line]:
    found = list(READERS[form](text))
    if len(found) > MOST:
        raise Unreadable(found[MOST].number, f"at most {MOST} machines are read at a time")
    return found


def written(form: str, machines: Iterable[Mapping[str, Any]]) -> str:
    """Each with the values of COLUMNS."""
    return _to_csv(machines) if form == "csv" else _to_yaml(machines)


def _from_csv(text: str) -> Iterator[Line]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for name in rows.fieldnames or ():
            if name not in COLUMNS:
                raise Unreadable(1, f"there is no column {name!r}: use {', '.join(COLUMNS)}")
        for row in rows:
            if None in row or None in row.values():
                raise Unreadable(rows.line_num, "this line has more or fewer cells than the first")
            yield Line(rows.line_num, _of_cells(rows.line_num, row))
    except csv.Error as fault:
        raise Unreadable(rows.reader.line_num, f"this is no CSV: {fault}") from None


def _of_cells(number: int, cells: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: cell for name, cell in cells.items() if cell or name in MAY_BE_EMPTY
    }
    for name in {"ips", "macs"} & values.keys():
        values[name] = values[name].split()
    if "labels" in values:
        pairs = [pair.partition("=") for pair in values["labels"].split()]
        if any(not sign for _, sign, _ in pairs):
            raise Unreadable(number, "labels are written env=prod role=web")
        values["labels"] = {name: value for name, _, value in pairs}
    if values.get("notes", "")[:1] == "'" and values["notes"][1:2] in FORMULA:
        values["notes"] = values["notes"][1:]
    return values


def _from_yaml(text: str) -> Iterator[Line]:
    try:
        _refuse_tricks(text)
        loader = LOADER(text)
        root = loader.get_single_node()
        for node in root.value if isinstance(root, yaml.SequenceNode) else [root]:
            number = _line(node) if node else 1
            if not isinstance(node, yaml.MappingNode):
                raise Unreadable(number, "write a list of machines, each with a name")
            yield Line(number, loader.construct_document(node))
    except yaml.MarkedYAMLError as fault:
        number = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise Unreadable(number, f"this is no YAML: {fault.problem}") from None
    except (yaml.YAMLError, ValueError, TypeError) as fault:
        if isinstance(fault, Unreadable):
            raise
        raise Unreadable(1, "this is no YAML of machines") from None


def _refuse_tricks(text: str) -> None:
    """What makes a short text large."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable(_line(event), "references are not taken")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Unreadable(_line(event), "this is nested too deeply")


def _line(found: Any) -> int:
    """On which an event or a node begins."""
    return int(found.start_mark.line) + 1


def _to_csv(machines: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    for machine in machines:
        notes = machine["notes"]
        cells = {
            "ips": " ".join(machine["ips"]),
            "macs": " ".join(machine["macs"]),
            "labels": " ".join(f"{name}={value}" for name, value in machine["labels"].items()),
            "notes": f"'{notes}" if notes.startswith(FORMULA) else notes,
        }
        rows.writerow({**machine, **cells})
    return text.getvalue()


def _to_yaml(machines: Iterable[Mapping[str, Any]]) -> str:
    plain = [
        {**machine, "ips": [*machine["ips"]], "macs": [*machine["macs"]]} for machine in machines
    ]
    text: str = yaml.dump(plain, Dumper=DUMPER, sort_keys=False, allow_unicode=True)
    return text


READERS: dict[str, Callable[[str], Iterator[Line]]] = {"csv": _from_csv, "yaml": _from_yaml}
