"""Approvals: a second person, for exactly this command, once, in time, and on record."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from control_api.answers import As, answered, code
from control_api.api.test_commands import UPTIME, added, run
from control_api.conftest import Clock
from control_api.hands import Hands
from control_api.people import id_of
from hyperion_control.store import commands
from hyperion_control.store.records import records
from hyperion_control.usecases.parts import Parts

REBOOT = {"role": "operator", "effect": "approve", "words": ["reboot", "**"], "note": "careful"}


@pytest.fixture
def waiting(as_: As) -> Any:
    """Olga's command, which a policy of Ada's holds back."""
    olga = as_("olga")
    answered(as_("ada").post("/api/policies", json=REBOOT), 201)
    body = {"argv": ["reboot"], "machines": [added(olga, "web-1")["id"]]}
    plan = answered(run(olga, {**body, "dry_run": True}))
    assert plan["verdict"] == "needs_approval"
    assert "another person" in plan["approval"]
    return answered(run(olga, body), 202)


def decide(client: FlaskClient, command: Any, what: str = "approve", **more: Any) -> Any:
    body = {"hash": command["hash"], **more}
    return client.post(f"/api/commands/{command['id']}/{what}", json=body)


def ready(parts: Parts) -> list[str]:
    """What a worker may begin."""
    with parts.database.reading("*") as connection:
        return [command.id for command in commands.ready(connection, parts.clock())]


def test_a_command_waits_for_a_second_person(as_: As, parts: Parts, waiting: Any) -> None:
    assert (waiting["state"], waiting["approval"]) == ("pending_approval", None)
    assert ready(parts) == []
    approved = answered(decide(as_("ada"), waiting, reason="window is open"))
    assert approved["state"] == "queued"
    assert approved["approval"]["user_id"] == id_of("ada")
    assert approved["approval"]["reason"] == "window is open"
    assert ready(parts) == [waiting["id"]]
    assert code(decide(as_("ada"), waiting)) == (409, "not-pending")


def test_nobody_approves_their_own(as_: As, parts: Parts, waiting: Any) -> None:
    assert code(decide(as_("olga"), waiting)) == (403, "own-command")
    assert ready(parts) == []
    with parts.database.reading("*") as connection:
        mine = records.c.action == "command:approve", records.c.phase == "outcome"
        [row] = connection.execute(select(records).where(*mine))
    assert (row.outcome, row.actor_id) == ("failed", id_of("olga"))


def test_an_approval_is_for_what_was_seen(as_: As, parts: Parts, waiting: Any) -> None:
    other = {**waiting, "hash": "0" * 64}
    assert code(decide(as_("ada"), other)) == (409, "other-command")
    assert ready(parts) == []


def test_who_refuses_ends_it(as_: As, parts: Parts, waiting: Any) -> None:
    rejected = answered(decide(as_("ada"), waiting, "reject", reason="not now"))
    assert (rejected["state"], rejected["states"]) == ("canceled", {"canceled": 1})
    assert rejected["approval"]["decision"] == "rejected"
    assert code(decide(as_("ada"), waiting)) == (409, "not-pending")
    [task] = Hands(parts).tasks(waiting["id"])
    assert task.reason == "it was not approved"


def test_it_may_be_canceled_before(as_: As, waiting: Any) -> None:
    answered(as_("olga").post(f"/api/commands/{waiting['id']}/cancel"), 202)
    assert code(decide(as_("ada"), waiting)) == (409, "not-pending")


def test_an_approval_comes_in_time_or_not_at_all(
    as_: As, parts: Parts, waiting: Any, clock: Clock
) -> None:
    clock.forward(24 * 3600)
    assert code(decide(as_("ada"), waiting)) == (409, "not-pending")
    with parts.database.reading("*") as connection:
        assert commands.overdue(connection, parts.clock()) == [waiting["id"]]


def test_who_only_looks_and_who_is_elsewhere_approve_nothing(as_: As, waiting: Any) -> None:
    assert code(decide(as_("otto"), waiting)) == (403, "forbidden")
    assert code(decide(as_("eve"), waiting)) == (404, "not-found")


def test_other_commands_need_no_approval(as_: As, waiting: Any) -> None:
    body = {**UPTIME, "machines": [waiting["machine_id"]]}
    assert answered(run(as_("olga"), body), 202)["state"] == "queued"
    reboot = {"argv": ["reboot"], "machines": [waiting["machine_id"]]}
    assert answered(run(as_("ada"), reboot), 202)["state"] == "queued", "of operators only"
