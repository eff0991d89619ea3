"""The description of the API as rows: fields through references, kinds, a curl line that works."""

from typing import Any

import pytest

from hyperion_control.web.operations import operations

SCHEMAS = {
    "Role": {"enum": ["", "observer", "admin"]},
    "NewUser": {
        "required": ["username", "role"],
        "properties": {
            "username": {"type": "string", "description": "What to sign in with."},
            "role": {"$ref": "#/components/schemas/Role"},
            "email": {"anyOf": [{"type": "string", "format": "email"}, {"type": "null"}]},
            "labels": {"type": "array", "items": {"type": "string"}},
        },
    },
}
CREATE = {
    "tags": ["users"],
    "summary": "Make a user",
    "description": "In the organisation<br/><br/>of who asks.",
    "requestBody": {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewUser"}}}
    },
    "responses": {"409": {"description": "Taken"}, "201": {"description": "Made"}},
}


def document(path: str, method: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"paths": {path: {method: told}}, "components": {"schemas": SCHEMAS}}


def test_an_operation_tells_what_it_takes_and_answers() -> None:
    [create] = operations(document("/api/users", "post", CREATE))
    assert (create.method, create.path, create.group) == ("POST", "/api/users", "users")
    assert (create.summary, create.meaning) == ("Make a user", "In the organisation of who asks.")
    assert [(field.name, field.kind, field.required) for field in create.fields] == [
        ("username", "string", True),
        ("role", "observer or admin", True),
        ("email", "email", False),
        ("labels", "list of string", False),
    ]
    assert create.fields[0].meaning == "What to sign in with."
    assert (create.answers, create.refusals) == ({"201": "Made"}, {"409": "Taken"})


def test_the_curl_line_holds_what_is_needed_and_no_more() -> None:
    [create] = operations(document("/api/users", "post", CREATE))
    assert create.curl == (
        'curl -X POST "$HYPERION/api/users" -H "Authorization: Bearer $TOKEN"'
        ' -H "Content-Type: application/json"'
        """ -d '{"username": "string", "role": "observer"}'"""
    )


def test_the_curl_line_has_no_braces_for_curl_to_read() -> None:
    query = {"name": "day", "in": "query", "required": True, "schema": {"type": "string"}}
    path = {"name": "user_id", "in": "path", "required": True, "schema": {"type": "string"}}
    told = {"parameters": [path, query], "security": [], "responses": {}}
    [look] = operations(document("/api/users/{user_id}", "get", told))
    assert look.curl == 'curl "$HYPERION/api/users/USER_ID?day=DAY"'


@pytest.mark.parametrize(
    ("method", "path", "anchor"),
    [
        ("get", "/api/users/{user_id}", "get-api-users-user-id"),
        ("put", "/api/me/photo", "put-api-me-photo"),
    ],
)
def test_every_operation_has_an_anchor(method: str, path: str, anchor: str) -> None:
    [found] = operations(document(path, method, {"responses": {}}))
    assert found.anchor == anchor


def test_an_operation_that_tells_little_is_shown_all_the_same() -> None:
    [bare] = operations(document("/api/x", "get", {"responses": {}}))
    assert (bare.group, bare.summary, bare.fields) == ("api", "", ())
