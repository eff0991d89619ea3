"""People who are logged in, from a made-up bus."""

from collections.abc import Callable, Iterator

import pytest

from hyperion_exporter.collector import Collector
from hyperion_exporter.collectors.users import Options, Users
from hyperion_exporter.paths import Paths
from lab.bus import Error, FakeBus, Key, Value, fake_bus, variant
from lab.wait import wait_for

Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

ROOT = "/org/freedesktop/login1"
# Who, whether from afar, at what, and of what class.
SESSIONS = [
    (1000, False, "wayland", "user"),
    (1000, True, "tty", "user"),
    (1000, True, "tty", "user"),
    (1001, True, "unspecified", "user"),
    (1002, False, "tty", "user"),
    (1003, False, "tty", "user-incomplete"),
    (1004, False, "unspecified", "user"),
    (115, False, "wayland", "greeter"),
    (0, False, "unspecified", "background"),
    (1000, False, "unspecified", "manager"),
]


def path(number: int) -> str:
    return f"{ROOT}/session/_3{number}"


def answers() -> dict[Key, Value | Error]:
    listed = [(str(n), user, "name", "", path(n)) for n, (user, *_) in enumerate(SESSIONS)]
    found: dict[Key, Value | Error] = {(ROOT, "ListSessions", ()): Value("a(susso)", listed)}
    for number, (_, remote, kind, group) in enumerate(SESSIONS):
        for name, value in (("Remote", remote), ("Type", kind), ("Class", group)):
            key = (path(number), "Get", ("org.freedesktop.login1.Session", name))
            found[key] = variant("b" if name == "Remote" else "s", value)
    return found


@pytest.fixture
def bus(paths: Paths) -> Iterator[FakeBus]:
    with fake_bus(paths.rootfs, answers()) as bus:
        yield bus


def logged_in(samples: dict[tuple[str, ...], float]) -> dict[str, float]:
    return {key[1]: v for key, v in samples.items() if key[0] == "hyperion_users_logged_in"}


def found(collector: Users, scrape: Scrape) -> dict[str, float]:
    return wait_for(lambda: logged_in(scrape(collector)), 10, "the first answer")


def test_people_are_counted_once_for_each_kind_of_their_sessions(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    assert found(Users(paths, Options()), scrape) == {
        "terminal": 2, "graphical": 1, "remote": 2, "other": 1,
    }  # fmt: skip


def test_a_session_that_ends_while_it_is_asked_is_none(
    paths: Paths, bus: FakeBus, scrape: Scrape
) -> None:
    key = (path(0), "Get", ("org.freedesktop.login1.Session", "Class"))
    bus.answers[key] = Error("org.freedesktop.DBus.Error.UnknownObject")
    assert found(Users(paths, Options()), scrape)["graphical"] == 0


def test_logind_is_not_asked_at_each_scrape(paths: Paths, bus: FakeBus, scrape: Scrape) -> None:
    collector = Users(paths, Options())
    before = found(collector, scrape)
    bus.answers[ROOT, "ListSessions", ()] = Value("a(susso)", [])
    samples = scrape(collector)
    assert logged_in(samples) == before
    assert samples["hyperion_users_interval_seconds",] == 30
    assert samples["hyperion_users_age_seconds",] >= 0


def test_a_machine_without_a_bus_has_nobody_to_count(paths: Paths, scrape: Scrape) -> None:
    collector = Users(paths, Options())

    def missing() -> bool:
        with pytest.raises(FileNotFoundError):
            scrape(collector)
        return True

    wait_for(missing, 10, "the missing bus to be noticed")
