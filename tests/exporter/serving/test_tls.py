"""TLS and client certificates out of the web configuration, with real handshakes."""

import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hyperion_exporter.serving.gate import Gate
from hyperion_exporter.serving.server import MAX_CLIENTS, Server
from hyperion_exporter.serving.tls import HANDSHAKE_SECONDS
from hyperion_exporter.serving.web import WebError
from lab.certificates import Issued, issue
from lab.serving import address, ask, serving

# What a client may see where the server ends the connection; TLS 1.3 tells it after the handshake.
Refused = (ssl.SSLError, ConnectionError, OSError)
MUTUAL = """
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: clients.cert.pem
"""


@pytest.fixture
def own(tmp_path: Path) -> Issued:
    return issue(tmp_path, "server", "127.0.0.1")


@pytest.fixture
def clients(tmp_path: Path) -> Issued:
    """Who signs the certificates of clients."""
    return issue(tmp_path, "clients")


@pytest.fixture
def gate(tmp_path: Path, own: Issued) -> Callable[[str], Gate]:
    def gate(more: str = "") -> Gate:
        file = tmp_path / "web.yml"
        pair = f"tls_server_config:\n  cert_file: {own.cert.name}\n  key_file: {own.key.name}\n"
        file.write_text(pair + more)
        return Gate(file)

    return gate


def trusting(own: Issued, client: Issued | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=own.cert)
    if client:
        context.load_cert_chain(client.cert, client.key)
    return context


@contextmanager
def silent(server: Server, count: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    """Clients that connect, say so much and no more."""
    with ExitStack() as stack:
        found = [
            stack.enter_context(socket.create_connection(address(server), 10)) for _ in range(count)
        ]
        for client in found:
            client.sendall(said)
        yield found


def shown(server: Server) -> bytes:
    """The certificate that the server shows to a new client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(address(server), 10) as plain,
        context.wrap_socket(plain) as client,
    ):
        return client.getpeercert(binary_form=True) or b""


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_page_is_served_over_tls(gate: Callable[..., Gate], own: Issued) -> None:
    with serving(gate()) as server:
        answer = ask(server, "/healthz", context=trusting(own))
    assert (answer.status, answer.body) == (200, "ok\n")


def test_certificate_and_key_may_stand_in_the_file(tmp_path: Path, own: Issued) -> None:
    def indented(pem: Path) -> str:
        return "|\n" + "".join(f"    {line}\n" for line in pem.read_text().splitlines())

    text = f"tls_server_config:\n  cert: {indented(own.cert)}  key: {indented(own.key)}"
    (tmp_path / "web.yml").write_text(text)
    before = descriptors()
    with serving(Gate(tmp_path / "web.yml")) as server:
        assert ask(server, "/healthz", context=trusting(own)).status == 200
    assert descriptors() <= before


def test_only_the_versions_and_ciphers_of_the_file_are_spoken(
    gate: Callable[..., Gate], own: Issued
) -> None:
    older, other = trusting(own), trusting(own)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    other.maximum_version = ssl.TLSVersion.TLSv1_2
    other.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    with serving(gate()) as server:
        assert ask(server, "/healthz", context=older).status == 200
    with serving(gate("  min_version: TLS13\n")) as server:
        assert ask(server, "/healthz", context=trusting(own)).status == 200
        with pytest.raises(Refused):
            ask(server, "/healthz", context=older)
    chosen = "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n"
    with serving(gate(chosen)) as server:
        assert ask(server, "/healthz", context=older).status == 200
        with pytest.raises(Refused):
            ask(server, "/healthz", context=other)


def test_one_curve_can_be_chosen(gate: Callable[..., Gate], own: Issued) -> None:
    other = trusting(own)
    other.set_ecdh_curve("secp384r1")
    with serving(gate("  curve_preferences: [CurveP256]\n")) as server:
        assert ask(server, "/healthz", context=trusting(own)).status == 200
        with pytest.raises(Refused):
            ask(server, "/healthz", context=other)


def test_clients_without_a_certificate_of_ours_are_refused(
    tmp_path: Path, gate: Callable[..., Gate], own: Issued, clients: Issued
) -> None:
    known = issue(tmp_path, "known", signer=clients)
    stranger = issue(tmp_path, "stranger")
    with serving(gate(MUTUAL)) as server:
        assert ask(server, "/healthz", context=trusting(own, known)).status == 200
        assert ask(server, "/healthz", context=trusting(own, clients)).status == 200
        for client in (None, stranger):
            with pytest.raises(Refused):
                ask(server, "/healthz", context=trusting(own, client))


def test_a_single_certificate_can_be_trusted_without_who_signed_it(
    tmp_path: Path, gate: Callable[..., Gate], own: Issued, clients: Issued
) -> None:
    known = issue(tmp_path, "known", signer=clients)
    sibling = issue(tmp_path, "sibling", signer=clients)
    with serving(gate(MUTUAL.replace("clients.cert.pem", "known.cert.pem"))) as server:
        assert ask(server, "/healthz", context=trusting(own, known)).status == 200
        with pytest.raises(Refused):
            ask(server, "/healthz", context=trusting(own, sibling))


def test_a_certificate_that_may_be_left_out_is_verified_where_it_is_there(
    tmp_path: Path, gate: Callable[..., Gate], own: Issued, clients: Issued
) -> None:
    stranger = issue(tmp_path, "stranger")
    rules = MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")
    with serving(gate(rules)) as server:
        assert ask(server, "/healthz", context=trusting(own)).status == 200
        assert ask(server, "/healthz", context=trusting(own, clients)).status == 200
        with pytest.raises(Refused):
            ask(server, "/healthz", context=trusting(own, stranger))


@pytest.mark.parametrize(
    "name",
    ["prometheus.example", "2001:db8::1", "192.0.2.7", "spiffe://fleet/it", "it@example.org"],
)
def test_only_certificates_with_an_allowed_name_are_let_in(
    tmp_path: Path, gate: Callable[..., Gate], own: Issued, clients: Issued, name: str
) -> None:
    allowed = issue(tmp_path, "allowed", "other.example", name, signer=clients)
    other = issue(tmp_path, "other", "other.example", signer=clients)
    nameless = issue(tmp_path, "nameless", signer=clients)
    with serving(gate(f'{MUTUAL}  client_allowed_sans: ["{name}"]\n')) as server:
        assert ask(server, "/healthz", context=trusting(own, allowed)).status == 200
        for client in (other, nameless):
            with pytest.raises(Refused):
                ask(server, "/healthz", context=trusting(own, client))


def test_a_new_certificate_is_shown_without_a_restart(
    tmp_path: Path, gate: Callable[..., Gate], own: Issued, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hyperion_exporter")
    with serving(gate()) as server:
        assert shown(server) == own.der
        (tmp_path / "next").mkdir()
        renewed = issue(tmp_path / "next", "server", "127.0.0.1")
        renewed.cert.replace(own.cert)
        for _ in range(3):
            assert shown(server) == own.der, "as long as the key is still the old one"
        renewed.key.replace(own.key)
        assert shown(server) == renewed.der
        own.key.unlink()
        assert shown(server) == renewed.der, "also while there is none"
    assert [record.message.partition(": ")[2] for record in caplog.records] == [
        "tls_server_config: cert_file and key_file are no pair of a certificate and its "
        "unencrypted key, in PEM; what was read before stays in force",
        "",
        f"tls_server_config.key_file: {own.key}: No such file or directory; "
        "what was read before stays in force",
    ]


def test_clients_that_are_no_longer_trusted_are_refused_at_once(
    tmp_path: Path, gate: Callable[..., Gate], own: Issued, clients: Issued
) -> None:
    known = issue(tmp_path, "known", signer=clients)
    with serving(gate(MUTUAL)) as server:
        assert ask(server, "/healthz", context=trusting(own, known)).status == 200
        issue(tmp_path, "clients")
        with pytest.raises(Refused):
            ask(server, "/healthz", context=trusting(own, known))


def test_tls_comes_and_goes_only_with_a_restart(
    tmp_path: Path, gate: Callable[..., Gate], own: Issued
) -> None:
    with serving(gate()) as server:
        (tmp_path / "web.yml").write_text("")
        assert ask(server, "/healthz", context=trusting(own)).status == 200
    with serving(Gate(tmp_path / "web.yml")) as server:
        gate()
        assert ask(server, "/healthz").status == 200


def test_a_key_that_may_not_be_read_is_named(own: Issued, gate: Callable[..., Gate]) -> None:
    own.key.unlink()
    own.key.mkdir()
    with pytest.raises(WebError, match=r"tls_server_config\.key_file: .*: Is a directory$"):
        gate()


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01\x00", b"\x16\x03\x01"])
def test_fifty_clients_in_half_a_handshake_delay_nobody(
    gate: Callable[..., Gate], own: Issued, said: bytes
) -> None:
    with serving(gate()) as server, silent(server, 50, said):
        begun = time.monotonic()
        assert ask(server, context=trusting(own)).status == 200
        assert time.monotonic() - begun < HANDSHAKE_SECONDS / 2, "it waits for none of them"


def test_more_of_them_than_there_are_places_delay_nobody(
    gate: Callable[..., Gate], own: Issued
) -> None:
    with serving(gate()) as server, silent(server, MAX_CLIENTS + 20):
        begun = time.monotonic()
        assert ask(server, context=trusting(own)).status == 200
        assert time.monotonic() - begun < HANDSHAKE_SECONDS / 2, "it waits for none of them"


def test_a_handshake_that_is_not_finished_ends(gate: Callable[..., Gate]) -> None:
    handshake = gate().handshake()
    assert handshake
    ours, theirs = socket.socketpair()
    begun = time.monotonic()
    with handshake.wrap(ours) as peer, theirs, pytest.raises(TimeoutError):
        theirs.sendall(b"\x16\x03\x01")
        handshake.shake(peer, seconds=0.05)
    assert time.monotonic() - begun < HANDSHAKE_SECONDS / 2


def test_who_speaks_plain_http_is_told(gate: Callable[..., Gate]) -> None:
    with serving(gate()) as server:
        answer = ask(server)
    assert (answer.status, answer.body) == (400, "only https is spoken here\n")
