"""What a request may hold: exactly what its models name."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import APIBlueprint, OpenAPI
from pydantic import Field

from hyperion_control.app import assembled, equip
from hyperion_control.border.bodies import MAX_BODY_BYTES, MOST_BODY_BYTES, up_to
from hyperion_control.border.context import open_to_all
from hyperion_control.border.models import Body, Model, Path, Query
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

pytestmark = ON_SQLITE


class Colour(Model):
    red: int


class Thing(Body):
    name: str = Field(min_length=1)
    size: int = 0
    round: bool = False
    colours: list[Colour] = []
    places: tuple[str, ...] = ()
    made: datetime | None = None


class Wanted(Query):
    limit: int = 50
    label: list[str] = []


class Named(Path):
    name: str


bp = APIBlueprint("things", __name__)


@bp.post("/things")
@open_to_all
def make(body: Thing) -> dict[str, Any]:
    """Make a thing."""
    return body.model_dump(mode="json")


@bp.get("/things/<name>")
@open_to_all
def look(path: Named, query: Wanted) -> dict[str, Any]:
    """Look at a thing."""
    return {"name": path.name, **query.model_dump()}


@bp.put("/things/picture")
@open_to_all
@up_to(2 * MAX_BODY_BYTES)
def paint() -> str:
    """Take a picture."""
    return ""


@pytest.fixture(scope="module")
def _with_things() -> OpenAPI:
    app = assembled()
    app.register_api(bp)
    return app


@pytest.fixture
def app(_with_things: OpenAPI, parts: Parts) -> Flask:
    equip(_with_things, parts)
    return _with_things


def errors(answer: Any) -> list[dict[str, str]]:
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json["code"] == "invalid"
    found: list[dict[str, str]] = answer.json["errors"]
    return found


def test_what_fits_is_taken(client: FlaskClient) -> None:
    ball = {"name": "ball", "size": 3, "round": True, "colours": [{"red": 1}]}
    ball |= {"places": ["here"], "made": "2026-11-21T03:00:00Z"}
    assert client.post("/things", json=ball).json == ball
    found = client.get("/things/ball?limit=5&label=a&label=b").json
    assert found == {"name": "ball", "limit": 5, "label": ["a", "b"]}


def test_every_field_that_does_not_fit_is_named(client: FlaskClient) -> None:
    wrong = {"name": "", "colours": [{"red": "x"}], "a/b~c": 1}
    assert errors(client.post("/things", json=wrong)) == [
        {"pointer": "/name", "detail": "string should have at least 1 character"},
        {"pointer": "/colours/0/red", "detail": "input should be a valid integer"},
        {"pointer": "/a~1b~0c", "detail": "there is no such field"},
    ]
    assert errors(client.post("/things", json={})) == [
        {"pointer": "/name", "detail": "this field is needed"}
    ]


@pytest.mark.parametrize("field", ["admin", "Name", "id"])
def test_a_field_that_is_not_named_is_refused_wherever_it_is(
    client: FlaskClient, field: str
) -> None:
    unknown = [{"pointer": f"/{field}", "detail": "there is no such field"}]
    assert errors(client.post("/things", json={"name": "x", field: 1})) == unknown
    assert errors(client.get(f"/things/x?{field}=1")) == unknown


def test_a_view_that_takes_no_query_refuses_any(client: FlaskClient) -> None:
    unknown = [{"pointer": "/limit", "detail": "there is no such field"}]
    assert errors(client.post("/things?limit=1", json={"name": "x"})) == unknown
    assert errors(client.get("/healthz?limit=1")) == unknown


@pytest.mark.parametrize(
    "body", [{"size": "3"}, {"size": 3.5}, {"round": 1}, {"round": "yes"}, {"name": 5}]
)
def test_what_only_looks_like_the_type_is_refused(
    client: FlaskClient, body: dict[str, object]
) -> None:
    assert len(errors(client.post("/things", json={"name": "x"} | body))) == 1


@pytest.mark.parametrize("sent", ["", "{", "nothing", "[1]", "null", '"{}"', '{"name": "\\ud800"}'])
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, sent: str) -> None:
    errors(client.post("/things", data=sent, content_type="application/json"))


def test_json_within_a_json_string_is_no_object(client: FlaskClient) -> None:
    errors(client.post("/things", json='{"name": "x"}'))


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_refused(client: FlaskClient, kind: str) -> None:
    answer = client.post("/things", data='{"name": "x"}', content_type=kind)
    assert (answer.status_code, answer.content_type) == (415, "application/problem+json")


def test_the_character_that_no_database_keeps_is_refused(client: FlaskClient) -> None:
    nul = "the character NUL is not allowed"
    for field in ({"name": "a\0b"}, {"name": "a", "places": ["a", "\0"]}):
        assert errors(client.post("/things", json=field))[0]["detail"] == nul
    assert client.get("/things/a%00b").status_code == 404


def test_a_view_may_take_more_than_others_and_never_more_than_the_most(
    client: FlaskClient,
) -> None:
    def status(path: str, length: int) -> int:
        large = {"CONTENT_LENGTH": str(length)}
        return client.open(path, method="PUT", environ_overrides=large).status_code

    assert status("/things/picture", 2 * MAX_BODY_BYTES) == 200
    assert status("/things/picture", 2 * MAX_BODY_BYTES + 1) == 413
    assert getattr(up_to(10 * MOST_BODY_BYTES)(lambda: ""), "max_body", 0) == MOST_BODY_BYTES


def test_a_schema_is_made_once(client: FlaskClient) -> None:
    client.get("/things/ball")
    assert Wanted.model_json_schema() is Wanted.model_json_schema()
    assert Wanted.model_json_schema() != Thing.model_json_schema()
