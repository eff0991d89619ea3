"""The network interfaces of a machine, with their addresses and what went through them."""

from collections.abc import Mapping
from dataclasses import dataclass

from hyperion_control.domain import sections
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.sections import Section

DEVICES = "/proc/net/dev"
NO_IP = "the machine has no program `ip`, which tells the addresses"
# proc(5): eight numbers of what came in, then eight of what went out.
BYTES, PACKETS, ERRORS, DROPS = range(4)
TRANSMIT = 8


@dataclass(frozen=True)
class InterfaceAddress:
    address: str
    prefix: int
    scope: str  # global, link or host


@dataclass(frozen=True)
class Traffic:
    """Since the interface is there."""

    bytes: int
    packets: int
    errors: int
    drops: int


@dataclass(frozen=True)
class Interface:
    name: str
    mac: str
    mtu: int | None
    state: str
    speed_mbits: int | None
    receive: Traffic
    transmit: Traffic
    addresses: list[InterfaceAddress] | None  # None: the machine cannot tell them


@dataclass(frozen=True)
class Interfaces:
    data: list[Interface]
    warning: str  # why addresses are missing; empty: none are


def read(stdout: Excerpt) -> Interfaces:
    found = sections.read(stdout)
    with sections.understood():
        files = found["devices"].files()
        addresses = _addresses(found["addresses"]) if found["addresses"].words[0] else None
        devices = (line.decode().partition(":") for line in files.pop(DEVICES))
        every = [_interface(name.strip(), rest, files, addresses) for name, _, rest in devices]
        return Interfaces(every, NO_IP if addresses is None else "")


def _interface(
    name: str,
    counters: str,
    files: Mapping[str, list[bytes]],
    addresses: Mapping[str, list[InterfaceAddress]] | None,
) -> Interface:
    numbers = [int(each) for each in counters.split()]

    def said(what: str) -> str:
        return files.get(f"{name}/{what}", [b""])[0].decode()

    mtu, speed = said("mtu"), said("speed")
    return Interface(
        name,
        said("address"),
        int(mtu) if mtu else None,
        said("operstate"),
        int(speed) if speed.isdigit() else None,  # -1 where there is none
        _traffic(numbers[:TRANSMIT]),
        _traffic(numbers[TRANSMIT:]),
        None if addresses is None else addresses.get(name, []),
    )


def _traffic(numbers: list[int]) -> Traffic:
    return Traffic(numbers[BYTES], numbers[PACKETS], numbers[ERRORS], numbers[DROPS])


def _addresses(section: Section) -> dict[str, list[InterfaceAddress]]:
    """As `ip -o address` has them: number, interface, family, address, and words with values."""
    found: dict[str, list[InterfaceAddress]] = {}
    for line in section.lines:
        _, name, _, address, *rest = line.decode().split()
        # The other end of a line is what carries the prefix, when there is one.
        prefix = (rest[1] if rest[0] == "peer" else address).partition("/")[2]
        scope = rest[rest.index("scope") + 1]
        told = InterfaceAddress(address.partition("/")[0], int(prefix), scope)
        found.setdefault(name.partition("@")[0], []).append(told)
    return found
