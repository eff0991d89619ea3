"""docs/asvs.md: each row names a test that exists, or says what is still open."""

import ast
import re

import pytest

from lab.house import ROOT

PAGE = (ROOT / "docs/asvs.md").read_text()
TESTS = ROOT / "tests"
ATTACKS = 40


def rows(page: str) -> list[list[str]]:
    """Of all tables, without their heads."""
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [row for row in lines if row[-1] != "shown by" and set(row[0]) != {"-"}]


def named(page: str) -> list[str]:
    return re.findall(r"`([\w/]+\.py::\w+)`", page)


def missing(page: str) -> list[str]:
    """Tests that are named and not there."""
    return [name for name in named(page) if name.partition("::")[2] not in defined_beside(name)]


def defined_beside(name: str) -> set[str]:
    file = TESTS / name.partition("::")[0]
    tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def unproven(page: str) -> list[str]:
    """Rows that neither name a test nor say what will close them."""
    shown = {row[0]: named(row[-1]) or re.match(r"open: \w", row[-1]) for row in rows(page)}
    return [requirement for requirement, proof in shown.items() if not proof]


def attacks(page: str) -> set[int]:
    found: set[int] = set()
    for row in rows(page.partition("## Attacks")[2]):
        for first, last in re.findall(r"(\d+)(?:–(\d+))?", row[0]):
            found |= set(range(int(first), int(last or first) + 1))
    return found


def test_every_test_that_the_page_names_exists() -> None:
    assert len(named(PAGE)) > 80
    assert missing(PAGE) == []


def test_every_requirement_is_shown_or_open() -> None:
    assert len(rows(PAGE)) > 80
    assert unproven(PAGE) == []


def test_every_attack_is_on_the_page() -> None:
    assert attacks(PAGE) == set(range(1, ATTACKS + 1))


@pytest.mark.parametrize(
    "name", ["control_api/test_app.py::test_renamed", "control_api/test_gone.py::test_any"]
)
def test_a_test_that_is_gone_is_named(name: str) -> None:
    assert missing(f"| 1.1 | what | `{name}` |") == [name]


def test_a_row_that_shows_nothing_is_named() -> None:
    assert unproven("| 1.1 | what | soon |\n| 1.2 | what | open: machines |") == ["1.1"]
