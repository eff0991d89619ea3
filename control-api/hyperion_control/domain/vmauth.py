"""Who may ask VictoriaMetrics for what: each organisation for its own series, operators for all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

# Whatever is asked here answers for the series alone that a label lets through.
QUESTIONS = (
    "/api/v1/query",
    "/api/v1/query_range",
    "/api/v1/series",
    "/api/v1/labels",
    "/api/v1/label/[^/]+/values",
    "/api/v1/status/buildinfo",
)
# These tell of everybody, or of how all is stored. What changes something is in neither list.
OF_OPERATORS = (
    "/api/v1/alerts",
    "/api/v1/export",
    "/api/v1/metadata",
    "/api/v1/rules",
    "/api/v1/status/tsdb",
    "/federate",
)


@dataclass(frozen=True)
class Tenant:
    id: str
    org: str  # its name, which Prometheus knows it by
    token: str = field(repr=False)


def rendered(store: str, operators: str, tenants: Sequence[Tenant]) -> dict[str, Any]:
    """`operators` is their token."""
    everything = _user("operators", operators, store, (*QUESTIONS, *OF_OPERATORS))
    return {"users": [everything, *(_tenant(store, tenant) for tenant in tenants)]}


def _tenant(store: str, tenant: Tenant) -> dict[str, Any]:
    # All of it quoted, as vmauth puts its environment in wherever it reads %{NAME}.
    only = quote(f"org={tenant.org}", safe="")
    return _user(tenant.id, tenant.token, f"{store}/?extra_label={only}", QUESTIONS)


def _user(name: str, token: str, url: str, paths: Sequence[str]) -> dict[str, Any]:
    allowed = {"src_paths": list(paths), "url_prefix": url}
    return {"name": name, "bearer_token": token, "url_map": [allowed]}
