"""Rounds over disks of which some cannot even be ended, as one inside the kernel cannot."""

import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from hyperion_exporter.collectors.smart.disk import Disk, Pace
from hyperion_exporter.collectors.smart.rounds import Rounds
from hyperion_exporter.sources.program import Output
from lab.wait import wait_for

STUCK, WELL = Disk("/dev/sda", "sat"), Disk("/dev/sdb", "sat")
SOON = 10.0


class Kernel:
    """Answers for one disk; whoever asks for the other does not come back until let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.free = threading.Event()

    def __call__(self, question: Sequence[str], seconds: float) -> Output:
        name = question[-1]
        self.asked.append(name)
        if name == STUCK.name:
            self.free.wait()
        return Output(0, b"{}")


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    yield kernel
    kernel.free.set()


def test_a_call_that_cannot_be_ended_is_the_only_one_to_its_disk(kernel: Kernel) -> None:
    ahead = 0.0
    pace = Pace(solid=60, rotating=60, timeout=0.1)
    scan = lambda: [STUCK, WELL]  # noqa: E731 - it says all there is to it
    rounds = Rounds(kernel, "standby", pace, scan, 1e6, lambda: time.monotonic() + ahead)
    for count in (1, 2, 3):
        wait_for(lambda n=count: rounds.look(0) and kernel.asked.count(WELL.name) == n, 30, "WELL")
        ahead += 61
    assert kernel.asked.count(STUCK.name) == 1
    stuck, well = rounds.look(0)
    assert not stuck.readable(pace, time.monotonic() + ahead)
    assert well.readable(pace, time.monotonic() + ahead)
    kernel.free.set()
    wait_for(lambda: rounds.look(0) and kernel.asked.count(STUCK.name) > 1, SOON, "its next call")
    assert wait_for(lambda: stuck.readable(pace, time.monotonic() + ahead), SOON, "its answer")
