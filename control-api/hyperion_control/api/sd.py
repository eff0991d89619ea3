"""Discovery: what Prometheus is to scrape."""

import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

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
    return _answer(discovery.targets(parts(), actor()))


@bp.get("/agents", summary="Machines behind agents, for Prometheus")
@requires(Role.OBSERVER, scope="sd:read")
def agents() -> Any:
    """Give the machines that bring their metrics here, for a job that scrapes them from here."""
    public = urlsplit(parts().settings.public_url)
    # As Prometheus came to us; only of our public name we know by which scheme.
    scheme = public.scheme if request.host == public.netloc else request.scheme
    return _answer(discovery.behind_agents(parts(), actor(), scheme, request.host))


def _answer(found: list[dict[str, Any]]) -> Any:
    body = json.dumps(found, separators=(",", ":")).encode()
    answer = Response(body, mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(sha256(body).hexdigest())
    return answer.make_conditional(request)
