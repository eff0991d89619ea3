"""The client's address, behind proxies that we trust and others."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from hyperion_control.app import create_app
from hyperion_control.border import origin
from hyperion_control.usecases.parts import Parts
from lab.databases import OnSqlite

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.fixture
def databases(_on_sqlite: OnSqlite) -> OnSqlite:
    """No database is asked."""
    return _on_sqlite


def address(parts: Parts, peer: str, forwarded: str | None) -> str:
    behind = replace(parts, settings=replace(parts.settings, trusted_proxies=TRUSTED))
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    environ = {"REMOTE_ADDR": peer}
    with create_app(behind).test_request_context(headers=headers, environ_base=environ):
        return origin.client_address()


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", None, "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_trusted_proxies_are_believed(
    parts: Parts, peer: str, forwarded: str | None, client: str
) -> None:
    assert address(parts, peer, forwarded) == client


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.9, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
    ],
)
def test_what_the_client_claims_to_be_is_not(
    parts: Parts, peer: str, forwarded: str, client: str
) -> None:
    assert address(parts, peer, forwarded) == client


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("", "10.0.0.1"),
        (",", "10.0.0.1"),
        ("10.0.0.2", "10.0.0.2"),
        ("unknown", "unknown"),
        ("x" * 1000, "x" * 64),
    ],
)
def test_odd_headers_lead_nowhere_else(parts: Parts, forwarded: str, client: str) -> None:
    assert address(parts, "10.0.0.1", forwarded) == client
