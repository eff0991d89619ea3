"""Prometheus, asked what it knows now."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hyperion_control.channels import http
from hyperion_control.channels.http import Unanswered


@dataclass(frozen=True)
class Sample:
    labels: Mapping[str, str]
    at: datetime
    value: float


def ask(url: str, query: str) -> list[Sample]:
    """Samples that are a number, in the order in which it gives them."""
    answer = http.call("POST", f"{url}/api/v1/query", form={"query": query})
    try:
        samples = [_sample(each) for each in answer["data"]["result"]]
    except (KeyError, TypeError, ValueError, IndexError) as fault:
        raise Unanswered("what answers there is not Prometheus: look at its address") from fault
    return [sample for sample in samples if math.isfinite(sample.value)]


def quoted(text: str) -> str:
    """As a string in a query."""
    return json.dumps(text, ensure_ascii=False)


def _sample(found: Any) -> Sample:
    at, value = found["value"]
    return Sample(found["metric"], datetime.fromtimestamp(at, UTC), float(value))
