"""/openapi.json: what each operation takes and answers, with what all of them have in common."""

import re
from collections.abc import Iterator
from typing import Any

from flask import current_app
from flask_openapi3 import APIBlueprint, Info, OpenAPI, SecurityScheme
from werkzeug.routing import Rule

from hyperion_control import __version__
from hyperion_control.border import problems
from hyperion_control.border.context import Access, access_of, open_to_all

bp = APIBlueprint("document", __name__)

INFO = Info(
    title="Hyperion control API",
    version=__version__,
    description="Acts on machines for people who may, and records it first.",
)
SECURITY: dict[str, SecurityScheme | dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token (hyp_t_…) or a login made by POST /api/auth/token (hyp_l_…).",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-hyperion",
        "description": "A login made in a browser.",
    },
}
PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457). More members may follow, by code.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong and what to do."},
        "code": {"type": "string", "description": "The word to tell errors apart by."},
        "request_id": {"type": "string", "description": "The log has it too."},
        "errors": {
            "type": "array",
            "description": "With 422: each field that does not fit.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
ANSWERS = {
    "400": "The request is malformed, or signed in in two ways at once",
    "401": "Nobody we know asks, or a fresh code is missing",
    "403": "Too small a role, or a duty comes first",
    "404": "There is none, or it belongs to another organisation",
    "409": "The wrong moment",
    "411": "The body is in chunks",
    "412": "Somebody changed it meanwhile",
    "413": "The body is too large",
    "415": "The body is not of a type that is taken here",
    "422": "A field does not fit",
    "428": "If-Match is missing",
    "429": "Too many requests",
    "503": "The database or the audit is away; nothing was done",
}


# Where the name of the file is not what a reader looks for.
SUBJECTS = {
    "agent_tasks": "Agents",
    "api_login": "Signing in",
    "auth": "Signing in",
    "document": "This system",
    "handout": "Agents",
    "health": "This system",
    "home": "This system",
    "me_security": "Me",
    "metrics": "This system",
    "outputs": "Commands",
    "runbooks": "This system",
    "sd": "Discovery",
    "tasks": "Commands",
}


@bp.get("/openapi.json")
@open_to_all
def document() -> dict[str, Any]:
    """Describe every operation of this API, as OpenAPI 3.1."""
    described: dict[str, Any] = current_app.api_doc  # type: ignore[attr-defined]
    return described


def complete(app: OpenAPI) -> None:
    """Says once what would have to be said of each operation."""
    described = app.api_doc
    schemas = described["components"]["schemas"]
    schemas.pop(app.validation_error_model.__name__)
    schemas["Problem"] = PROBLEM
    for rule in app.url_map.iter_rules():
        access = access_of(app.view_functions[rule.endpoint])
        for method, operation in _operations(described["paths"], rule):
            assert access is not None  # noqa: S101
            _complete(operation, rule, method, access)


def _operations(paths: dict[str, Any], rule: Rule) -> Iterator[tuple[str, dict[str, Any]]]:
    described = paths.get(re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", rule.rule), {})
    for method in sorted(rule.methods or ()):
        if operation := described.get(method.lower()):
            yield method, operation


def _complete(operation: dict[str, Any], rule: Rule, method: str, access: Access) -> None:
    operation["operationId"] = rule.endpoint.replace(".", "_")
    if operation["tags"] == ["default"]:
        room = rule.endpoint.partition(".")[0]
        operation["tags"] = [SUBJECTS.get(room, room.capitalize())]
    operation["security"] = [] if access.open else [{name: []} for name in SECURITY]
    answers = operation["responses"]
    if not any(status.startswith("2") for status in answers):
        answers["200"] = {"description": "OK"}
    # flask-openapi3 says it of every operation in a shape that is not ours.
    if "array" in str(answers.get("422")):
        del answers["422"]
    for status in _refusals(operation, method, access):
        answers.setdefault(status, _problem(ANSWERS[status]))
    operation["responses"] = dict(sorted(answers.items()))
    operation["responses"]["default"] = _problem("Any other error")


def _refusals(operation: dict[str, Any], method: str, access: Access) -> Iterator[str]:
    yield from ("400", "422", "429", "503")
    if not access.open:
        yield from ("401", "403", "404")
    if method != "GET":
        yield "409"
    if operation.get("parameters"):
        yield "404"
    if operation.get("requestBody"):
        yield from ("411", "413", "415")
    if method in ("PATCH", "DELETE"):
        yield from ("412", "428")


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {problems.TYPE: {"schema": schema}}}
