"""In which of four states a machine is, and how often Prometheus should ask it."""

from datetime import datetime, timedelta
from enum import StrEnum

# Three times the longest interval: one lost scrape is no outage.
OFFLINE_AFTER = timedelta(minutes=3)

INTERVALS = (15, 30, 60)  # seconds, as the exporter recommends them
USUAL_INTERVAL = 30
# Less than every interval.
TIMEOUT = 10


class State(StrEnum):
    AVAILABLE = "available"
    BUSY = "busy"
    MAINTENANCE = "maintenance"
    OFFLINE = "offline"


def state(now: datetime, maintenance_until: datetime | None, online: bool, busy: bool) -> State:
    """What is planned counts more than what happens meanwhile."""
    if maintenance_until is not None and now < maintenance_until:
        return State.MAINTENANCE
    if not online:
        return State.OFFLINE
    return State.BUSY if busy else State.AVAILABLE


def interval(recommended: float) -> int:
    """The nearest that there is, since a sample may be anything."""
    return min(INTERVALS, key=lambda seconds: (abs(seconds - recommended), seconds))
