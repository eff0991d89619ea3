"""hyperion-control as a person starts it, on good days and bad ones."""

import base64
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

import hyperion_control
from hyperion_control.cli import COMMANDS
from hyperion_control.settings import NAMES, SECRETS

COMMAND = Path(sys.executable).with_name("hyperion-control")


def run(
    *args: str,
    data: Path,
    before: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, str(COMMAND), *args],
        env=os.environ | {"HYPERION_DATA": str(data)} | dict(env or {}),
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "control"
    assert run("init", data=folder).returncode == 0
    return folder


@pytest.fixture
def data(_made: Path, tmp_path: Path) -> Path:
    """As init leaves it."""
    return shutil.copytree(_made, tmp_path / "control")


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a start-up mistake."""
    assert result.returncode == 1, result
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_init_makes_folder_and_database_and_a_second_time_keeps_them(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "control"
    first = run("init", data=data)
    assert (first.returncode, first.stderr) == (0, "")
    assert f"sqlite:///{data}/control.sqlite" in first.stdout
    assert data.stat().st_mode & 0o777 == 0o700
    with closing(sqlite3.connect(data / "control.sqlite")) as database, database:
        database.execute("INSERT INTO workers VALUES ('wrk_1', 'a', '2026-01-01', '2026-01-01')")
    assert "password" not in run("init", data=data).stdout
    with closing(sqlite3.connect(data / "control.sqlite")) as database:
        assert database.execute("SELECT id FROM workers").fetchall() == [("wrk_1",)]


def test_the_first_admin_is_shown_once_and_the_key_is_nobody_elses(tmp_path: Path) -> None:
    said = run("init", "--admin", "Ada", "--organisation", "Acme", data=tmp_path).stdout
    assert re.search(r"(?m)^  user name  ada$", said)
    assert re.search(r"(?m)^  password   \S{20,} ", said)
    assert re.search(r"(?m)^  codes      otpauth://totp/\S+$", said)
    assert "of the organisation Acme" in said
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_what_backup_saved_restore_brings_back_and_verifies(data: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    assert "The secret key is not in it" in run("backup", str(saved), data=data).stdout
    run("user", "create", "Home", "bob", data=data)
    assert "--force replaces" in refused(run("restore", str(saved), data=data))
    said = run("restore", "--force", str(saved), data=data).stdout
    assert re.search(r"All \d+ records are as recorded", said)
    assert "bob" not in run("user", "list", "Home", data=data).stdout


def test_accounts_are_looked_after_without_a_login(data: Path) -> None:
    made = run("user", "create", "Home", "bob", "--role", "operator", data=data).stdout
    assert "http://127.0.0.1:8080/password/hyp_k_" in made
    run("user", "disable", "bob", data=data)
    said = run("user", "list", "Home", data=data).stdout
    assert re.search(r"(?m)^bob +operator +no second factor, disabled$", said)
    assert "there is no user named eve" in refused(run("user", "enable", "eve", data=data))


def test_keys_are_renewed_and_put_under_another_master_key(data: Path) -> None:
    assert re.search(r"key_\w+: 1\.", run("rotate-keys", data=data).stdout)
    fresh = data / "fresh.key"
    fresh.write_text(base64.b64encode(os.urandom(32)).decode())
    fresh.chmod(0o600)
    assert run("rotate-keys", "--master-file", str(fresh), data=data).returncode == 0
    said = refused(run("serve", data=data))
    assert "the secret key is not the one that this database was sealed with" in said
    (data / "secret.key").write_text(fresh.read_text())
    assert run("rotate-keys", data=data).returncode == 0


def test_a_record_that_was_changed_is_named(data: Path) -> None:
    assert "records are as recorded" in run("audit", "verify", data=data).stdout
    with closing(sqlite3.connect(data / "control.sqlite")) as database, database:
        database.execute("DROP TRIGGER records_never_change")
        database.execute("UPDATE records SET action = 'user:read' WHERE seq = 1")
    said = refused(run("audit", "verify", data=data))
    assert "the audit is not what was recorded: record 1" in said
    lines = run("audit", "export", data=data).stdout.splitlines()
    assert json.loads(lines[0])["action"] == "user:read"


def test_a_checkout_in_an_odd_folder_works_too(tmp_path: Path) -> None:
    odd = tmp_path / "50%(a)s é?#x=1"
    shutil.copytree(Path(hyperion_control.__file__).parent, odd / "hyperion_control")
    result = run("init", data=odd / "data%?", env={"PYTHONPATH": str(odd)})
    assert (result.returncode, result.stderr) == (0, "")
    assert (odd / "data%?" / "control.sqlite").exists()


def test_help_names_the_commands_and_the_settings(tmp_path: Path) -> None:
    said = run("--help", data=tmp_path).stdout
    settings = [name for name in NAMES if not name.endswith("_FILE")]
    for word in (*[command.name.split()[0] for command in COMMANDS], *settings, *SECRETS):
        assert word in said


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_runs_before_init(tmp_path: Path, command: str) -> None:
    assert "run hyperion-control init" in refused(run(command, data=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["init", "serve", "worker"])
def test_a_newer_database_is_left_to_the_newer_version(data: Path, command: str) -> None:
    with closing(sqlite3.connect(data / "control.sqlite")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "a newer version of Hyperion" in refused(run(command, data=data))


@pytest.mark.parametrize("command", ["init", "serve", "worker"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HYPERION_LISTEN", "8080"),
        ("HYPERION_DATABASE_URL", "oracle://x"),
        ("HYPERION_RUNBOOKS", "/nowhere"),
        ("HYPERION_LISTN", "127.0.0.1:8080"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    tmp_path: Path, command: str, name: str, value: str
) -> None:
    assert name in refused(run(command, data=tmp_path, env={name: value}))
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_named_with_the_setting_to_change(data: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused(run("serve", "--listen", address, data=data))
    assert f"{address} is taken by another program" in said
    assert "--listen" in said


@pytest.mark.parametrize("address", ["192.0.2.1:8080", "no.such.machine.invalid:8080"])
def test_an_address_that_is_not_ours_is_named(data: Path, address: str) -> None:
    said = refused(run("serve", "--listen", address, data=data))
    assert f"cannot listen on {address}" in said


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused(run("init", data=tmp_path / "file"))
    assert f"cannot make the folder {tmp_path / 'file'}" in said
    assert "HYPERION_DATA" in said


@pytest.fixture
def in_a_small_world(tmp_path: Path) -> tuple[str, ...]:
    """Runs a command in a mount namespace of its own."""
    namespace = ("unshare", "--mount", "--propagation", "private")
    if not shutil.which("unshare") or subprocess.run([*namespace, "true"]).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("needs root, for a mount of its own")
        pytest.skip("needs root, for a mount of its own")
    return (*namespace, "sh", "-c")


def test_a_read_only_folder_is_named(tmp_path: Path, in_a_small_world: tuple[str, ...]) -> None:
    script = f'mount -t tmpfs -o ro none "{tmp_path}" && exec "$0" "$@"'
    said = refused(run("init", data=tmp_path / "x", before=(*in_a_small_world, script)))
    assert f"cannot make the folder {tmp_path / 'x'}: Read-only file system" in said
    said = refused(run("init", data=tmp_path, before=(*in_a_small_world, script)))
    assert f"cannot write {tmp_path}/secret.key: Read-only file system" in said


def test_a_full_disk_is_named(tmp_path: Path, in_a_small_world: tuple[str, ...]) -> None:
    script = (
        f'mount -t tmpfs -o size=32k none "{tmp_path}" &&'
        f' head -c 16384 /dev/zero >"{tmp_path}/filler" && exec "$0" "$@"'
    )
    said = refused(run("init", data=tmp_path, before=(*in_a_small_world, script)))
    assert "disk of the database" in said
    assert "full" in said


def test_a_missing_extra_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    # What a machine with only the exporter has: none of the libraries of the extra.
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('alembic', 'sqlalchemy', 'flask')));"
        "from hyperion_control.cli import main; sys.exit(main(['init']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'hyperion[control]'" in refused(result)
