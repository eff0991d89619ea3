"""How often a machine deserves to be looked at."""

from collections.abc import Callable

import pytest

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples
from hyperion_exporter.collectors.adaptive import BAD_SECONDS, QUIET_SECONDS, Adaptive
from hyperion_exporter.collectors.health import COMPONENT, SCORE
from hyperion_exporter.known import Known
from hyperion_exporter.paths import Paths

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]


class Machine:
    now = 0.0

    def __init__(self, paths: Paths, scrape: Scrape) -> None:
        self._adaptive = Adaptive(paths, NoOptions(), lambda: self.now)
        self._scrape = scrape

    def after(self, seconds: float, score: float | None, **components: float) -> float:
        self.now += seconds
        known = Known(lambda: self.now)
        if score is not None:
            known.note("health", health(score, components))
        self._adaptive.see(known)
        (value,) = self._scrape(self._adaptive).values()
        return value


def health(score: float, components: dict[str, float]) -> list[Block]:
    samples = Samples()
    samples.add(SCORE, score)
    for component, state in components.items():
        samples.add(COMPONENT, state, component)
    return [samples]


@pytest.fixture
def machine(paths: Paths, scrape: Scrape) -> Machine:
    return Machine(paths, scrape)


def test_a_machine_of_which_nothing_particular_is_known_is_looked_at_as_usual(
    machine: Machine,
) -> None:
    assert machine.after(0, 100) == 30
    assert machine.after(QUIET_SECONDS - 1, 100) == 30


def test_one_that_is_quiet_for_long_is_looked_at_seldom(machine: Machine) -> None:
    assert machine.after(QUIET_SECONDS, 92) == 60
    assert machine.after(15, 89) == 30
    assert machine.after(QUIET_SECONDS - 1, 100) == 30
    assert machine.after(1, 100) == 60


@pytest.mark.parametrize(
    ("score", "components"),
    [
        (69, {}),
        (85, {"pressure": 49}),
        (80, {"temperature": 20}),
        (80, {"disk_health": 43}),
    ],
)
def test_one_that_is_badly_off_is_looked_at_often_and_for_a_while_after(
    score: float, components: dict[str, float], machine: Machine
) -> None:
    assert machine.after(0, score, **components) == 15
    assert machine.after(BAD_SECONDS - 1, 100) == 15
    assert machine.after(1, 100) == 30


def test_what_does_not_change_from_minute_to_minute_is_no_hurry(machine: Machine) -> None:
    assert machine.after(0, 85, updates=0, time_sync=40) == 30


def test_without_its_health_nobody_can_say_that_it_is_quiet(machine: Machine) -> None:
    assert machine.after(2 * QUIET_SECONDS, None) == 30
