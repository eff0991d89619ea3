"""TLS out of the web configuration: the context, and the handshake in the client's own thread."""

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from hyperion_exporter.serving.places import turn_away
from hyperion_exporter.serving.web import TLS, Tls, WebError

T = TypeVar("T")

# In all, however slowly it goes on.
HANDSHAKE_SECONDS = 10.0
VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
CLIENTS = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
# A certificate that nobody signed: OpenSSL takes none without checking it.
UNCHECKED = {
    "RequestClientCert": "VerifyClientCertIfGiven",
    "RequireAnyClientCert": "RequireAndVerifyClientCert",
    "RequireClientCert": "RequireAndVerifyClientCert",
}
CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
# Go's names, which the file uses, into OpenSSL's. Those of TLS 1.3 are always on, there and here.
CIPHERS = {
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}


class Unwelcome(OSError):
    """The client's certificate is valid but bears none of the allowed names."""


class Handshake:
    def __init__(self, context: ssl.SSLContext, allowed: tuple[str, ...] | None) -> None:
        self._context = context
        self._allowed = allowed

    def wrap(self, peer: socket.socket) -> ssl.SSLSocket:
        """Takes the socket over; nothing is said yet."""
        return self._context.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)

    def shake(self, peer: ssl.SSLSocket, seconds: float = HANDSHAKE_SECONDS) -> None:
        try:
            peer.settimeout(seconds)
            peer.do_handshake()
        except ssl.SSLError as fault:
            if fault.reason == "HTTP_REQUEST":
                # For one who typed http:// and would see only that the connection broke.
                turn_away(peer, HTTPStatus.BAD_REQUEST, "only https is spoken here")
            raise
        if self._allowed is not None and names(peer.getpeercert()).isdisjoint(self._allowed):
            raise Unwelcome("the certificate bears none of client_allowed_sans")


def handshake(tls: Tls) -> Handshake:
    """With the files as they are now; where one is wrong, WebError names its key."""
    try:
        return Handshake(_context(tls), tls.client_allowed_sans)
    except ssl.SSLError as fault:
        raise WebError(f"{TLS}: the system's OpenSSL refuses this: {fault.reason}") from None


def names(certificate: Mapping[str, Any] | None) -> set[str]:
    """The alternative names; Python writes IPv6 in full and in capitals, the file in short."""
    found = set()
    for kind, value in (certificate or {}).get("subjectAltName", ()):
        found.add(value)
        if kind == "IP Address":
            with suppress(ValueError):  # it may be no address at all
                found.add(str(ipaddress.ip_address(value.strip())))
    return found


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _meant("min_version", tls.min_version, VERSIONS)
    context.maximum_version = _meant("max_version", tls.max_version, VERSIONS)
    if context.minimum_version > context.maximum_version:
        raise WebError(f"{TLS}.max_version: {tls.max_version} is older than min_version")
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _choose(context, tls)
    _identify(context, tls)
    _verify(context, tls)
    return context


def _choose(context: ssl.SSLContext, tls: Tls) -> None:
    suites = [_meant("cipher_suites", name, CIPHERS) for name in tls.cipher_suites]
    if suites and tls.min_version == "TLS12":
        if not any(suites):
            raise WebError(f"{TLS}.cipher_suites: all are of TLS 1.3; write min_version: TLS13")
        context.set_ciphers(":".join(filter(None, suites)))
    curves = [_meant("curve_preferences", name, CURVES) for name in tls.curve_preferences]
    if len(curves) > 1:
        raise WebError(f"{TLS}.curve_preferences: Python takes one; name one or leave it out")
    for curve in curves:
        context.set_ecdh_curve(curve)


def _identify(context: ssl.SSLContext, tls: Tls) -> None:
    with _file("cert", tls.cert) as cert, _file("key", tls.key) as key:
        try:
            # Without a password it would ask for one at the terminal.
            context.load_cert_chain(cert, key, password="")
        except (OSError, ValueError):
            raise WebError(
                f"{TLS}: cert_file and key_file are no pair of a certificate and its "
                "unencrypted key, in PEM"
            ) from None


def _verify(context: ssl.SSLContext, tls: Tls) -> None:
    if instead := UNCHECKED.get(tls.client_auth_type):
        raise WebError(f"{TLS}.client_auth_type: {tls.client_auth_type} would take a certificate "
                       f"that nobody checked; use {instead}")  # fmt: skip
    mode = _meant("client_auth_type", tls.client_auth_type, CLIENTS)
    if tls.client_allowed_sans is not None and mode != ssl.CERT_REQUIRED:
        raise WebError(f"{TLS}.client_allowed_sans: needs "
                       "client_auth_type: RequireAndVerifyClientCert")  # fmt: skip
    if (tls.client_ca is None) != (mode == ssl.CERT_NONE):
        raise WebError(f"{TLS}: client_ca_file and a client_auth_type that verifies "
                       "need each other")  # fmt: skip
    if tls.client_ca is None:
        return
    context.verify_mode = mode
    # As in Go, what the file holds is trusted, also where it is no root.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    with _file("client_ca", tls.client_ca) as file:
        try:
            context.load_verify_locations(file)
        except OSError:
            raise WebError(f"{TLS}.client_ca_file: holds no certificate in PEM") from None


def _meant(key: str, said: str, known: Mapping[str, T]) -> T:
    if said not in known:
        raise WebError(f"{TLS}.{key}: {said!r} is not to be had; there are: {', '.join(known)}")
    return known[said]


@contextmanager
def _file(key: str, source: Path | str) -> Iterator[str]:
    """OpenSSL reads files only: what stands in the configuration gets one in memory."""
    if isinstance(source, Path):
        try:
            source.open("rb").close()
        except OSError as fault:
            raise WebError(f"{TLS}.{key}_file: {source}: {fault.strerror}") from None
        yield str(source)
    elif not hasattr(os, "memfd_create"):
        raise WebError(f"{TLS}.{key}: works on Linux only; put it into a file and use {key}_file")
    else:
        memory = os.memfd_create(key)
        try:
            os.write(memory, source.encode())
            yield f"/proc/self/fd/{memory}"
        finally:
            os.close(memory)
