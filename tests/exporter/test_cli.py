"""The program as a person starts it: what it prints, and how it ends."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lab.house import ROOT
from lab.ours import BIN
from lab.servers import answers, free_port, running

PROGRAM = BIN / "hyperion-exporter"


def run(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {f"HYPERION_EXPORTER_{name}": text for name, text in environ.items()}
    return subprocess.run([PROGRAM, *argv], env=env, capture_output=True, text=True, timeout=30)


def test_it_prints_the_metrics_once() -> None:
    ended = run("--once", "--collector.disable-defaults", "--collector.uname")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\nnode_uname_info{" in ended.stdout


def test_the_list_says_what_is_on_by_default_and_now() -> None:
    lines = run("--collector.list", "--no-collector.arp", COLLECTOR_KSMD="true").stdout.splitlines()
    rows = {name: rest for name, *rest in (line.split(maxsplit=3) for line in lines)}
    assert rows["collector"] == ["default", "now", "what it gives"]
    assert rows["arp"] == ["on", "off", "Entries of the ARP table by interface."]
    assert rows["ksmd"][:2] == ["off", "on"]


def test_the_dry_run_says_what_each_collector_costs_and_the_total() -> None:
    argv = ["--collector.disable-defaults", "--collector.uname", "--collector.loadavg"]
    lines = run("--dry-run", *argv).stdout.splitlines()
    head, *rows = [line.split() for line in lines]
    assert head == ["collector", "ms", "bytes", "series"]
    assert [(row[0], row[3]) for row in rows] == [("loadavg", "3"), ("uname", "1"), ("total", "4")]
    assert float(rows[2][1]) == pytest.approx(float(rows[0][1]) + float(rows[1][1]), abs=0.002)
    page = run("--once", *argv).stdout.partition("# HELP node_scrape_collector_duration")[0]
    assert int(rows[2][2]) == pytest.approx(len(page), abs=4)


def test_the_check_ends_with_0_or_with_2_and_the_reason(tmp_path: Path) -> None:
    good, web = tmp_path / "good.yml", tmp_path / "web.yml"
    good.write_text("web: {config_file: web.yml}")
    web.write_text("http_server_config: {headers: {X-Frame-Options: deny}}")
    ended = run("--config.check", f"--config.file={good}", "--collector.disable-defaults")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "the configuration can be obeyed: 0 collectors are on\n"
    web.write_text("http_server_confg: {}")
    ended = run("--config.check", f"--config.file={good}")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"{web}: http_server_confg is no key of this file" in ended.stderr


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--onse"], "unknown flag --onse; did you mean --once?"),
        (["--web.listen-address=x"], "--web.listen-address: 'x' is no address; write HOST:PORT"),
        (["--web.systemd-socket"], "--web.systemd-socket: systemd handed no socket over"),
        (["--web.config.file=/gone"], "--web.config.file: /gone: cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(argv: list[str], sentence: str) -> None:
    ended = run(*argv)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"hyperion-exporter: {sentence}")
    assert ended.stderr.count("\n") == 1


def test_to_serve_nowhere_is_refused() -> None:
    ended = run("--config.check", WEB_LISTEN_ADDRESS="")
    assert ended.returncode == 2
    assert ended.stderr == "hyperion-exporter: --web.listen-address: give at least one address\n"


def test_the_unit_does_not_start_again_what_is_refused() -> None:
    """But a port may be free the next time: see below."""
    unit = (ROOT / "exporter/hyperion-exporter.service").read_text()
    assert f"\nRestartPreventExitStatus={run('--onse').returncode}\n" in unit


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run(f"--web.listen-address={address}")
    assert ended.returncode == 1
    assert f"cannot listen on {address}: " in ended.stderr
    assert "choose another with --web.listen-address" in ended.stderr


@pytest.mark.parametrize("command", ["--once", "--config.check"])
def test_a_full_disk_is_one_sentence(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([PROGRAM, command], stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "hyperion-exporter: cannot write: No space left on device\n"


def test_a_reader_that_leaves_is_no_fault() -> None:
    with subprocess.Popen(
        [PROGRAM, "--once"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""


# As systemd does: the first socket is descriptor 3, for the process of this number alone.
HAND_OVER = """
import os, socket, sys
given = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(given.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_it_serves_on_the_socket_that_systemd_hands_over(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    flags = ["--web.listen-address=192.0.2.1:1", "--log.format=json", "--runtime.gomaxprocs=1"]
    argv = [sys.executable, "-c", HAND_OVER, port, PROGRAM, "--web.systemd-socket", *flags]
    with running(argv, log, lambda: answers(f"http://127.0.0.1:{port}/healthz")):
        said = [json.loads(line)["msg"] for line in log.read_text().splitlines()]
    assert said == ["without effect here: --runtime.gomaxprocs", f"listening on 127.0.0.1:{port}"]


def test_it_may_hold_as_many_files_as_the_system_grants() -> None:
    """The usual limit of 1024 is for programs that wait with select(); a large machine has more."""
    limits = ["prlimit", "--nofile=256:4096"]
    page = subprocess.run([*limits, PROGRAM, "--once"], capture_output=True, text=True).stdout
    assert "\nprocess_max_fds 4096\n" in page
