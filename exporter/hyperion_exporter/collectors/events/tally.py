"""Events counted, when each class was last seen, and how far the log was read: kept as one."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hyperion_exporter.collectors.events import classes
from hyperion_exporter.collectors.events.classes import CLASSES, LEVELS, OTHER, RULES
from hyperion_exporter.sources.event_log import Event

# Source, level and class.
Key = tuple[str, str, str]

SOURCES = ("journal", "kernel")
# These are given from the start: the first event of a series that was not there is no increase.
USUAL: tuple[Key, ...] = (
    *((source, level, OTHER) for source in SOURCES for level in LEVELS),
    *dict.fromkeys(
        ("kernel" if program == "kernel" else "journal", rule.level, rule.name)
        for rule in RULES
        for program in rule.programs
    ),
)


class Scheme(NamedTuple):
    """How the events of a system are counted."""

    sources: tuple[str, ...]
    usual: tuple[Key, ...]
    classed: Callable[[Event], str]


LINUX = Scheme(SOURCES, USUAL, classes.of)


@dataclass
class Tally:
    scheme: Scheme = LINUX
    counts: Counter[Key] = field(default_factory=Counter)
    seen: dict[str, float] = field(default_factory=dict)
    # Of what kind the log is; the position has a meaning in such a one only.
    kind: str = ""
    position: str = ""

    def __post_init__(self) -> None:
        for key in self.scheme.usual:
            self.counts.setdefault(key, 0)

    def add(self, events: Iterable[Event]) -> None:
        classed = self.scheme.classed
        for event in events:
            name = classed(event)
            self.counts[event.source, LEVELS[event.level], name] += 1
            self.seen[name] = event.time

    def copy(self) -> "Tally":
        counts, seen = self.counts.copy(), self.seen.copy()
        return Tally(self.scheme, counts, seen, self.kind, self.position)

    def text(self) -> str:
        said = {
            "kind": self.kind,
            "position": self.position,
            "counts": {" ".join(key): count for key, count in self.counts.items()},
            "seen": self.seen,
        }
        return json.dumps(said, indent=1)


def parsed(text: str, scheme: Scheme = LINUX) -> Tally:
    """ValueError if that is not what a tally said; classes there are no more are left out."""
    try:
        said: Any = json.loads(text)
        tally = Tally(scheme, kind=str(said["kind"]), position=str(said["position"]))
        for key, count in said["counts"].items():
            source, level, name = key.split(" ")
            if source in scheme.sources and level in LEVELS and name in CLASSES:
                tally.counts[source, level, name] = int(count)
        tally.seen = {name: float(at) for name, at in said["seen"].items() if name in CLASSES}
    except (AttributeError, KeyError, TypeError) as fault:
        raise ValueError(f"not a tally of events: {fault!r}") from None
    return tally
