"""One gathering: whatever one collector does, the others are on the page, in time."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from prometheus_client.openmetrics import parser as openmetrics

from hyperion_exporter.collector import Block, Collector, Family, NoData, Samples, gauge, one
from hyperion_exporter.guard import SELF, Crowded, Guard
from hyperion_exporter.page import OPENMETRICS
from lab.wait import wait_for

ENOUGH = 10.0  # never waited for when all is well
Parse = Callable[[str], dict[tuple[str, ...], float]]


class Fake(Collector):
    """Does what the test says, under the name it says."""

    help = "For tests."

    def __init__(self, name: str, collect: Callable[[], Iterable[Any]]) -> None:
        self.name = name  # type: ignore[misc]
        self.collect = collect  # type: ignore[method-assign]

    def collect(self) -> Iterable[Block]: ...


FAMILIES = {name: gauge(name, "For tests.", "n") for name in ("good", "bad", "other")}


def gives(name: str, *values: Any, family: str = "") -> Fake:
    def collect() -> list[Samples]:
        samples = Samples()
        for n, value in enumerate(values):
            samples.add(FAMILIES[family or name], value, str(n))
        return [samples]

    return Fake(name, collect)


def raises(name: str, *errors: BaseException | None) -> Fake:
    """One after another, then the last for ever; None gives a sample."""
    left = list(errors)

    def collect() -> list[Block]:
        if error := left.pop(0) if len(left) > 1 else left[0]:
            raise error
        return list(gives(name, 1).collect())

    return Fake(name, collect)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    release = threading.Event()
    yield release
    release.set()


def hangs(name: str, release: threading.Event) -> Fake:
    def collect() -> list[Block]:
        release.wait()
        return list(gives(name, 1).collect())

    return Fake(name, collect)


def self_metric(samples: dict[tuple[str, ...], float], what: str) -> dict[str, float]:
    return {key[1]: value for key, value in samples.items() if key[0].endswith(what)}


def test_every_collector_is_on_the_page_and_says_how_it_went(parse: Parse) -> None:
    samples = parse(Guard([gives("good", 1, 2), gives("other", 3)]).gather(ENOUGH))
    assert samples["good", "1"] == 2
    assert samples["other", "0"] == 3
    assert self_metric(samples, "_success") == {"good": 1, "other": 1}
    assert self_metric(samples, "_timeout") == {"good": 0, "other": 0}
    assert self_metric(samples, "_series") == {"good": 2, "other": 1}
    assert self_metric(samples, "_dropped_series_total") == {"good": 0, "other": 0}
    assert all(0 <= seconds < 1 for seconds in self_metric(samples, "_duration_seconds").values())
    assert all(0 <= seconds < 1 for seconds in self_metric(samples, "_age_seconds").values())


def test_only_the_collectors_asked_for_are_run(parse: Parse) -> None:
    guard = Guard([gives("good", 1), raises("bad", AssertionError("it was run"))])
    samples = parse(guard.gather(ENOUGH, only={"good"}))
    assert self_metric(samples, "_success") == {"good": 1}
    assert guard.gather(ENOUGH, only=set()) == ""
    assert guard.names == ["good", "bad"]


def test_the_page_is_there_in_openmetrics_too() -> None:
    text = Guard([gives("good", 1)]).gather(ENOUGH, OPENMETRICS) + "# EOF\n"
    names = {family.name for family in openmetrics.text_string_to_metric_families(text)}
    assert {"good", "hyperion_collector_dropped_series"} < names


def mixed_rows() -> list[Any]:
    return [one((FAMILIES["bad"].column(n="1"), FAMILIES["bad"].column(n="2")), (1,))]


GARBAGE = {
    "an exception": raises("bad", ValueError("no")),
    "an exit": raises("bad", SystemExit(1)),
    "no memory": raises("bad", MemoryError()),
    "endless recursion": Fake("bad", lambda: garbage("endless recursion")),
    "no list": Fake("bad", lambda: None),  # type: ignore[arg-type, return-value]
    "no blocks": Fake("bad", lambda: [1, "two", None]),
    "no number": gives("bad", None),
    "words": gives("bad", "many"),
    "half a row": Fake("bad", mixed_rows),
    "an impossible name": Fake("bad", lambda: [one((gauge("a b\n", ""),), (1,))]),
    "a label that is no text": Fake("bad", lambda: [labelled(None)]),
    "a label beyond repair": Fake("bad", lambda: [labelled("\ud800")]),
    "an error halfway": Fake("bad", lambda: iter([labelled("1"), labelled(1 / len(""))])),
}


def garbage(what: str) -> Any:
    return garbage(what)


def labelled(label: Any) -> Samples:
    samples = Samples()
    samples.add(FAMILIES["bad"], 1, label)
    return samples


@pytest.mark.parametrize("what", GARBAGE)
def test_a_collector_that_gives_garbage_costs_only_itself(what: str, parse: Parse) -> None:
    guard = Guard([gives("good", 1), GARBAGE[what], gives("other", 2)], patience=0.05)
    for _ in range(2):
        samples = parse(guard.gather(ENOUGH))
        assert (samples["good", "0"], samples["other", "0"]) == (1, 2)
        assert self_metric(samples, "_success") == {"good": 1, "bad": 0, "other": 1}
        assert not [key for key in samples if key[0] == "bad"]


@pytest.mark.parametrize("error", [NoData("no such sensor"), FileNotFoundError(2, "gone")])
def test_a_machine_without_the_thing_is_no_fault(
    error: Exception, parse: Parse, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        samples = parse(Guard([raises("bad", error)]).gather(ENOUGH))
    assert self_metric(samples, "_success") == {"bad": 0}
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_a_fault_is_logged_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    """Also when its words differ each time, as those that quote a file do."""
    faults = [ValueError("7"), ValueError("8"), ValueError("9"), PermissionError(13, "no"), None]
    guard = Guard([raises("bad", *faults, None)])
    with caplog.at_level(logging.INFO):
        for _ in range(7):
            guard.gather(ENOUGH)
    assert [record.getMessage() for record in caplog.records] == [
        "collector bad failed: 7",
        "collector bad failed: [Errno 13] no",
        "collector bad works again",
    ]
    assert caplog.records[0].exc_info, "the place is told once"


def test_a_collector_that_hangs_costs_only_itself(release: threading.Event, parse: Parse) -> None:
    guard = Guard([hangs("bad", release), gives("good", 1)], patience=0.02)
    begun = time.monotonic()
    samples = parse(guard.gather(1))
    assert time.monotonic() - begun < ENOUGH / 2
    assert samples["good", "0"] == 1
    assert self_metric(samples, "_success") == {"bad": 0, "good": 1}
    assert self_metric(samples, "_timeout") == {"bad": 1, "good": 0}
    begun = time.monotonic()
    assert self_metric(parse(guard.gather(ENOUGH)), "_timeout") == {"bad": 1, "good": 0}
    assert time.monotonic() - begun < ENOUGH / 2, "it is known to hang and not waited for"
    release.set()
    wait_for(lambda: parse(guard.gather(ENOUGH)).get(("bad", "0")), ENOUGH, "its return")


def test_an_answer_that_came_too_late_counts_for_nothing(
    release: threading.Event, parse: Parse, caplog: pytest.LogCaptureFixture
) -> None:
    returned = threading.Event()

    def collect() -> Iterator[Block]:
        release.wait()
        yield from gives("bad", 1).collect()
        returned.set()

    now = iter(range(1_000_000))
    guard = Guard([Fake("bad", collect)], patience=0.02, clock=lambda: next(now) / 1000)
    with caplog.at_level(logging.INFO):
        guard.gather(0.05)
        release.set()
        assert returned.wait(ENOUGH)
    assert [record.getMessage() for record in caplog.records] == [
        "collector bad failed: no answer by the deadline"
    ]


def test_two_collectors_that_hang_leave_one_thread_each(release: threading.Event) -> None:
    before = threading.active_count()
    guard = Guard([hangs("bad", release), hangs("other", release), gives("good", 1)], patience=0.02)
    for _ in range(100):
        guard.gather(0.2)
    assert threading.active_count() - before <= 3


def test_of_two_that_give_the_same_family_the_first_is_kept(
    parse: Parse, caplog: pytest.LogCaptureFixture
) -> None:
    guard = Guard([gives("good", 1), gives("bad", 2, 3, family="good"), gives("other", 4)])
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            samples = parse(guard.gather(ENOUGH))
    assert (samples["good", "0"], samples["other", "0"]) == (1, 4)
    assert self_metric(samples, "_success") == {"good": 1, "bad": 0, "other": 1}
    assert self_metric(samples, "_dropped_series_total")["bad"] == 6
    assert [record.getMessage() for record in caplog.records] == [
        "collector bad failed: good is another collector's"
    ]


def test_nobody_gives_a_family_of_the_guard(parse: Parse) -> None:
    taken: Family = SELF[1]
    forged = Fake("bad", lambda: [one((taken.column(collector="good"),), (0,))])
    samples = parse(Guard([forged, gives("good", 1)]).gather(ENOUGH))
    assert self_metric(samples, "_success") == {"bad": 0, "good": 1}


def test_a_collector_gives_at_most_its_share(parse: Parse) -> None:
    guard = Guard([gives("bad", *range(50)), gives("good", 1)], limit=20)
    for total in (30, 60):
        samples = parse(guard.gather(ENOUGH))
        assert self_metric(samples, "_series") == {"bad": 20, "good": 1}
        assert self_metric(samples, "_dropped_series_total") == {"bad": total, "good": 0}


def test_what_has_no_room_on_the_page_is_left_out_whole(
    parse: Parse, caplog: pytest.LogCaptureFixture
) -> None:
    guard = Guard([gives("good", 1), gives("bad", *range(50)), gives("other", 2)], total=20)
    samples = parse(guard.gather(ENOUGH))
    assert self_metric(samples, "_success") == {"good": 1, "bad": 0, "other": 1}
    assert self_metric(samples, "_dropped_series_total")["bad"] == 50
    assert "over 20 series" in caplog.text


def test_the_age_grows_while_a_collector_fails(parse: Parse) -> None:
    now = [40.0]
    guard = Guard([raises("bad", None, ValueError("no"))], clock=lambda: now[0])
    ages = []
    for now[0] in (100.0, 130.0, 160.0):
        ages.append(self_metric(parse(guard.gather(ENOUGH)), "_age_seconds")["bad"])
    assert ages == [0, 30, 60]


def test_a_scrape_that_cannot_have_its_turn_is_told_so(release: threading.Event) -> None:
    running = threading.Event()

    def collect() -> list[Block]:
        running.set()
        release.wait()
        return []

    guard = Guard([Fake("good", collect)])
    first = threading.Thread(target=guard.gather, args=(ENOUGH,))
    first.start()
    assert running.wait(ENOUGH)
    with pytest.raises(Crowded):
        guard.gather(0.05)
    with pytest.raises(Crowded):
        guard.gather(-1)
    release.set()
    first.join(ENOUGH)
    assert not first.is_alive()
    assert "good" in guard.gather(ENOUGH), "the turn was given back"


def test_a_collector_without_data_has_not_failed_and_one_that_raises_has(parse: Parse) -> None:
    """What an alert needs to know: a machine without the thing must not wake anybody."""
    guard = Guard([gives("good", 1), raises("bad", ValueError()), raises("other", NoData())])
    failed = self_metric(parse(guard.gather(ENOUGH)), "collector_failed")
    assert failed == {"good": 0, "bad": 1, "other": 0}
