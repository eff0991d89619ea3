"""A place of its own for each machine among this computer's control groups.

systemd keeps its services in groups below the one that it was started in. Two of them in one group
take services of the same name for one: ending one takes the group away from under the other.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def make(name: str) -> list[Path]:
    """The files into which a process writes 0 to move into the place."""
    made = [parent / name for parent in _ours()]
    for group in made:
        group.mkdir(exist_ok=True)
    return [group / "cgroup.procs" for group in made]


def remove(names: str) -> bool:
    """Whether all of such a name are gone; one that somebody still lives in stays."""
    groups = [group for parent in _ours() for group in parent.glob(names)]
    for group in groups:
        for folder in sorted(group.glob("**/"), reverse=True):
            with suppress(OSError):
                folder.rmdir()
    return not any(group.exists() for group in groups)


def _ours() -> Iterator[Path]:
    """Our own group in each hierarchy that a systemd may keep its services in."""
    ours = dict(line.split(":", 2)[1:] for line in _lines("/proc/self/cgroup"))
    for _, mounted, kind, options, *_ in map(str.split, _lines("/proc/self/mounts")):
        if kind == "cgroup2" and "" in ours:
            yield Path(mounted + ours[""])
        elif "name=systemd" in options.split(",") and "name=systemd" in ours:
            yield Path(mounted + ours["name=systemd"])


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
