"""Package managers: how many updates each knows of, without its lock and without the network."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from glob import glob
from pathlib import Path
from typing import NamedTuple

from hyperion_exporter.sources.program import Failed, Output, run

FOLDERS = ("/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin")
# The slowest, zypper on a small machine, takes some seconds.
TIMEOUT_SECONDS = 120.0

# The database of installed packages, where it was and where it is.
RPM = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")

Run = Callable[[Sequence[str]], Output]


class Pending(NamedTuple):
    """Updates that are known of; what is no number the manager cannot tell."""

    all: int
    security: int | None


class Kind(NamedTuple):
    name: str
    ask: Callable[[Run, str], Pending]
    # Patterns of the files that its answer comes from.
    state: tuple[str, ...]

    def seen(self) -> list[object]:
        """Equal as long as nothing there has changed; nothing where it has no packages."""
        found = (sorted(glob(pattern)) for pattern in self.state)  # noqa: PTH207 - absolute ones
        return [_identity(path) for paths in found for path in paths]


class Manager:
    def __init__(self, kind: Kind, program: Path, run: Run) -> None:
        self.name = kind.name
        self._kind = kind
        self._program = os.fspath(program)
        self._run = run
        self._seen: list[object] = []
        self._pending: Pending | None = None

    def pending(self) -> Pending:
        """What it answers; it is asked anew only when something that it reads has changed.

        To ask takes a second of a processor, to look at a few files next to nothing.
        """
        seen = self._kind.seen()
        if self._pending is None or seen != self._seen:
            self._pending, self._seen = self._kind.ask(self._run, self._program), seen
        return self._pending


def _apt(run: Run, program: str) -> Pending:
    # Without caches it opens no file to write: it would renew them, had it the right.
    no_caches = ("-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=")
    # bash/stable,stable-security 5.2.15-2+b8 amd64 [upgradable from: 5.2.15-2+b7]
    listed = _text(run([program, *no_caches, "list", "--upgradable"]), (0,))
    updates = re.findall(r"^\S+/(\S+) .*\[upgradable from: ", listed, re.MULTILINE)
    secure = [archives for archives in updates if re.search(r"-security\b", archives)]
    return Pending(len(updates), len(secure))


def _dnf(run: Run, program: str) -> Pending:
    # An ordinary user has a cache of his own, which nobody fills. dnf 5 is called dnf as well.
    cache = "/var/cache/libdnf5" if Path("/var/cache/libdnf5").is_dir() else "/var/cache/dnf"
    asked = [program, "--cacheonly", "--quiet", f"--setopt=cachedir={cache}", "check-update"]
    return Pending(_listed(run(asked)), _listed(run([*asked, "--security"])))


def _listed(output: Output) -> int:
    """How many packages stand there; it exits with 100 when there are some."""
    # bash.x86_64      5.2.26-3.fc40      updates
    # where a long name has a line of its own. What takes the place of others comes last.
    updates = _text(output, (0, 100)).partition("\nObsoleting ")[0]
    return len(re.findall(r"^\S+\.\w+\s+\S*\d\S*\s+\S+$", updates, re.MULTILINE))


def _zypper(run: Run, program: str) -> Pending:
    asked = [program, "--no-refresh", "--non-interactive", "--quiet", "--xmlout"]
    # What is for security it says only of patches, which hold several packages each.
    lists = (["list-updates"], ["list-patches", "--category", "security"])
    counts = [len(re.findall(r"<update ", _text(run([*asked, *list]), (0,)))) for list in lists]
    return Pending(*counts)


def _pacman(run: Run, program: str) -> Pending:
    # bash 5.2.026-1 -> 5.2.026-2 [ignored]; it exits with 1 when there is none.
    return Pending(_text(run([program, "-Qu"]), (0, 1)).count(" -> "), None)


KINDS = (
    Kind(
        "apt",
        _apt,
        (
            "/var/lib/dpkg/status",
            "/var/lib/apt/lists",
            "/etc/apt/preferences",
            "/etc/apt/preferences.d",
        ),
    ),
    Kind("zypper", _zypper, (*RPM, "/var/cache/zypp/solv/*")),
    Kind("dnf", _dnf, (*RPM, "/var/cache/dnf/*", "/var/cache/libdnf5/*")),
    Kind("pacman", _pacman, ("/var/lib/pacman/local", "/var/lib/pacman/sync")),
)


def here(argv: Sequence[str]) -> Output:
    # zypper lets who only reads do so without its lock. apt wants to write something for a moment,
    # and the unit shows us no other folder where that is allowed.
    environment = {"ZYPP_READONLY_HACK": "1", "TMPDIR": "/dev/shm"}  # noqa: S108
    return run(argv, TIMEOUT_SECONDS, environment)


def find(
    folders: Sequence[str] = FOLDERS, run: Run = here, kinds: Sequence[Kind] = KINDS
) -> Manager | None:
    """The one that this machine's packages are from: it may have others to look at them."""
    for kind in kinds:
        programs = (Path(folder, kind.name) for folder in folders)
        program = next((path for path in programs if os.access(path, os.X_OK)), None)
        if program and kind.seen():
            return Manager(kind, program, run)
    return None


def _text(output: Output, well: Iterable[int]) -> str:
    if output.status not in well:
        raise Failed(f"the package manager ended with status {output.status}")
    return output.words()


def _identity(path: str) -> tuple[str, int, int, int]:
    try:
        found = Path(path).stat()
    except FileNotFoundError:  # since it was listed
        return path, 0, 0, 0
    return path, found.st_mtime_ns, found.st_ino, found.st_size
