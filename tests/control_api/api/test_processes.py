"""/api/machines/…/processes: through the database and a worker to this machine, and on record."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.people import People
from hyperion_control.usecases.parts import Parts
from lab.errands import add_machine, recorded, working

START = "900-95adb6e8-bf20-48cc-91a0-0dbe8e055a39"
SENSELESS: list[tuple[str, dict[str, Any], str]] = [
    ("signal", {"start": START, "signal": "KILL"}, "/signal"),
    ("signal", {"start": START, "signal": "TERM; reboot"}, "/signal"),
    ("signal", {"start": "$(reboot)", "signal": "TERM"}, "/start"),
    ("signal", {"signal": "TERM"}, "/start"),
    ("kill", {"start": START, "grace": -1}, "/grace"),
    ("renice", {"start": START, "nice": 20}, "/nice"),
    ("renice", {"start": START, "nice": "5"}, "/nice"),
]


@pytest.fixture
def path(parts: Parts, people: People) -> str:
    """Of the processes of the machine that the tests run on."""
    return f"/api/machines/{add_machine(parts)}/processes"


@pytest.fixture
def worker(parts: Parts, path: str) -> Iterator[None]:
    with working(parts):
        yield


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()


def seen(client: FlaskClient, path: str, pid: int) -> Any:
    return answered(client.get(f"{path}/{pid}"))


@pytest.mark.usefixtures("worker")
def test_a_process_is_found_signalled_and_gone(
    as_: As, path: str, parts: Parts, sleeper: subprocess.Popen[bytes]
) -> None:
    olga, otto, pid = as_("olga"), as_("otto"), sleeper.pid
    page = answered(otto.get(f"{path}?name=sleep&cmdline=1000&sort=-pid&limit=500"))
    found = {each["pid"]: each for each in page["data"]}[pid]
    assert (found["cmdline"], found["ppid"]) == (["sleep", "1000"], os.getpid())
    assert seen(otto, path, pid)["start"] == found["start"]
    tree = {each["process"]["pid"]: each for each in answered(otto.get(f"{path}/tree"))["data"]}
    assert tree[pid]["depth"] == tree[os.getpid()]["depth"] + 1
    body = {"start": found["start"], "signal": "TERM", "grace": 5, "reason": "it sleeps"}
    done = answered(olga.post(f"{path}/{pid}/signal", json=body))
    told = {"pid": pid, "start": found["start"], "name": "sleep", "result": "gone"}
    assert done["processes"] == [told]
    assert code(olga.post(f"{path}/{pid}/signal", json=body)) == (409, "process-changed")
    intents = [each for each in recorded(parts, "process:signal") if each.phase == "intent"]
    detail = json.loads(intents[0].detail)
    assert (detail["pid"], detail["start"], detail["signal"]) == (pid, found["start"], "TERM")


@pytest.mark.usefixtures("worker")
def test_a_process_is_reniced_and_killed(
    as_: As, path: str, sleeper: subprocess.Popen[bytes]
) -> None:
    olga, pid = as_("olga"), sleeper.pid
    start = seen(olga, path, pid)["start"]
    renice = answered(olga.post(f"{path}/{pid}/renice", json={"start": start, "nice": 9}))
    assert (renice["nice"], seen(olga, path, pid)["nice"]) == (9, 9)
    body = {"start": start, "tree": True, "grace": 0}
    killed = answered(olga.post(f"{path}/{pid}/kill", json=body))
    assert [each["result"] for each in killed["processes"]] == ["gone"]
    assert code(olga.get(f"{path}/{2**22 + 1}")) == (404, "no-process")


def test_what_makes_no_sense_reaches_no_machine(as_: As, path: str, parts: Parts) -> None:
    olga = as_("olga")
    for act, body, pointer in SENSELESS:
        answer = olga.post(f"{path}/7/{act}", json=body)
        assert code(answer) == (422, "invalid")
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
        assert recorded(parts, f"process:{act}") == []
    for query in ("sort=name", "sort=--pid", "state=x", "limit=0", "cursor=00"):
        assert olga.get(f"{path}?{query}").status_code == 422, query


def test_who_only_looks_touches_nothing(as_: As, path: str, parts: Parts) -> None:
    otto, eve = as_("otto"), as_("eve")
    for act, more in (("signal", {"signal": "TERM"}), ("kill", {}), ("renice", {"nice": 1})):
        body = {"start": START, **more}
        assert code(otto.post(f"{path}/7/{act}", json=body)) == (403, "forbidden")
        assert code(eve.post(f"{path}/7/{act}", json=body)) == (404, "not-found")
    assert code(eve.get(path)) == (404, "not-found")


def test_to_kill_takes_a_fresh_code(as_: As, path: str, clock: Any) -> None:
    olga = as_("olga")
    clock.forward(301)
    answer = olga.post(f"{path}/7/kill", json={"start": START})
    assert code(answer) == (401, "step-up-needed")
