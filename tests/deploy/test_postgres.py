"""PostgreSQL as the profile ha starts it: by its socket only, and nobody is more than they must."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import yaml

from hyperion_control.store import migrate
from hyperion_control.store.database import Database
from lab.house import ROOT
from lab.postgres import NOBODY
from lab.programs import environment, program
from lab.servers import running

FILES = ROOT / "control-api/postgres"


def flags(home: Path) -> list[str]:
    """Those of the file, where this one is."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    shutil.copy(FILES / "pg_hba.conf", home)
    return [flag.replace("/etc/postgresql", str(home)) for flag in services["postgres"]["command"]]


def begin(home: Path, user: int | None) -> None:
    initdb = program("initdb")
    make = [initdb, f"--pgdata={home}/data", "--username=postgres", "--no-locale", "--no-sync"]
    alone = [program("postgres"), "--single", "-D", home / "data", "postgres"]
    for argv, given in ((make, b""), (alone, (FILES / "first.sql").read_bytes())):
        env = environment(initdb)
        subprocess.run(
            argv, input=given, env=env, user=user, cwd=home, check=True, capture_output=True
        )


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """The folder of its socket."""
    user = NOBODY if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="hyperion-deploy-"))
    try:
        if user is not None:
            os.chown(home, user, user)
        begin(home, user)
        state = home / "data/postmaster.pid"
        named, *others = flags(home)
        assert named == "postgres"
        argv = [program("postgres"), "-D", home / "data", "-k", home, "-F", *others]
        with running(argv, home / "log", lambda: "ready" in state.read_text(), cwd=home, user=user):
            yield home
    finally:
        shutil.rmtree(home)


def test_the_control_api_makes_its_tables_and_is_held_by_row_policies(socket: Path) -> None:
    with closing(Database(f"postgresql://hyperion@/hyperion?host={socket}")) as database:
        migrate.migrate(database)
        migrate.refuse_unless_current(database)
        with database.probing() as connection:
            assert not database.unconfined(connection)


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("user=postgres dbname=postgres", "Peer authentication failed"),
        ("user=hyperion dbname=postgres", "no pg_hba.conf entry"),
        ("user=somebody dbname=hyperion", "no pg_hba.conf entry"),
    ],
)
def test_nobody_else_comes_in_by_the_socket(who: str, why: str, socket: Path) -> None:
    with pytest.raises(psycopg.OperationalError, match=why):
        psycopg.connect(f"{who} host={socket}")


def test_nobody_comes_by_network(socket: Path) -> None:
    assert [file.name for file in socket.glob(".s.PGSQL.*") if file.is_socket()] == [
        ".s.PGSQL.5432"
    ]
    lines = (socket / "data/postmaster.pid").read_text().splitlines()
    assert lines[5] == "", "an address that it listens on"
