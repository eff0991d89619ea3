"""Sessions of logind, from a made-up bus; tests/fleet asks a real one."""

from collections.abc import Callable, Iterator

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.logind import Logind
from hyperion_exporter.paths import Paths
from lab.bus import Error, FakeBus, Key, Value, fake_bus, variant

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

ROOT = "/org/freedesktop/login1"
SESSIONS = [
    ("1", 1000, "ada", "seat0", f"{ROOT}/session/_31"),
    ("2", 1000, "ada", "", f"{ROOT}/session/_32"),
    ("3", 1001, "otto", "", f"{ROOT}/session/_33"),
]


def session(number: int, remote: bool, kind: str, group: str) -> dict[Key, Value | Error]:
    path, interface = f"{ROOT}/session/_3{number}", "org.freedesktop.login1.Session"
    return {
        (path, "Get", (interface, "Remote")): variant("b", remote),
        (path, "Get", (interface, "Type")): variant("s", kind),
        (path, "Get", (interface, "Class")): variant("s", group),
    }


@pytest.fixture
def bus(paths: Paths) -> Iterator[FakeBus]:
    lists: dict[Key, Value | Error] = {
        (ROOT, "ListSeats", ()): Value("a(so)", [("seat0", f"{ROOT}/seat/seat0")]),
        (ROOT, "ListSessions", ()): Value("a(susso)", SESSIONS),
    }
    here, afar = session(1, False, "wayland", "user"), session(2, True, "tty", "user")
    with fake_bus(paths.rootfs, lists | here | afar | session(3, True, "tty", "user")) as bus:
        yield bus


def counted(samples: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    return {key[1:]: value for key, value in samples.items() if value}


def test_sessions_are_counted_by_seat_and_kind(paths: Paths, bus: FakeBus, scrape: Scrape) -> None:
    samples = scrape(Logind(paths, NoOptions()))
    assert counted(samples) == {
        ("seat0", "false", "wayland", "user"): 1,
        ("", "true", "tty", "user"): 2,
    }
    assert len(samples) == 2 * 2 * 7 * 5


def test_kinds_that_logind_invented_since_are_counted_together(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    bus.answers |= session(1, False, "hologram", "manager")
    assert ("seat0", "false", "other", "other") in counted(scrape(Logind(paths, NoOptions())))


def test_a_session_that_ends_meanwhile_is_not_counted(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    for key in session(1, False, "", ""):
        del bus.answers[key]
    assert set(counted(scrape(Logind(paths, NoOptions())))) == {("", "true", "tty", "user")}


def test_a_machine_without_logind_is_a_fault(paths: Paths, bus: FakeBus) -> None:
    bus.answers.clear()
    with pytest.raises(Exception, match="UnknownMethod"):
        list(Logind(paths, NoOptions()).collect())


def test_a_machine_without_a_bus_has_no_data(paths: Paths) -> None:
    with pytest.raises(FileNotFoundError):
        list(Logind(paths, NoOptions()).collect())
