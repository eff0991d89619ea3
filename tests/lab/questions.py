"""What dashboards ask Prometheus, with something chosen in each variable, and its answers."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lab import promql
from lab.servers import Server

Json = dict[str, Any]
# A choice of everything, where that is not ".+".
ALL = {"org": ".*", "group": ".*"}
# Several things in one request: here each has to have its answer.
KINDS = re.compile(r" or (?=label_replace\()")


@dataclass(frozen=True)
class Question:
    where: str
    expression: str
    closed: bool = False  # in a row that opens with a click
    over_time: bool = False
    label: str = ""  # which the answer has to have

    def chosen(self, **values: str) -> str:
        """With these in the variables, and everything in all others."""

        def value(found: re.Match[str]) -> str:
            return values.get(found[1], ALL.get(found[1], ".+"))

        given = "|".join(values) or "$"
        expression = re.sub(rf"\$({given})\b", value, self.expression)
        return re.sub(r"\$([a-z_]+)\b", value, promql.filled(expression))


def questions(dashboard: Json) -> Iterator[Question]:
    title = dashboard["title"]
    closed = {inner["id"] for panel in dashboard["panels"] for inner in panel.get("panels", ())}
    for panel in promql.each_panel(dashboard):
        for target in panel.get("targets", ()):
            where = f"{title}: {panel['title']}: {target['legendFormat']}"
            for expression in KINDS.split(target["expr"]):
                yield Question(where, expression, panel["id"] in closed, target["range"])
    for drawn in dashboard["annotations"]["list"]:
        yield Question(f"{title}: annotation {drawn['name']}", drawn["expr"], over_time=True)
    for variable in dashboard["templating"]["list"]:
        if series := promql.series_asked_for(variable):
            asked = re.search(r", *(\w+)\)$", variable["query"]["query"])
            label = asked[1] if asked else ""
            yield Question(f"{title}: ${variable['name']}", series, label=label)


def distinct(asked: Iterable[Question]) -> list[Question]:
    """Dashboards share some: each once."""
    return list({question.chosen(): question for question in asked}.values())


def ask(store: Server, expression: str, **over: float) -> list[Json]:
    """Now; or over time, from `start` to `end` at each `step`."""
    path = "query_range" if over else "query"
    asked = urllib.parse.urlencode({"query": expression, **over})
    with urllib.request.urlopen(f"{store.url}/api/v1/{path}?{asked}", timeout=60) as answer:
        return list(json.load(answer)["data"]["result"])
