"""What must hold before anything starts, on folders, disks and ports that are really so."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hyperion_control.errors import StartRefused
from hyperion_control.up import checks


@contextmanager
def listener() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        yield int(taken.getsockname()[1])


def on_mount(folder: Path, options: str, check: str) -> str:
    """What the check says of a tmpfs, mounted for its process alone."""
    code = (
        "import sys; from pathlib import Path\n"
        "from hyperion_control.errors import StartRefused\n"
        "from hyperion_control.up import checks\n"
        f"try: checks.{check}(Path(sys.argv[1]))\n"
        "except StartRefused as refusal: print(refusal)\n"
    )
    argv = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    mount = 'mount -t tmpfs -o "$1" none "$2" && exec "$3" -c "$4" "$2"'
    words = ["sh", "-c", mount, "sh", options, str(folder), sys.executable, code]
    done = subprocess.run([*argv, *words], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"needs a mount namespace: {done.stderr}")
    return done.stdout.strip()


def test_a_good_folder_and_free_ports_pass(tmp_path: Path, free_port: int) -> None:
    with checks.only_run(tmp_path / "var"):
        checks.writable(tmp_path / "var")
        checks.room(tmp_path / "var")
        checks.ports({"exporter": free_port})
        assert [left.name for left in (tmp_path / "var").iterdir()] == ["up.lock"]


def test_a_run_that_ended_frees_the_folder(tmp_path: Path) -> None:
    for _ in range(2):
        with checks.only_run(tmp_path):
            assert (tmp_path / "up.lock").read_text() == f"{os.getpid()}\n"


def test_a_port_that_lingers_after_its_last_connection_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server.accept()[0].close()  # the side that closes first is the one that lingers
            assert client.recv(1) == b""
    checks.ports({"exporter": port})


def test_a_second_run_is_told_who_runs_already(tmp_path: Path) -> None:
    first, second = checks.only_run(tmp_path), checks.only_run(tmp_path)
    with first, pytest.raises(StartRefused, match=f"process {os.getpid()}"), second:
        pytest.fail("two runs at once")


def test_a_taken_port_is_named_with_its_holder_and_its_setting() -> None:
    with listener() as port, pytest.raises(StartRefused) as refusal:
        checks.ports({"prometheus": port})
    for word in (f"port {port} is taken by", f"process {os.getpid()}", "--prometheus-port"):
        assert word in str(refusal.value)


def test_a_port_taken_on_all_addresses_is_taken() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken, pytest.raises(StartRefused, match="taken"):  # noqa: S104
        checks.ports({"exporter": taken.getsockname()[1]})


def test_one_port_for_two_programs_is_refused(free_port: int) -> None:
    with pytest.raises(StartRefused, match="both exporter and control: change --control-port"):
        checks.ports({"exporter": free_port, "control": free_port})


def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    said = on_mount(tmp_path, "ro", "writable")
    assert said.startswith(f"cannot write in {tmp_path} (read-only file system)")
    assert "--var" in said


def test_a_full_disk_is_refused_with_how_much_is_needed(tmp_path: Path) -> None:
    said = on_mount(tmp_path, "size=1m", "room")
    assert said.startswith(f"{tmp_path} has 1 MB of free disk and needs {checks.NEEDED_MB}")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(StartRefused, match="cannot write in"), checks.only_run(tmp_path / "var"):
        pytest.fail("a file is no folder")
