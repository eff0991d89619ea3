"""What the control API is made of: built once, handed down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from hyperion_control.settings import Settings
from hyperion_control.store import bell
from hyperion_control.store.bell import Bell
from hyperion_control.store.database import Database
from hyperion_control.store.sealing import Sealer
from hyperion_control.usecases.hasher import Hasher
from hyperion_control.usecases.meter import Meter
from hyperion_control.usecases.readiness import Readiness
from hyperion_control.usecases.recorder import Recorder


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    registry: CollectorRegistry
    readiness: Readiness
    sealer: Sealer
    audit: Recorder
    hasher: Hasher
    meter: Meter
    bell: Bell

    @classmethod
    def build(cls, settings: Settings, clock: Callable[[], datetime] = utc_now) -> "Parts":
        database = Database(settings.database_url)
        registry = CollectorRegistry()
        return cls(
            settings,
            database,
            clock,
            registry,
            Readiness(database, clock),
            Sealer(database, clock, settings.secret_key),
            Recorder(database, clock, registry),
            Hasher(),
            Meter(registry),
            Bell(bell.line(settings.database_url, settings.data)),
        )

    def close(self) -> None:
        self.bell.close()
        self.audit.close()
        self.database.close()
