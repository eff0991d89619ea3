"""One SSH connection: whom we trust, how we prove who we are, what we agree to speak."""

import io
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass, field

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.common import MSG_CHANNEL_REQUEST

from hyperion_control.runners.base import HostKeyChanged, UnknownHostKey, Unreachable
from hyperion_control.runners.watch import Watch

CONNECT_SECONDS = 10.0
HANDSHAKE_SECONDS = 10.0
LOGIN_SECONDS = 15.0
# The kernel asks a quiet connection whether it still stands, which costs us nothing, and breaks
# one that leaves this or anything else unanswered: so a cut cable is noticed.
KEEPALIVE_SECONDS = 30
UNANSWERED_SECONDS = 20
# paramiko wakes each connection ten times a second by itself; data wakes it at once in any case.
IDLE_CHECK_SECONDS = 60.0

# All that we speak; what paramiko offers besides is old and weak (CBC, 3DES, SHA-1, MD5) or, like
# the finite groups, costs ten times the CPU. The fastest strong one first.
KEX = (
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
)
CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)
MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
# By the kind that stands in a public key's line: how such a key may sign.
HOST_KEYS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}

# paramiko tells each connection's every step; what matters comes to us as exceptions.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Key:
    """A private key in OpenSSH's or PEM form, and the user certificate for it if there is one."""

    private: str = field(repr=False)
    certificate: str = ""
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Hop:
    """One machine to log in to."""

    address: str
    login: str
    host_key: str  # the approved one, as a public key's line; empty: none is approved
    key: Key | None = None  # none: what the agent of this process holds
    port: int = 22


@dataclass(frozen=True)
class Way:
    """To a machine, through jump hosts if there are some; each proves itself by its own key."""

    machine: Hop
    through: tuple[Hop, ...] = ()


def _request(channel: paramiko.Channel, message: paramiko.Message) -> None:
    """paramiko passes over the request `exit-signal` (RFC 4254, 6.10), so we look first."""
    begin = message.packet.tell()
    if message.get_text() == "exit-signal":
        message.get_boolean()
        channel.exit_signal = message.get_text()  # type: ignore[attr-defined]
        channel.status_event.set()
    else:
        message.packet.seek(begin)
        channel._handle_request(message)  # type: ignore[attr-defined]


class Line(paramiko.Transport):
    """A connection that speaks only what is strong, and hears which signal ended a program."""

    _active_check_timeout = IDLE_CHECK_SECONDS
    _channel_handler_table = {
        **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]
        MSG_CHANNEL_REQUEST: _request,
    }

    def __init__(self, sock: socket.socket | paramiko.Channel, host_key: str) -> None:
        super().__init__(sock)
        self._under = sock
        self.watch = Watch(self)
        self.banner_timeout = self.handshake_timeout = HANDSHAKE_SECONDS
        self.auth_timeout = LOGIN_SECONDS
        offer = self.get_security_options()
        # The first needs an OpenSSL that knows it.
        offer.kex = [name for name in KEX if name in offer.kex]
        offer.ciphers, offer.digests = CIPHERS, MACS
        # A machine has several keys: we ask for the one that we know.
        approved = host_key.partition(" ")[0]
        kinds = sorted(HOST_KEYS, key=lambda kind: kind != approved)
        offer.key_types = [name for kind in kinds for name in HOST_KEYS[kind]]

    def close(self) -> None:
        # Otherwise the reading thread notices at its next check only, and we wait for it.
        if isinstance(self._under, socket.socket):
            with suppress(OSError):  # the other side was faster
                self._under.shutdown(socket.SHUT_RDWR)
        super().close()


def connect(way: Way) -> list[Line]:
    """Log in to each hop in turn; the last line is the machine's."""
    lines: list[Line] = []
    try:
        for hop in (*way.through, way.machine):
            _add(lines, hop)
    except BaseException:
        hang_up(lines)
        raise
    return lines


def hang_up(lines: list[Line]) -> None:
    for line in reversed(lines):
        line.close()


def _add(lines: list[Line], hop: Hop) -> None:
    where = f"{hop.address} port {hop.port}"
    try:
        sock = _channel(lines[-1], hop) if lines else _socket(hop)
        line = Line(sock, hop.host_key)
        lines.append(line)
        line.start_client(timeout=HANDSHAKE_SECONDS)
        _check(line, hop)
        _log_in(line, hop)
    except paramiko.AuthenticationException:
        raise Unreachable(f"{where} does not let {hop.login} in with this key") from None
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise Unreachable(f"cannot reach {where}: {error or 'it hung up'}") from error


def _socket(hop: Hop) -> socket.socket:
    sock = socket.create_connection((hop.address, hop.port), CONNECT_SECONDS)
    # Without it each command waits 40 ms for the other side's delayed acknowledgement.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, UNANSWERED_SECONDS // 4)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_SECONDS * 1000)
    return sock


def _channel(line: Line, hop: Hop) -> paramiko.Channel:
    to, us = (hop.address, hop.port), ("127.0.0.1", 0)
    return line.open_channel("direct-tcpip", to, us, timeout=CONNECT_SECONDS)


def _check(line: Line, hop: Hop) -> None:
    """Before anything is sent that the other side could use."""
    shown = line.get_remote_server_key()
    offered = f"{shown.get_name()} {shown.get_base64()}"
    where = f"{hop.address} port {hop.port}"
    if not hop.host_key:
        said = f"the host key of {where} is not approved yet"
        raise UnknownHostKey(said, offered, hop.address, hop.port)
    if hop.host_key.split()[:2] != offered.split():
        said = f"the host key of {where} is not the approved one"
        raise HostKeyChanged(said, offered, hop.address, hop.port)


def _log_in(line: Line, hop: Hop) -> None:
    if hop.key:
        line.auth_publickey(hop.login, load(hop.key))
        return
    agent = paramiko.Agent()
    try:
        for key in agent.get_keys():
            try:
                line.auth_publickey(hop.login, key)
                return
            except paramiko.AuthenticationException:
                continue
    finally:
        agent.close()
    raise paramiko.AuthenticationException


def load(key: Key) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            loaded = kind.from_private_key(io.StringIO(key.private), key.passphrase)
            if key.certificate:
                loaded.load_certificate(key.certificate)
            return loaded
        # What cannot be read is told in many ways.
        except (paramiko.SSHException, UnsupportedAlgorithm, ValueError, IndexError):
            continue
    raise Unreachable("the login's private key or its certificate cannot be read")
