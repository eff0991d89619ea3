"""An event log of Windows that answers as wevtutil does, to exactly the questions that we ask."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hyperion_exporter.sources.wevtutil import Refused

BEGUN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@dataclass
class WindowsLog:
    """Its channels are numbered from 1; `clear` empties one, and numbers from 1 again."""

    channels: dict[str, list[str]] = field(
        default_factory=lambda: {"System": [], "Application": [], "Security": []}
    )
    denied: set[str] = field(default_factory=set)
    hung: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _seconds: int = 0

    def write(
        self, channel: str, provider: str, number: int, level: int = 2, keywords: int = 0
    ) -> None:
        self._seconds += 1
        record = self._numbers[channel] = self._numbers.get(channel, 0) + 1
        at = (BEGUN + timedelta(seconds=self._seconds)).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
        self.channels[channel].append(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
            f"<Provider Name='{provider}'/><EventID Qualifiers='49152'>{number}</EventID>"
            f"<Version>0</Version><Level>{level}</Level><Task>0</Task><Opcode>0</Opcode>"
            f"<Keywords>{keywords:#x}</Keywords><TimeCreated SystemTime='{at}'/>"
            f"<EventRecordID>{record}</EventRecordID><Correlation/><Channel>{channel}</Channel>"
            "<Computer>BIRCH</Computer><Security/></System><EventData><Data>caf\udc82 &lt;Event"
            "&gt;</Data></EventData></Event>\r\n"
        )

    def clear(self, channel: str, numbers_go_on: bool = False) -> None:
        self.channels[channel].clear()
        if not numbers_go_on:
            del self._numbers[channel]

    def overwrite(self, channel: str, records: int) -> None:
        """The oldest make room."""
        del self.channels[channel][:records]

    def ask(self, arguments: Sequence[str]) -> bytes:
        verb, channel, form, *options = arguments
        assert (verb, form) == ("qe", "/f:xml")
        self.asked.append(channel)
        if channel in self.hung:
            raise TimeoutError("wevtutil gave no answer within 30 s")
        if channel in self.denied:
            raise Refused("wevtutil ended with status 5")
        events = list(self.channels[channel])
        most = 0
        for option in options:
            if found := re.fullmatch(r"/q:\*\[System\[\(EventRecordID>=(\d+)\)\]\]", option):
                events = [event for event in events if _record(event) >= int(found[1])]
            elif option == "/rd:true":
                events.reverse()
            else:
                most = int(option.removeprefix("/c:"))
        assert most, "a question without an end"
        return "".join(events[:most]).encode("ascii", "surrogateescape")


def _record(event: str) -> int:
    return int(event.partition("<EventRecordID>")[2].partition("<")[0])
