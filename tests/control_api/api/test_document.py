"""/openapi.json: every operation, who may, and every way it can end."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import APIBlueprint

from hyperion_control.border.context import access_of
from lab.databases import ON_SQLITE

pytestmark = ON_SQLITE


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json or {}
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_every_view_of_the_api_is_described(app: Flask, document: dict[str, Any]) -> None:
    described = {operation["operationId"] for _, _, operation in operations(document)}
    resources = {name for name, bp in app.blueprints.items() if isinstance(bp, APIBlueprint)}
    views = {
        rule.endpoint.replace(".", "_")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in resources
    }
    assert described == views


def test_every_operation_says_what_it_does_and_has_a_name_of_its_own(
    document: dict[str, Any],
) -> None:
    found = operations(document)
    names = [operation["operationId"] for _, _, operation in found]
    assert len(names) == len(set(names))
    assert [path for path, _, operation in found if not operation.get("summary")] == []
    assert {tag for _, _, operation in found for tag in operation["tags"]} & {"default"} == set()


def test_who_needs_no_login_is_told_apart(app: Flask, document: dict[str, Any]) -> None:
    views = {name.replace(".", "_"): view for name, view in app.view_functions.items()}
    for _, _, operation in operations(document):
        access = access_of(views[operation["operationId"]])
        assert access is not None
        assert (operation["security"] == []) == access.open
        assert ("401" in operation["responses"]) >= (not access.open)


def test_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status in ("400", "409", "422", "503", "default"):
                kinds = set(answer.get("content", {}))
                assert kinds == {"application/problem+json"} or "/auth/" in path, (path, status)
        assert {"400", "422", "503", "default"} <= set(operation["responses"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, list):
            return [found for each in part for found in references(each)]
        if not isinstance(part, dict):
            return []
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for each in part.values() for found in references(each)]

    schemas = document["components"]["schemas"]
    wanted = {reference.rpartition("/")[2] for reference in references(document)}
    assert wanted <= set(schemas)
    assert "Problem" in wanted
    assert "ValidationErrorModel" not in schemas


def test_every_variable_of_an_address_is_described(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        named = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        told = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert named == told, path


def test_no_other_page_describes_it(client: FlaskClient) -> None:
    for path in ("/openapi", "/openapi/swagger", "/openapi/openapi.json", "/redoc"):
        assert client.get(path).status_code == 404
