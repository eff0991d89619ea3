"""Questions to Prometheus, and the one source they go to."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


def query(expression: str, legend: str) -> Json:
    """How something went, over the time that is shown."""
    return {"datasource": DATASOURCE, "expr": expression, "legendFormat": legend, "range": True}


def kinds(expressions: Mapping[str, str], legend: str) -> Json:
    """Several things in one request, which `{{kind}}` tells apart."""
    told = (f'label_replace({of}, "kind", "{kind}", "", "")' for kind, of in expressions.items())
    return query(" or ".join(told), legend)


def now(expression: str, legend: str) -> Json:
    """How something is at the end of the time that is shown."""
    return {
        "datasource": DATASOURCE,
        "expr": expression,
        "legendFormat": legend,
        "instant": True,
        "range": False,
    }


def rows(expression: str, legend: str) -> Json:
    """As `now`, a row for each series: what tables are made of."""
    return {**now(expression, legend), "format": "table"}


def lettered(queries: tuple[Json, ...]) -> list[Json]:
    return [{"refId": chr(ord("A") + place), **one} for place, one in enumerate(queries)]
