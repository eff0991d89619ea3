"""What a machine's labels may be: names and values that Prometheus takes and a selector can say."""

import re
from collections.abc import Mapping

from hyperion_control.domain.selectors import LABEL, VALUE

# Discovery and Prometheus set these themselves, or read a meaning out of them.
RESERVED = frozenset(
    {"org", "group", "machine", "instance", "job", "le", "quantile", "alertname", "severity"}
)
MOST = 30
# Of machines and groups: these are values of labels too.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError(
            "a name has 1 to 63 letters, digits, dots, dashes and underscores,"
            " and begins with a letter or digit"
        )
    return text


def labels(given: Mapping[str, str]) -> dict[str, str]:
    """In the order of their names."""
    if len(given) > MOST:
        raise ValueError(f"a machine has at most {MOST} labels")
    for name, value in given.items():
        _refuse(name, value)
    return dict(sorted(given.items()))


def _refuse(name: str, value: str) -> None:
    if not re.fullmatch(LABEL, name):
        raise ValueError(f"{name!r} is no name of a label: write letters, digits and underscores")
    if name in RESERVED or name.startswith("__"):
        raise ValueError(f"the label {name!r} is reserved: choose another name")
    if not value or not re.fullmatch(VALUE, value):
        raise ValueError(
            f"{value!r} is no value for the label {name}:"
            " write 1 to 63 letters, digits and any of _.:/@+-"
        )
