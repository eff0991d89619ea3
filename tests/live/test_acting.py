"""What is asked of machines, from the request to what they did: two API processes and a worker."""

import base64
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from control_api.people import ACME
from hyperion_control.domain.batches import Width
from hyperion_control.store import commands
from lab.errands import add_machine, ask, ended
from lab.processes import living
from lab.replicas import Replicas, replicas
from lab.servers import Program
from lab.sshd import Sshd, sshd
from lab.wait import wait_for
from lab.ways import to_sshd


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    with replicas(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def worker(site: Replicas) -> Iterator[Program]:
    with site.worker() as worker:
        yield worker


@pytest.fixture(scope="module")
def machine(site: Replicas, server: Sshd) -> str:
    """Behind the server, with its key approved by Ada."""
    private = {"name": "lab", "private_key": server.key.read_text()}
    key = site.ask("POST", "ssh-keys", "ada", json=private)
    made = site.ask("POST", "machines", json=machine_of(server, "web-1", key["id"]))
    return str(made["id"])


def machine_of(server: Sshd, name: str, key_id: str, **more: Any) -> dict[str, Any]:
    where = {"ips": [server.address], "ssh_port": server.port, "ssh_user": server.user}
    return {"name": name, **where, "ssh_key_id": key_id, **more}


@pytest.fixture(scope="module")
def approved(site: Replicas, machine: str, server: Sshd) -> str:
    """The same, once nobody tests it without any more."""
    with site.parts.database.writing("*") as connection:
        pin = text("UPDATE machines SET host_key = :key WHERE id = :id")
        connection.execute(pin, {"key": to_sshd(server).host_key, "id": machine})
    return machine


def many(site: Replicas, crowd: Sshd, count: int, closed: int) -> list[str]:
    """Machines of which each tenth lets nobody in."""
    private = {"name": "crowd", "private_key": crowd.key.read_text()}
    key = site.ask("POST", "ssh-keys", "ada", json=private)["id"]
    way = {"runner": "ssh", "ssh_key_id": key, "host_key": to_sshd(crowd).host_key}
    return [
        add_machine(
            site.parts,
            f"crowd-{number}",
            hostname=f"127.0.{1 + number // 250}.{1 + number % 250}",
            ssh_port=crowd.port if number % 10 else closed,
            **way,
        )
        for number in range(count)
    ]


def run(site: Replicas, machine: str, *argv: str, wait: int = 20, **more: Any) -> Any:
    body = {"argv": list(argv), "machines": [machine], **more}
    return site.ask("POST", "commands", json=body, Prefer=f"wait={wait}")


def task(site: Replicas, command: Any, api: int = 0) -> Any:
    [found] = site.ask("GET", f"commands/{command['id']}/tasks", api=api)["data"]
    return found


def output(site: Replicas, command: Any, stream: str = "stdout", api: int = 0) -> bytes:
    where = f"commands/{command['id']}/output?stream={stream}"
    return base64.b64decode(site.ask("GET", where, api=api)["base64"])


def test_nothing_is_sent_before_the_key_of_the_machine_is_approved(
    site: Replicas, worker: Program, machine: str, tmp_path: Path
) -> None:
    command = run(site, machine, "touch", f"{tmp_path}/canary")
    said = task(site, command)
    assert (command["state"], said["state"]) == ("failed", "unreachable")
    assert said["reason"].endswith("is not approved yet")
    assert not (tmp_path / "canary").exists()
    offered = site.ask("GET", f"machines/{machine}")["host_key"]
    assert offered["state"] == "pending"
    approval = {"fingerprint": offered["offered"]}
    site.ask("PUT", f"machines/{machine}/host-key", "ada", json=approval)
    assert run(site, machine, "touch", f"{tmp_path}/canary")["state"] == "succeeded"
    assert (tmp_path / "canary").exists()


def test_a_command_of_one_process_is_read_and_canceled_through_the_other(
    site: Replicas, worker: Program, approved: str
) -> None:
    mark = f"sleep {7_500_000 + os.getpid()}"
    command = run(site, approved, "sh", "-c", f"echo up; {mark} & wait", wait=0)
    assert command["state"] in ("queued", "running")
    wait_for(lambda: output(site, command, api=1) == b"up\n", 10, "its output")
    assert living(mark)
    site.ask("POST", f"commands/{command['id']}/cancel", api=1)
    wait_for(
        lambda: task(site, command, api=0)["state"] == "canceled", 10, "the end of the program"
    )
    assert living(mark) == []


def test_a_machine_that_shows_another_key_gets_nothing(
    site: Replicas, worker: Program, approved: str, tmp_path: Path
) -> None:
    before = site.ask("GET", f"machines/{approved}")
    with sshd() as other:
        site.ask("PATCH", f"machines/{approved}", json={"ssh_port": other.port})
        try:
            command = run(site, approved, "touch", f"{tmp_path}/canary")
        finally:
            site.ask("PATCH", f"machines/{approved}", json={"ssh_port": before["ssh_port"]})
    said = task(site, command)
    assert (said["state"], "is not the approved one" in said["reason"]) == ("unreachable", True)
    assert not (tmp_path / "canary").exists()
    now = site.ask("GET", f"machines/{approved}")["host_key"]
    assert (now["state"], now["fingerprint"]) == ("changed", before["host_key"]["fingerprint"])
    assert run(site, approved, "true")["state"] == "succeeded"


def test_a_gibibyte_on_both_streams_at_once_costs_the_worker_little(
    site: Replicas, worker: Program, approved: str
) -> None:
    process = psutil.Process(worker.process.pid)
    flood = "head -c 536870912 /dev/zero >&2 & head -c 536870912 /dev/zero; wait; echo end"
    before, most = process.memory_info().rss, 0
    command = run(site, approved, "sh", "-c", flood, wait=0, timeout=300)

    def over() -> bool:
        nonlocal most
        most = max(most, process.memory_info().rss)
        with site.parts.database.reading(ACME) as connection:
            found = commands.get(connection, command["id"])
        return found is not None and found.state == "succeeded"

    wait_for(over, 300, "a gibibyte")
    found = task(site, command)
    assert found["stdout"]["size"] == 536870912 + 4
    assert found["stderr"]["size"] == 536870912
    assert found["stdout"]["truncated"]
    assert most - before < 50 * 2**20


def test_a_worker_that_is_killed_loses_only_what_it_ran_and_nothing_runs_twice(
    site: Replicas, worker: Program, tmp_path: Path
) -> None:
    parts, log = site.parts, tmp_path / "ran"
    here = add_machine(parts)
    script = f"echo $0 >>{log}; sleep 1.{os.getpid()}"
    with site.worker("victim") as victim:
        name = re.findall(r"worker (wrk_\w+) started", (site.folder / "victim.log").read_text())[0]
        asked = [ask(site.people, [here], "sh", "-c", script, str(n)) for n in range(100)]

        def begun() -> int:
            with parts.database.reading("*") as connection:
                mine = text(
                    "SELECT count(*) FROM tasks WHERE worker_id = :id AND state = 'running'"
                )
                return int(connection.execute(mine, {"id": name}).scalar_one())

        wait_for(lambda: begun() > 3 and log.exists(), 20, "the victim to have begun some")
        victim.process.kill()
        victim.process.wait()
    with parts.database.writing("*") as connection:
        # As if half a minute had gone by.
        late = text("UPDATE tasks SET lease_until = :then WHERE worker_id = :id")
        connection.execute(late, {"then": parts.clock() - timedelta(seconds=1), "id": name})
    found = {n: ended(parts, command, 60)[0] for n, command in enumerate(asked)}
    ran = Counter(map(int, log.read_text().split()))
    assert {task.state for task in found.values()} == {"succeeded", "lost"}
    for n, task in found.items():
        if task.state == "succeeded":
            assert ran[n] == 1
        else:
            assert (task.worker_id, ran[n] <= 1) == (name, True)
    assert living(f"sleep 1.{os.getpid()}") == []


def test_five_hundred_machines_of_which_a_tenth_is_away_end_once_each(
    site: Replicas, worker: Program, free_port: int
) -> None:
    with sshd(many=True) as crowd:
        machines = many(site, crowd, 500, free_port)
        all_of_them = ended(site.parts, ask(site.people, machines, "echo", "here"), 120)
        wary = Width(batch="50", max_failures="5%")
        some = ended(site.parts, ask(site.people, machines, "echo", "here", width=wary), 120)
    assert Counter(task.state for task in all_of_them) == {"succeeded": 450, "unreachable": 50}
    assert len({task.digest for task in all_of_them if task.state == "succeeded"}) == 1
    # Five of each batch are away: the sixth brings more than 25 failures, and is the last.
    states = Counter(task.state for task in some)
    assert states == {"succeeded": 270, "unreachable": 30, "skipped": 200}
