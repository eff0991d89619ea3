"""/api/updates: which version the agents are of, and how they get another one."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.api.test_machines import added
from control_api.calling import BEAT, Caller, caller, handed
from hyperion_control.usecases import handout

OLD = 64 * "0"
DONE = {"end": "exited", "code": 0, "seconds": 1}


def beat(agent: Caller, release: str, run: str = "first") -> None:
    versions = {"agent": "0.0.9", "release": release}
    answered(agent.post("heartbeat", json={**BEAT, "run": run, "versions": versions}))


@pytest.fixture
def agent(as_: As, client: FlaskClient) -> Caller:
    agent = caller(client, handed(as_("olga")))
    beat(agent, OLD)
    return agent


def ordered(as_: As, agent: Caller, **more: Any) -> str:
    """The command's id."""
    body = {"machines": [agent.machine_id], **more}
    return str(answered(as_("olga").post("/api/updates", json=body), 202)["id"])


def task_of(as_: As, command_id: str) -> dict[str, Any]:
    [task] = answered(as_("olga").get(f"/api/commands/{command_id}/tasks"))["data"]
    return dict(task)


def standings(as_: As) -> dict[str, tuple[str, str]]:
    listed = answered(as_("otto").get("/api/updates"))["data"]
    return {each["machine"]: (each["version"], each["state"]) for each in listed}


def measured(client: FlaskClient) -> str:
    [line] = re.findall("^hyperion_control_agents_old (.*)$", client.get("/metrics").text, re.M)
    return str(line)


def test_an_update_is_a_command_that_outlives_the_agents_new_start(
    as_: As, client: FlaskClient, agent: Caller
) -> None:
    assert standings(as_) == {"web-1": ("0.0.9", "old")}
    assert measured(client) == "1.0"
    command_id = ordered(as_, agent, seconds=30)
    assert agent.news() == {"waiting": [], "cancel": [], "update": "", "release": OLD}
    task_id = agent.news(update="tsk_before")["update"]
    assert agent.news(update=task_id)["update"] == "", "it is known"
    order = answered(agent.post(f"tasks/{task_id}/begin"))
    assert (order["argv"][-1], order["seconds"]) == (handout.release(), 30)
    beat(agent, handout.release(), run="second")
    told = agent.news(update="")
    assert (told["update"], told["release"]) == (task_id, handout.release())
    assert agent.post(f"tasks/{task_id}/end", json=DONE).status_code == 204
    assert task_of(as_, command_id)["state"] == "succeeded"
    assert standings(as_) == {"web-1": ("0.0.9", "current")}
    assert measured(client) == "0.0"
    assert agent.news(update="")["update"] == ""
    recorded = answered(as_("ada").get("/api/audit?action=agent:update"))["data"]
    assert [each["target"] for each in recorded] == [command_id] * 2, "intent and outcome"


def test_it_waits_until_nothing_runs_and_nothing_begins_beside_it(as_: As, agent: Caller) -> None:
    body = {"argv": ["uptime"], "machines": [agent.machine_id]}
    answered(as_("olga").post("/api/commands", json=body), 202)
    [running] = agent.news()["waiting"]
    answered(agent.post(f"tasks/{running}/begin"))
    update_id = task_of(as_, ordered(as_, agent))["id"]
    assert agent.news(update="")["update"] == ""
    assert code(agent.post(f"tasks/{update_id}/begin")) == (409, "not-waiting")
    assert agent.post(f"tasks/{running}/end", json=DONE).status_code == 204
    answered(agent.post(f"tasks/{agent.news(update='')['update']}/begin"))
    answered(as_("olga").post("/api/commands", json=body), 202)
    assert agent.news()["waiting"] == []
    assert agent.post(f"tasks/{update_id}/end", json=DONE).status_code == 204
    assert len(agent.news()["waiting"]) == 1


def test_one_that_has_begun_is_not_canceled_on_the_way(as_: As, agent: Caller) -> None:
    """Who waits for news would else be answered at once, again and again."""
    command_id = ordered(as_, agent)
    answered(agent.post(f"tasks/{task_of(as_, command_id)['id']}/begin"))
    answered(as_("olga").post(f"/api/commands/{command_id}/cancel"), 202)
    assert agent.news()["cancel"] == []


def test_who_is_installed_by_hand_is_shown_and_left_alone(
    as_: As, client: FlaskClient, agent: Caller
) -> None:
    by_hand = caller(client, handed(as_("olga")), "web-2", 64 * "b")
    beat(by_hand, "")
    by_ssh = added(as_("olga"), "web-3")
    assert standings(as_) == {"web-1": ("0.0.9", "old"), "web-2": ("0.0.9", "manual")}
    assert measured(client) == "1.0"
    there = {"machines": [agent.machine_id, by_hand.machine_id, by_ssh["id"]]}
    planned = as_("olga").post("/api/updates", json={**there, "dry_run": True})
    assert [each["machine"] for each in answered(planned)["machines"]] == ["web-1"]
    assert agent.news(update="")["update"] == "", "nothing was begun"
    refused = as_("olga").post("/api/updates", json={"machines": there["machines"][1:]})
    assert code(refused) == (409, "no-agents")


def test_who_is_reached_by_ssh_again_is_left_alone(as_: As, agent: Caller) -> None:
    """A worker would carry the task there, which is for the agent."""
    changed = f"/api/machines/{agent.machine_id}", {"runner": "ssh"}
    answered(as_("olga").patch(changed[0], json=changed[1], headers={"If-Match": "*"}))
    refused = as_("olga").post("/api/updates", json={"machines": [agent.machine_id]})
    assert code(refused) == (409, "no-agents")


def test_a_policy_holds_for_updates_too(as_: As, agent: Caller) -> None:
    rule = {"role": "operator", "effect": "deny", "words": ["hyperion-update", "**"]}
    answered(as_("ada").post("/api/policies", json=rule), 201)
    refused = as_("olga").post("/api/updates", json={"selector": "machine"})
    assert code(refused) == (403, "denied-by-policy")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({}, ""),
        ({"group": "a", "selector": "machine"}, ""),
        ({"selector": "machine", "seconds": 1}, "/seconds"),
    ],
)
def test_a_wish_that_does_not_fit_is_refused(as_: As, wrong: Any, pointer: str) -> None:
    answer = as_("olga").post("/api/updates", json=wrong)
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
