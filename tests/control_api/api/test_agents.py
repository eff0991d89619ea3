"""/api/enrolments and /api/agents: how machines come in, call home, and are put out."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.api.test_machines import added, by_token
from control_api.calling import BEAT, PRINT, caller, handed, trade
from control_api.conftest import Clock
from control_api.people import ACME, People, id_of
from hyperion_control.errors import Forbidden
from hyperion_control.usecases import enrolments
from hyperion_control.usecases.parts import Parts

OTHER = 64 * "b"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0m1ysw6N0NOVgkBTWnhYCwBFoFZSGsC0nQzbRRDGWr"
GZIP = {"Content-Encoding": "gzip"}
PAGE = b"# TYPE up gauge\nnode_load1 0.5\n"


def test_a_machine_comes_in_by_a_line_and_calls_home(as_: As, client: FlaskClient) -> None:
    olga = as_("olga")
    made = answered(olga.post("/api/enrolments", json={"labels": {"env": "prod"}}), 201)
    script = f"curl -fsSL http://127.0.0.1:8080/install.sh | sudo sh -s -- --token {made['secret']}"
    assert made["line"] == script
    file = r'"$env:ProgramFiles\hyperion.ps1"'
    assert made["line_for_windows"] == (
        f"Invoke-WebRequest -UseBasicParsing 'http://127.0.0.1:8080/install.ps1' -OutFile {file};"
        f" powershell -ExecutionPolicy Bypass -File {file} -Token {made['secret']}"
    )
    agent = caller(client, made["secret"])
    beat = answered(agent.post("heartbeat", json={**BEAT, "host_key": KEY}))
    assert beat == {
        "now": "2026-11-21T03:00:00Z",
        "expires_at": "2026-12-21T03:00:00Z",
        "seconds": 60,
        "labels": {},
    }
    asked = answered(agent.post("heartbeat", json={**BEAT, "labels": True}))
    assert asked["labels"] == {"env": "prod", "machine": "web-1", "org": "acme"}
    machine = answered(olga.get(f"/api/machines/{agent.machine_id}"))
    assert (machine["name"], machine["runner"], machine["state"]) == ("web-1", "queue", "available")
    assert machine["labels"] == {"env": "prod"}
    assert machine["host_key"]["state"] == "pending", "an admin compares it, as by SSH"
    shown = answered(olga.get(f"/api/machines/{agent.machine_id}/agent"))
    assert shown["facts"]["addresses"] == ["192.168.1.2"]
    [listed] = answered(olga.get("/api/enrolments"))["data"]
    assert (listed["used"], listed["uses"]) == (1, 1)
    assert made["secret"] not in olga.get("/api/enrolments").text


def test_a_clock_that_is_wrong_is_told_and_not_believed(as_: As, client: FlaskClient) -> None:
    olga = as_("olga")
    agent = caller(client, handed(olga))
    answered(agent.post("heartbeat", json={**BEAT, "at": "2026-11-21T05:00:00Z"}))
    shown = answered(olga.get(f"/api/machines/{agent.machine_id}/agent"))
    assert shown["facts"]["clock_skew_seconds"] == 7200
    assert shown["seen_at"] == "2026-11-21T03:00:00Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"uptime_seconds": float("inf")},
        {"uptime_seconds": -1},
        {"addresses": ["here"]},
        {"host_key": "ssh-ed25519 ?"},
        {"at": "2026-11-21T03:00:00"},
        {"run": ""},
        {"machine_id": "mch_other"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_no_machine_can_be_is_refused(as_: As, client: FlaskClient, wrong: Any) -> None:
    agent = caller(client, handed(as_("olga")))
    assert code(agent.post("heartbeat", json={**BEAT, **wrong})) == (422, "invalid")


@pytest.mark.parametrize(
    ("wanted", "spoil"),
    [
        ({}, lambda olga, clock, made: clock.forward(3600)),
        ({"addresses": ["198.51.100.0/24"]}, lambda olga, clock, made: None),
        ({}, lambda olga, clock, made: olga.delete(f"/api/enrolments/{made['id']}")),
    ],
    ids=["late", "from elsewhere", "revoked"],
)
def test_a_token_that_is_not_good_lets_nobody_in(
    as_: As, client: FlaskClient, clock: Clock, wanted: Any, spoil: Any
) -> None:
    ada = as_("ada")
    made = answered(ada.post("/api/enrolments", json=wanted), 201)
    spoil(ada, clock, made)
    assert code(trade(client, made["secret"])) == (401, "unauthorised")
    clock.forward(-3600)
    refused = answered(as_("ada").get("/api/audit?action=enrolment:use"))["data"]
    assert [each["decision"] for each in refused] == ["refused"]
    assert answered(as_("ada").get("/api/machines"))["data"] == []


def test_a_token_rests_while_its_maker_may_make_no_other(as_: As, client: FlaskClient) -> None:
    ada, token, olga = as_("ada"), handed(as_("olga")), id_of("olga")
    user, member = f"/api/users/{olga}", f"/api/organisations/{ACME}/members/{olga}"
    answered(ada.post(f"{user}/disable"))
    assert code(trade(client, token)) == (401, "unauthorised")
    answered(ada.post(f"{user}/enable"))
    answered(ada.patch(member, json={"role": "observer"}))
    assert code(trade(client, token)) == (401, "unauthorised")
    answered(ada.patch(member, json={"role": "operator"}))
    answered(trade(client, token), 201)


def test_a_stolen_token_is_used_up(as_: As, client: FlaskClient, app: Flask) -> None:
    """Also by ten at once."""
    token = handed(as_("olga"), uses=2)

    def enrol(number: int) -> int:
        answer = trade(app.test_client(), token, f"web-{number}", f"{number:064x}")
        return int(answer.status_code)

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(enrol, range(10))) == [201, 201] + [401] * 8
    assert code(trade(client, token[:-1] + "x")) == (401, "unauthorised")


def test_a_copied_secret_on_another_machine_is_refused_and_an_alarm(
    as_: As, client: FlaskClient, clock: Clock
) -> None:
    ada = as_("ada")
    agent = caller(client, handed(ada))
    agent.fingerprint = OTHER
    for path in ("heartbeat", "tasks", "renew", "metrics"):
        assert code(agent.post(path, json={})) == (403, "foreign-machine")
    [told] = answered(ada.get("/api/audit?action=agent:foreign"))["data"]
    assert told["decision"] == "refused", "once a minute, however often it tries"
    assert "hyperion_control_agents_foreign 1.0" in client.get("/metrics").text
    agent.fingerprint = PRINT
    answered(agent.post("heartbeat", json=BEAT))
    clock.forward(86401)
    assert "hyperion_control_agents_foreign 0.0" in client.get("/metrics").text


def test_who_enrols_anew_is_another_and_the_old_one_is_dead(
    as_: As, client: FlaskClient, clock: Clock
) -> None:
    olga = as_("olga")
    token = handed(olga, uses=5)
    first = caller(client, token)
    answered(first.post("heartbeat", json=BEAT))
    assert code(trade(client, token)) == (409, "agent-alive")
    clock.forward(181)
    again = caller(client, token, name="any-other")
    assert again.machine_id == first.machine_id, "the machine is the one that it was"
    assert code(first.post("heartbeat", json=BEAT)) == (401, "unauthorised")
    answered(again.post("heartbeat", json=BEAT))


def test_nobody_becomes_a_machine_by_its_name(as_: As, client: FlaskClient) -> None:
    olga = as_("olga")
    there = added(olga, "web-1", hostname="web-1.example.org")
    assert code(trade(client, handed(olga))) == (409, "name-taken")
    meant = caller(client, handed(olga, machine_id=there["id"]))
    assert (meant.machine_id, meant.machine) == (there["id"], "web-1")


def test_a_secret_is_renewed_even_when_the_answer_was_lost(
    as_: As, client: FlaskClient, clock: Clock
) -> None:
    agent = caller(client, handed(as_("olga")))
    clock.forward(29 * 86400)
    answered(agent.post("renew"))
    again = answered(agent.post("renew"))
    answered(agent.post("heartbeat", json=BEAT))
    clock.forward(3600)
    assert code(agent.post("heartbeat", json=BEAT)) == (401, "unauthorised")
    agent.secret = again["secret"]
    answered(agent.post("heartbeat", json=BEAT))
    clock.forward(30 * 86400)
    assert code(agent.post("heartbeat", json=BEAT)) == (401, "unauthorised")


@pytest.mark.parametrize("way", ["agent", ""])
def test_who_is_put_out_or_whose_machine_is_deleted_is_nobody(
    as_: As, client: FlaskClient, way: str
) -> None:
    ada = as_("ada")
    agent = caller(client, handed(ada))
    path = f"/api/machines/{agent.machine_id}/{way}".rstrip("/")
    assert ada.delete(path, headers={"If-Match": "*"}).status_code == 204
    assert code(agent.post("tasks", json={})) == (401, "unauthorised")


def test_an_agents_secret_opens_nothing_else(as_: As, client: FlaskClient) -> None:
    agent = caller(client, handed(as_("olga")))
    bearer = {"Authorization": f"Bearer {agent.secret}", "X-Machine-Fingerprint": PRINT}
    for path in ("/api/machines", "/api/me", "/api/sd/prometheus", "/api/audit"):
        assert code(client.get(path, headers=bearer)) == (401, "unauthorised")


def test_prometheus_gets_what_the_agent_brought_while_it_is_fresh(
    app: Flask, as_: As, client: FlaskClient, parts: Parts, people: People, clock: Clock
) -> None:
    agent = caller(client, handed(as_("olga"), labels={"env": "prod"}))
    added(as_("olga"), "web-2", ips=["192.0.2.2"])
    packed = gzip.compress(PAGE)
    assert agent.post("metrics", data=packed, headers=GZIP).status_code == 204
    prometheus = by_token(app, parts, people)
    [target] = answered(prometheus.get("/api/sd/agents"))
    assert target["targets"] == ["localhost"]
    labels = target["labels"]
    assert (labels["machine"], labels["env"], labels["org"]) == ("web-1", "prod", "acme")
    page = prometheus.get(labels["__metrics_path__"])
    assert (page.data, page.headers.get("Content-Encoding")) == (PAGE, None)
    page = prometheus.get(labels["__metrics_path__"], headers={"Accept-Encoding": "gzip"})
    assert (page.data, page.headers["Content-Encoding"]) == (packed, "gzip")
    names = [each["labels"]["machine"] for each in answered(prometheus.get("/api/sd/prometheus"))]
    assert names == ["web-2"], "its token is shown to no machine"
    clock.forward(61)
    assert code(prometheus.get(labels["__metrics_path__"])) == (503, "stale-metrics")


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (PAGE, {}, 415),
        (PAGE, GZIP, 422),
        (gzip.compress(PAGE)[:-4], GZIP, 422),
        (gzip.compress(PAGE) + b"more", GZIP, 422),
        (gzip.compress(bytes(17 * 1024 * 1024)), GZIP, 422),
    ],
    ids=["plain", "no gzip", "cut", "followed", "a bomb"],
)
def test_a_page_that_is_none_is_refused(
    as_: As, client: FlaskClient, data: bytes, headers: dict[str, str], status: int
) -> None:
    agent = caller(client, handed(as_("olga")))
    assert agent.post("metrics", data=data, headers=headers).status_code == status


def test_a_token_for_some_machines_brings_no_others_in(people: People, parts: Parts) -> None:
    narrow = replace(people.actor("olga"), machines="env=test")
    with pytest.raises(Forbidden, match="for some machines"):
        enrolments.create(parts, narrow, enrolments.Wanted(60, 1, None, {}, ()))


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"uses": 0}, "/uses"),
        ({"minutes": 0}, "/minutes"),
        ({"minutes": 10081}, "/minutes"),
        ({"addresses": ["here"]}, "/addresses/0"),
        ({"labels": {"org": "globex"}}, "/labels"),
        ({"organisation_id": "org_globex00000000000000"}, "/organisation_id"),
    ],
)
def test_a_field_that_does_not_fit_is_named(as_: As, wrong: Any, pointer: str) -> None:
    answer = as_("olga").post("/api/enrolments", json=wrong)
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_neighbour_finds_neither_agent_nor_metrics(as_: As, client: FlaskClient) -> None:
    agent, eve = caller(client, handed(as_("olga"))), as_("eve")
    for path in ("machines/{}/agent", "agents/{}/metrics"):
        assert eve.get(f"/api/{path.format(agent.machine_id)}").status_code == 404
