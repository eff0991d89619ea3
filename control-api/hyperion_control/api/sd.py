"""Discovery: what Prometheus is to scrape."""

import json
from hashlib import sha256
from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint

from hyperion_control.border.context import actor, parts, requires
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import discovery

bp = APIBlueprint("sd", __name__, url_prefix="/api/sd")


@bp.get("/prometheus", summary="Targets for Prometheus")
@requires(Role.OBSERVER, scope="sd:read")
def prometheus() -> Any:
    """Give all machines that the token may see, as Prometheus' `http_sd_configs` read them.

    Each has the labels org, machine, group and its own, and the interval that it asks for.
    """
    found = discovery.targets(parts(), actor())
    body = json.dumps(found, separators=(",", ":")).encode()
    answer = Response(body, mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(sha256(body).hexdigest())
    return answer.make_conditional(request)
