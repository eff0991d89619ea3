"""How often a source is asked beside the scrapes."""

from hyperion_exporter.collector import one
from hyperion_exporter.collectors.adaptive import RECOMMENDED
from hyperion_exporter.interval import Interval
from hyperion_exporter.known import Known


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def recommended(seconds: int) -> Known:
    known = Known()
    known.note("adaptive", [one((RECOMMENDED,), (seconds,))])
    return known


def test_a_source_is_asked_at_once_and_then_when_its_time_has_come() -> None:
    clock = Clock()
    interval = Interval(60, clock)
    assert interval.due()
    interval.begin()
    assert not interval.due()
    clock.now = 59
    assert not interval.due()
    clock.now = 60
    assert interval.due()


def test_while_nothing_changes_it_is_asked_later_and_later_up_to_a_limit() -> None:
    interval = Interval(60)
    seconds = []
    for _ in range(4):
        interval.end(changed=False)
        seconds.append(interval.seconds)
    assert seconds == [120, 240, 240, 240]
    interval.end(changed=True)
    assert interval.seconds == 60


def test_it_is_asked_sooner_while_something_is_bad_and_later_while_all_is_quiet() -> None:
    interval = Interval(60)
    for advice, seconds in ((15, 30), (30, 60), (60, 120)):
        interval.see(recommended(advice))
        assert interval.seconds == seconds
    interval.see(Known())
    assert interval.seconds == 60, "where nothing is recommended, the usual"


def test_that_nothing_changed_does_not_count_while_something_is_bad() -> None:
    interval = Interval(60)
    interval.end(changed=False)
    interval.see(recommended(15))
    assert interval.seconds == 30
