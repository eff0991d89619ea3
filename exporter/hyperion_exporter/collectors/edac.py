"""Memory errors that the controllers corrected, or could not."""

import re
from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, Family, NoOptions, Samples, counter
from hyperion_exporter.devices import Devices, Fact, add_facts
from hyperion_exporter.paths import Paths


def _of_controller(name: str, what: str) -> Family:
    return counter(f"node_edac_{name}_total", f"Memory errors that were {what}.", "controller")


def _of_row(name: str, what: str) -> Family:
    return counter(
        f"node_edac_csrow_{name}_total",
        f"Memory errors that were {what}, by row; unknown where the controller could not tell.",
        "controller",
        "csrow",
    )


FACTS = (
    Fact("ce_count", _of_controller("correctable_errors", "corrected")),
    Fact("ue_count", _of_controller("uncorrectable_errors", "beyond correction")),
)
CORRECTED = _of_row("correctable_errors", "corrected")
UNCORRECTED = _of_row("uncorrectable_errors", "beyond correction")
ROWS = (Fact("ce_count", CORRECTED), Fact("ue_count", UNCORRECTED))
UNKNOWN_ROW = (Fact("ce_noinfo_count", CORRECTED), Fact("ue_noinfo_count", UNCORRECTED))


class Edac(Collector):
    name = "edac"
    help = "Corrected and uncorrected memory errors."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._controllers = Devices(paths.sys("devices/system/edac/mc"))

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for controller in self._controllers.names():
            if re.fullmatch(r"mc\d+", controller):
                self._add(samples, controller)
        return [samples]

    def _add(self, samples: Samples, controller: str) -> None:
        number = controller.removeprefix("mc")
        whole, unknown = (number,), (number, "unknown")
        add_facts(samples, self._controllers, FACTS, lambda _: whole, [controller])
        add_facts(samples, self._controllers, UNKNOWN_ROW, lambda _: unknown, [controller])
        rows = self._controllers.within(controller)
        csrows = [name for name in rows.names() if re.fullmatch(r"csrow\d+", name)]
        add_facts(samples, rows, ROWS, lambda row: (number, row.removeprefix("csrow")), csrows)
