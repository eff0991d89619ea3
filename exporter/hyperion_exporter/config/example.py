"""The example of a configuration file: every setting, what it is for, and its default."""

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hyperion_exporter.config.settings import Setting

HEAD = """\
# Every setting with its default, as `hyperion-exporter --config.example` prints it.
# A flag comes before the environment, that before this file, and this file before the default.
"""


def text(settings: Iterable[Setting]) -> str:
    return HEAD + "\n".join(_lines(settings)) + "\n"


def _lines(settings: Iterable[Setting]) -> Iterator[str]:
    above: list[str] = []
    for setting in settings:
        *path, name = setting.key.split(".")
        # A collector's own line of help stands over its name.
        over = path[-1] if name == "enabled" else name
        for depth, section in enumerate(path):
            if path[: depth + 1] != above[: depth + 1]:
                if depth == 0:
                    yield ""
                elif section == over:
                    yield from _comment(setting.help, "  " * depth)
                yield f"{'  ' * depth}{section}:"
        above = path
        indent = "  " * len(path)
        if name != "enabled":
            choices = f": {', '.join(setting.choices)}" if setting.choices else ""
            yield from _comment(setting.help + choices, indent)
        yield f"{indent}{name}: {_yaml(setting.default)}"


def _comment(sentence: str, indent: str) -> list[str]:
    before = f"{indent}# "
    return textwrap.wrap(sentence, 100, initial_indent=before, subsequent_indent=before)


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if value is None or isinstance(value, str | Path):
        return "'" + str(value or "").replace("'", "''") + "'"
    return str(value)
