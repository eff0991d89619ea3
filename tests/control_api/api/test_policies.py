"""/api/policies: what a role may run, decided by admins, and on record when it is refused."""

from typing import Any

from sqlalchemy import select

from control_api.answers import As, answered, code
from control_api.api.test_commands import added, run
from hyperion_control.store.records import records
from hyperion_control.usecases.parts import Parts

DENY = {"role": "operator", "effect": "deny", "words": ["rm", "**"], "note": "never"}


def test_what_is_denied_does_not_run_and_is_recorded(as_: As, parts: Parts) -> None:
    olga, ada = as_("olga"), as_("ada")
    made = answered(ada.post("/api/policies", json=DENY), 201)
    body: dict[str, Any] = {"argv": ["/bin/rm", "x"], "machines": [added(olga, "web-1")["id"]]}
    plan = answered(run(olga, {**body, "dry_run": True}))
    assert (plan["verdict"], plan["policy"]) == ("denied", made["id"])
    refused = run(olga, body)
    assert code(refused) == (403, "denied-by-policy")
    assert refused.json["policy"] == made["id"]
    with parts.database.reading("*") as connection:
        wanted = select(records).where(records.c.decision == "refused")
        [row] = connection.execute(wanted)
    assert "denied-by-policy" in row.detail
    assert answered(run(ada, body), 202)["state"] == "queued", "of operators only"
    assert answered(olga.get("/api/policies"))["data"] == [made]


def test_a_policy_that_is_gone_holds_nobody_back(as_: As) -> None:
    olga, ada = as_("olga"), as_("ada")
    made = ada.post("/api/policies", json=DENY)
    path = made.headers["Location"]
    assert answered(olga.get(path)) == answered(made, 201)
    assert ada.delete(path).status_code == 204
    assert code(ada.delete(path)) == (404, "not-found")
    body = {"argv": ["rm", "x"], "machines": [added(olga, "web-1")["id"]]}
    assert answered(run(olga, body), 202)["state"] == "queued"


def test_what_is_no_policy_is_refused(as_: As) -> None:
    ada = as_("ada")
    for wrong, pointer in (
        ({"words": []}, "/words"),
        ({"words": ["**", "rm"]}, "/words"),
        ({"words": [""]}, "/words/0"),
        ({"effect": "maybe"}, "/effect"),
        ({"role": "root"}, "/role"),
    ):
        answer = ada.post("/api/policies", json={**DENY, **wrong})
        assert code(answer) == (422, "invalid"), wrong
        assert answer.json["errors"][0]["pointer"] == pointer


def test_only_admins_decide_and_only_of_their_own(as_: As) -> None:
    olga, ada, eve = as_("olga"), as_("ada"), as_("eve")
    path = ada.post("/api/policies", json=DENY).headers["Location"]
    assert code(olga.post("/api/policies", json=DENY)) == (403, "forbidden")
    assert code(olga.delete(path)) == (403, "forbidden")
    assert code(eve.get(path)) == (404, "not-found")
    assert code(eve.delete(path)) == (404, "not-found")
    assert answered(eve.get("/api/policies"))["data"] == []
