"""/api/agents/tasks: a command's way to a machine that nobody can reach, and back."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.calling import BEAT, Caller, caller, handed
from control_api.conftest import Clock
from control_api.people import ACME, id_of
from hyperion_control.domain.machine_states import OFFLINE_AFTER
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import agent_tasks, leftovers
from hyperion_control.usecases.dispatch import Room, claim
from hyperion_control.usecases.parts import Parts
from lab.wait import wait_for

MEMBER = f"/api/organisations/{ACME}/members/{id_of('olga')}"
DONE: dict[str, Any] = {"end": "exited", "code": 0, "seconds": 0.5}


@pytest.fixture
def agent(as_: As, client: FlaskClient) -> Caller:
    return caller(client, handed(as_("olga")))


@pytest.fixture
def run(as_: As, agent: Caller) -> Callable[..., str]:
    """Olga has something run on web-1, unless she says where."""
    olga = as_("olga")

    def ask(**more: Any) -> str:
        body = {"argv": ["uptime"], "machines": [agent.machine_id], **more}
        return str(answered(olga.post("/api/commands", json=body), 202)["id"])

    return ask


def piece(data: bytes, offset: int, stream: str = "stdout") -> dict[str, Any]:
    return {"stream": stream, "offset": offset, "base64": base64.b64encode(data).decode()}


def state(as_: As, command_id: str) -> str:
    return str(answered(as_("olga").get(f"/api/commands/{command_id}"))["state"])


def said(as_: As, command_id: str) -> str:
    answer = as_("olga").get(f"/api/commands/{command_id}/output?machine=web-1")
    return str(answered(answer)["text"])


def test_a_command_is_fetched_begun_told_and_ended(
    as_: As, agent: Caller, run: Callable[..., str]
) -> None:
    command_id = run(script="date\n", argv=["sh"], user="deploy", timeout=5)
    [task_id] = agent.news()["waiting"]
    order = answered(agent.post(f"tasks/{task_id}/begin"))
    assert (order["argv"], order["user"], order["seconds"]) == (["sh"], "deploy", 5)
    assert base64.b64decode(order["stdin"]) == b"date\n"
    assert agent.news()["waiting"] == []
    assert state(as_, command_id) == "running"
    for offset, data in ((0, b"one "), (4, b"two")):
        told = agent.post(f"tasks/{task_id}/output", json={"pieces": [piece(data, offset)]})
        assert told.status_code == 204
    assert said(as_, command_id) == "one two"
    ended = agent.post(f"tasks/{task_id}/end", json={**DONE, "stdout_size": 7})
    assert ended.status_code == 204
    assert state(as_, command_id) == "succeeded"
    acts = answered(as_("ada").get("/api/audit?action=task:run"))["data"]
    assert [each["target"] for each in acts] == [agent.machine_id] * 2, "its begin and its end"


def test_what_is_told_twice_is_kept_once(as_: As, agent: Caller, run: Callable[..., str]) -> None:
    command_id = run()
    [task_id] = agent.news()["waiting"]
    first = answered(agent.post(f"tasks/{task_id}/begin"))
    assert answered(agent.post(f"tasks/{task_id}/begin")) == first, "the answer was lost"
    for offset, data in ((0, b"abc"), (0, b"abc"), (1, b"bcde"), (0, b"ab"), (5, b"f")):
        told = agent.post(f"tasks/{task_id}/output", json={"pieces": [piece(data, offset)]})
        assert told.status_code == 204, told.text
    assert said(as_, command_id) == "abcdef"
    [task] = answered(as_("olga").get(f"/api/commands/{command_id}/tasks"))["data"]
    assert task["stdout"]["kept"] == 6
    for how in ({**DONE, "code": 3}, DONE):
        assert agent.post(f"tasks/{task_id}/end", json=how).status_code == 204
    assert state(as_, command_id) == "failed", "it ends once"
    late = agent.post(f"tasks/{task_id}/output", json={"pieces": [piece(b"g", 6)]})
    assert code(late) == (409, "task-ended")


def test_a_canceled_task_is_told_of_once(as_: As, agent: Caller, run: Callable[..., str]) -> None:
    command_id = run()
    [task_id] = agent.news()["waiting"]
    answered(agent.post(f"tasks/{task_id}/begin"))
    as_("olga").post(f"/api/commands/{command_id}/cancel")
    assert agent.news()["cancel"] == [task_id]
    assert agent.news(canceling=[task_id])["cancel"] == []
    agent.post(f"tasks/{task_id}/end", json={"end": "canceled", "seconds": 1})
    assert state(as_, command_id) == "canceled"


def test_who_waits_hears_of_it_at_once(
    app: Flask, agent: Caller, run: Callable[..., str], parts: Parts
) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(Caller(app.test_client(), agent.secret, "", "").news, wait=20)
        wait_for(lambda: len(parts.bell._callbacks) > 0, 5, "the agent to wait")
        run()
        assert len(waiting.result(5)["waiting"]) == 1


def test_one_that_was_away_gets_its_tasks_until_their_end(
    as_: As, agent: Caller, run: Callable[..., str], clock: Clock, parts: Parts
) -> None:
    soon, late = run(expires_at="2026-11-21T03:10:00Z"), run(expires_at="2026-11-21T05:00:00Z")
    clock.forward(3600)
    assert len(agent.news()["waiting"]) == 1
    leftovers.expire(parts, Worker("wrk_1", "here", clock()))
    assert [state(as_, each) for each in (soon, late)] == ["expired", "queued"]


def test_the_worker_leaves_it_to_the_agent(
    agent: Caller, run: Callable[..., str], parts: Parts
) -> None:
    run()
    assert claim(parts, Worker("wrk_1", "here", parts.clock()), Room({})) == []
    assert len(agent.news()["waiting"]) == 1


def test_what_ran_when_the_agent_was_killed_is_lost(
    as_: As, agent: Caller, run: Callable[..., str]
) -> None:
    answered(agent.post("heartbeat", json=BEAT))
    command_id = run()
    [task_id] = agent.news()["waiting"]
    answered(agent.post(f"tasks/{task_id}/begin"))
    answered(agent.post("heartbeat", json=BEAT))
    assert state(as_, command_id) == "running"
    answered(agent.post("heartbeat", json={**BEAT, "run": "second"}))
    assert state(as_, command_id) == "lost"
    assert agent.news()["waiting"] == [], "it is not begun again"


def test_what_an_agent_that_died_ran_is_lost_when_its_lease_is_over(
    as_: As, agent: Caller, run: Callable[..., str], parts: Parts, clock: Clock
) -> None:
    command_id = run(timeout=3600)
    [task_id] = agent.news()["waiting"]
    answered(agent.post(f"tasks/{task_id}/begin"))
    worker = Worker("wrk_1", "here", clock())
    for _ in range(3):
        clock.forward(200)
        agent.news()
        leftovers.give_up(parts, worker)
        assert state(as_, command_id) == "running"
    clock.forward(301)
    leftovers.give_up(parts, worker)
    assert state(as_, command_id) == "lost"
    assert agent.post(f"tasks/{task_id}/end", json=DONE).status_code == 204
    assert state(as_, command_id) == "lost"


def test_agents_that_wait_are_called_when_there_is_something(
    as_: As, agent: Caller, run: Callable[..., str], parts: Parts
) -> None:
    """They do not look by themselves: it would be thousands of looks for nothing."""
    rung: list[str] = []
    leave = parts.bell.subscribe(rung.append)
    worker = Worker("wrk_1", "here", parts.clock())
    command_id = run()
    assert rung.count(agent.machine_id) == 1
    agent_tasks.knock(parts, worker)
    assert rung.count(agent.machine_id) == 1, "who is away does not wait"
    answered(agent.post("heartbeat", json=BEAT))
    agent_tasks.knock(parts, worker)
    assert rung.count(agent.machine_id) == 2
    assert as_("olga").post(f"/api/commands/{command_id}/cancel").status_code == 202
    assert rung.count(agent.machine_id) == 3
    agent_tasks.knock(parts, worker)
    assert rung.count(agent.machine_id) == 3, "nothing is left to do"
    leave()


def test_an_agent_goes_no_wider_than_its_command(
    as_: As, client: FlaskClient, agent: Caller, run: Callable[..., str], clock: Clock
) -> None:
    clock.forward(OFFLINE_AFTER.total_seconds())
    other = caller(client, handed(as_("olga")), "web-2", 64 * "b")
    run(machines=[agent.machine_id, other.machine_id], concurrency=1)
    [task_id] = agent.news()["waiting"]
    assert other.news()["waiting"] == []
    answered(agent.post(f"tasks/{task_id}/begin"))
    agent.post(f"tasks/{task_id}/end", json=DONE)
    assert len(other.news()["waiting"]) == 1


def test_another_machines_task_is_none_of_its(
    as_: As, client: FlaskClient, agent: Caller, run: Callable[..., str]
) -> None:
    other = caller(client, handed(as_("olga")), "web-2", 64 * "b")
    run()
    [task_id] = agent.news()["waiting"]
    for verb, body in (("begin", None), ("output", {"pieces": [piece(b"x", 0)]}), ("end", DONE)):
        assert code(other.post(f"tasks/{task_id}/{verb}", json=body)) == (404, "not-found")
    assert code(agent.post(f"tasks/{task_id}/end", json=DONE)) == (404, "not-found"), "not begun"


def test_nobodys_wish_any_more_is_not_begun(
    as_: As, agent: Caller, run: Callable[..., str]
) -> None:
    command_id = run()
    [task_id] = agent.news()["waiting"]
    gone = as_("petra").delete(MEMBER, headers={"X-Organisation": ACME, "If-Match": "*"})
    assert gone.status_code == 204, gone.text
    assert code(agent.post(f"tasks/{task_id}/begin")) == (409, "not-waiting")
    shown = answered(as_("otto").get(f"/api/commands/{command_id}"))
    assert shown["state"] == "canceled"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"stream": "stdin"}, "/pieces/0/stream"),
        ({"offset": -1}, "/pieces/0/offset"),
        ({"base64": "?"}, "/pieces/0/base64"),
    ],
)
def test_a_piece_that_is_none_is_refused(
    agent: Caller, run: Callable[..., str], wrong: dict[str, Any], pointer: str
) -> None:
    run()
    [task_id] = agent.news()["waiting"]
    answer = agent.post(f"tasks/{task_id}/output", json={"pieces": [{**piece(b"x", 0), **wrong}]})
    assert answer.json["errors"][0]["pointer"] == pointer
