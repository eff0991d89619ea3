"""Sockets and interfaces of real machines, read from what they said."""

from pathlib import Path

import pytest

from hyperion_control.domain import interfaces, sockets
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.interfaces import InterfaceAddress, Traffic
from hyperion_control.domain.sockets import Filter, Holder, Socket

LOOKS = Path(__file__).parent / "looks"
LINE = "net/{}:   0: {} {} {} 00000002:00000001 00:00000000 00000000    33        0 {} 1 0 100"
ANYBODY, SOMEBODY = "00000000:0000", "0A00000A:01BB"
ANY_ADDRESS = "0.0.0.0"  # noqa: S104


def excerpt(said: bytes) -> Excerpt:
    return Excerpt(said, b"", len(said))


def look(name: str) -> Excerpt:
    return excerpt((LOOKS / f"{name}.txt").read_bytes())


def answer(*lines: str, holders: str = "", uid: int = 0) -> Excerpt:
    names = "= names\n7/status:Name:\tnginx\n8/status:Name:\ta\\nb"
    users = f"= users\n0 root\n33 www-data\n= end {uid}\n"
    said = "\n".join(["= sockets", *lines, f"= holders{holders}", names, users])
    return excerpt(said.encode())


def only(said: Excerpt) -> Socket:
    [found] = sockets.read(said).sockets
    return found


@pytest.mark.parametrize(
    ("name", "pids"), [("debian12-sockets", {36, 45}), ("debian13-sockets", {66, 80, 87})]
)
def test_sockets_of_real_machines_are_read_with_their_processes(name: str, pids: set[int]) -> None:
    found = sockets.read(look(name))
    assert found.warning == ""
    assert [(each.state, each.address, each.port) for each in found.sockets] == [
        ("listen", ANY_ADDRESS, 22),
        ("established", "10.213.3.2", 22),
        ("listen", "::", 22),
    ]
    assert found.sockets[1].remote_address == "10.213.3.1"
    held = {holder.pid for each in found.sockets for holder in each.processes or ()}
    assert held == pids


@pytest.mark.parametrize(
    ("kind", "address", "shown"),
    [
        ("tcp", "0100007F:0050", "127.0.0.1"),
        ("tcp6", "00000000000000000000000001000000:0050", "::1"),
        ("tcp6", "0000000000000000FFFF00000A00000A:0050", "10.0.0.10"),
        ("udp6", "B80D0120000000000000000001000000:0050", "2001:db8::1"),
    ],
)
def test_addresses_are_shown_as_people_write_them(kind: str, address: str, shown: str) -> None:
    found = only(answer(LINE.format(kind, address, ANYBODY, "0A", 5)))
    assert (found.protocol, found.address, found.port) == (kind[:3], shown, 80)


@pytest.mark.parametrize(
    ("kind", "number", "state", "remote"),
    [
        ("tcp", "0A", "listen", None),
        ("tcp", "01", "established", "10.0.0.10"),
        ("tcp", "06", "time-wait", "10.0.0.10"),
        ("tcp", "0C", "new-syn-received", "10.0.0.10"),
        ("udp", "07", "listen", None),
        ("tcp", "07", "closed", "10.0.0.10"),
        ("udp", "01", "established", "10.0.0.10"),
    ],
)
def test_states_have_names(kind: str, number: str, state: str, remote: str | None) -> None:
    found = only(answer(LINE.format(kind, ANYBODY, SOMEBODY, number, 5)))
    assert (found.state, found.remote_address) == (state, remote)


def test_all_processes_that_hold_a_socket_are_told_once() -> None:
    holders = "\n7/fd:\n5]\n5]\n6]\n8/fd:\n5]\n9/fd:\n5]"
    found = only(answer(LINE.format("tcp", ANYBODY, ANYBODY, "0A", 5), holders=holders))
    assert found.processes == [Holder(7, "nginx"), Holder(8, "a\\nb")], "9 ended meanwhile"
    assert (found.user, found.transmit_queue, found.receive_queue) == ("www-data", 2, 1)


@pytest.mark.parametrize(("uid", "processes"), [(0, []), (1000, None)])
def test_who_may_not_see_processes_says_so(uid: int, processes: list[Holder] | None) -> None:
    said = answer(LINE.format("tcp", ANYBODY, ANYBODY, "0A", 5), uid=uid)
    assert only(said).processes == processes
    assert bool(sockets.read(said).warning) is (uid != 0)


@pytest.mark.parametrize(
    ("wanted", "ports"),
    [
        (Filter(), [22, 80, 53]),
        (Filter(protocol="udp"), [53]),
        (Filter(state="listen"), [80, 53]),
        (Filter(port=22), [22]),
        (Filter(pid=7), [80]),
        (Filter(pid=8), []),
    ],
)
def test_sockets_are_chosen_and_paged(wanted: Filter, ports: list[int]) -> None:
    listens, open_ = LINE.format("tcp", "00000000:0050", ANYBODY, "0A", 5), "00000000:0016"
    said = answer(
        listens,
        LINE.format("tcp", open_, SOMEBODY, "01", 6),
        LINE.format("udp", "00000000:0035", ANYBODY, "07", 0),
        holders="\n7/fd:\n5]",
    )
    seen, after = [], ""
    for _ in range(len(ports) or 1):
        page = sockets.page(sockets.read(said).sockets, wanted, after, 1)
        seen += [each.port for each in page.items]
        after = page.after
    assert (seen, after) == (ports, "")


@pytest.mark.parametrize("name", ["debian12-interfaces", "debian13-interfaces"])
def test_interfaces_of_real_machines_are_read_with_their_addresses(name: str) -> None:
    found = interfaces.read(look(name))
    lo, host0 = found.data
    assert (found.warning, lo.name, host0.name) == ("", "lo", "host0")
    assert lo.addresses == [
        InterfaceAddress("127.0.0.1", 8, "host"),
        InterfaceAddress("::1", 128, "host"),
    ]
    assert host0.addresses == [InterfaceAddress("10.213.3.2", 24, "global")]
    assert (host0.mtu, host0.state, host0.speed_mbits) == (1500, "up", 10000)
    assert len(host0.mac) == 17
    assert host0.receive.packets > 0


DEVICE = "= devices\n/proc/net/dev: wg0: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\nwg0/speed:-1\n"


def test_an_interface_is_read_with_what_went_through_it() -> None:
    peer = "9: wg0@if3    inet 10.9.0.1 peer 10.9.0.2/32 scope global wg0\\ valid_lft forever\n"
    [found] = interfaces.read(excerpt(f"{DEVICE}= addresses /bin/ip\n{peer}= end\n".encode())).data
    assert (found.receive, found.transmit) == (Traffic(1, 2, 3, 4), Traffic(5, 6, 7, 8))
    assert (found.mtu, found.speed_mbits, found.state) == (None, None, "")
    assert found.addresses == [InterfaceAddress("10.9.0.1", 32, "global")]


def test_a_machine_that_cannot_tell_its_addresses_says_so() -> None:
    found = interfaces.read(excerpt(f"{DEVICE}= addresses \n= end\n".encode()))
    assert found.data[0].addresses is None
    assert "no program `ip`" in found.warning
