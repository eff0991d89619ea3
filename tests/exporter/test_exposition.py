"""The exposition format, read back."""

import math

import pytest

from hyperion_exporter.exposition import Sample, parsed


@pytest.mark.parametrize(
    ("line", "sample"),
    [
        ("x 1", Sample("x", {}, "1")),
        ("x1 1", Sample("x1", {}, "1")),
        ("x\t-1.5E+3 ", Sample("x", {}, "-1.5e+3")),
        ("x{} .5", Sample("x", {}, ".5")),
        ('x {a="1", b="2",} 3', Sample("x", {"a": "1", "b": "2"}, "3")),
        ('x{a="}, {\\"q\\" \\\\ \\n"}3', Sample("x", {"a": '}, {"q" \\ \n'}, "3")),
        ("a:b +Inf", Sample("a:b", {}, math.inf)),
        ("x -inf", Sample("x", {}, -math.inf)),
    ],
)
def test_a_line_is_a_sample(line: str, sample: Sample) -> None:
    (metric,) = parsed(line).values()
    assert metric.samples == [sample]


def test_no_number_is_a_number_too() -> None:
    assert math.isnan(float(parsed("x NaN")["x"].samples[0].value))


def test_parts_belong_to_the_family_that_they_are_said_to_be_of() -> None:
    text = '# TYPE x summary\nx{quantile="0.5"} 1\nx_sum 2\nx_count 3\ny_sum 4\n'
    assert {name: len(metric.samples) for name, metric in parsed(text).items()} == {
        "x": 3, "y_sum": 1,
    }  # fmt: skip


def test_a_long_broken_line_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no labels"):
        parsed("x{" + 'a="1" ' * 20_000 + "} 1")
