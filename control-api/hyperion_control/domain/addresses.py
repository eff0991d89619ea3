"""Addresses of machines, each in the one form in which it is kept and compared."""

import re
from ipaddress import IPv6Address, ip_address

NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)
# 00:1A:2b…, 00-1A-2b…, 001a.2b3c.4d5e
MAC = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}")
OF_MANY = 0x01  # the bit of a MAC's first byte that makes it a group's


def ip(text: str) -> str:
    try:
        found = ip_address(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no IP address") from None
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    # Link-local ones mean another machine on each wire, and lead to the metadata of clouds.
    if found.is_unspecified or found.is_multicast or found.is_link_local or found.is_reserved:
        raise ValueError(f"{text!r} is no address of one machine")
    return str(found)


def mac(text: str) -> str:
    written = text.strip().lower()
    digits = re.sub(r"[:.-]", "", written)
    if not MAC.fullmatch(written):
        raise ValueError(f"{text!r} is no MAC address: write such as 00:1a:2b:3c:4d:5e")
    if int(digits[:2], 16) & OF_MANY or int(digits, 16) == 0:
        raise ValueError(f"{text!r} is no MAC address of one machine")
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


def hostname(text: str) -> str:
    """Empty for none; never such as begins with a dash, which a program takes for an option."""
    written = text.strip().rstrip(".").lower()
    if not written:
        return ""
    if not NAME.fullmatch(written) or re.fullmatch(r"[0-9.]+", written):
        raise ValueError(f"{text!r} is no name of a machine in the network")
    return written


def joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
