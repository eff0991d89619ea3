"""Which log is followed: the journal by its library or by its program, or the kernel's own."""

from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.collectors.events.classes import BY_PROGRAM
from hyperion_exporter.collectors.events.tally import Tally
from hyperion_exporter.sources.event_log import EventLog, NoLog
from hyperion_exporter.sources.journal import Journal
from hyperion_exporter.sources.journalctl import Journalctl
from hyperion_exporter.sources.kmsg import Kmsg

# The first that can be had. The journal has what the kernel says as well.
LOGS: tuple[type[EventLog], ...] = (Journal, Journalctl, Kmsg)


def opener(root: Path) -> Callable[[Tally], EventLog]:
    def opened(tally: Tally) -> EventLog:
        reasons = []
        for log in LOGS:
            position = tally.position if tally.kind == log.kind else None
            try:
                return log(root, position, BY_PROGRAM)
            except NoLog as reason:
                reasons.append(str(reason))
        raise NoLog("; ".join(dict.fromkeys(reasons)))

    return opened
