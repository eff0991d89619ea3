"""One number in smartctl's answer, and the family that it becomes."""

from collections.abc import Iterable
from typing import NamedTuple

from hyperion_exporter.collector import Family, Labels, Samples
from hyperion_exporter.collectors.smart.facts import Facts


class Reading(NamedTuple):
    path: str
    family: Family
    factor: int | float = 1
    # Of the labels that come after the disk's.
    labels: Labels = ()
    # For what smartctl_exporter gives of every disk.
    absent: int | None = None


def add(samples: Samples, facts: Facts, device: str, readings: Iterable[Reading]) -> None:
    for path, family, factor, labels, absent in readings:
        value = facts.number(path)
        if value is None:
            value = absent
        if value is not None:
            samples.add(family, scaled(value, factor), device, *labels)


def scaled(value: int | float, factor: int | float) -> int | float:
    # Without the dust of a multiplication: 162438.759 GB are a whole number of bytes.
    return value if factor == 1 else round(value * factor, 6)
