"""Text in the exposition format, read back: as strict as Prometheus where it would lose a page."""

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

# Endings that samples of these kinds have to their family's name.
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_SAMPLE = re.compile(rf"({_NAME})(?:\s*\{{(.*)\}}\s*|\s+)(\S+)")
# Labels that begin with two underscores are Prometheus' own.
_LABEL = re.compile(r'\s*((?!__)[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,\s*|$)')
_HELP = re.compile(rf"#\s*HELP\s+({_NAME})\s?(.*)")
_TYPE = re.compile(rf"#\s*TYPE\s+({_NAME})\s+(counter|gauge|histogram|summary|untyped)")
_FINITE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_INFINITE = re.compile(r"nan|[+-]?inf(?:inity)?", re.IGNORECASE)


class Sample(NamedTuple):
    name: str
    labels: dict[str, str]
    value: str | float


@dataclass
class Metric:
    """A family as the text has it."""

    kind: str = "untyped"
    help: str = ""
    samples: list[Sample] = field(default_factory=list)


def parsed(text: str) -> dict[str, Metric]:
    """The families by name; ValueError where a line is none, or has a time of its own."""
    metrics: dict[str, Metric] = {}
    for line in map(str.strip, text.split("\n")):
        if match := _HELP.fullmatch(line):
            metrics.setdefault(match[1], Metric()).help = _unescaped(match[2])
        elif match := _TYPE.fullmatch(line):
            metrics.setdefault(match[1], Metric()).kind = match[2]
        elif line and not line.startswith("#"):
            sample = _sample(line)
            metrics.setdefault(_family(sample.name, metrics), Metric()).samples.append(sample)
    return metrics


def _sample(line: str) -> Sample:
    match = _SAMPLE.fullmatch(line)
    if not match:
        raise ValueError(f"no sample: {line:.40}")
    name, labels, value = match.groups()
    if _INFINITE.fullmatch(value):
        return Sample(name, _labels(labels or ""), float(value))
    if not _FINITE.fullmatch(value) or not isfinite(float(value)):
        raise ValueError(f"no number: {value:.40}")
    return Sample(name, _labels(labels or ""), value.lower())


def _labels(text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    at = 0
    while at < len(text.rstrip()):
        match = _LABEL.match(text, at)
        if not match or match[1] in labels:
            raise ValueError(f"no labels: {text:.40}")
        labels[match[1]] = _unescaped(match[2])
        at = match.end()
    return labels


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text)


def _family(name: str, metrics: dict[str, Metric]) -> str:
    """The family of a sample: x_bucket is of x where x is said to be a histogram."""
    for ending in ("_bucket", "_sum", "_count"):
        base = metrics.get(name.removesuffix(ending))
        if name.endswith(ending) and base and ending in PARTS.get(base.kind, ()):
            return name.removesuffix(ending)
    if name in metrics and "" not in PARTS.get(metrics[name].kind, ("",)):
        raise ValueError(f"{name} is a {metrics[name].kind} and cannot be a sample")
    return name
