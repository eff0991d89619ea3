"""What docs/ tells to type: typed by some test, or the page says why not; here, what is quick."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lab import guides, typed
from lab.deploying import deploying
from lab.guides import PAGES
from lab.house import ROOT
from lab.ours import BIN

HERE = "test_docs_typed.py"
# By whom all blocks of a page are typed which it does not leave out.
TYPED_BY = {
    "README": "live/test_readme.py",
    "alerting": "fleet/test_calls.py",
    "calls": "fleet/test_calls.py",
    "control-api": "fleet/test_calls.py",
    "dashboards": HERE,
    "deploy": HERE,
    "exporter": HERE,
    "guide": "fleet/test_guide.py",
    "migration": "live/test_migration.py",
}
# Where the test picks each by what is in it, and a new one would be left.
PICKED = {"README": 3, "migration": 2}
LANGUAGES = ("sh", "powershell")
# How begins what can be typed anywhere: it changes nothing but the folder that it is typed in.
HARMLESS = (
    "ARGS=",
    "PYTHONPATH=grafana ",
    "cat >>.env ",
    "cd /opt/hyperion/bin\n./hyperion-exporter ",
    "install -d -m 0711 secrets\n",
)


def blocks(page: str) -> list[str]:
    found = typed.blocks((ROOT / f"docs/{page}.md").read_text())
    assert [block for block in found if not block.startswith(HARMLESS)] == []
    return found


def works(block: str, folder: Path) -> str:
    """What it says, typed in that folder."""
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = typed.type_in([block], folder, env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_of_its_blocks_is_typed_by_a_test_or_left_out_with_a_reason(page: Path) -> None:
    text = page.read_text()
    every = [block for language in LANGUAGES for block in guides.blocks(text, language)]
    if left := [block for block in every if not typed.begins(block, tuple(typed.left_out(text)))]:
        assert page.stem in TYPED_BY, left
        test = (ROOT / "tests" / TYPED_BY[page.stem]).read_text()
        assert re.search(rf'["/]{page.stem}(\.md)?"[^:]', test), "it does not read the page"
        assert len(left) == PICKED.get(page.stem, len(left))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_leaves_out_nothing_that_it_does_not_tell(page: Path) -> None:
    text = page.read_text()
    every = "\n".join(block for each in LANGUAGES for block in guides.blocks(text, each))
    assert [start for start in typed.left_out(text) if not typed.begins(every, start)] == []


def test_dashboards_are_made_where_the_page_says(tmp_path: Path) -> None:
    typed_here = blocks("dashboards")
    for block in typed_here:
        works(block.replace("/etc/hyperion", str(tmp_path)), ROOT)
    made = [len(list(folder.glob("*.json"))) for folder in tmp_path.iterdir()]
    assert len(made) == len(typed_here)
    assert min(made) > 5


def test_the_exporter_is_looked_at_before_it_serves(tmp_path: Path) -> None:
    flags, look = sorted(blocks("exporter"))
    said = works(flags + look.replace("/opt/hyperion/bin", str(BIN)), tmp_path)
    assert "the configuration can be obeyed" in said
    assert "\nnode_load1 " in said


def test_compose_reads_each_env_file_that_the_page_writes(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    slack, *others = blocks("deploy")
    # For root alone: to whom the file is given.
    works(slack.replace(" -o 10001", ""), tmp_path)
    assert (tmp_path / "secrets/slack_url").stat().st_mode & 0o777 == 0o400
    for block in others:
        works(block, tmp_path)
        argv = [deploying("docker-compose"), "--project-directory", tmp_path, "config", "--quiet"]
        said = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert (said.returncode, said.stderr) == (0, "")
        (tmp_path / ".env").unlink()


def test_a_block_that_nobody_types_is_seen() -> None:
    page = "Our tests do not type `make run`: it stays.\n\n```sh\nmake run\n```\n\n```sh\nls\n```\n"
    assert typed.left_out(page) == ["make run"]
    assert typed.blocks(page) == ["ls\n"]
