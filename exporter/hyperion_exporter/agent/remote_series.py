"""Pages of metrics as series of a receiver, with the labels that scraping gives."""

import logging
from collections.abc import Iterator, Mapping

from hyperion_exporter import exposition
from hyperion_exporter.agent import remote_wire
from hyperion_exporter.agent.remote_wire import Labels

log = logging.getLogger("hyperion_agent")

Series = list[tuple[Labels, bytes]]


class Pages:
    """One after the other; what a page has no more has ended, and its receiver is told so."""

    def __init__(self) -> None:
        self._own: Mapping[str, str] = {}
        self._known: dict[str, Labels] = {}  # by what stands before the value
        self._told: set[Labels] = set()

    def next(self, page: str | None, own: Mapping[str, str]) -> Series:
        """None: it could not be had. `up` says so, as Prometheus says it of what it scrapes."""
        if own != self._own:
            self._own, self._known = dict(own), {}
        read = None if page is None else self._read(page)
        found = read or {}
        found[remote_wire.labels("up", own)] = remote_wire.value(0 if read is None else 1)
        ended = self._told.difference(found)
        self._told = set(found)
        return [*found.items(), *((labels, remote_wire.STALE) for labels in ended)]

    def _read(self, page: str) -> dict[Labels, bytes] | None:
        """All of it or nothing."""
        known: dict[str, Labels] = {}
        found: dict[Labels, bytes] = {}
        try:
            for head, number in _lines(page):
                known[head] = self._known.get(head) or self._labels(head)
                found[known[head]] = remote_wire.value(float(number))
        except ValueError as fault:
            log.warning("a page of metrics cannot be read: %s", fault)
            return None
        self._known = known
        return found

    def _labels(self, head: str) -> Labels:
        """Where the page has a label of the machine's own, that one makes way, as in Prometheus."""
        [metric] = exposition.parsed(f"{head} 0").values()
        [sample] = metric.samples
        own = self._own
        given = {
            f"exported_{name}" if name in own else name: sample.labels[name]
            for name in sample.labels
        }
        return remote_wire.labels(sample.name, {**given, **own})


def _lines(page: str) -> Iterator[tuple[str, str]]:
    for line in map(str.strip, page.split("\n")):
        if line and not line.startswith("#"):
            head, _, number = line.rpartition(" ")
            yield head, number
