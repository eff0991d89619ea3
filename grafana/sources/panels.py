"""The kinds of panels, each with what every panel must have: title, description, unit, legend.

Only kinds that gained and lost nothing from Grafana 9.5 to 13, and of the table what stayed.
"""

from collections.abc import Mapping, Sequence

from sources.limits import NEUTRAL
from sources.queries import DATASOURCE, Json, lettered


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Json,
    least: float | None = 0,
    most: float | None = None,
    limits: Json | None = None,
    links: Sequence[Json] = (),
) -> Json:
    """Lines over time; `least` and `most` are the ends of the axis where they are known."""
    custom: Json = {"fillOpacity": 10, "lineWidth": 1, "showPoints": "never", "spanNulls": False}
    if limits:
        custom["thresholdsStyle"] = {"mode": "dashed"}
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True}
    return {
        **_panel(
            "timeseries",
            title,
            description,
            unit,
            queries,
            colour="palette-classic",
            min=least,
            max=most,
            thresholds=limits,
            links=list(links),
            custom=custom,
        ),
        "options": {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}},
    }


def stat(
    title: str,
    description: str,
    unit: str,
    *queries: Json,
    most: float | None = None,
    limits: Json = NEUTRAL,
    links: Sequence[Json] = (),
    named: bool = False,
) -> Json:
    """One large number for each series; `named` writes the legend above each."""
    return {
        **_panel(
            "stat",
            title,
            description,
            unit,
            queries,
            max=most,
            thresholds=limits,
            links=list(links),
        ),
        "options": {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "textMode": "value_and_name" if named else "value",
        },
    }


def bars(
    title: str,
    description: str,
    unit: str,
    *queries: Json,
    least: float | None = 0,
    most: float | None = None,
    limits: Json = NEUTRAL,
    links: Sequence[Json] = (),
) -> Json:
    """A bar for each series as it is now."""
    return {
        **_panel(
            "bargauge",
            title,
            description,
            unit,
            queries,
            min=least,
            max=most,
            thresholds=limits,
            links=list(links),
        ),
        "options": {
            "displayMode": "basic",
            "minVizHeight": 16,
            "minVizWidth": 8,
            "orientation": "horizontal",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "showUnfilled": True,
        },
    }


def states(
    title: str,
    description: str,
    *queries: Json,
    limits: Json,
    words: Mapping[int, str],
    links: Sequence[Json] = (),
) -> Json:
    """A band for each series, in the colour of its state; `words` say what the numbers mean."""
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": False}
    return {
        **_panel(
            "state-timeline",
            title,
            description,
            "short",
            queries,
            thresholds=limits,
            links=list(links),
            mappings=worded(words),
            custom={"fillOpacity": 70, "lineWidth": 0},
        ),
        "options": {"showValue": "never", "mergeValues": True, "rowHeight": 0.9, "legend": legend},
    }


def worded(words: Mapping[int, str]) -> list[Json]:
    return [{"type": "value", "options": {str(value): {"text": words[value]} for value in words}}]


def _panel(
    kind: str,
    title: str,
    description: str,
    unit: str,
    queries: tuple[Json, ...],
    *,
    colour: str = "thresholds",
    custom: Json | None = None,
    **known: object,
) -> Json:
    """`known` are the defaults of its fields, left out where there is nothing to say."""
    said = {name: value for name, value in known.items() if value is not None}
    defaults = {"unit": unit, "color": {"mode": colour}, **said, "custom": custom or {}}
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": lettered(queries),
    }
