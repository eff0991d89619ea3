"""The page for people who move over says what is."""

import re

from exporter import needed
from hyperion_exporter.collectors import COLLECTORS, portable
from hyperion_exporter.collectors.events.windows import ROWS
from hyperion_exporter.config import flags, settings
from lab.house import ROOT

PAGE = (ROOT / "docs/exporter.md").read_text()


def test_its_table_lists_the_collectors_that_there_are() -> None:
    rows = PAGE.partition("| collector | default |")[2].splitlines()[2:]
    listed = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert listed == [[k.name, "on" if k.default else "off", k.help] for k in COLLECTORS]


def test_the_flags_it_names_are_flags() -> None:
    every = settings.every((*COLLECTORS, *portable.COLLECTORS))
    known = {setting.flag for setting in [settings.FILE, *every]}
    known |= flags.COMMANDS.keys() | set(flags.WITHOUT_EFFECT)
    rooms = "collector|config|dry-run|log|once|path|runtime|web"
    named = set(re.findall(rf"--(?:no-)?((?:{rooms})(?:[.\w-]*\w)?)(?!\w*<)", PAGE))
    assert len(named) > 20
    assert sorted(named - known - {"collector"}) == []


def test_it_counts_as_the_list_of_names_counts() -> None:
    queries = f"{needed.QUERIES - len(needed.LEFT_OUT)} of the {needed.QUERIES} queries"
    alerts, rules = needed.count(needed.ALERTS), needed.count(needed.RULES)
    assert queries in PAGE
    assert f"all {alerts} alerts and {rules} recording rules" in PAGE
    assert [query for query in needed.LEFT_OUT if f"| `{query}` |" not in PAGE] == []


def test_it_names_every_number_by_which_events_of_windows_are_known() -> None:
    table = PAGE.partition("| class | counts, by provider and number |")[2].partition("\n\n")[0]
    told = {
        name: {int(number) for number in re.findall(r"\b\d+\b", cells[2])}
        for cells in (row.split("|") for row in table.splitlines()[2:])
        for name in re.findall(r"`(\w+)`", cells[1])
    }
    for row in ROWS:
        # Of WHEA-Logger all that warn, whatever their number.
        numbers = () if isinstance(row.numbers, range) else row.numbers
        assert told[row.name] >= {*numbers}, row
