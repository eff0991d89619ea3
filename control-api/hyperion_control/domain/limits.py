"""How long logins last and how often one may guess: all the numbers, and what follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

# Logins.
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
STEP_UP = timedelta(minutes=5)

# A right password that waits for its code.
CHALLENGE_LIFE = timedelta(minutes=5)
CHALLENGE_TRIES = 5

# Links that an admin starts.
RESET_LIFE = timedelta(minutes=60)

# Failures in a row on one account: some are free, then each costs a wait, then none is taken.
FREE_FAILURES = 5
LONGEST_WAIT = timedelta(seconds=900)
MOST_FAILURES = 100
# What is older is forgotten.
FAILURES_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Window:
    most: int
    length: timedelta


PER_ADDRESS = Window(20, timedelta(minutes=15))
# So many failures everywhere are an attack; then an address that nobody has signed in from lately
# gets one failure instead of twenty.
EVERYWHERE = Window(300, timedelta(minutes=5))
STRANGERS_ADDRESS = Window(1, timedelta(minutes=5))
KNOWN_ADDRESS_FOR = timedelta(days=30)

CODES = (
    Window(5, timedelta(minutes=5)),
    Window(20, timedelta(hours=1)),
    Window(50, timedelta(days=1)),
)


def wait_after(failures: int, last: datetime, now: datetime) -> timedelta:
    """How long from now until the next try on an account that failed so often in a row."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doubled = timedelta(seconds=2 ** min(failures - FREE_FAILURES, 20))
    return max(timedelta(0), last + min(doubled, LONGEST_WAIT) - now)


def wait_within(window: Window, times: Sequence[datetime], now: datetime) -> timedelta:
    """`times` of what counts, the newest first, at least as many as the window allows."""
    if len(times) < window.most:
        return timedelta(0)
    return max(timedelta(0), times[window.most - 1] + window.length - now)


def neighbourhood(address: str) -> str:
    """What counts as one address: in IPv6 everybody has 2**64 of their own."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if found.version == 6 and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))
