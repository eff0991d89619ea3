"""The commands of a terminal, on a real machine: what they print and how they end."""

import json
import os
import signal
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
import requests

from control_api.conftest import Clock
from control_api.people import People
from lab.databases import ON_SQLITE
from lab.fleet import Fleet
from lab.ours import BIN
from lab.processes import living
from lab.wait import wait_for

pytestmark = [ON_SQLITE, pytest.mark.usefixtures("reached")]

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(url: str, people: People, tmp_path: Path) -> Call:
    """As Olga, whose token is in a file."""
    file = tmp_path / "token"
    file.write_text(people.login("olga"))
    env = {**os.environ, "HYPERION_URL": url, "HYPERION_TOKEN_FILE": str(file)}

    def run(
        *words: str, stdin: int = subprocess.DEVNULL, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / "hyperion-control", *words],
            env={**env, **more},
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,
        )

    return run


def type_when_asked(keyboard: int, code: str) -> None:
    """Whoever asks for a secret turns the echo off first, and forgets what was typed before."""
    wait_for(lambda: not termios.tcgetattr(keyboard)[3] & termios.ECHO, 30, "the question")
    os.write(keyboard, f"{code}\n".encode())


def test_a_command_is_run_and_its_output_bears_the_name_of_the_machine(
    call: Call, fleet: Fleet
) -> None:
    name = fleet[0].name
    done = call("run", "--machines", f"machine={name}", "--", "sh", "-c", "echo up; exit 7")
    assert (done.returncode, done.stderr) == (7, "")
    first, last = done.stdout.splitlines()
    assert first.startswith(name) and first.endswith("up")
    assert "exit code 7" in last


def test_a_program_reads_json(call: Call, fleet: Fleet) -> None:
    machines = f"machine={fleet[0].name}"
    done = call("run", "--machines", machines, "--json", "--", "hostname")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, events[-2]["event"], events[-2]["state"]) == (0, "task", "succeeded")
    plan = json.loads(call("run", "--machines", machines, "--dry-run", "--json", "--", "id").stdout)
    assert [each["machine"] for each in plan["machines"]] == [fleet[0].name]


def test_who_presses_ctrl_c_cancels_it_on_the_machine(
    url: str, people: People, fleet: Fleet
) -> None:
    env = {**os.environ, "HYPERION_URL": url, "HYPERION_TOKEN": people.login("olga")}
    words = ("--machines", f"machine={fleet[0].name}", "--", "sh", "-c", "echo up; sleep 4711471")
    argv = [BIN / "hyperion-control", "run", *words]
    with subprocess.Popen(argv, env=env, text=True, stdout=subprocess.PIPE) as running:
        assert running.stdout and "up" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)
    assert (running.returncode, "is being canceled" in said) == (253, True)
    wait_for(lambda: not living("sleep 4711471"), 10, "the program to be gone")


def test_processes_are_shown(call: Call, fleet: Fleet) -> None:
    done = call("ps", fleet[0].name, "--sort=pid", "--limit=3")
    heading, first, *_ = done.stdout.splitlines()
    assert heading.split()[0] == "PID"
    assert first.split()[:2] == ["1", "root"]


def test_a_service_is_acted_on_and_its_log_read(call: Call, fleet: Fleet, reached: str) -> None:
    done = call("service", fleet[0].name, "ssh", "restart", "--reason", "new key")
    assert done.returncode == 0, done.stderr
    assert "ssh.service is active (running)" in done.stdout
    assert call("service", reached, "ssh.service", "status").returncode == 0
    assert call("service", reached, "debug-shell", "status").returncode == 3
    log = call("logs", reached, "ssh", "--lines=1", "--json")
    assert len(json.loads(log.stdout)["message"]) > 3


def test_a_log_is_followed_until_the_right_to_is_gone(
    url: str, people: People, reached: str
) -> None:
    token = people.login("olga")
    env = {**os.environ, "HYPERION_URL": url, "HYPERION_TOKEN": token}
    words = ("logs", reached, "ssh", "--follow", "--lines=1", "--json")
    argv = ["timeout", "60", BIN / "hyperion-control", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(argv, env=env, text=True, **pipes) as following:
        assert following.stdout
        line = json.loads(following.stdout.readline())
        signed = {"Authorization": f"Bearer {token}"}
        assert requests.post(f"{url}/api/auth/logout", headers=signed, timeout=30).ok
        _, said = following.communicate(timeout=60)
    assert line["cursor"] and line["message"]
    assert (following.returncode, "the API broke off" in said) == (1, True)


def test_a_code_is_asked_for_where_somebody_can_answer(
    call: Call, people: People, clock: Clock, fleet: Fleet
) -> None:
    clock.forward(600)
    words = ("run", "--machines", f"machine={fleet[0].name}", "--", "true")
    assert "give it with --otp" in call(*words).stderr
    keyboard, terminal = os.openpty()
    typing = Thread(target=type_when_asked, args=(keyboard, people.code()))
    typing.start()
    asked = call(*words, stdin=terminal)
    typing.join()
    os.close(keyboard)
    os.close(terminal)
    assert asked.returncode == 0, asked.stderr
    assert "Code from your authenticator" in asked.stderr
    clock.forward(600)
    given = call(*words[:3], "--otp", people.code(), *words[3:])
    assert given.returncode == 0, given.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("service", "{name}", "ssh", "stop"), "is needed to reach and to run this machine"),
        (("service", "{name}", "nonesuch", "start"), "there is no such unit"),
        (("ps", "nonesuch"), "there is no machine called nonesuch"),
        (("run", "--machines", "env=nowhere", "--", "id"), "machine"),
        (("run", "--machines", "machine", "--expected-targets=0", "--", "id"), "and not 0"),
    ],
)
def test_what_is_refused_is_one_sentence(
    call: Call, fleet: Fleet, words: tuple[str, ...], said: str
) -> None:
    done = call(*(word.format(name=fleet[0].name) for word in words))
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_who_cannot_be_asked_or_is_nobody_is_told_so(call: Call) -> None:
    away = call("ps", "web-1", HYPERION_URL="http://127.0.0.1:9")
    assert "does not answer" in away.stderr
    stranger = call("ps", "web-1", HYPERION_TOKEN_FILE="", HYPERION_TOKEN="hyp_nobody")
    assert (stranger.returncode, len(stranger.stderr.splitlines())) == (1, 1)
    nobody = call("ps", "web-1", HYPERION_TOKEN_FILE="")
    assert "HYPERION_TOKEN" in nobody.stderr
