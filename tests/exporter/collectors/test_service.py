"""Services of Windows, as psutil shows them: on a stand-in, none of it ran on Windows."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hyperion_exporter.collector import Collector, NoData
from hyperion_exporter.collectors.portable import service
from hyperion_exporter.collectors.portable.service import STATES, Options, Service
from hyperion_exporter.collectors.portable.system import System
from hyperion_exporter.paths import Paths
from lab import systems

Samples = dict[tuple[str, ...], float]
See = Callable[..., Samples]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laden machine answers late; that is not what is tried here."""
    monkeypatch.setattr(service, "WAIT_SECONDS", 20.0)


@pytest.fixture
def see(paths: Paths, scrape: Callable[[Collector], Samples]) -> See:
    def see(*services: Any, **options: str) -> Samples:
        there = {"win_service_iter": lambda: iter(services)} if services else {}
        system = System("win32", systems.windows(**there))
        return scrape(Service(paths, Options(**options), system))

    return see


def names(samples: Samples) -> list[str]:
    return [name for family, name, _ in samples if family == "windows_service_start_mode"]


def test_each_automatic_service_says_in_which_state_it_is(see: See) -> None:
    samples = see()
    assert names(samples) == ["Shop", "Spooler"]
    of_shop = {key[2]: value for key, value in samples.items() if key[1] == "Shop"}
    assert of_shop == dict.fromkeys(STATES, 0.0) | {"stopped": 1, "auto": 1}
    assert samples["windows_service_state", "Spooler", "running"] == 1


@pytest.mark.parametrize(
    ("said", "meant"),
    [("start_pending", "start pending"), ("paused", "paused"), ("asleep", "unknown")],
)
def test_states_are_spelt_as_windows_exporter_spells_them(see: See, said: str, meant: str) -> None:
    samples = see(systems.service("W32Time", "automatic", said))
    assert [key[2] for key, value in samples.items() if value and key[2] != "auto"] == [meant]


def test_others_are_given_when_asked_for(see: See) -> None:
    assert names(see(start_mode_include="auto,manual")) == ["Fax", "Shop", "Spooler"]
    assert names(see(include="S.*", exclude="Shop")) == ["Spooler"]
    assert names(see(include="Spool")) == []


def test_copies_for_each_login_are_left_out(see: See) -> None:
    """Their names change with each login, and so would the series."""
    assert names(see(exclude="")) == ["CDPUserSvc_3c1f8", "Shop", "Spooler"]


def test_there_are_only_so_many_series(see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 3)
    many = [systems.service(f"s{number}", "automatic", "running") for number in range(9, 0, -1)]
    assert names(see(*many)) == ["s1", "s2", "s3"]


def refused(error: Exception) -> Callable[[], str]:
    def raised() -> str:
        raise error

    return raised


@pytest.mark.parametrize("error", [systems.PsutilError("gone"), OSError(5, "Access is denied")])
def test_one_that_is_gone_or_denied_is_left_out(see: See, error: Exception) -> None:
    gone = systems.Service(lambda: "Gone", refused(error), refused(error))
    assert names(see(gone, systems.service("Spooler", "automatic", "running"))) == ["Spooler"]


def test_a_service_manager_that_hangs_holds_up_no_scrape(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "WAIT_SECONDS", 0.05)
    free = threading.Event()

    def hung() -> Iterator[Any]:
        free.wait()
        return iter(())

    collector = Service(paths, Options(), System("win32", systems.windows(win_service_iter=hung)))
    with pytest.raises(TimeoutError, match="service has not answered yet"):
        list(collector.collect())
    free.set()


def test_macos_has_none(paths: Paths) -> None:
    with pytest.raises(NoData, match="only Windows"):
        list(Service(paths, Options(), System("darwin", systems.macos())).collect())
