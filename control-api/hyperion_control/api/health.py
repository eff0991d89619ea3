"""Whether the process lives, and whether it can do its work."""

from typing import Any

from flask_openapi3 import APIBlueprint

from hyperion_control.border.context import open_to_all, parts
from hyperion_control.errors import Unavailable

bp = APIBlueprint("health", __name__)


@bp.get("/healthz")
@open_to_all
def live() -> dict[str, Any]:
    """Say that the process answers; asks nothing of the database."""
    return {"status": "ok"}


@bp.get("/readyz")
@open_to_all
def ready() -> dict[str, Any]:
    """Say, check by check, whether requests can be served now."""
    checks = parts().readiness.checks()
    found = {check.name: {"ok": check.ok, "detail": check.detail} for check in checks}
    faults = [f"{check.name}: {check.detail}" for check in checks if not check.ok]
    if faults:
        raise Unavailable("; ".join(faults), checks=found)
    return {"status": "ready", "checks": found}
