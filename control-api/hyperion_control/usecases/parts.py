"""What the control API is made of: built once, handed down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from hyperion_control.settings import Settings
from hyperion_control.store.database import Database
from hyperion_control.usecases.readiness import Readiness


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    registry: CollectorRegistry
    readiness: Readiness

    @classmethod
    def build(cls, settings: Settings, clock: Callable[[], datetime] = utc_now) -> "Parts":
        database = Database(settings.database_url)
        return cls(settings, database, clock, CollectorRegistry(), Readiness(database, clock))
