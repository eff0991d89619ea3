"""README and docs/: links lead somewhere, and what is to be typed is there to be called."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import promql_parser
import pytest

from hyperion_control import cli as control
from hyperion_control.app import assembled
from hyperion_control.up import cli as up
from hyperion_exporter import disk_test
from hyperion_exporter.agent import cli as agent
from hyperion_exporter.collectors import COLLECTORS, portable
from hyperion_exporter.config import flags, settings
from hyperion_exporter.config.settings import ConfigError
from lab import guides
from lab.guides import PAGES

MAINS: dict[str, Callable[[Sequence[str]], int]] = {
    "hyperion": up.main,
    "hyperion-agent": agent.main,
    "hyperion-control": control.main,
    "hyperion-disk-test": disk_test.main,
}
EXPORTER = "hyperion-exporter"

Refused = Callable[[str, Sequence[str]], str]


@pytest.fixture(scope="module")
def addresses() -> set[str]:
    rules = [rule.rule for rule in assembled().url_map.iter_rules()]
    return {re.sub("<[^>]+>", "{id}", rule).rstrip("/") for rule in rules}


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """What a program says against being called so; empty: nothing."""

    def ask(program: str, words: Sequence[str]) -> str:
        if program == EXPORTER:
            return unread(words)
        ours = list(takewhile(lambda word: word != "--", words))
        before = list(takewhile(lambda word: not word.startswith("-"), ours))
        # Help is given for what there is, and lists the flags that there are.
        with pytest.raises(SystemExit) as ended:
            MAINS[program]([*before, "--help"])
        said = capsys.readouterr()
        known = set(re.findall(r"--[\w-]+", said.out))
        unknown = {word.partition("=")[0] for word in ours if word.startswith("--")} - known
        return said.err if ended.value.code else ", ".join(sorted(unknown))

    return ask


def unread(words: Sequence[str]) -> str:
    try:
        with suppress(SystemExit):  # --version was told
            flags.read(words, [settings.FILE, *settings.every(COLLECTORS)])
    except ConfigError as fault:
        return str(fault)
    return ""


def questions(text: str) -> list[str]:
    return [line for block in guides.blocks(text, "promql") for line in block.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_links_lead_to_what_is_there(page: Path) -> None:
    assert guides.broken(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_addresses_are_there(page: Path, addresses: set[str]) -> None:
    # Those of others have a version there; ours have none, and our tests a folder of that name.
    named = re.findall(r"(?<!control_api)/api/(?!v\d)[a-z\d/{}-]+", page.read_text())
    assert [name for name in named if name.rstrip("/") not in addresses] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_options_of_collectors_are_there(page: Path) -> None:
    named = set(re.findall(r"--(collector\.\w+\.[\w-]*\w)", page.read_text()))
    every = settings.every((*COLLECTORS, *portable.COLLECTORS))
    known = {setting.flag for setting in every}
    assert named - known - set(flags.WITHOUT_EFFECT) == set()


def test_what_is_called_in_it_is_there_with_its_flags(refused: Refused) -> None:
    programs = {*MAINS, EXPORTER}
    found = [
        (page.stem, program, words)
        for page in PAGES
        for text in [*guides.blocks(page.read_text()), *guides.spans(page.read_text())]
        for program, words in guides.calls(text, programs)
    ]
    assert len(found) > 50
    faults = [(*call, said) for call in found if (said := refused(*call[1:]))]
    assert faults == []


def test_what_is_asked_of_prometheus_can_be_understood() -> None:
    found = [line for page in PAGES for line in questions(page.read_text())]
    assert found
    for question in found:
        promql_parser.parse(question)


@pytest.mark.parametrize("link", ["gone.md", "agent.md#gone", "#gone", "../docs/agent.md#files-1"])
def test_a_link_to_nowhere_is_named(tmp_path: Path, link: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/agent.md").write_text("# Agent\n\n## Files\n")
    page = tmp_path / "docs/page.md"
    page.write_text(f"# Page\n\n[one](agent.md#files) [other]({link}) `[none](gone)`\n")
    assert guides.broken(page) == [link]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("hyperion", "down"),
        ("hyperion-agent", "--url x"),
        ("hyperion-control", "user remove bob"),
        ("hyperion-control", "run --machine web -- true"),
        ("hyperion-control", "service web-1 nginx kill"),
        ("hyperion-exporter", "--collector.gone"),
    ],
)
def test_what_cannot_be_called_is_named(refused: Refused, program: str, words: str) -> None:
    block = f"sudo sh -c 'umask 077; exec /opt/bin/{program} \\\n  {words}' # as {program} says\n"
    [(found, given)] = guides.calls(block, [program])
    assert refused(found, given)
