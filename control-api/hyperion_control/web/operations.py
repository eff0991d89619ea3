"""The OpenAPI document as rows that a page can show: one for each operation."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
EXAMPLES = {"integer": 1, "number": 1.0, "boolean": True, "object": {}}


@dataclass(frozen=True)
class Field:
    name: str
    place: str  # path, query, header, body
    kind: str
    required: bool
    meaning: str


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    group: str
    summary: str
    meaning: str
    fields: tuple[Field, ...]
    answers: dict[str, str]  # by status, what each means
    refusals: dict[str, str]
    curl: str

    @property
    def anchor(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", f"{self.method} {self.path}".lower()).strip("-")


def operations(document: Document) -> list[Operation]:
    found = []
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                found.append(_operation(document, method, path, item[method]))
    return found


def _operation(document: Document, method: str, path: str, told: Document) -> Operation:
    fields = (*_parameters(document, told), *_body(document, told))
    # The library puts its own line breaks into what was a docstring.
    description = re.sub(r"(<br/>)+", " ", told.get("description", ""))
    summary = told.get("summary", "")
    responses = sorted(told.get("responses", {}).items())
    meanings = {status: answer.get("description", "") for status, answer in responses}
    return Operation(
        method=method.upper(),
        path=path,
        group=next(iter(told.get("tags", ())), path.split("/")[1]),
        summary=summary or description,
        meaning=description if summary else "",
        fields=fields,
        answers={status: said for status, said in meanings.items() if status[0] in "23"},
        refusals={status: said for status, said in meanings.items() if status[0] in "45"},
        curl=_curl(method, path, fields, told),
    )


def _parameters(document: Document, told: Document) -> Iterator[Field]:
    for parameter in told.get("parameters", ()):
        schema = _resolved(document, parameter.get("schema", {}))
        yield Field(
            name=parameter["name"],
            place=parameter["in"],
            kind=_kind(document, schema),
            required=parameter.get("required", False),
            meaning=parameter.get("description") or schema.get("description", ""),
        )


def _body(document: Document, told: Document) -> Iterator[Field]:
    for content in told.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(document, content.get("schema", {}))
        for name, property_ in schema.get("properties", {}).items():
            field = _resolved(document, property_)
            yield Field(
                name=name,
                place="body",
                kind=_kind(document, field),
                required=name in schema.get("required", ()),
                meaning=field.get("description", ""),
            )
        return  # other types of the same body have the same fields


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def _kind(document: Document, schema: Document) -> str:
    schema = _resolved(document, schema)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        kinds = (_kind(document, choice) for choice in choices)
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    if "enum" in schema:
        return " or ".join(str(word) for word in schema["enum"] if word != "")
    if "const" in schema:
        return str(schema["const"])
    kind = str(schema.get("format") or schema.get("type", "any"))
    return f"list of {_kind(document, schema.get('items', {}))}" if kind == "array" else kind


def _curl(method: str, path: str, fields: tuple[Field, ...], told: Document) -> str:
    # Capitals, because curl reads braces itself.
    address = re.sub(r"\{(\w+)\}", lambda name: name[1].upper(), path)
    query = "&".join(f"{f.name}={f.name.upper()}" for f in fields if _asked(f, "query"))
    parts = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    parts.append(f'"$HYPERION{address}{"?" if query else ""}{query}"')
    if told.get("security") != []:
        parts += ["-H", '"Authorization: Bearer $TOKEN"']
    body = {field.name: _example(field.kind) for field in fields if _asked(field, "body")}
    if body:
        parts += ["-H", '"Content-Type: application/json"', "-d", shlex.quote(json.dumps(body))]
    return " ".join(parts)


def _asked(field: Field, place: str) -> bool:
    return field.place == place and field.required


def _example(kind: str) -> object:
    first = kind.split(" or ")[0]
    if first.startswith("list of "):
        return [_example(first.removeprefix("list of "))]
    return EXAMPLES.get(first, first)
