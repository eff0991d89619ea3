"""What a token may be given, for how long, and from where it is good."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from ipaddress import ip_network

from hyperion_control.domain import selectors
from hyperion_control.domain.networks import within
from hyperion_control.domain.roles import SCOPES, Role

DAYS = 90
MOST_DAYS = 365
MOST_OVERLAP_MINUTES = 1440
# How exact "last used" is: each request would otherwise be a write.
MARK_EVERY = timedelta(minutes=1)

# The least role that can use a scope; a token never gets what its owner cannot use.
LEAST_ROLE = {
    "machines:read": Role.OBSERVER,
    "machines:write": Role.OPERATOR,
    "processes:write": Role.OPERATOR,
    "services:write": Role.OPERATOR,
    "commands:run": Role.OPERATOR,
    "commands:approve": Role.OPERATOR,
    "files:write": Role.OPERATOR,
    "users:read": Role.OBSERVER,
    "users:write": Role.ADMIN,
    "audit:read": Role.ADMIN,
    "sd:read": Role.OBSERVER,
    "alerts:write": Role.ADMIN,
    "admin": Role.ADMIN,
}


def beyond(role: Role, scopes: Iterable[str]) -> list[str]:
    """The scopes that the role cannot use."""
    return [scope for scope in scopes if LEAST_ROLE[scope] > role]


def scopes(wanted: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order of the list."""
    asked = set(wanted)
    if unknown := sorted(asked - set(SCOPES)):
        raise ValueError(f"there is no scope {unknown[0]!r}: choose from {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in asked)


def selector(text: str) -> str:
    """Empty: every machine."""
    selectors.parse(text)
    return text.strip()


def network(text: str) -> str:
    """An address or a network, in the one form that is kept."""
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError(
            f"{text!r} is no address and no network: write one such as 192.0.2.0/24"
        ) from None


def good_from(addresses: Sequence[str], address: str) -> bool:
    """Networks as `network` gives them; none: from anywhere."""
    return not addresses or within(address, map(ip_network, addresses))
