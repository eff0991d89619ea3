"""What smartctl said, asked for by path; a thing of the wrong kind is as good as none."""

from collections.abc import Iterator
from itertools import islice
from math import isfinite
from sys import intern
from typing import Any

# A disk has 30 attributes and 60 statistics; what lists more is not a disk.
MOST_ROWS = 256
MOST_LETTERS = 200


class Facts:
    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def at(self, path: str = "") -> "Facts":
        """What lies under these names, with dots between them."""
        value = self._value
        for name in path.split(".") if path else ():
            value = value.get(name) if isinstance(value, dict) else None
        return Facts(value)

    def there(self, path: str = "") -> bool:
        return self.at(path)._value is not None

    def number(self, path: str = "") -> int | float | None:
        """As a number, also where it is written as a text; true is 1."""
        value = self.at(path)._value
        if not isinstance(value, int | float | str):
            return None
        try:
            finite = isfinite(float(value))
        except (OverflowError, ValueError):
            return None
        if not finite:
            return None
        return float(value) if isinstance(value, str) else +value

    def count(self, path: str = "") -> int | float:
        """The same, with 0 for what is not there."""
        return self.number(path) or 0

    def text(self, path: str = "", otherwise: str = "") -> str:
        value = self.at(path)._value
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return otherwise
        return _clean(str(value))

    def rows(self, path: str) -> list["Facts"]:
        value = self.at(path)._value
        return [Facts(row) for row in value[:MOST_ROWS]] if isinstance(value, list) else []

    def items(self, path: str) -> Iterator[tuple[str, "Facts"]]:
        value = self.at(path)._value
        if isinstance(value, dict):
            for name, part in islice(value.items(), MOST_ROWS):
                yield _clean(name), Facts(part)


def _clean(text: str) -> str:
    # JSON can spell halves of characters, which no page can. Disks say the same words: one of each
    # is enough.
    return intern(text[:MOST_LETTERS].encode("utf-8", "replace").decode().strip())
