"""Buttons: Grafana's own actions, beside the links that lead to the control API.

The committed dashboards have none; docs/dashboards.md says who may want them, and why.
"""

import copy
import json
from collections.abc import Iterator, Sequence

from sources.links import LINE, LINE_ACT, LINE_ACT_UNIT, ROW, ROW_ACT, ROW_ACT_UNIT
from sources.queries import Json

MINUTES = 60
REASON = "a button in Grafana"
# What whoever presses one is asked for, as Grafana calls it, and the header in which it goes along.
# Where Grafana has the control API's address the browser adds the login there by itself.
CODE = ("code", "Code of your authenticator", "X-OTP", "$code")
TOKEN = ("token", "Token of your own", "Authorization", "Bearer $token")
ASKED_FOR = {"login": (CODE,), "token": (TOKEN, CODE)}


def with_buttons(dashboard: Json, by: str) -> Json:
    """`by` says who acts: by `login` who is signed in at this address, by `token` whose it is."""
    made = copy.deepcopy(dashboard)
    for field in _fields(made["panels"]):
        defaults = field["defaults"]
        if found := _beside(defaults.get("links", ()), by):
            defaults["actions"] = found
        for override in field["overrides"]:
            links = [each["value"] for each in override["properties"] if each["id"] == "links"]
            if found := _beside(sum(links, []), by):
                override["properties"].append({"id": "actions", "value": found})
    return made


def _fields(panels: Sequence[Json]) -> Iterator[Json]:
    for panel in panels:
        yield from _fields(panel["panels"]) if panel["type"] == "row" else (panel["fieldConfig"],)


def _beside(links: Sequence[Json], by: str) -> list[Json]:
    """Where a link leads to what can be done, the button that does it."""
    buttons = (
        (LINE_ACT, _maintenance(LINE, by)),
        (ROW_ACT, _maintenance(ROW, by)),
        (LINE_ACT_UNIT, _restart(LINE, by)),
        (ROW_ACT_UNIT, _restart(ROW, by)),
    )
    return [button for link, button in buttons if link in links]


def _maintenance(field: str, by: str) -> Json:
    said = f"Silence the alerts of {_of(field, 'machine')} for an hour?"
    body = {"minutes": MINUTES, "reason": REASON}
    return _button("Maintenance for an hour", said, f"{_place(field)}/maintenance", body, by)


def _restart(field: str, by: str) -> Json:
    said = f"Restart {_of(field, 'name')} on {_of(field, 'machine')}?"
    path = f"{_place(field)}/services/{_of(field, 'name', ':percentencode')}/restart"
    return _button("Restart this service", said, path, {"reason": REASON}, by)


def _place(field: str) -> str:
    names = (_of(field, label, ":percentencode") for label in ("org", "machine"))
    return "/".join(("${hyperion_url}/api/named", *names))


def _of(field: str, label: str, form: str = "") -> str:
    return f"${{{field}.{label}{form}}}"


def _button(title: str, confirmation: str, url: str, body: Json, by: str) -> Json:
    asked = ASKED_FOR[by]
    headers = [["Content-Type", "application/json"], *([name, value] for *_, name, value in asked)]
    return {
        "type": "fetch",
        "title": title,
        "confirmation": confirmation,
        "oneClick": False,
        "variables": [{"key": key, "name": name, "type": "string"} for key, name, *_ in asked],
        "fetch": {
            "method": "POST",
            "url": url,
            "body": json.dumps(body),
            "queryParams": [],
            "headers": headers,
        },
    }
