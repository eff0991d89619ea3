"""The door to addresses that people of organisations choose: never into a network of our own.

The name is resolved once, every address it has must be allowed, and exactly that one is connected
to: what a second question would answer does not matter. Nothing is redirected.
"""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import urlsplit

import certifi

from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.domain.networks import within

# For all of it: who answers a byte now and then holds us no longer.
PATIENCE_SECONDS = 8
CONNECT_SECONDS = 4
AGAIN_LATER = (408, 425, 429)
NAT64 = IPv6Network("64:ff9b::/96")  # IPv4 addresses in disguise
MOST_SAID = 200

NO_ADDRESS = "this is no address: write such as https://chat.example.org/services/…"

Networks = Sequence[IPv4Network | IPv6Network]


@dataclass(frozen=True)
class Place:
    """Where a request goes, checked."""

    secure: bool
    host: str
    port: int
    addresses: tuple[str, ...]
    path: str = field(repr=False)  # those who know it can write to the channel


def post(url: str, body: object, allowed: Networks = (), tls: ssl.SSLContext | None = None) -> None:
    """`allowed` are networks that would not be, and in which no TLS is needed."""
    place = find(url, allowed)
    connection = _Pinned(place, tls or _trusting())
    sent = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "hyperion"}
    try:
        with _in_time(connection):
            connection.request("POST", place.path, sent, headers)
            with connection.getresponse() as answer:
                status, said = answer.status, answer.read1(MOST_SAID)
    except (OSError, http.client.HTTPException) as fault:
        raise Unanswered(f"{place.host} does not answer") from fault
    finally:
        connection.close()
    _refuse_failed(place.host, status, said)


def find(url: str, allowed: Networks = ()) -> Place:
    try:
        parts = urlsplit(url)
        secure, host, port = parts.scheme == "https", parts.hostname or "", parts.port
    except ValueError:
        raise Rejected(NO_ADDRESS) from None
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not (host and plain) or "@" in parts.netloc:
        raise Rejected(NO_ADDRESS)
    port = port or (443 if secure else 80)
    addresses = _resolved(host, port)
    inside = all(within(each, allowed) for each in addresses)
    if not inside and not all(_public(each) for each in addresses):
        raise Rejected(f"{host} is in a network that receivers must not be in")
    if not secure and not inside:
        raise Rejected(f"{host} is asked without TLS: write https://")
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Place(secure, host, port, tuple(addresses), path)


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unanswered(f"there is no {host}") from None
    return [str(each[4][0]) for each in found]


def _public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    if found.version == 6:
        carried = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if carried or within(address, (NAT64,)):
            return False
    return found.is_global and not found.is_multicast


class _Pinned(http.client.HTTPConnection):
    def __init__(self, place: Place, tls: ssl.SSLContext) -> None:
        super().__init__(place.host, place.port, timeout=PATIENCE_SECONDS)
        self.default_port = 443 if place.secure else 80  # of which the Host header says nothing
        self._place = place
        self._tls = tls

    def connect(self) -> None:
        self.sock = self._connected()
        if self._place.secure:
            self.sock = self._tls.wrap_socket(
                self.sock, server_hostname=self._place.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut(self) -> None:
        with suppress(OSError):  # it has gone by itself
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)

    def _connected(self) -> socket.socket:
        for address in self._place.addresses[:-1]:
            with suppress(OSError):
                return socket.create_connection((address, self.port), CONNECT_SECONDS)
        return socket.create_connection((self._place.addresses[-1], self.port), CONNECT_SECONDS)


@contextmanager
def _in_time(connection: _Pinned) -> Iterator[None]:
    timer = threading.Timer(PATIENCE_SECONDS, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _trusting() -> ssl.SSLContext:
    """What this machine trusts, and what browsers do."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _refuse_failed(host: str, status: int, said: bytes) -> None:
    if 200 <= status < 300:
        return
    words = " ".join(said.decode(errors="replace").split())
    sentence = f"{host} refuses with {status}: {words}"
    if status >= 500 or status in AGAIN_LATER:
        raise Unanswered(sentence)
    raise Rejected(sentence)
