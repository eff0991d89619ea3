"""An update: the new version is proven or the old one is back, whatever breaks on the way."""

import errno
import hashlib
import io
import os
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hyperion_exporter.agent.bell import Bell
from hyperion_exporter.agent.files import Config
from hyperion_exporter.agent.home import Away, Home, Refused
from hyperion_exporter.agent.releases import Releases
from hyperion_exporter.agent.services import AGENT, EXPORTER, Services
from hyperion_exporter.agent.telling import release
from hyperion_exporter.agent.update import Update

FILES = ("hyperion_exporter/__init__.py", "hyperion_exporter/agent/__init__.py")
URL = "https://hyperion.example.org"


def packed(version: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in FILES:
            # Its time is always the same, and so are the bytes.
            archive.writestr(zipfile.ZipInfo(name), f'__version__ = "{version}"\n')
    return made.getvalue()


def name_of(package: bytes) -> str:
    return hashlib.sha256(package).hexdigest()


FIRST, SECOND, THIRD = packed("1"), packed("2"), packed("3")


class Api(Home):
    """The control API as it answers to the secret of one agent."""

    def __init__(self, package: bytes) -> None:
        self.offered = package
        self.ordered = name_of(package)
        self.heard = ""  # the release of the last heartbeat
        self.ended: list[Mapping[str, Any]] = []
        self.away = 0  # so often it does not answer how it ended

    def ask(self, path: str, body: Mapping[str, Any] | None = None, wait: float = 0) -> Any:
        if path == "tasks":
            return {"update": "" if self.ended else "tsk_1", "release": self.heard}
        if path == "tasks/tsk_1/begin":
            argv = ["hyperion-update", "0.1.0", self.ordered]
            plain = {"stdin": "", "env": {}, "folder": "", "user": "", "head": 0, "tail": 0}
            return {**plain, "argv": argv, "seconds": 0}
        assert path == "tasks/tsk_1/end"
        if self.away:
            self.away -= 1
            raise Away("it answers 502")
        self.ended.append(body or {})
        return None

    def package(self) -> bytes:
        return self.offered


@dataclass
class Running(Services):
    """What systemd would start, and what a start would be heard of by the API."""

    api: Api
    releases: Releases
    broken: str = ""  # the release that does not report
    active: tuple[str, ...] = (AGENT, EXPORTER)
    restarted: list[Sequence[str]] = field(default_factory=list)

    def is_active(self, unit: str) -> bool:
        return unit in self.active

    def restart(self, units: Sequence[str]) -> None:
        assert set(units) <= {AGENT, EXPORTER}
        self.restarted.append(units)
        self.boot()

    def boot(self) -> None:
        started = self.releases.named("current")
        assert all((self.releases.folder(started) / name).stat().st_size for name in FILES)
        if started != self.broken:
            self.api.heard = started

    def last_words(self, unit: str) -> str:
        return f"{unit} has nothing to say"

    def fault(self, release: Path) -> str:
        return "" if all((release / name).exists() for name in FILES) else "a file is missing"


class Impatient(threading.Event):
    """Waits for nothing."""

    def wait(self, timeout: float | None = None) -> bool:
        return False


class Disk:
    """Ends all changes below a folder after so many, as does a power cut or a full disk."""

    CREATES = ("open", "os.mkdir", "os.symlink")
    CHANGES = (*CREATES, "os.chmod", "os.remove", "os.rename", "os.rmdir")

    def __init__(self) -> None:
        self.below = ""
        self.left = 0
        self.fault: BaseException = OSError()
        self.events: Sequence[str] = ()

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.below or event not in self.events or not self._concerns(event, args):
            return
        if self.left <= 0:
            raise self.fault
        self.left -= 1

    def _concerns(self, event: str, args: tuple[Any, ...]) -> bool:
        path = args[1] if event == "os.symlink" else args[0]
        reads = event == "open" and not args[2] & (os.O_WRONLY | os.O_RDWR)
        return not reads and str(path).startswith(self.below)


class PowerCut(BaseException):
    pass


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(scope="module")
def all_disks() -> Disk:
    """An audit hook stays until the end of the process, so there is only one."""
    disk = Disk()
    sys.addaudithook(disk)
    return disk


@pytest.fixture
def disk(all_disks: Disk) -> Iterator[Disk]:
    yield all_disks
    all_disks.below = ""


@dataclass
class World:
    """A machine that install.sh has given the first release."""

    folder: Path
    package: bytes = SECOND
    broken: bool = False

    def __post_init__(self) -> None:
        (self.folder / "lib").mkdir(parents=True)
        self.releases = Releases(self.folder)
        self.releases.add(name_of(FIRST), FIRST)
        for link in ("installed", "current"):
            (self.folder / link).symlink_to(f"lib/{name_of(FIRST)}")
        self.api = Api(self.package)
        self.services = Running(self.api, self.releases)
        self.services.boot()
        self.services.broken = name_of(self.package) if self.broken else ""
        policy = str(self.folder / "policy.toml")
        self.config = Config(URL, policy_file=policy, metrics_url="")

    def update(self) -> None:
        with self.releases.alone():
            Update(self.config, self.api, self.releases, self.services, Impatient()).work()

    def next(self, package: bytes) -> None:
        self.api.offered, self.api.ordered = package, name_of(package)
        self.api.ended.clear()
        self.update()

    @property
    def told(self) -> tuple[str, int | None, str]:
        [ended] = self.api.ended
        return ended["end"], ended["code"], ended["reason"]

    @property
    def current(self) -> str:
        return self.releases.named("current")

    @property
    def there(self) -> set[str]:
        return {path.name for path in (self.folder / "lib").iterdir()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "opt")


def test_the_new_version_runs_and_the_one_before_is_kept(world: World) -> None:
    world.update()
    assert world.told == ("exited", 0, "")
    assert world.current == name_of(SECOND)
    assert world.services.restarted == [(AGENT, EXPORTER)]
    world.next(THIRD)
    assert world.releases.named("before") == name_of(SECOND)
    world.next(packed("4"))
    assert world.there == {name_of(each) for each in (FIRST, THIRD, packed("4"))}, (
        "beside what install.sh brought, which is what runs as root"
    )


def test_what_runs_already_is_not_started_anew(world: World) -> None:
    world.next(FIRST)
    assert world.told == ("exited", 0, "this is what runs here already")
    assert world.services.restarted == []


def test_one_that_does_not_report_is_taken_back(tmp_path: Path) -> None:
    world = World(tmp_path / "opt", broken=True)
    world.update()
    end, code, reason = world.told
    assert (end, code, world.current) == ("exited", 1, name_of(FIRST))
    assert "the new agent has not reported" in reason
    assert "has nothing to say" in reason
    assert world.api.heard == name_of(FIRST), "the one before runs"
    assert world.there == {name_of(FIRST)}
    world.services.broken = ""
    world.next(SECOND)
    assert world.current == name_of(SECOND), "and is not kept from a second try"


def test_one_whose_exporter_is_silent_is_taken_back(world: World) -> None:
    world.config = Config(URL, metrics_url="http://127.0.0.1:9/metrics")
    world.update()
    assert world.current == name_of(FIRST)
    assert "the exporter at http://127.0.0.1:9/metrics" in world.told[2]


def test_an_exporter_that_was_stopped_here_is_neither_started_nor_missed(world: World) -> None:
    world.config = Config(URL, metrics_url="http://127.0.0.1:9/metrics")
    world.services.active = (AGENT,)
    world.update()
    assert world.current == name_of(SECOND)
    assert world.services.restarted == [(AGENT,)]


def test_the_machines_own_policy_can_forbid_it(world: World) -> None:
    (world.folder / "policy.toml").write_text("update = false\n")
    world.update()
    end, _, reason = world.told
    assert (end, world.current, world.there) == ("not_started", name_of(FIRST), {name_of(FIRST)})
    assert "policy of this machine" in reason


@pytest.mark.parametrize(
    ("ordered", "why"),
    [
        (name_of(THIRD), "another version than was ordered"),
        ("../../etc", "no release"),
        ("", "no release"),
    ],
)
def test_what_is_not_what_was_ordered_is_not_brought(world: World, ordered: str, why: str) -> None:
    world.api.ordered = ordered
    world.update()
    assert why in world.told[2]
    assert (world.current, world.there) == (name_of(FIRST), {name_of(FIRST)})


@pytest.mark.parametrize("package", [b"no zip at all", packed("2")[:-30]])
def test_a_package_that_cannot_be_unpacked_leaves_nothing(world: World, package: bytes) -> None:
    world.next(package)
    assert "cannot be put down here" in world.told[2]
    assert world.there == {name_of(FIRST)}


def test_one_that_does_not_even_start_never_runs(world: World) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(FILES[0], "")
    world.next(made.getvalue())
    assert world.told[2] == "the new version does not start here: a file is missing"
    assert (world.services.restarted, world.there) == ([], {name_of(FIRST)})


def test_how_it_ended_is_told_when_the_api_is_back(world: World) -> None:
    world.api.away = 3
    world.update()
    assert world.told == ("exited", 0, "")


def test_of_two_at_once_one_does_it(world: World) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(world.update) for _ in range(2)]:
            done.result(30)
    assert world.told == ("exited", 0, "")
    assert len(world.services.restarted) == 1


def test_without_an_order_nothing_happens(world: World) -> None:
    world.update()
    world.update()
    assert len(world.services.restarted) == 1


def test_who_is_refused_at_home_gets_the_version_before_back(world: World) -> None:
    """The agent was put out, say, or its file holds no secret."""

    class Refusing(Api):
        def ask(self, path: str, body: Mapping[str, Any] | None = None, wait: float = 0) -> Any:
            if world.current == name_of(SECOND):
                raise Refused(401, "unauthorised", "this agent has ended")
            return super().ask(path, body, wait)

    world.api = Refusing(SECOND)
    world.update()
    assert world.current == name_of(FIRST)
    assert "this agent has ended" in world.told[2]


@pytest.mark.parametrize("broken", [False, True])
def test_a_power_cut_before_any_change_leaves_a_version_that_works(
    tmp_path: Path, disk: Disk, broken: bool
) -> None:
    cuts = 0
    while True:
        world = World(tmp_path / str(cuts), broken=broken)
        disk.below, disk.left = str(world.folder), cuts
        disk.fault, disk.events = PowerCut(), Disk.CHANGES
        try:
            world.update()
            break
        except PowerCut:
            disk.below = ""
        world.services.boot()
        while not world.api.ended:
            world.update()
        assert world.told[1] == int(broken)
        assert world.current == name_of(FIRST if broken else SECOND)
        assert world.releases.trial() is None
        cuts += 1
    assert cuts > 15


@pytest.mark.parametrize("broken", [False, True])
def test_a_disk_that_is_full_leaves_the_old_version_or_none_of_the_new(
    tmp_path: Path, disk: Disk, broken: bool
) -> None:
    room = 0
    while True:
        world = World(tmp_path / str(room), broken=broken)
        disk.below, disk.left = str(world.folder), room
        disk.fault, disk.events = FULL, Disk.CREATES
        world.update()
        disk.below = ""
        if world.told[0] != "not_started":
            break
        assert "No space left on device" in world.told[2]
        assert world.current == name_of(FIRST)
        assert world.releases.trial() is None
        room += 1
    assert room > 5
    assert world.current == name_of(FIRST if broken else SECOND)


def test_the_agent_rings_once_a_minute_for_each_and_says_nothing(tmp_path: Path) -> None:
    bell = Bell(tmp_path, name_of(FIRST))
    assert bell.known() == ""
    bell.ring("tsk_1")
    assert (tmp_path / "update").read_bytes() == b""
    assert bell.known() == "tsk_1"


def test_who_was_installed_in_another_way_asks_for_no_update(tmp_path: Path) -> None:
    assert Bell(tmp_path, release()).known() is None
    here = tmp_path / "lib" / name_of(FIRST) / "hyperion_exporter/agent/telling.py"
    assert release(here) == name_of(FIRST)


def test_a_bell_that_cannot_ring_stops_nothing(tmp_path: Path) -> None:
    Bell(tmp_path / "gone", name_of(FIRST)).ring("tsk_1")
