"""The life of a worker in the database: it marks that it lives, and the dead are forgotten."""

import os
import platform
import uuid
from datetime import timedelta

from hyperion_control.store import workers
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts

FORGET_AFTER = timedelta(days=1)


def introduce(parts: Parts) -> Worker:
    return Worker(
        id=f"wrk_{uuid.uuid4().hex}",
        name=f"{platform.node()}:{os.getpid()}",
        started_at=parts.clock(),
    )


def mark(parts: Parts, worker: Worker) -> None:
    with parts.database.writing() as connection:
        workers.mark(connection, worker, parts.clock())


def forget(parts: Parts, _worker: Worker) -> None:
    with parts.database.writing() as connection:
        workers.forget(connection, parts.clock() - FORGET_AFTER)
