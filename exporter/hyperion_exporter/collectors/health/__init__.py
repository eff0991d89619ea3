"""One number for the machine's health, with what it is made of and why."""

import dataclasses
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, NoData, Samples, gauge, option
from hyperion_exporter.collectors.health.score import Judged, judge
from hyperion_exporter.collectors.health.symptoms import Symptoms
from hyperion_exporter.known import Known
from hyperion_exporter.paths import Paths

SCORE = gauge("hyperion_health_score", "Health of the machine: 100 is well, 0 could not be worse.")
CONFIDENCE = gauge(
    "hyperion_health_confidence",
    "Share of the weights of those components of which something is known; the others take nothing"
    " from the score.",
)
COMPONENT = gauge(
    "hyperion_health_component_score", "Health of the component, 0 to 100.", "component"
)
WEIGHT = gauge(
    "hyperion_health_component_weight",
    "How much of the score the component takes away at its worst, 0 to 100.",
    "component",
)
LOSS = gauge(
    "hyperion_health_component_loss",
    "What the component loses for this reason; the greatest of its losses counts.",
    "component",
    "reason",
    "at",
)


def _weight(percent: int, of: str) -> int:
    return option(percent, f"how much of the score {of} takes away at its worst, 0 to 100")  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Options:
    """The weights; what is lost for good, such as data, weighs more than what passes."""

    cpu: int = _weight(15, "the use of the processors")
    memory: int = _weight(40, "the use of the memory")
    disk_space: int = _weight(50, "full disks, now or soon,")
    disk_health: int = _weight(60, "a failing disk")
    temperature: int = _weight(40, "heat")
    events: int = _weight(40, "grave events")
    failed_units: int = _weight(30, "failed units")
    time_sync: int = _weight(20, "a wrong clock")
    pressure: int = _weight(30, "waiting for memory, disks and processors")
    updates: int = _weight(15, "updates that wait")


class Health(Collector):
    name = "health"
    help = "A score for the health of the machine, its components and the reasons."
    turn = 1
    options = Options

    def __init__(
        self, paths: Paths, options: Options, clock: Callable[[], float] = time.monotonic
    ) -> None:
        percents = dataclasses.asdict(options).items()
        self._weights = {component: min(percent, 100) / 100 for component, percent in percents}
        self._clock = clock
        self._symptoms = Symptoms()
        self._health: Judged | None = None

    def see(self, known: Known) -> None:
        self._health = judge(self._symptoms.find(known, self._clock()), self._weights)

    def collect(self) -> Iterable[Block]:
        if self._health is None:
            raise NoData("no other collector was asked")
        score, confidence, components, reasons = self._health
        samples = Samples()
        samples.add(SCORE, f"{100 * score:.1f}")
        samples.add(CONFIDENCE, f"{confidence:.3f}")
        for component, weight in self._weights.items():
            samples.add(WEIGHT, f"{100 * weight:.0f}", component)
        for component, state in components.items():
            samples.add(COMPONENT, f"{100 * state:.1f}", component)
        for reason in reasons:
            samples.add(LOSS, f"{100 * reason.loss:.1f}", *reason[:3])
        return [samples]
