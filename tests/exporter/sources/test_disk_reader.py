"""The disk reader at a real socket, one process a connection as systemd starts it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.smart import Options, Smart
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.disk_reader import SOCKET, through
from hyperion_exporter.sources.program import Failed
from lab.disks import Disks
from lab.wait import wait_for

# It looks for smartctl in the system's folders only; here in that of the test.
READER = (
    "import sys; from hyperion_exporter.sources import disk_reader, smartctl;"
    " smartctl.FOLDERS = (sys.argv[1],); smartctl.find.__defaults__ = (smartctl.FOLDERS,);"
    " sys.exit(disk_reader.main())"
)
SOON = 10.0
DISK = {"smart_status": {"passed": True}, "temperature": {"current": 28}}


class Reader:
    """Listens, and gives each connection to a reader of its own as standard input and output."""

    def __init__(self, path: Path, folder: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.started: list[subprocess.Popen[bytes]] = []
        self._folder = folder
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.fspath(path))
        self._listener.listen()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        argv = [sys.executable, "-c", READER, str(self._folder)]
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._closing.is_set():
                    return
                self.started.append(
                    subprocess.Popen(
                        argv, stdin=connection, stdout=connection, stderr=subprocess.DEVNULL
                    )
                )

    def close(self) -> None:
        self._closing.set()
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(os.fspath(self.path))
        self._thread.join()
        self._listener.close()
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    disks = Disks(tmp_path / "smartctl")
    disks.put("/dev/sda", DISK, "sat")
    yield disks
    disks.let_go()


@pytest.fixture
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """The kernel takes no more than 107 bytes for the path of a socket."""
    return Paths(rootfs=tmp_path_factory.mktemp("root"))


@pytest.fixture
def reader(disks: Disks, paths: Paths) -> Iterator[Reader]:
    reader = Reader(paths.rootfs / SOCKET, disks.bin)
    yield reader
    reader.close()


def test_a_disk_is_read_through_it(
    reader: Reader, paths: Paths, scrape: Callable[[Collector], dict[tuple[str, ...], float]]
) -> None:
    smart = Smart(paths, Options(), folders=())
    sample = "smartctl_device_temperature", "sda", "current"
    assert wait_for(lambda: scrape(smart).get(sample), SOON, "the disk") == 28
    for process in reader.started:
        assert process.wait(SOON) == 0


def test_the_exit_status_comes_through(reader: Reader, disks: Disks) -> None:
    disks.put("/dev/sda", DISK, "sat", mood="standby")
    status, text = through(reader.path)(["read", "standby", "sat", "/dev/sda"], SOON)
    assert status == 3
    assert b"STANDBY" in text


@pytest.mark.parametrize(
    "question",
    [
        ["read", "standby", "sat", "/dev/sda", "--test=long"],
        ["--test=long", "/dev/sda"],
        ["x" * 2000],
    ],
)
def test_it_does_only_what_is_on_its_list(
    question: list[str], reader: Reader, disks: Disks
) -> None:
    with pytest.raises(Failed, match="broke off"):
        through(reader.path)(question, SOON)
    assert disks.calls() == []


def test_one_that_hangs_is_given_up_but_not_asked_again_before_it_is_gone(
    reader: Reader, disks: Disks
) -> None:
    disks.put("/dev/sda", DISK, "sat", mood="hung")
    ended = threading.Event()

    def ask() -> None:
        # Its time is up before smartctl has begun.
        with pytest.raises(Failed, match="no answer within 0 s"):
            through(reader.path)(["read", "standby", "sat", "/dev/sda"], 0)
        ended.set()

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: len(disks.hung()) == 2, SOON, "the call")
    assert not ended.is_set()
    disks.let_go()
    thread.join(SOON)
    assert ended.is_set()


def test_a_reader_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with pytest.raises(Failed, match=f"{path} does not answer"):
        through(path)(["scan"], SOON)
