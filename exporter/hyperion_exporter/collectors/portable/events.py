"""Events of the event log of Windows, under the families of the journal and the kernel."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hyperion_exporter.collector import NoData, option
from hyperion_exporter.collectors import events
from hyperion_exporter.collectors.portable.system import System, here
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources import wevtutil
from hyperion_exporter.sources.held_folder import WindowsFolder

if TYPE_CHECKING:
    from hyperion_exporter.collectors.events.follower import Follower
    from hyperion_exporter.collectors.events.tally import Tally


@dataclass(frozen=True)
class Options(events.Options):
    state_folder: str = option(
        r"C:\ProgramData\Hyperion\exporter",
        "folder to keep the counts and the position in the log in",
    )


class Events(events.Events):
    help = "Events of the event log of Windows, by source, level and class."
    options = Options
    # Three programs are started before the first answer.
    first_seconds = 2.0

    def __init__(
        self,
        paths: Paths,
        options: Options,
        system: System | None = None,
        ask: wevtutil.Ask | None = None,
    ) -> None:
        super().__init__(paths, options)
        self._system = system or here()
        self._ask = ask or wevtutil.asker(wevtutil.program(os.environ))

    def _begin(self) -> "Follower":
        if self._system.platform != "win32":
            raise NoData("only Windows has an event log")
        from hyperion_exporter.collectors.events.follower import Follower
        from hyperion_exporter.collectors.events.keeping import Keeping
        from hyperion_exporter.collectors.events.windows import WINDOWS

        ask = self._ask

        def opened(tally: "Tally") -> wevtutil.Wevtutil:
            known = tally.kind == wevtutil.Wevtutil.kind
            return wevtutil.Wevtutil(tally.position if known else None, ask)

        return Follower(opened, Keeping(self._folder, WINDOWS, WindowsFolder), self._clock)
