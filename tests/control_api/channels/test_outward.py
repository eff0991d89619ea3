"""Addresses that people of organisations choose: never a way into a network of our own."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path

import pytest

from hyperion_control.channels import outward
from hyperion_control.channels.http import Rejected, Unanswered
from lab.certificates import issue
from lab.receiver import receiver
from lab.servers import free_port

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104  nobody listens
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        # As old functions of the system read numbers.
        "2130706433",
        "0x7f000001",
        "127.1",
        "0177.0.0.1",
        "localhost",
    ],
)
def test_no_address_leads_into_a_network_of_ours(address: str) -> None:
    with pytest.raises(Unanswered):
        outward.find(f"https://{address}/hook")


def test_a_public_address_is_taken_as_it_is_named() -> None:
    place = outward.find("https://8.8.8.8/hook?key=1")
    assert (place.secure, place.port, place.addresses) == (True, 443, ("8.8.8.8",))
    assert place.path == "/hook?key=1"
    assert "key" not in repr(place)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "https:///hook",
        "https://8.8.8.8:x/",
        "https://8.8.8.8:99999/",
        "https://ada@8.8.8.8/",
        "https://8.8.8.8/a b",
        "https://8.8.8.8/a\r\nX: y",
        "https://8.8.8.8/é",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Rejected, match="this is no address"):
        outward.find(url)


def test_no_tls_is_for_networks_that_were_named() -> None:
    with pytest.raises(Rejected, match="write https://"):
        outward.find("http://8.8.8.8/")
    assert outward.find("http://127.0.0.1/", LOOPBACK).port == 80


def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere when it is asked for again."""
    with receiver() as inside:
        asked = []

        def once(host: str, port: int, **_more: object) -> object:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        port = int(inside.url.rpartition(":")[2])
        monkeypatch.setattr(socket, "getaddrinfo", once)
        place = outward.find(f"http://chat.example.org:{port}/hook", LOOPBACK)
        monkeypatch.undo()
        assert (asked, place.addresses) == (["chat.example.org"], ("127.0.0.1",))
        monkeypatch.setattr(outward, "find", lambda *_: place)
        outward.post("http://chat.example.org/", {"a": 1})
    (request,) = inside.requests
    assert request.headers["host"] == f"chat.example.org:{port}"
    assert request.body == {"a": 1}


def test_the_certificate_is_of_the_name_and_not_of_the_address(tmp_path: Path) -> None:
    issued = issue(tmp_path, "chat", "localhost")
    trusting = ssl.create_default_context(cafile=issued.cert)
    with receiver() as inside, tls_before(inside.url, tmp_path) as port:
        outward.post(f"https://localhost:{port}/", {}, LOOPBACK, trusting)
        with pytest.raises(Unanswered, match="does not answer"):
            outward.post(f"https://127.0.0.1:{port}/", {}, LOOPBACK, trusting)
        with pytest.raises(Unanswered, match="does not answer"):
            outward.post(f"https://localhost:{port}/", {}, LOOPBACK)


@contextmanager
def tls_before(url: str, folder: Path) -> Iterator[int]:
    """A server that answers whoever trusts it with 204."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chat.cert.pem", folder / "chat.key.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as tls:
                    # Who closes before all of it has come makes the client lose the answer.
                    asked = tls.recv(65536)
                    while not asked.endswith(b"{}"):
                        asked += tls.recv(65536)
                    tls.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            serving.join()


@pytest.mark.parametrize(
    ("status", "later"), [(500, True), (429, True), (302, False), (404, False)]
)
def test_only_what_may_pass_is_tried_again(status: int, later: bool) -> None:
    with receiver() as inside:
        inside.status, inside.answer = status, b"said why"
        with pytest.raises(Unanswered, match=f"refuses with {status}: said why") as fault:
            outward.post(inside.url, {}, LOOPBACK)
    assert isinstance(fault.value, Rejected) != later
    assert len(inside.requests) == 1, "nothing is followed"


def test_nobody_there_or_gone_in_the_middle_is_said() -> None:
    with pytest.raises(Unanswered, match="127.0.0.1 does not answer"):
        outward.post(f"http://127.0.0.1:{free_port()}/", {}, LOOPBACK)
    with receiver() as inside:
        inside.cuts = 1
        with pytest.raises(Unanswered, match="127.0.0.1 does not answer"):
            outward.post(inside.url, {}, LOOPBACK)


def test_who_answers_a_byte_now_and_then_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward, "PATIENCE_SECONDS", 0.5)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not done.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        serving = threading.Thread(target=drip)
        serving.start()
        begun = time.monotonic()
        with pytest.raises(Unanswered):
            outward.post(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, LOOPBACK)
        assert time.monotonic() - begun < 5
        done.set()
        serving.join()
