"""The first answer to a program: what this is and where to go from here."""

from typing import Any

from flask_openapi3 import APIBlueprint

from hyperion_control import __version__
from hyperion_control.border.context import open_to_all

bp = APIBlueprint("home", __name__)


@bp.get("/api")
@open_to_all
def home() -> dict[str, Any]:
    """Say what answers here, in which version, and where to look next."""
    return {
        "name": "Hyperion control API",
        "version": __version__,
        "docs": "/docs",
        "openapi": "/openapi.json",
        "health": "/healthz",
        "readiness": "/readyz",
        "metrics": "/metrics",
        "runbooks": "/runbooks/{alert}",
    }
