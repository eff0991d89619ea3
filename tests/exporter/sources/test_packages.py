"""Package managers, from what each prints; tests/fleet asks a real apt."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from hyperion_exporter.sources.packages import KINDS, Kind, Manager, Pending, find
from hyperion_exporter.sources.program import Failed, Output

NAMED = {kind.name: kind for kind in KINDS}
SAID = Path(__file__).parent / "packages"
WITHOUT_CACHES = "-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
XML = "--no-refresh --non-interactive --quiet --xmlout"
# What each is asked for, and the file with what it answers.
QUESTIONS = {
    "apt": {f"{WITHOUT_CACHES} list --upgradable": "apt"},
    "dnf": {
        "--cacheonly --quiet --setopt=cachedir=/var/cache/dnf check-update": "dnf",
        "--cacheonly --quiet --setopt=cachedir=/var/cache/dnf check-update --security": (
            "dnf_security"
        ),
    },
    "zypper": {
        f"{XML} list-updates": "zypper",
        f"{XML} list-patches --category security": "zypper_security",
    },
    "pacman": {"-Qu": "pacman"},
}
STATUS = {"dnf": 100}


class Fake:
    """A package manager that knows its questions, and no other."""

    def __init__(self, name: str, status: int = 0, empty: bool = False) -> None:
        self.name = name
        self.status = status
        self.empty = empty
        self.asked = 0

    def __call__(self, argv: Sequence[str]) -> Output:
        program, *words = argv
        assert program == f"/usr/bin/{self.name}"
        said = (SAID / f"{QUESTIONS[self.name][' '.join(words)]}.txt").read_bytes()
        self.asked += 1
        return Output(self.status, b"" if self.empty else said)

    def pending(self) -> Pending:
        return Manager(NAMED[self.name], Path("/usr/bin", self.name), self).pending()


@pytest.mark.parametrize(
    ("name", "pending"),
    [
        ("apt", Pending(7, 4)),
        ("dnf", Pending(4, 1)),
        ("zypper", Pending(3, 1)),
        ("pacman", Pending(3, None)),
    ],
)
def test_updates_are_counted_and_those_for_security_among_them(name: str, pending: Pending) -> None:
    fake = Fake(name, STATUS.get(name, 0))
    assert fake.pending() == pending
    assert fake.asked == len(QUESTIONS[name])


@pytest.mark.parametrize("name", NAMED)
def test_where_there_are_none_there_are_none(name: str) -> None:
    # pacman says so with its status as well.
    status = 1 if name == "pacman" else 0
    assert Fake(name, status, empty=True).pending() in (Pending(0, 0), Pending(0, None))


@pytest.mark.parametrize("name", NAMED)
def test_a_manager_that_fails_has_not_said_that_there_are_none(name: str) -> None:
    with pytest.raises(Failed, match="the package manager ended with status 7"):
        Fake(name, 7, empty=True).pending()


def test_it_is_asked_anew_only_when_something_that_it_reads_has_changed(tmp_path: Path) -> None:
    state = tmp_path / "status"
    state.write_text("Package: bash\n")
    fake = Fake("apt")
    apt = Kind("apt", NAMED["apt"].ask, (f"{tmp_path}/*",))
    manager = Manager(apt, Path("/usr/bin/apt"), fake)
    assert [manager.pending(), manager.pending()] == [Pending(7, 4)] * 2
    assert fake.asked == 1
    state.write_text("Package: bash\nVersion: 5\n")
    manager.pending()
    assert fake.asked == 2
    (tmp_path / "lists").mkdir()
    manager.pending()
    assert fake.asked == 3


def kinds(folder: Path, *with_packages: str) -> list[Kind]:
    (folder / "packages").touch()
    return [
        kind._replace(state=(f"{folder}/{'packages' if name in with_packages else 'nothing'}",))
        for name, kind in NAMED.items()
    ]


def installed(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).touch(mode=0o755)
    return [str(folder / "no such folder"), str(folder)]


def test_the_manager_whose_packages_are_here_is_found(tmp_path: Path) -> None:
    folders = installed(tmp_path, "apt", "dnf")
    found = find(folders, kinds=kinds(tmp_path, "dnf", "pacman"))
    assert found
    assert found.name == "dnf", "pacman is not installed, and apt has no packages"


def test_a_machine_may_have_none(tmp_path: Path) -> None:
    assert find(installed(tmp_path, "apt", "pacman"), kinds=kinds(tmp_path, "dnf")) is None
