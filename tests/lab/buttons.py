"""Buttons of dashboards, and the request that Grafana makes of one when somebody presses it.

As Grafana's `buildActionRequest` does (public/app/features/actions/utils.ts): what was typed stands
for $name, what is shown for ${...}, its own mark comes last, and the browser adds cookies only
where the address is the page's own.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from lab import promql

Json = dict[str, Any]

SHOWN = re.compile(r"\$\{(?:__field\.labels\.|__data\.fields\.)?(\w+)(:percentencode)?\}")
SEND = """
const [url, request, done] = arguments;
fetch(url, {...request, credentials: "same-origin"})
    .then((answer) => done(answer.status), () => done(0));
"""


def buttons(dashboard: Json) -> Iterator[Json]:
    for panel in promql.each_panel(dashboard):
        field = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
        yield from field["defaults"].get("actions", ())
        for override in field["overrides"]:
            for said in override["properties"]:
                yield from said["value"] if said["id"] == "actions" else ()


def request(button: Json, shown: Mapping[str, str], typed: Mapping[str, str]) -> tuple[str, Json]:
    """Its address, and the rest."""

    def filled(text: str) -> str:
        text = re.sub(r"\$(\w+)", lambda name: typed.get(name[1], name[0]), text)
        return SHOWN.sub(lambda found: _shown(shown[found[1]], found[2]), text)

    fetch = button["fetch"]
    headers = {filled(name): filled(value) for name, value in fetch["headers"]}
    mark = {"X-Grafana-Action": "1"}
    sent = {"method": fetch["method"], "body": filled(fetch["body"]), "headers": headers | mark}
    return filled(fetch["url"]), sent


def _shown(value: str, encoded: str | None) -> str:
    return quote(value, safe="") if encoded else value
