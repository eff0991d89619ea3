"""The sockets of a machine: who listens, who is connected, and which processes hold them."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from hyperion_control.domain import pages, sections
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.pages import Page
from hyperion_control.domain.processes import shown, users
from hyperion_control.domain.sections import Section

# In the kernel's order, which begins at 1 (net/tcp_states.h).
STATES = (
    "established",
    "syn-sent",
    "syn-received",
    "fin-wait-1",
    "fin-wait-2",
    "time-wait",
    "closed",
    "close-wait",
    "last-ack",
    "listen",
    "closing",
    "new-syn-received",
)
# A socket of UDP that is open to everybody; the kernel says that it is closed.
OPEN = STATES.index("closed") + 1
ROOT = "0"
NOT_ROOT = (
    "the machine's login is not root: only of its own sockets it is known which processes hold them"
)


@dataclass(frozen=True)
class Holder:
    pid: int
    name: str


@dataclass(frozen=True)
class Socket:
    protocol: str  # tcp or udp
    state: str
    address: str
    port: int
    remote_address: str | None  # None: it listens
    remote_port: int | None
    receive_queue: int  # bytes; of one that listens, connections that nobody has taken yet
    transmit_queue: int
    user: str
    inode: int
    processes: list[Holder] | None  # None: we may not know


@dataclass(frozen=True)
class Filter:
    """What is empty or None is not asked for."""

    protocol: str = ""
    state: str = ""
    port: int | None = None  # its own
    pid: int | None = None

    def takes(self, socket: Socket) -> bool:
        return (
            self.protocol in ("", socket.protocol)
            and self.state in ("", socket.state)
            and self.port in (None, socket.port)
            and (self.pid is None or any(self.pid == each.pid for each in socket.processes or ()))
        )


@dataclass(frozen=True)
class Sockets:
    sockets: list[Socket]
    warning: str  # why processes are missing; empty: none are


def read(stdout: Excerpt) -> Sockets:
    found = sections.read(stdout)
    with sections.understood():
        names, holders = users(found["users"]), _holders(found)
        root = found["end"].words[0] == ROOT
        every = [
            _socket(file.removeprefix("net/"), line.decode().split(), names, holders, root)
            for file, lines in found["sockets"].files().items()
            for line in lines
        ]
        return Sockets(every, "" if root else NOT_ROOT)


def page(found: Iterable[Socket], wanted: Filter, after: str, limit: int) -> Page[Socket]:
    """By protocol and port, from behind the place where the page before ended."""
    ordered = sorted(((_place(each), each) for each in found if wanted.takes(each)), key=_first)
    cut = pages.cut([pair for pair in ordered if pair[0] > after], limit, _first)
    return Page([socket for _, socket in cut.items], cut.after)


def _first(pair: tuple[str, Socket]) -> str:
    return pair[0]


def _place(socket: Socket) -> str:
    near = f"{socket.protocol} {socket.port:05} {socket.address}"
    return f"{near} {socket.remote_address} {socket.remote_port} {socket.inode}"


def _socket(
    kind: str,
    fields: list[str],
    names: dict[int, str],
    holders: dict[int, list[Holder]],
    root: bool,
) -> Socket:
    """proc(5), /proc/net/tcp."""
    protocol, number = kind[:3], int(fields[3], 16)
    listens = protocol == "udp" and number == OPEN
    state = "listen" if listens else STATES[number - 1]
    address, port = _address(fields[1])
    remote_address, remote_port = _address(fields[2])
    transmit, _, receive = fields[4].partition(":")
    uid, inode = int(fields[7]), int(fields[9])
    return Socket(
        protocol,
        state,
        address,
        port,
        remote_address if state != "listen" else None,
        remote_port if state != "listen" else None,
        int(receive, 16),
        int(transmit, 16),
        names.get(uid, str(uid)),
        inode,
        holders.get(inode, [] if root else None),
    )


def _address(text: str) -> tuple[str, int]:
    """Written in words of the machine, which has the lowest byte first wherever we know of one."""
    digits, _, port = text.partition(":")
    words = [bytes.fromhex(digits[place : place + 8])[::-1] for place in range(0, len(digits), 8)]
    found = ip_address(b"".join(words))
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found), int(port, 16)


def _holders(found: dict[str, Section]) -> dict[int, list[Holder]]:
    """The processes by the number of the socket."""
    names = {
        int(file.partition("/")[0]): shown(lines[0].partition(b":")[2].strip())
        for file, lines in found["names"].files().items()
    }
    holders: dict[int, dict[int, Holder]] = {}
    pid = 0
    for line in found["holders"].lines:
        if line.endswith(b"/fd:"):
            pid = int(line.removesuffix(b"/fd:"))
        elif pid in names:  # it is there still
            inode = int(line.removesuffix(b"]"))
            holders.setdefault(inode, {})[pid] = Holder(pid, names[pid])
    return {inode: list(each.values()) for inode, each in holders.items()}
