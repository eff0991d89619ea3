"""SIGHUP to a running exporter, while it is scraped."""

import os
import re
import signal
import threading
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from lab.ours import exporter
from lab.servers import Server
from lab.wait import wait_for

pytestmark = pytest.mark.live

RELOADS = "hyperion_exporter_config_last_reload_successful"
ROUNDS = 100


def value(server: Server, name: str) -> float:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=15) as response:
        lines = response.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def said(server: Server, sentence: str) -> int:
    return server.log.read_text().count(sentence)


def held(server: Server) -> Counter[str]:
    """How often each file is held open, and how many sockets and pipes are."""
    found = Path(f"/proc/{server.process.pid}/fd").iterdir()
    # Asked while it works, some are gone before they are looked at.
    links = (os.readlink(file) for file in found if file.is_symlink())  # noqa: PTH115
    return Counter(re.sub(r"\[\d+]", "", link) for link in links)


def nothing_left(server: Server, settled: Counter[str]) -> bool:
    """Nothing is held more often than at the start; once is what a new process or disk costs."""
    reload(server)
    value(server, "node_load1")
    left = {name: now for name, now in held(server).items() if now > max(settled[name], 1)}
    assert left == {}
    return True


def reload(server: Server, sentence: str = "reloaded: ") -> None:
    """Ask for it, and wait until the log says what came of it."""
    before = said(server, sentence)
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: said(server, sentence) > before, 10, f"the log to say: {sentence}")


def test_a_reload_changes_what_is_gathered_and_a_wrong_one_nothing(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("collectors: {uname: {enabled: true}}")
    with exporter(tmp_path, [f"--config.file={file}"]) as server:
        assert value(server, RELOADS) == 1
        assert value(server, 'node_scrape_collector_success{collector="uname"}') == 1
        file.write_text("collectors: {uname: {enabled: false}}")
        reload(server)
        with pytest.raises(StopIteration):
            value(server, 'node_scrape_collector_success{collector="uname"}')
        file.write_text("collectors: {unme: {enabled: true}}")
        reload(server, "unknown key collectors.unme; did you mean collectors.uname?")
        assert value(server, RELOADS) == 0
        file.unlink()
        reload(server, "cannot be read: No such file or directory")
        assert value(server, "node_load1") >= 0, "it serves on"
        file.write_text("collectors: {uname: {enabled: true}}")
        reload(server)
        assert value(server, RELOADS) == 1
        assert value(server, 'node_scrape_collector_success{collector="uname"}') == 1
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0


def test_a_hundred_reloads_under_scrapes_lose_no_answer_and_leave_nothing_open(
    tmp_path: Path,
) -> None:
    file = tmp_path / "exporter.yml"
    lost: list[Exception] = []
    ended = threading.Event()

    def scrape(server: Server) -> None:
        while not ended.is_set():
            try:
                value(server, "node_load1")
            except Exception as fault:
                lost.append(fault)

    # Each time all collectors are made anew: they read from elsewhere, in words.
    file.write_text("path: {procfs: /proc, sysfs: /sys}")
    with exporter(tmp_path, [f"--config.file={file}"]) as server:
        reload(server)
        value(server, "node_load1")
        value(server, "node_load1")
        settled = held(server)
        scraper = threading.Thread(target=scrape, args=(server,))
        scraper.start()
        try:
            for number in range(ROUNDS):
                up = "/.." * (number % 2 + 1)
                file.write_text(f"path: {{procfs: {up}/proc, sysfs: {up}/sys}}")
                reload(server)
        finally:
            ended.set()
            scraper.join()
        assert lost == []
        file.write_text("path: {procfs: /proc, sysfs: /sys}")
        reload(server)
        # Of a scrape that was under way at the last reload something may be left until the next.
        wait_for(lambda: nothing_left(server, settled), 20, "all that went to be let go of")
        threads = len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))
        assert threads < 20
