"""How numbers changed within the last while."""

from hyperion_exporter.collectors.health.trend import POINTS, Trend


def test_the_change_is_that_of_the_while_and_no_longer() -> None:
    trend = Trend(60, least=5)
    for now in range(0, 301, 15):
        trend.note(now, {"doors": now * 2.0})
    assert trend.change("doors") == 120
    assert trend.rate("doors") == 2


def test_what_lies_too_close_together_says_nothing() -> None:
    trend = Trend(60, least=5)
    trend.note(0, {"doors": 0})
    assert trend.change("doors") is None
    trend.note(4, {"doors": 100})
    assert trend.change("doors") is None
    trend.note(5, {"doors": 100})
    assert trend.rate("doors") == 20


def test_of_what_was_not_there_before_no_change_is_known() -> None:
    trend = Trend(60, least=5)
    trend.note(0, {"doors": 1})
    trend.note(30, {"windows": 1})
    assert trend.change("doors") is None
    assert trend.change("windows") is None


def test_after_a_pause_only_what_was_since_counts() -> None:
    trend = Trend(60, least=5)
    trend.note(0, {"doors": 0})
    trend.note(10, {"doors": 1})
    trend.note(1000, {"doors": 2})
    assert trend.change("doors") == 1
    trend.note(1015, {"doors": 2})
    trend.note(1070, {"doors": 2})
    assert trend.change("doors") == 0


def test_who_is_asked_often_does_not_remember_more() -> None:
    trend = Trend(60, least=5)
    for tenth in range(6000):
        trend.note(tenth / 10, {"doors": tenth / 10})
    assert len(trend._points) <= POINTS + 2
    assert 60 <= (trend.change("doors") or 0) <= 60 * (1 + 2 / POINTS)
