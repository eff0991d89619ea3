"""A piece of a long list, and where the next piece begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    items: Sequence[Item]
    after: str = ""  # the place of the last item; empty: nothing comes after it


def cut(found: Sequence[Item], limit: int, place: Callable[[Item], str]) -> Page[Item]:
    """From one item more than was asked for, which tells that there is more."""
    if len(found) <= limit:
        return Page(found)
    return Page(found[:limit], place(found[limit - 1]))
