"""What every test may ask for, and the order: unit, then real servers, then real machines."""

import gc
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import servers
from lab.fleet import Fleet
from lab.fleet import fleet as boot_fleet

TESTS = Path(__file__).parent
# A folder gives its tests the marker of its name; they run after all that need less.
COSTLY = ("fleet", "live")


def pytest_configure(config: pytest.Config) -> None:
    # A run that is told to end tears down its machines as it does on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before -m picks by these markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        room = item.path.relative_to(TESTS).parts[0]
        if room in COSTLY:
            item.add_marker(room)
    items.sort(key=lambda item: [item.get_closest_marker(name) is not None for name in COSTLY])


def pytest_collection_finish() -> None:
    # Thousands of tests and what they import stay to the end: not to be looked through each time.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def its_own_log() -> Iterator[None]:
    """A log that a command began ends with the test: nobody reads its standard error any more."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def free_port() -> int:
    return servers.free_port()


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Three real machines, booted once for all tests."""
    with boot_fleet(3) as machines:
        yield machines
