"""/api/commands: asked, planned, recorded, looked at and canceled; nobody else's machines."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.api.test_machines import added
from control_api.conftest import Clock
from control_api.hands import Hands
from control_api.people import People, id_of
from hyperion_control.usecases import tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted

UPTIME = {"argv": ["uptime", "-p"]}


UNFIT: tuple[tuple[dict[str, Any], str], ...] = (
    ({"machines": []}, ""),
    ({"group": "web"}, ""),
    ({"argv": []}, ""),
    ({"batch": "110%"}, "/batch"),
    ({"batch": "many"}, "/batch"),
    ({"max_failures": "-1"}, "/max_failures"),
    ({"timeout": 0}, "/timeout"),
    ({"timeout": 10**9}, "/timeout"),
    ({"not_before": "2026-11-21T03:00:00"}, "/not_before"),
    ({"not_before": "2027-11-21T03:00:00Z"}, "/not_before"),
    ({"expires_at": "2026-11-20T03:00:00Z"}, "/expires_at"),
    ({"argv": ["a\0b"]}, "/argv"),
    ({"shell": True}, "/shell"),
)


@pytest.fixture
def hands(parts: Parts) -> Hands:
    return Hands(parts)


def run(client: FlaskClient, body: dict[str, Any], **headers: str) -> Any:
    return client.post("/api/commands", json=body, headers=headers)


def asked(client: FlaskClient, names: tuple[str, ...] = ("web-1",), **more: Any) -> Any:
    ids = [added(client, name)["id"] for name in names]
    return answered(run(client, {**UPTIME, "machines": ids, **more}), 202)


def test_a_command_is_accepted_run_and_told(as_: As, hands: Hands) -> None:
    olga = as_("olga")
    ids = [added(olga, name)["id"] for name in ("web-2", "web-1")]
    answer = run(olga, {**UPTIME, "machines": ids, "reason": "is it up?"})
    command = answered(answer, 202)
    assert answer.headers["Location"] == f"/api/commands/{command['id']}"
    assert (command["state"], command["states"]) == ("queued", {"queued": 2})
    assert (command["user_id"], command["by"]) == (id_of("olga"), "Olga")
    hands.do(command["id"])
    ended = answered(olga.get(answer.headers["Location"]))
    assert (ended["state"], ended["states"]) == ("succeeded", {"succeeded": 2})
    assert ended["started_at"] == ended["ended_at"] == "2026-11-21T03:00:00Z"
    shown = answered(olga.get(f"/api/commands/{command['id']}/tasks"))["data"]
    assert [task["machine"] for task in shown] == ["web-1", "web-2"], "by name"
    assert shown[0]["stdout"] == {"size": 3, "kept": 3, "truncated": False}
    assert (shown[0]["code"], shown[0]["seconds"]) == (0, 0.5)


def test_machines_are_chosen_by_group_and_labels(as_: As) -> None:
    olga = as_("olga")
    group = answered(olga.post("/api/groups", json={"name": "web", "colour": "#00ff00"}), 201)["id"]
    added(olga, "web-1", group_id=group, labels={"env": "prod"})
    added(olga, "web-2", group_id=group, labels={"env": "test"})
    added(olga, "db-1", labels={"env": "prod"})
    reached = {
        ("group", "web"): ["web-1", "web-2"],
        ("group", group): ["web-1", "web-2"],
        ("selector", "env=prod,group!=web"): ["db-1"],
        ("selector", "machine"): ["db-1", "web-1", "web-2"],
    }
    for (way, value), names in reached.items():
        plan = answered(run(olga, {**UPTIME, way: value, "dry_run": True}))
        assert [target["machine"] for target in plan["machines"]] == names
        assert plan["targets"] == len(names)
    assert answered(olga.get("/api/commands"))["data"] == [], "a dry run leaves nothing"


def test_a_script_comes_by_stdin_and_is_sealed(as_: As, parts: Parts) -> None:
    olga, otto = as_("olga"), as_("otto")
    script = {"script": "echo hunter2\n", "env": {"A": "1"}, "machines": [added(olga, "a")["id"]]}
    command = answered(run(olga, script), 202)
    assert command["argv"] == ["/bin/sh", "-s"]
    assert (command["script"], command["env"]) == ("echo hunter2\n", {"A": "1"})
    shown = answered(otto.get(f"/api/commands/{command['id']}"))
    assert (shown["script"], shown["env"]) == (None, None), "who only looks"
    with parts.database.reading("*") as connection:
        kept = connection.exec_driver_sql("SELECT * FROM commands").one()
    assert b"hunter2" not in b"".join(value for value in kept if isinstance(value, bytes))
    assert "hunter2" not in str(kept)


def test_who_waits_is_answered_at_the_end(as_: As, hands: Hands) -> None:
    olga = as_("olga")
    command = asked(olga)
    hands.parts.bell.subscribe(lambda topic: topic == "tasks" and do_all(olga, hands))
    answer = run(olga, {**UPTIME, "machines": [command["machine_id"]]}, Prefer="wait=20")
    assert answered(answer)["state"] == "succeeded"


def do_all(client: FlaskClient, hands: Hands) -> None:
    for command in answered(client.get("/api/commands?state=queued"))["data"]:
        hands.do(command["id"])


def test_lists_are_narrowed_and_turned(as_: As, clock: Clock, hands: Hands) -> None:
    olga, ada = as_("olga"), as_("ada")
    first = asked(olga)
    clock.forward(60)
    second = asked(ada, ("db-1", "db-2"), reason="later")
    hands.do(second["id"])
    found = {
        "": [second, first],
        "machine=web-1": [first],
        f"machine={first['machine_id']}": [first],
        "machine=nowhere": [],
        "selector=machine!=web-1": [second],
        "state=succeeded": [second],
        "by=olga": [first],
        f"by={id_of('ada')}": [second],
        "kind=command:run": [second, first],
        "kind=service:restart": [],
        "since=2026-11-21T03:00:30Z": [second],
    }
    for query, expected in found.items():
        listed = answered(olga.get(f"/api/commands?{query}"))["data"]
        assert [each["id"] for each in listed] == [each["id"] for each in expected], query
    page = answered(olga.get("/api/commands?limit=1"))
    assert [each["id"] for each in page["data"]] == [second["id"]]
    rest = answered(olga.get(f"/api/commands?limit=1&cursor={page['next_cursor']}"))
    assert [each["machine"] for each in rest["data"]] == ["web-1"]
    assert rest["next_cursor"] is None
    for made_up in ("2026-11-21T03:00:00 cmd_1", "yesterday"):
        asked_for = f"/api/commands?cursor={made_up.encode().hex()}"
        assert code(olga.get(asked_for)) == (422, "invalid")


def test_a_deleted_machine_keeps_its_history(as_: As) -> None:
    olga, ada = as_("olga"), as_("ada")
    command = asked(olga)
    path = f"/api/machines/{command['machine_id']}"
    assert ada.delete(path, headers={"If-Match": "*"}).status_code == 204
    body = {**UPTIME, "machines": [command["machine_id"]]}
    assert code(run(olga, body)) == (409, "deleted")
    found = answered(olga.get(f"/api/commands?machine={command['machine_id']}"))["data"]
    assert [each["machine"] for each in found] == ["web-1"]


def test_cancel_ends_what_waits_and_tells_what_runs(as_: As, hands: Hands) -> None:
    olga = as_("olga")
    command = asked(olga, ("a", "b"))
    path = f"/api/commands/{command['id']}/cancel"
    first, second = hands.tasks(command["id"])
    hands.begin(first)
    told = answered(olga.post(path), 202)
    assert (told["state"], told["states"]) == ("canceling", {"canceled": 1, "canceling": 1})
    assert answered(olga.post(path), 202) == told, "asked again it changes nothing"
    assert hands.end(first, "canceled", None)
    assert answered(olga.post(path), 202)["state"] == "canceled"
    assert not hands.end(second, "succeeded"), "what has ended does not end again"
    waiting = asked(olga, ("c",))
    assert answered(olga.post(f"/api/commands/{waiting['id']}/cancel"), 202)["state"] == "canceled"


def test_what_takes_long_by_its_width_is_given_the_time(as_: As) -> None:
    """Else the last batches would expire while the first ones run."""
    body = {"batch": "1", "batch_wait": 3540, "timeout": 60}
    command = asked(as_("olga"), ("a", "b", "c"), **body)
    assert command["expires_at"] == "2026-11-21T06:00:00Z", "two hours, and one to begin"


def test_the_number_of_machines_can_be_told_beforehand(as_: As) -> None:
    olga = as_("olga")
    added(olga, "web-1")
    body = {**UPTIME, "selector": "machine"}
    assert code(run(olga, {**body, "expected_targets": 2})) == (409, "targets-differ")
    assert answered(run(olga, {**body, "expected_targets": 1}), 202)["targets"] == 1
    assert code(run(olga, {**UPTIME, "selector": "env=none"})) == (409, "no-targets")


def test_what_does_not_fit_is_named(as_: As) -> None:
    olga = as_("olga")
    fits = {**UPTIME, "machines": [added(olga, "a")["id"]]}
    for wrong, pointer in UNFIT:
        answer = run(olga, {**fits, **wrong})
        assert code(answer) == (422, "invalid"), wrong
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer], wrong
    assert code(run(olga, {**fits, "user": "root; rm"})) == (422, "invalid")
    assert code(run(olga, {**fits, "folder": "relative"})) == (422, "invalid")
    assert answered(olga.get("/api/commands"))["data"] == []


def test_nobody_reaches_a_neighbours_machine(as_: As, hands: Hands) -> None:
    olga, eve = as_("olga"), as_("eve")
    command = asked(olga)
    for body in (
        {"machines": [command["machine_id"]]},
        {"machines": [added(eve, "own")["id"], command["machine_id"]]},
    ):
        assert code(run(eve, {**UPTIME, **body})) == (404, "not-found")
    plan = answered(run(eve, {**UPTIME, "selector": "machine", "dry_run": True}))
    assert [target["machine"] for target in plan["machines"]] == ["own"]
    for path in ("", "/tasks", "/output"):
        assert code(eve.get(f"/api/commands/{command['id']}{path}")) == (404, "not-found")
    assert code(eve.post(f"/api/commands/{command['id']}/cancel")) == (404, "not-found")
    [task] = hands.tasks(command["id"])
    assert code(eve.get(f"/api/tasks/{task.id}")) == (404, "not-found")
    assert answered(eve.get("/api/commands"))["data"] == []


def test_a_token_for_some_machines_sees_and_runs_no_more(
    as_: As, parts: Parts, people: People
) -> None:
    olga = as_("olga")
    added(olga, "web-1", labels={"env": "test"})
    both = answered(
        run(
            olga,
            {
                **UPTIME,
                "machines": [
                    added(olga, "web-2", labels={"env": "test"})["id"],
                    added(olga, "db-1")["id"],
                ],
            },
        ),
        202,
    )
    scopes = ("commands:run", "machines:read")
    made = tokens.create(parts, people.actor("olga"), Wanted("t", scopes, machines="env=test"))
    script = olga.application.test_client()
    script.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.secret}"
    assert code(script.get(f"/api/commands/{both['id']}")) == (404, "not-found")
    assert answered(script.get("/api/commands"))["data"] == []
    body = {**UPTIME, "selector": "machine", "dry_run": True}
    assert code(run(script, body)) == (401, "step-up-needed")
    plan = answered(run(script, body, **{"X-OTP": people.code()}))
    assert [target["machine"] for target in plan["machines"]] == ["web-1", "web-2"]


def test_who_only_looks_runs_and_cancels_nothing(as_: As) -> None:
    olga, otto = as_("olga"), as_("otto")
    command = asked(olga)
    body = {**UPTIME, "machines": [command["machine_id"]]}
    assert code(run(otto, body)) == (403, "forbidden")
    assert code(otto.post(f"/api/commands/{command['id']}/cancel")) == (403, "forbidden")
    assert code(otto.get(f"/api/commands/{command['id']}/output")) == (403, "forbidden")
    assert len(answered(otto.get("/api/commands"))["data"]) == 1


def test_more_than_ten_machines_take_a_key(as_: As) -> None:
    olga = as_("olga")
    for number in range(11):
        added(olga, f"web-{number}")
    body = {**UPTIME, "selector": "machine"}
    assert code(run(olga, body)) == (400, "idempotency-key-needed")
    assert answered(olga.get("/api/commands"))["data"] == []
    first = run(olga, body, **{"Idempotency-Key": "one"})
    again = run(olga, body, **{"Idempotency-Key": "one"})
    assert answered(first, 202) == answered(again, 202)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert len(answered(olga.get("/api/commands"))["data"]) == 1
