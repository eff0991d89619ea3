"""A control API of its own for each test: settings, clock and database below its folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hyperion_control.app import create_app
from hyperion_control.settings import Settings
from hyperion_control.store import migrate
from hyperion_control.usecases.parts import Parts


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    runbooks = tmp_path / "runbooks"
    runbooks.mkdir()
    return Settings.from_env({"HYPERION_DATA": str(tmp_path), "HYPERION_RUNBOOKS": str(runbooks)})


@pytest.fixture
def empty_parts(settings: Settings, clock: Clock) -> Iterator[Parts]:
    """Without migrations."""
    parts = Parts.build(settings, clock)
    yield parts
    parts.database.close()


@pytest.fixture
def parts(empty_parts: Parts) -> Parts:
    migrate.migrate(empty_parts.database)
    return empty_parts


@pytest.fixture
def app(parts: Parts) -> Flask:
    return create_app(parts)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
