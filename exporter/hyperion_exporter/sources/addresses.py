"""The addresses of the network interfaces, as the kernel tells over netlink (rtnetlink(7))."""

import ipaddress
import socket
import struct
from collections.abc import Iterator

from hyperion_exporter.sources import netlink

_NETLINK_ROUTE = 0
_RTM_GETADDR = 22
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_MESSAGE = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def read() -> list[tuple[str, Interface]]:
    """Name of the interface, and address with the length of its network."""
    names = dict(socket.if_nameindex())
    request = _MESSAGE.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    found = map(_address, netlink.dump(_NETLINK_ROUTE, _RTM_GETADDR, request))
    return [(names[index], address) for index, address in found if index in names]


def _address(body: bytes) -> tuple[int, Interface]:
    _, length, _, _, index = _MESSAGE.unpack_from(body)
    attributes = dict(_attributes(body[_MESSAGE.size :]))
    # On a link between two ends IFA_ADDRESS is the other one.
    packed = attributes.get(_IFA_LOCAL) or attributes[_IFA_ADDRESS]
    return index, ipaddress.ip_interface((packed, length))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(data):
        size, kind = _ATTRIBUTE.unpack_from(data, start)
        yield kind, data[start + _ATTRIBUTE.size : start + size]
        start += netlink.aligned(size)
