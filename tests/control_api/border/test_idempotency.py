"""Idempotency-Key: what is sent twice is done once, by the same person, for the same thing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.conftest import Clock
from control_api.people import People
from control_api.test_matrix import take_no_records
from hyperion_control.usecases import replays, workers
from hyperion_control.usecases.parts import Parts

KEY = {"Idempotency-Key": "7c1b2f"}
GROUP = {"name": "web", "colour": "#00ff00"}


def made(client: FlaskClient, body: Any = GROUP, **headers: str) -> Any:
    return client.post("/api/groups", json=body, headers=KEY | headers)


def groups(client: FlaskClient) -> int:
    return len(answered(client.get("/api/groups"))["data"])


def test_what_is_sent_again_is_answered_again_and_done_once(as_: As) -> None:
    olga = as_("olga")
    first, second = made(olga), made(olga)
    assert answered(first, 201) == answered(second, 201)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    for name in ("ETag", "Location", "Content-Type"):
        assert second.headers.get(name) == first.headers.get(name)
    assert groups(olga) == 1


def test_another_body_under_the_same_key_is_refused(as_: As) -> None:
    olga = as_("olga")
    made(olga)
    assert code(made(olga, {**GROUP, "name": "db"})) == (422, "idempotency-key-reused")
    assert groups(olga) == 1


def test_a_key_is_of_one_person_and_one_address(as_: As) -> None:
    olga, ada, eve = as_("olga"), as_("ada"), as_("eve")
    answered(made(olga), 201)
    assert code(made(ada)) == (409, "name-taken"), "Ada's own request"
    assert "Idempotency-Replayed" not in answered(made(eve), 201)
    answered(olga.post("/api/machines", json={"name": "web-1"}, headers=KEY), 201)


def test_of_many_at_once_one_is_done(app: Flask, as_: As, people: People) -> None:
    bearer = f"Bearer {people.login('olga')}"

    def send(_number: int) -> int:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = bearer
        return made(client).status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(send, range(10)))
    # Those that came while the first was not answered are told so.
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert groups(as_("olga")) == 1


def test_after_a_refusal_the_same_key_is_good(as_: As, parts: Parts) -> None:
    olga = as_("olga")
    assert code(made(olga, {**GROUP, "colour": "green"})) == (422, "invalid")
    assert answered(made(olga, {**GROUP, "colour": "#ffffff"}), 201)["colour"] == "#ffffff"


def test_after_a_day_a_key_is_forgotten(as_: As, parts: Parts, clock: Clock) -> None:
    as_("olga").post("/api/groups", json=GROUP, headers=KEY)
    clock.forward(24 * 3600 + 1)
    olga = as_("olga")
    assert code(made(olga)) == (409, "name-taken"), "so it was looked at anew"
    replays.forget(parts, workers.introduce(parts))
    clock.forward(24 * 3600 + 1)
    replays.forget(parts, workers.introduce(parts))
    with parts.database.reading("*") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM replays").scalar() == 0


def test_an_answer_that_tells_a_secret_is_kept_sealed(as_: As, parts: Parts) -> None:
    olga = as_("olga")
    body = {"name": "script", "scopes": ["sd:read"]}
    first = olga.post("/api/tokens", json=body, headers=KEY)
    second = olga.post("/api/tokens", json=body, headers=KEY)
    secret = answered(first, 201)["secret"]
    assert answered(second, 201)["secret"] == secret
    with parts.database.reading("*") as connection:
        row = connection.exec_driver_sql("SELECT * FROM replays").one()
    assert secret.encode() not in b"".join(each for each in row if isinstance(each, bytes))


def test_whose_login_has_ended_gets_no_old_answer(as_: As) -> None:
    olga = as_("olga")
    made(olga)
    assert olga.post("/api/auth/logout").status_code == 204
    assert made(olga).status_code == 401


def test_what_is_no_key_is_refused(as_: As) -> None:
    olga = as_("olga")
    for key in ("", "a b", "a" * 201, "é"):
        assert code(made(olga, **{"Idempotency-Key": key})) == (400, "bad-request")
    assert groups(olga) == 0


def test_without_the_audit_nothing_is_done_and_the_key_stays_good(as_: As, parts: Parts) -> None:
    olga = as_("olga")
    take_no_records(parts)
    assert code(made(olga)) == (503, "audit-unavailable")
    with parts.database.writing("*") as connection:
        back = "DROP TRIGGER no_more"
        if not parts.database.file:
            back = "ALTER TABLE records DROP CONSTRAINT no_more"
        connection.exec_driver_sql(back)
    answered(made(olga), 201)
