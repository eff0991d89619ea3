"""The machines as a file: to take elsewhere, and to bring in."""

from typing import Any, Literal

from flask import Response, request
from flask_openapi3 import APIBlueprint, RawModel
from pydantic import Field, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from hyperion_control.api.machines import may_read, may_write
from hyperion_control.border.context import actor, parts
from hyperion_control.border.machine_fields import MachineFields, Name
from hyperion_control.border.models import Answer, Query, details
from hyperion_control.domain import inventory as files
from hyperion_control.domain.inventory import Line, Unreadable
from hyperion_control.errors import Invalid
from hyperion_control.usecases import inventory

bp = APIBlueprint("inventory", __name__, url_prefix="/api/machines")

MEDIA_TYPES = {"csv": "text/csv", "yaml": "application/yaml"}
FORMS = {kind: form for form, kind in MEDIA_TYPES.items()}
NOTHING_TAKEN = "nothing was imported: see errors"


class FormQuery(Query):
    form: Literal["csv", "yaml"] = "yaml"


class InventoryFile(RawModel):
    mimetypes = list(MEDIA_TYPES.values())


class LineFields(MachineFields):
    group: Name | Literal[""] = Field("", description="Its name; made where there is none.")
    ssh_key: Name | Literal[""] = Field("", description="Its name.")
    jump: Name | Literal[""] = Field("", description="Its name; it may stand in a later line.")


class TakenAnswer(Answer):
    created: int
    changed: int


FILE: dict[Any, Any] = {
    "200": {
        "description": "The machines",
        "content": {
            MEDIA_TYPES["csv"]: {"schema": {"type": "string"}},
            # As a reader of YAML sees it.
            MEDIA_TYPES["yaml"]: {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}


@bp.get("/export", summary="Export the machines", responses=FILE)
@may_read
def export(query: FormQuery) -> Response:
    """Give all machines in the form in which they can be imported."""
    text = inventory.export(parts(), actor(), query.form)
    return Response(text, content_type=f"{MEDIA_TYPES[query.form]}; charset=utf-8")


@bp.post("/import", summary="Import machines", responses={200: TakenAnswer})
@may_write
def take(raw: InventoryFile) -> Any:
    """Bring machines in: all of them or none, with the line of each that does not fit.

    A machine that is there by name is changed in what is given; none is deleted.
    """
    return vars(inventory.take(parts(), actor(), _lines()))


def _lines() -> list[Line]:
    if request.mimetype not in FORMS:
        raise UnsupportedMediaType
    faults: list[dict[str, object]] = []
    try:
        found = files.read(FORMS[request.mimetype], request.get_data().decode("utf-8-sig"))
    except Unreadable as fault:
        raise Invalid(NOTHING_TAKEN, errors=[_error(fault.line, "", str(fault))]) from None
    except UnicodeDecodeError:
        raise Invalid(NOTHING_TAKEN, errors=[_error(1, "", "this is not UTF-8")]) from None
    lines = [Line(line.number, _values(line, faults)) for line in found]
    if faults:
        raise Invalid(NOTHING_TAKEN, errors=faults)
    return lines


def _values(line: Line, faults: list[dict[str, object]]) -> dict[str, Any]:
    try:
        read = LineFields.model_validate(dict(line.values))
    except ValidationError as fault:
        faults += [
            _error(line.number, str(each["pointer"]), str(each["detail"]))
            for each in details(fault)
        ]
        return {}
    return {name: getattr(read, name) for name in read.model_fields_set}


def _error(line: int, pointer: str, detail: str) -> dict[str, object]:
    return {"pointer": pointer, "line": line, "detail": detail}
