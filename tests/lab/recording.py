"""A process that records in the audit until it is killed; run as a program of its own."""

import os
import sys
import threading
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.store.database import Database
from hyperion_control.usecases.recorder import Entry, Recorder

THREADS = 4


def main(url: str, organisation: str) -> None:
    """Writes each record's id to stdout once it is acknowledged, before the action goes on."""
    audit = Recorder(Database(url), lambda: datetime.now(UTC), CollectorRegistry())
    actor = Actor(Origin(), user_id="usr_a", organisation_id=organisation)
    threads = [threading.Thread(target=act, args=(audit, actor)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def act(audit: Recorder, actor: Actor) -> None:
    while True:
        with audit.acting(Entry(actor, "user:create")) as intent:
            os.write(sys.stdout.fileno(), f"{intent}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
