"""The answers of real disks, whole, cut off, and with lies in them."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperion_exporter.collector import Samples
from hyperion_exporter.collectors.smart.disk import Disk, State
from hyperion_exporter.sources.program import Output
from lab.disks import captures

Parse = Callable[[str], dict[tuple[str, ...], float]]

LIES: tuple[Any, ...] = (
    None, True, False, -1, 0.5, 10**400, float("inf"), float("nan"), "", "x", "7", "\u0663", "1_0",
    "\n\"\\", "\ud800", [], [[]], {}, {"value": []}, "a" * 5000,
)  # fmt: skip
ROUNDS = 12


@pytest.fixture(params=captures() or [None], ids=lambda file: file.stem[-40:] if file else "none")
def capture(request: pytest.FixtureRequest) -> dict[str, Any]:
    file: Path | None = request.param
    if file is None:
        pytest.skip("needs the answers of real disks")
    answer: dict[str, Any] = json.loads(file.read_text())
    return answer


def heard(answer: object) -> State:
    state = State(Disk("/dev/sda", "auto"), "sda", "auto")
    text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    state.hear(Output(0, text), 0.0)
    return state


def samples(state: State) -> Samples:
    assert state.samples
    return state.samples


def test_all_that_a_disk_says_stands_on_the_page(
    capture: dict[str, Any], page: Callable[..., str], parse: Parse
) -> None:
    found = parse(page([samples(heard(capture))]))
    assert found["smartctl_device_smart_status", "sda"] == 1
    assert (
        found["smartctl_device_temperature", "sda", "current"] == capture["temperature"]["current"]
    )
    assert [key for key in found if key[0] == "hyperion_smart_verdict"]
    log = capture.get("nvme_smart_health_information_log")
    if log:
        shutdowns = found["hyperion_smart_nvme_unsafe_shutdowns_total", "sda"]
        busy = found["hyperion_smart_nvme_busy_seconds_total", "sda"]
        sensors = [key for key in found if key[0] == "hyperion_smart_nvme_sensor_celsius"]
        assert shutdowns == log["unsafe_shutdowns"]
        assert busy == log["controller_busy_time"] * 60
        assert len(sensors) == len(log.get("temperature_sensors", []))
        assert found["hyperion_smart_endurance_used_ratio", "sda"] == log["percentage_used"] / 100


def test_an_answer_cut_off_is_no_answer(capture: dict[str, Any]) -> None:
    whole = json.dumps(capture).encode()
    for length in range(0, len(whole), max(len(whole) // ROUNDS, 1)):
        assert heard(whole[:length]).fault == "its answer cannot be read"


def test_no_lie_costs_more_than_its_own_sample(
    capture: dict[str, Any], page: Callable[..., str]
) -> None:
    dice = random.Random(0)  # noqa: S311 - the same lies each time
    for _ in range(ROUNDS):
        lying = json.loads(json.dumps(capture))
        for _ in range(dice.randrange(1, 8)):
            _lie(lying, dice)
        state = heard(lying)
        if state.samples:
            text = page([state.samples])
            assert "smartctl_device{" in text
            text.encode()


def _lie(value: Any, dice: random.Random) -> None:
    """Put something else in a place somewhere within."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    if keys:
        key = dice.choice(keys)
        if isinstance(value[key], dict | list) and value[key] and dice.random() < 0.8:
            _lie(value[key], dice)
        else:
            value[key] = dice.choice(LIES)
