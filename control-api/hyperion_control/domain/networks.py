"""Whether an address is in one of several networks."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def within(address: str, networks: Iterable[Network]) -> bool:
    """What is no address is in none; an IPv4 address is the same when IPv6 carries it."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in networks)
