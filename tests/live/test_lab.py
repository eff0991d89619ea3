"""The lab itself: the servers that other tests rely on are what they say they are."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from lab import programs
from lab.postgres import postgres
from lab.programs import PROGRAMS, program
from lab.receiver import receiver
from lab.servers import alertmanager, answers, free_port, node_exporter, prometheus, running
from lab.sshd import make_key, ssh_command, sshd
from lab.wait import wait_for

GENERATIONS = [(name, version) for name, (_, known) in PROGRAMS.items() for version in known]


def ask(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:
        return str(response.read().decode())


def lives(pid: str) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    status = Path(f"/proc/{pid.strip()}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    env = programs.environment(Path(argv[0]))
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, env=env)


@pytest.mark.parametrize(("name", "version"), GENERATIONS)
def test_each_program_is_of_the_version_it_is_asked_for(name: str, version: str) -> None:
    done = run([str(program(name, version)), "--version"])
    assert re.search(rf"(?<![\d.]){version}(?!\d)", done.stdout + done.stderr)


@pytest.mark.parametrize("version", PROGRAMS["prometheus"][1])
def test_prometheus_of_each_generation_scrapes(version: str, tmp_path: Path) -> None:
    with node_exporter(tmp_path) as exporter:
        config = tmp_path / "prometheus.yml"
        target = exporter.url.removeprefix("http://")
        config.write_text(
            "global: {scrape_interval: 1s}\n"
            f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{target}']}}]}}]\n"
        )
        with prometheus(config, tmp_path, version) as server:
            query = f"{server.url}/api/v1/query?query=up"

            def value() -> bool:
                [series] = json.loads(ask(query))["data"]["result"]
                return bool(series["value"][1] == "1")

            wait_for(value, 15, "Prometheus to have scraped")


@pytest.mark.parametrize("version", PROGRAMS["alertmanager"][1])
def test_alertmanager_of_each_generation_posts_what_it_got(version: str, tmp_path: Path) -> None:
    with receiver() as got:
        config = tmp_path / "alertmanager.yml"
        config.write_text(
            "route: {receiver: hook, group_wait: 0s}\n"
            f"receivers: [{{name: hook, webhook_configs: [{{url: '{got.url}/hook'}}]}}]\n"
        )
        with alertmanager(config, tmp_path, version) as server:
            alert = urllib.request.Request(
                f"{server.url}/api/v2/alerts",
                json.dumps([{"labels": {"alertname": "DiskFull"}}]).encode(),
                {"Content-Type": "application/json"},
            )
            urllib.request.urlopen(alert, timeout=5).close()
            request = wait_for(lambda: got.requests and got.requests[0], 15, "the webhook")
            assert request.path == "/hook"
            assert request.body["alerts"][0]["labels"] == {"alertname": "DiskFull"}


@pytest.mark.parametrize("version", [None, "15"])
def test_postgresql_answers_and_is_gone_afterwards(version: str | None) -> None:
    with postgres(version) as url:
        psql = str(program("psql", version))
        question = "select 6 * 7, current_setting('server_version_num')::int >= 150000"
        done = run([psql, "--no-psqlrc", "-Atc", question, url])
        assert done.stdout == "42|t\n", done.stderr
    assert "refused" in run([psql, "-c", "", url]).stderr


def test_sshd_lets_its_key_in_and_no_other(tmp_path: Path) -> None:
    with sshd() as server:
        done = run(server.command("echo", "$((6 * 7))"))
        assert (done.stdout, done.stderr) == ("42\n", "")
        make_key(tmp_path / "other")
        target = f"{server.user}@{server.address}"
        refused = run(
            ssh_command(tmp_path / "other", server.known_hosts, target, "true", port=server.port)
        )
        assert "Permission denied (publickey)" in refused.stderr


def test_ssh_refuses_an_sshd_with_another_host_key(tmp_path: Path) -> None:
    with sshd() as server:
        known = tmp_path / "known_hosts"
        known.write_text(f"[{server.address}]:{server.port} {make_key(tmp_path / 'other')}\n")
        target = f"{server.user}@{server.address}"
        refused = run(ssh_command(server.key, known, target, "true", port=server.port))
        assert "Host key verification failed" in refused.stderr


def test_a_receiver_keeps_what_it_gets_and_answers_as_told() -> None:
    with receiver() as got:
        got.status, got.answer = 503, b"busy"
        got.may_answer.clear()
        said: list[str] = []

        def post() -> None:
            try:
                urllib.request.urlopen(f"{got.url}/in?x=1", b'{"a": [1]}', timeout=10).close()
            except urllib.error.HTTPError as error:
                with error:
                    said.append(f"{error.code} {error.read().decode()}")

        sender = threading.Thread(target=post)
        sender.start()
        request = wait_for(lambda: got.requests and got.requests[0], 5, "the request")
        assert (request.method, request.path) == ("POST", "/in?x=1")
        assert (request.body, said) == ({"a": [1]}, [])
        got.may_answer.set()
        sender.join(5)
        assert said == ["503 busy"]


def test_a_program_sees_its_own_files_where_an_installed_one_would(tmp_path: Path) -> None:
    share = tmp_path / "odd: name, here/usr/share"
    (share / "hyperion-probe").mkdir(parents=True)
    (share / "hyperion-probe/file").write_text("ours")
    look = ["sh", "-c", "cat /usr/share/hyperion-probe/file; echo; echo $$; ls /usr/share"]
    argv = programs.as_installed(share.parents[1], look)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as program:
        said, _ = program.communicate(timeout=10)
    assert said.splitlines()[:2] == ["ours", str(program.pid)]
    assert {path.name for path in Path("/usr/share").iterdir()} < set(said.splitlines()[2:])
    assert not Path("/usr/share/hyperion-probe").exists()


def test_a_program_and_all_it_started_is_gone_afterwards(tmp_path: Path) -> None:
    script = "sh -c 'trap \"\" TERM; echo $$ >pid; exec sleep 60' & wait"
    pid = tmp_path / "pid"
    with running(["sh", "-c", script], tmp_path / "log", lambda: pid.read_text(), cwd=tmp_path):
        assert lives(pid.read_text())
    wait_for(lambda: not lives(pid.read_text()), 5, "the end of it")


def test_a_program_that_dies_at_once_is_named_with_its_last_lines(tmp_path: Path) -> None:
    argv = ["sh", "-c", "echo no such device; exit 3"]
    with (
        pytest.raises(pytest.fail.Exception, match="sh ended with status 3(.|\n)*no such device"),
        running(argv, tmp_path / "log", lambda: False),
    ):
        raise AssertionError("it was handed over")


def test_a_killed_test_run_leaves_no_program_behind(tmp_path: Path) -> None:
    script = (
        "import os; from pathlib import Path; from lab.servers import running\n"
        "argv = ['sh', '-c', 'echo $$ >pid; exec sleep 60']\n"
        "with running(argv, Path('log'), lambda: Path('pid').read_text()):\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    env = os.environ | {"PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=env).returncode == -9
    pid = (tmp_path / "pid").read_text()
    wait_for(lambda: not lives(pid), 5, f"program {pid} to end")


def test_waiting_in_vain_says_for_what_and_what_was_last() -> None:
    with pytest.raises(pytest.fail.Exception, match="for rain; last error: OSError.'dry'"):
        wait_for(lambda: (_ for _ in ()).throw(OSError("dry")), 0, "rain")
    with pytest.raises(pytest.fail.Exception, match="for snow; last answer: 0"):
        wait_for(lambda: 0, 0, "snow")


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
)
def test_a_missing_program_skips_and_with_ci_fails(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="needs nonesuch: not on PATH"):
        program("nonesuch")
    with pytest.raises(outcome, match=r"needs prometheus 1.0: the lab knows 2.42, 2.53, 3.5"):
        program("prometheus", "1.0")


def test_nobody_listens_on_a_free_port() -> None:
    with pytest.raises(OSError, match="refused"):
        answers(f"http://127.0.0.1:{free_port()}")
