"""How samples become text, and what never gets onto the page."""

from collections.abc import Callable, Iterable, Sequence
from math import inf, isnan, nan
from typing import Any

import pytest
from prometheus_client.openmetrics import parser as openmetrics

from hyperion_exporter.collector import (
    Block,
    Family,
    Samples,
    Table,
    Value,
    counter,
    gauge,
    one,
    untyped,
)
from hyperion_exporter.page import OPENMETRICS, TEXT, BadValue, Layout, Page, joined

HEAT = gauge("heat_celsius", "How hot it is.", "room", "place")
LOAD = gauge("load", "How much waits.")

Render = Callable[..., str]
Parse = Callable[[str], dict[tuple[str, ...], float]]


def filled(layout: Layout, values: Sequence[Value], form: str = TEXT) -> str:
    return joined(layout.fill(values, form)).decode()


def heat(*labels: str, value: Value = 1) -> list[Block]:
    return [Table((HEAT,), {labels: (value,)})]


def load(value: Any) -> list[Block]:
    return [one((LOAD,), (value,))]


def test_a_table_becomes_text_family_by_family(page: Render) -> None:
    sent = counter("bytes_total", "Bytes.", "way", "device")
    columns = (sent.column(way="in"), sent.column(way="out"), LOAD)
    text = page([Table(columns[:2], {("a",): (1, "2"), ("b",): (3.5, "4e+06")}), *load(5)])
    assert text == (
        "# HELP bytes_total Bytes.\n# TYPE bytes_total counter\n"
        'bytes_total{way="in",device="a"} 1\nbytes_total{way="out",device="a"} 2\n'
        'bytes_total{way="in",device="b"} 3.5\nbytes_total{way="out",device="b"} 4e+06\n'
        "# HELP load How much waits.\n# TYPE load gauge\nload 5\n"
    )


def test_samples_of_one_family_stand_together_however_they_came(page: Render) -> None:
    samples = Samples()
    samples.add(HEAT, 1, "a", "")
    samples.add(LOAD, 2)
    samples.add(HEAT, 3, "b", "")
    lines = [line for line in page([samples]).splitlines() if line[0] != "#"]
    assert lines == ['heat_celsius{room="a",place=""} 1', 'heat_celsius{room="b",place=""} 3',
                     "load 2"]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("100% full", "100% full"),
        ("%s %d %%", "%s %d %%"),
        ('say "hi"', r"say \"hi\""),
        ("back\\slash", r"back\\slash"),
        ("two\nlines", r"two\nlines"),
        ("büro", "büro"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf\N{REPLACEMENT CHARACTER}"),
        ("", ""),
    ],
)
def test_any_label_is_given_so_that_it_is_read_back(
    page: Render, parse: Parse, label: str, text: str
) -> None:
    given = page(heat(label, "x"))
    assert f'heat_celsius{{room="{text}",place="x"}} 1\n' in given
    back = label.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    assert parse(given) == {("heat_celsius", back, "x"): 1}


def test_a_help_text_may_hold_anything(page: Render) -> None:
    help = 'It is 100% "right" \\ not\nwrong: \udce9.'
    family = untyped("odd", help)
    assert '# HELP odd It is 100% "right" \\\\ not\\nwrong: �.\n' in page([one((family,), (1,))])
    assert '100% \\"right\\" \\\\ not\\n' in page([one((family,), (1,))], OPENMETRICS)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        ("18446744073709551615", "18446744073709551615"),
        (2**64 - 1, "18446744073709551615"),
        ("-1", "-1"),
        (1e-07, "1e-07"),
        ("1.50", "1.50"),
        (nan, "NaN"),
        ("nan", "NaN"),
        (inf, "+Inf"),
        ("-inf", "-Inf"),
        ("Infinity", "+Inf"),
    ],
)
def test_a_number_is_spelled_as_the_format_wants_it(page: Render, value: Value, text: str) -> None:
    assert page(load(value)).endswith(f"\nload {text}\n")
    assert page([*load(value), *heat("a", "b")]).splitlines()[2] == f"load {text}"


def test_a_column_of_numbers_may_hold_one_that_is_none(page: Render, parse: Parse) -> None:
    rows = {(str(n), ""): (value,) for n, value in enumerate((1, nan, "2", -inf))}
    values = list(parse(page([Table((HEAT,), rows)])).values())
    assert isnan(values[1])
    assert [values[0], *values[2:]] == [1, 2, -inf]


@pytest.mark.parametrize(
    "value",
    [None, True, "True", "1_0", 1_0j, "12 3", " 1", "1\n", "", "0x1", "1.2.3", "-", "١٢", "１",
     "1,5", b"1", [], "1e999", "9" * 400, 10**400, "\udcff"],
)  # fmt: skip
def test_what_is_no_number_is_refused(page: Render, value: Any) -> None:
    with pytest.raises(BadValue, match="not a number"):
        page(load(value))
    with pytest.raises(BadValue, match="not a number"):
        page([*load(1), *heat("a", "b", value=value), *heat("c", "d")])


@pytest.mark.parametrize("name", ["", "1st", "with blank", "two\nlines", "ünicode", "a-b", "a{b"])
def test_a_family_with_an_impossible_name_is_refused(page: Render, name: str) -> None:
    with pytest.raises(BadValue, match="not a name of a metric"):
        page([one((gauge(name, "From a damaged file."),), (1,))])


@pytest.mark.parametrize("row", [(), (1,), (1, 2, 3)])
def test_a_row_that_does_not_fit_its_table_is_refused(page: Render, row: tuple[int, ...]) -> None:
    """Silently, its neighbours would be given each other's values."""
    with pytest.raises(ValueError, match="values in a table of 2"):
        page([Table((HEAT, HEAT), {("a", "b"): row, ("c", "d"): (1, 2)})])


def test_too_few_labels_are_refused(page: Render) -> None:
    samples = Samples()
    samples.add(HEAT, 1, "only one")
    with pytest.raises(BadValue, match="heat_celsius has 2 labels, got 1"):
        page([samples])


def test_a_sample_given_twice_stays_once_and_is_counted() -> None:
    blocks = [*heat("a", "b", value=1), *heat("a", "b", value=2), *load(3)]
    layout = Page(10).layout("test", blocks)
    assert (layout.series, layout.dropped) == (2, 1)
    assert filled(layout, [1, 2, 3], OPENMETRICS).count("heat_celsius{") == 1


def test_names_that_become_equal_on_the_page_stay_once() -> None:
    blocks = [*heat("\udce9", "b"), *heat("\udcff", "b")]
    assert Page(10).layout("test", blocks).dropped == 1


def test_another_family_under_the_same_name_is_left_out() -> None:
    blocks = [*load(1), one((counter("load", "Another.", "x").column(x="1"),), (2,))]
    layout = Page(10).layout("test", blocks)
    assert (layout.series, layout.dropped, layout.names) == (1, 1, {"load"})


def test_past_the_limit_samples_are_left_out_and_counted(page: Render) -> None:
    rows = {(str(n), ""): (n,) for n in range(50)}
    layout = Page(20).layout("test", [Table((HEAT,), rows), *load(1)])
    assert (layout.series, layout.dropped) == (20, 31)
    assert "load" not in filled(layout, [*range(50), 1], OPENMETRICS)


def test_the_layout_is_kept_while_the_same_samples_are_there() -> None:
    page = Page(10)
    first = page.layout("test", heat("a", "b", value=1))
    assert page.layout("test", heat("a", "b", value=2)) is first
    assert page.layout("other", heat("a", "b")) is not first
    assert page.layout("test", heat("a", "b")) is first


@pytest.mark.parametrize("after", [heat("a", "c"), [*heat("a", "b"), *load(1)], load(1), []])
def test_the_layout_is_made_anew_when_the_samples_change(after: list[Block]) -> None:
    page = Page(10)
    first = page.layout("test", heat("a", "b"))
    assert page.layout("test", after) is not first


def test_the_text_is_kept_while_the_values_stand_still() -> None:
    layout = Page(10).layout("heat", heat("a", "b"))
    pieces, text = layout.fill([1], TEXT), filled(layout, [1])
    assert layout.fill([1], TEXT) is pieces
    assert filled(layout, [3]).endswith(" 3\n")
    assert filled(layout, [3], OPENMETRICS) != filled(layout, [1], OPENMETRICS)
    assert filled(layout, [1]) == text


@pytest.mark.parametrize("count", [127, 128, 129, 500])
def test_of_many_numbers_only_the_pieces_with_one_that_changed_are_put_together_anew(
    count: int,
) -> None:
    rows = {(str(n), "x"): (n,) for n in range(count)}
    layout = Page(1000).layout("heat", [Table((HEAT,), rows)])
    before = layout.fill(range(count), TEXT)
    after = layout.fill([*range(count - 1), 7], TEXT)
    same = [old is new for old, new in zip(before, after, strict=True)]
    assert same.count(False) == 1
    lines = joined(after).decode().splitlines()[2:]
    assert lines[-1] == f'heat_celsius{{room="{count - 1}",place="x"}} 7'
    assert lines[:-1] == joined(before).decode().splitlines()[2:-1]


def test_the_same_blocks_are_not_looked_through_again() -> None:
    class Looked(Table):
        """Counts how often."""

        times = 0

        def values(self) -> Iterable[Value]:
            Looked.times += 1
            return super().values()

    page = Page(10)
    first, second = (Looked((LOAD,), {(): (n,)}) for n in (1, 2))
    seen = []
    for block, form in [(first, TEXT), (first, TEXT), (second, TEXT), (second, OPENMETRICS)]:
        text = joined(page.render("load", [block], form).pieces)
        seen.append((text[-2:], Looked.times))
    assert seen == [(b"1\n", 1), (b"1\n", 1), (b"2\n", 2), (b"2\n", 3)]
    no_number = load("many")
    for _ in range(2):
        with pytest.raises(BadValue):
            page.render("load", no_number, TEXT)


def test_only_what_changed_is_spelled_anew() -> None:
    class Once(int):
        """A number that can be spelled once."""

        def __str__(self) -> str:
            spelled.append(int(self))
            return int.__repr__(self)

    spelled: list[int] = []
    layout = Page(10).layout("heat", [Table((HEAT,), {("a", "x"): (0,), ("b", "x"): (0,)})])
    layout.fill([Once(1), Once(2)], TEXT)
    text = filled(layout, [Once(1), Once(3)])
    assert text.endswith('heat_celsius{room="a",place="x"} 1\nheat_celsius{room="b",place="x"} 3\n')
    assert spelled == [1, 2, 3]


def test_after_what_is_no_number_the_numbers_are_right_again() -> None:
    layout = Page(10).layout("heat", [Table((HEAT,), {("a", "x"): (0,), ("b", "x"): (0,)})])
    layout.fill([1, 2], TEXT)
    with pytest.raises(BadValue):
        layout.fill([7, "many"], TEXT)
    text = filled(layout, [7, 3])
    assert [line[-2:] for line in text.splitlines()[2:]] == [" 7", " 3"]


def test_a_table_and_single_samples_give_the_same_text(page: Render) -> None:
    samples = Samples()
    for room in "abc":
        samples.add(HEAT, ord(room), room, "x")
    table = Table((HEAT,), {(room, "x"): (ord(room),) for room in "abc"})
    assert page([samples]) == page([table])


def test_nothing_gives_no_text(page: Render) -> None:
    assert page([]) == page([Samples()]) == page([Table((LOAD,), {})]) == ""


def test_openmetrics_names_a_counter_without_its_ending(page: Render) -> None:
    families: tuple[Family, ...] = (
        counter("reads_total", 'Reads, "all" of them.'),
        counter("faults", "A counter that is not called one."),
        untyped("odd", "Of no type."),
        LOAD,
    )
    text = page([one(families, (1, 2, 3, nan))], OPENMETRICS) + "# EOF\n"
    parsed = {
        family.name: (family.type, family.documentation, [sample.name for sample in family.samples])
        for family in openmetrics.text_string_to_metric_families(text)
    }
    assert parsed == {
        "reads": ("counter", 'Reads, "all" of them.', ["reads_total"]),
        "faults": ("unknown", "A counter that is not called one.", ["faults"]),
        "odd": ("unknown", "Of no type.", ["odd"]),
        "load": ("gauge", "How much waits.", ["load"]),
    }
