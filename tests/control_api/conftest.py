"""A control API of its own for each test: settings, clock and database, on both kinds."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from control_api.people import as_, people  # noqa: F401  fixtures
from hyperion_control.app import assembled, equip
from hyperion_control.settings import Settings
from hyperion_control.usecases.parts import Parts
from lab.databases import BEGINNING, MASTER_KEY, OnPostgres, OnSqlite, on_postgres
from lab.orders import mark  # noqa: F401  a fixture


@dataclass
class Clock:
    now: datetime = BEGINNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def _on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> OnSqlite:
    return OnSqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def _on_postgres() -> Iterator[OnPostgres]:
    """One server for all tests, started for the first that needs it."""
    with on_postgres() as databases:
        yield databases


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest) -> OnSqlite | OnPostgres:
    """Every test that has a database runs once on each kind."""
    found: OnSqlite | OnPostgres = request.getfixturevalue(f"_on_{request.param}")
    return found


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, databases: OnSqlite | OnPostgres, tmp_path: Path
) -> Iterator[Settings]:
    runbooks = tmp_path / "runbooks"
    runbooks.mkdir()
    # Moving in takes as long as most tests do: who asks for people gets a copy with them in it.
    with databases.migrated(tmp_path, inhabited="people" in request.fixturenames) as url:
        env = {
            "HYPERION_DATA": str(tmp_path),
            "HYPERION_DATABASE_URL": url,
            "HYPERION_RUNBOOKS": str(runbooks),
            # Nobody listens there: a server of whoever runs the tests must not hear of them.
            "HYPERION_PROMETHEUS_URL": "http://127.0.0.1:9",
            "HYPERION_ALERTMANAGER_URL": "http://127.0.0.1:9",
            "HYPERION_SECRET_KEY": base64.b64encode(MASTER_KEY).decode(),
        }
        yield Settings.from_env(env)


@pytest.fixture
def parts(settings: Settings, clock: Clock) -> Iterator[Parts]:
    parts = Parts.build(settings, clock)
    yield parts
    parts.close()


@pytest.fixture
def empty_parts(
    databases: OnSqlite | OnPostgres, settings: Settings, clock: Clock, tmp_path: Path
) -> Iterator[Parts]:
    """Without migrations."""
    with databases.empty(tmp_path) as url:
        parts = Parts.build(replace(settings, database_url=url), clock)
        yield parts
        parts.close()


@pytest.fixture(scope="session")
def _assembled() -> OpenAPI:
    return assembled()


@pytest.fixture
def app(_assembled: OpenAPI, parts: Parts) -> Iterator[Flask]:
    """The parts are the test's own, the views are everybody's: who adds some calls create_app."""
    equip(_assembled, parts)
    views = set(_assembled.view_functions)
    yield _assembled
    assert set(_assembled.view_functions) == views


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
