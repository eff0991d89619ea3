"""The exporter as a program: under promtool, over time, on hung mounts."""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab.house import ROOT, repeated
from lab.ours import BIN, exporter
from lab.pages import Samples, samples, scrape
from lab.programs import missing, program
from lab.servers import Server, answers, end, free_port, node_exporter, running
from lab.wait import wait_for

HUNG = ROOT / "tests/exporter/hung_mounts.py"


def labelled(found: Samples, name: str, label: str) -> dict[str, float]:
    """What a family says, by one of its labels."""
    return {dict(labels)[label]: value for (n, labels), value in found.items() if n == name}


def complaints(page: str) -> set[str]:
    tool = program("promtool", version="3.5")
    checked = subprocess.run(
        [tool, "check", "metrics"], input=page, capture_output=True, text=True, timeout=30
    )
    assert checked.returncode in (0, 3), checked.stderr
    # Names that the kernel gives, as of /proc/meminfo, are of one kind.
    return {re.sub(r"^(node_[a-z]+_)\S+", r"\1*", line) for line in checked.stderr.splitlines()}


COMES_AND_GOES = r"/proc/\d+/|/sys/devices/virtual/net/"


def held(pid: int) -> tuple[int, int]:
    """Open files and threads, without those for processes and links of the machine."""
    process = Path(f"/proc/{pid}")
    links = (os.readlink(file) for file in (process / "fd").iterdir() if file.is_symlink())  # noqa: PTH115
    files = sum(1 for link in links if not re.match(COMES_AND_GOES, link))
    return files, sum(1 for _ in (process / "task").iterdir())


def test_prometheus_own_tool_accepts_what_it_serves(tmp_path: Path) -> None:
    """Apart from what it says of node_exporter's names of the same kind too."""
    with exporter(tmp_path) as ours, node_exporter(tmp_path, "1.11") as theirs:
        page = scrape(ours)
        assert repeated(page) == []
        assert complaints(page) - complaints(scrape(theirs)) == set()


def test_a_page_that_is_wrong_is_refused_by_that_tool() -> None:
    assert complaints("# TYPE upCase gauge\nupCase 1\n")


def test_a_thousand_scrapes_leave_nothing_behind(tmp_path: Path) -> None:
    with exporter(tmp_path) as server:
        client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        sizes = []
        for number in range(1000):
            if number % 100 == 50:
                client.close()  # a client that comes anew
            client.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
            assert client.getresponse().read()
            if number in (99, 999):
                sizes.append(held(server.process.pid))
        client.close()
    files, threads = (after - before for before, after in zip(*sizes, strict=True))
    assert files <= 0 and threads <= 0, f"it holds {files} files and {threads} threads more"


def test_it_serves_soon_after_its_start(tmp_path: Path) -> None:
    begun = time.monotonic()
    with exporter(tmp_path) as server:
        scrape(server)
        assert time.monotonic() - begun < 5, "the first page waits for no source"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_told(number: signal.Signals, tmp_path: Path) -> None:
    with exporter(tmp_path) as server:
        scrape(server)
        server.process.send_signal(number)
        assert server.process.wait(5) == 0
    assert "Traceback" not in server.last_lines()


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with exporter(tmp_path) as server:
        address = urlsplit(server.url).netloc
        second = subprocess.run(
            [BIN / "hyperion-exporter", f"--web.listen-address={address}"],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
    assert second.returncode == 1
    assert second.stderr.startswith(f"hyperion-exporter: cannot listen on {address}: ")
    assert second.stderr.count("\n") == 1


def test_once_prints_the_page_and_ends() -> None:
    run = [BIN / "hyperion-exporter", "--once"]
    page = subprocess.run(run, capture_output=True, text=True, timeout=30, check=True).stdout
    assert labelled(samples(page), "node_scrape_collector_success", "collector")["stat"] == 1


@contextmanager
def on_hung_mounts(count: int, folder: Path) -> Iterator[Server]:
    """The exporter on a machine with so many mounts that never answer, seen by it alone."""
    if os.geteuid() or not Path("/dev/fuse").exists():
        missing("root and /dev/fuse: a mount that hangs")
    address = f"127.0.0.1:{free_port()}"
    argv = [
        *("unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child", "--"),
        *(sys.executable, HUNG, str(count), str(folder)),
        *(BIN / "hyperion-exporter", f"--web.listen-address={address}"),
    ]
    url = f"http://{address}"
    with running(argv, folder / "exporter.log", lambda: answers(f"{url}/healthz")) as started:
        yield Server(started.process, started.log, url)


def descendant(pid: int) -> int:
    """The last of a line of processes, each started by the one before."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return descendant(int(children[0])) if children else pid


@pytest.mark.parametrize("count", [1, 9])
def test_hung_mounts_cost_only_their_own_numbers(count: int, tmp_path: Path) -> None:
    with on_hung_mounts(count, tmp_path) as server:
        begun = time.monotonic()
        first = samples(scrape(server))
        assert time.monotonic() - begun < 5, "the first scrape too is in time"
        errors = labelled(first, "node_filesystem_device_error", "mountpoint")
        hung = {str(tmp_path / f"hung{number}") for number in range(count)}
        assert {place for place, error in errors.items() if place in hung and error == 1} == hung
        assert errors[str(tmp_path / "alive")] == 0
        success = labelled(first, "node_scrape_collector_success", "collector")
        assert all(success[name] for name in ("cpu", "filesystem", "meminfo", "netdev", "stat"))
        pid = descendant(server.process.pid)
        _, before = held(pid)
        for _ in range(100):
            begun = time.monotonic()
            assert labelled(samples(scrape(server)), "node_filesystem_device_error", "mountpoint")
            assert time.monotonic() - begun < 5, "known to hang, they are not waited for"
        assert held(pid)[1] <= before + 1
        assert before <= count + 10


def hanging(pid: int) -> bool:
    """Whether a thread waits inside the kernel for the filesystem's answer."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return any("fuse" in (task / "wchan").read_text() for task in tasks)


def scrape_in_vain(server: Server) -> None:
    with suppress(OSError):
        scrape(server)


@pytest.mark.parametrize("count", [1, 9])
def test_it_ends_at_once_while_a_mount_hangs(count: int, tmp_path: Path) -> None:
    with on_hung_mounts(count, tmp_path) as server:
        waiting = threading.Thread(target=scrape_in_vain, args=(server,))
        waiting.start()
        wait_for(lambda: hanging(descendant(server.process.pid)), 5, "the scrape to hang")
        begun = time.monotonic()
        end(server.process)
        assert time.monotonic() - begun < 5
        assert server.process.returncode == 0
        waiting.join()
