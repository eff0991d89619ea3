"""vmauth's configuration follows the organisations, and a token stays until it is taken away."""

import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_api.people import ACME, GLOBEX
from hyperion_control.channels.http import Unanswered
from hyperion_control.domain.vmauth import Tenant, rendered
from hyperion_control.store import organisations
from hyperion_control.store.organisations import Organisation
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import vmauth
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE
from lab.victoria import program

WORKER = Worker("wrk_1", "test", None)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vmauth.yml"


@pytest.fixture
def keep(parts: Parts, file: Path) -> Callable[[], dict[str, str]]:
    """What the worker does, and each user's token then."""
    asking = replace(parts, settings=replace(parts.settings, vmauth_config=file))

    def done() -> dict[str, str]:
        vmauth.keep(asking, WORKER)
        return {user["name"]: user["bearer_token"] for user in _users(file)}

    return done


def _users(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(file.read_text())["users"])


@pytest.mark.usefixtures("people")
def test_each_organisation_has_a_token_of_its_own_that_stays(
    parts: Parts, file: Path, keep: Callable[[], dict[str, str]]
) -> None:
    first = keep()
    assert set(first) >= {"operators", ACME, GLOBEX}
    assert len(set(first.values())) == len(first)
    with parts.database.writing("*") as connection:
        organisations.add(connection, Organisation("org_new", "new & old", parts.clock()))
    second = keep()
    assert second == first | {"org_new": second["org_new"]}
    # So a token is changed: take its file away.
    (file.parent / "tokens" / ACME).unlink()
    assert keep()[ACME] not in second.values()


@ON_SQLITE
@pytest.mark.usefixtures("people")
def test_nobody_but_its_group_reads_a_token(file: Path, keep: Callable[[], dict[str, str]]) -> None:
    tokens = keep()
    folder = file.parent / "tokens"
    assert {each.name: each.read_text() for each in folder.iterdir()} == tokens
    for each in (file, folder, *folder.iterdir()):
        assert not stat.S_IMODE(each.stat().st_mode) & stat.S_IRWXO


def test_no_name_of_an_organisation_breaks_the_file_or_widens_what_it_sees(file: Path) -> None:
    names = ("a=b", "a&extra_label=org=b", "%{HOME}", "$HOME", "%2e", "Ünïcode: #1", "'\"\\", "a b")
    tenants = [Tenant(f"org_{number}", name, f"t{number}") for number, name in enumerate(names)]
    file.write_text(yaml.safe_dump(rendered("http://127.0.0.1:9", "t", tenants)))
    argv = [program("vmauth"), "-dryRun", f"-auth.config={file}"]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=30)
    assert said.returncode == 0, said.stderr
    for user in _users(file)[1:]:
        [way] = user["url_map"]
        assert way["url_prefix"].count("=") == way["url_prefix"].count("?") == 1


@ON_SQLITE
def test_a_file_that_cannot_be_written_is_named(
    keep: Callable[[], dict[str, str]], file: Path
) -> None:
    file.mkdir()
    with pytest.raises(Unanswered, match=f"cannot write .*{file.name}"):
        keep()


@ON_SQLITE
def test_without_vmauth_nothing_is_written(parts: Parts, file: Path) -> None:
    vmauth.keep(parts, WORKER)
    assert not file.exists()
