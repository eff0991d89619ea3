"""The dashboards of one organisation: it is not chosen but fixed, and its groups are coloured.

This keeps others out of sight. What keeps them out of reach is a data source that answers with this
organisation's series only (docs/dashboards.md).
"""

import json
import re
from collections.abc import Mapping

from sources import DASHBOARDS
from sources.queries import Json

# Grafana refuses a longer uid.
LONGEST_UID = 40


def of_organisation(name: str, control_url: str, colours: Mapping[str, str]) -> list[Json]:
    """Without the dashboards that are about Hyperion and not about machines."""
    theirs = [board for board in DASHBOARDS if "org" in _names(board)]
    return [_made(board, name, control_url, colours) for board in theirs]


def _made(dashboard: Json, name: str, control_url: str, colours: Mapping[str, str]) -> Json:
    uid = f"{dashboard['uid']}-{name}"
    if len(uid) > LONGEST_UID:
        raise ValueError(f"{uid} is longer than the {LONGEST_UID} characters that Grafana takes")
    # Links lead to the same organisation's dashboards.
    text = re.sub(r"(?<=/d/)(hyperion-[a-z]+)", rf"\1-{name}", json.dumps(dashboard))
    made: Json = json.loads(text)
    fixed = {"org": _fixed("org", name), "hyperion_url": _fixed("hyperion_url", control_url)}
    variables = made["templating"]["list"]
    made["templating"]["list"] = [fixed.get(each["name"], each) for each in variables]
    made["uid"] = uid
    made["tags"] = made["links"][0]["tags"] = [f"hyperion-{name}"]
    _colour(made, colours)
    return made


def _names(dashboard: Json) -> set[str]:
    return {variable["name"] for variable in dashboard["templating"]["list"]}


def _fixed(name: str, value: str) -> Json:
    current = {"text": value, "value": value}
    return {"name": name, "type": "constant", "query": value, "hide": 2, "current": current}


def _colour(dashboard: Json, colours: Mapping[str, str]) -> None:
    """Groups have their own colour wherever a table names them."""
    options = {group: {"text": group, "color": colour} for group, colour in colours.items()}
    properties = [
        {"id": "mappings", "value": [{"type": "value", "options": options}]},
        {"id": "custom.cellOptions", "value": {"type": "color-text"}},
    ]
    for panel in dashboard["panels"] if colours else ():
        for override in panel.get("fieldConfig", {}).get("overrides", ()):
            if override["matcher"]["options"] == "Group":
                override["properties"] += properties
