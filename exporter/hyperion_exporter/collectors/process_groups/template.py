"""Names of groups, with places for what is known of a process, in process-exporter's spelling."""

import re
from collections.abc import Callable, Mapping

from hyperion_exporter.collectors.process_groups.traits import Traits

PLACES: dict[str, Callable[[Traits], str]] = {
    ".Comm": lambda traits: traits.name,
    ".ExeBase": lambda traits: traits.exe_base,
    ".ExeFull": lambda traits: traits.exe_full,
    ".Username": lambda traits: traits.user,
    ".PID": lambda traits: traits.number,
    ".Cgroups": lambda traits: f"[{' '.join(traits.cgroups)}]",
    ".Unit": lambda traits: traits.unit,
}
PLACE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
MATCH = re.compile(r"\.Matches\.(\w+)")


class Template:
    def __init__(self, text: str) -> None:
        # Text and places in turn.
        self._parts = PLACE.split(text)
        for place in self._parts[1::2]:
            if not MATCH.fullmatch(place) and place not in PLACES:
                known = ", ".join(PLACES)
                raise ValueError(
                    f"name: {{{{{place}}}}} is not known; there are {known} and .Matches.NAME"
                )

    def fill(self, traits: Traits, matches: Mapping[str, str]) -> str:
        parts = [*self._parts]
        parts[1::2] = (_filled(place, traits, matches) for place in self._parts[1::2])
        return "".join(parts)


def _filled(place: str, traits: Traits, matches: Mapping[str, str]) -> str:
    found = MATCH.fullmatch(place)
    return matches.get(found[1], "") if found else PLACES[place](traits)
