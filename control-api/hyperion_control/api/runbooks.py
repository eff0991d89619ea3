"""The pages that alerts link to: what it means, what to look at, what to do."""

from flask import Response
from flask_openapi3 import APIBlueprint

from hyperion_control.border.context import open_to_all, parts
from hyperion_control.border.models import Path
from hyperion_control.usecases import runbooks

bp = APIBlueprint("runbooks", __name__)

TEXT = "text/plain; charset=utf-8"


class Alert(Path):
    name: str


@bp.get("/runbooks/<name>", responses={200: {"content": {TEXT: {"schema": {"type": "string"}}}}})
@open_to_all
def look(path: Alert) -> Response:
    """Give the runbook of an alert as it was written, in Markdown."""
    return Response(runbooks.look(parts(), path.name), content_type=TEXT)
