"""Alertmanager's silences: each named after what it is for, so that none is made twice."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hyperion_control.channels import http
from hyperion_control.channels.http import Unanswered


def silences(url: str) -> dict[str, list[str]]:
    """Ids of those that still hold, by who made them."""
    answer = http.call("GET", f"{url}/api/v2/silences")
    found: dict[str, list[str]] = {}
    try:
        for silence in answer:
            if silence["status"]["state"] != "expired":
                found.setdefault(silence["createdBy"], []).append(silence["id"])
    except (KeyError, TypeError) as fault:
        raise Unanswered("what answers there is not Alertmanager: look at its address") from fault
    return found


def silence(
    url: str,
    maker: str,
    labels: Mapping[str, str],
    begin: datetime,
    end: datetime,
    comment: str,
    known: str = "",
) -> None:
    """Changes the `known` one instead of making another."""
    wanted: dict[str, Any] = {
        "matchers": [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in labels.items()
        ],
        "startsAt": begin.isoformat(),
        "endsAt": end.isoformat(),
        "createdBy": maker,
        "comment": comment,
    }
    if known:
        wanted["id"] = known
    http.call("POST", f"{url}/api/v2/silences", body=wanted)


def expire(url: str, silence_id: str) -> None:
    http.call("DELETE", f"{url}/api/v2/silence/{silence_id}")


def reload(url: str) -> None:
    """Rejected: it goes on with the configuration that it has."""
    http.call("POST", f"{url}/-/reload")
