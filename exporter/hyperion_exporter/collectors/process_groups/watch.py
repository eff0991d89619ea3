"""The groups under the rules of now: a changed file of rules is obeyed at the next scrape."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hyperion_exporter.collector import Block, Samples, untyped
from hyperion_exporter.collectors.process_groups import Options, rules
from hyperion_exporter.collectors.process_groups.groups import Groups
from hyperion_exporter.collectors.process_groups.rules import Rule
from hyperion_exporter.paths import Parsed, Paths

# Counters, but for their names: prometheus_client calls no counter so.
ERRORS = untyped("namedprocess_scrape_errors", "Scrapes in which processes could not be listed.")
READ_ERRORS = untyped("namedprocess_scrape_procread_errors", "Processes that could not be read.")
PARTIAL_ERRORS = untyped(
    "namedprocess_scrape_partial_errors",
    "Processes of which something may not be read, such as the bytes of another user's.",
)


class Watch:
    def __init__(self, paths: Paths, options: Options) -> None:
        self._paths = paths
        self._options = options
        file = Path(options.config)
        self._rules: Parsed[Sequence[Rule]] = Parsed(file, partial(_read, file))
        self._groups: Groups | None = None
        self._errors = 0
        # Wrong rules refuse the start; those that become wrong later are told with the scrape.
        self._obeyed()

    def look(self) -> list[Block]:
        obeyed = self._obeyed()
        # New rules, new groups: a process may not count to the old one and the new one.
        if self._groups is None or self._groups.rules is not obeyed:
            self._groups = Groups(obeyed, self._paths, self._options)
        try:
            table = self._groups.look()
        except OSError:
            self._errors += 1
            raise
        return [table, self._own(self._groups)]

    def _obeyed(self) -> Sequence[Rule]:
        try:
            return self._rules.get()
        except OSError as fault:
            # Of a kind that is a failure: a missing file would else mean that there is no data.
            raise ValueError(f"{self._options.config}: cannot be read: {fault.strerror}") from None

    def _own(self, groups: Groups) -> Samples:
        samples = Samples()
        samples.add(ERRORS, self._errors)
        samples.add(READ_ERRORS, groups.unread)
        samples.add(PARTIAL_ERRORS, groups.unread_in_part)
        return samples


def _read(file: Path, text: str) -> list[Rule]:
    try:
        return rules.read(text)
    except ValueError as fault:
        raise ValueError(f"{os.fspath(file)}: {fault}") from None
