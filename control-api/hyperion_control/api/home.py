"""The first page: what this is and where to go from here."""

from typing import Any

from flask import Blueprint

from hyperion_control import __version__
from hyperion_control.border.context import open_to_all

bp = Blueprint("home", __name__)


@bp.get("/")
@open_to_all
def home() -> dict[str, Any]:
    """Say what answers here, in which version, and where to look next."""
    return {
        "name": "Hyperion control API",
        "version": __version__,
        "health": "/healthz",
        "readiness": "/readyz",
        "metrics": "/metrics",
        "runbooks": "/runbooks/{alert}",
    }
