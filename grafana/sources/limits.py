"""From where on a value means something: Grafana's thresholds.

Colours are names of Grafana's palette, which suits its light theme and its dark one.
"""

from sources.queries import Json

NEUTRAL: Json = {"mode": "absolute", "steps": [{"color": "blue", "value": None}]}


def rising(watch: float, act: float) -> Json:
    """The more, the worse."""
    return _steps("green", (watch, "yellow"), (act, "red"))


def falling(act: float, watch: float) -> Json:
    """The less, the worse."""
    return _steps("red", (act, "yellow"), (watch, "green"))


def any_is_bad(colour: str = "red") -> Json:
    return _steps("green", (1, colour))


def _steps(first: str, *others: tuple[float, str]) -> Json:
    steps: list[Json] = [{"color": first, "value": None}]
    steps += [{"color": colour, "value": value} for value, colour in others]
    return {"mode": "absolute", "steps": steps}


YES = _steps("red", (1, "green"))
VERDICT = rising(1, 2)
# Of filesystems: where prometheus/rules/filesystem.yml warns, and where it alarms.
SPACE = rising(0.95, 0.97)
# Of the health score: where the exporter asks more often, and where it calms down.
HEALTH = falling(70, 90)
USE = rising(0.8, 0.9)
