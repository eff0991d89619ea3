"""Transport security is promised only when a trusted proxy says that TLS was used."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from hyperion_control.app import equip
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

pytestmark = ON_SQLITE

BY_TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def app(_assembled: OpenAPI, parts: Parts) -> Flask:
    trusted = (ip_network("10.1.0.0/16"), ip_network("::1/128"))
    equip(_assembled, replace(parts, settings=replace(parts.settings, trusted_proxies=trusted)))
    return _assembled


def promised(client: FlaskClient, proxy: str, headers: dict[str, str]) -> bool:
    answer = client.get("/healthz", headers=headers, environ_overrides={"REMOTE_ADDR": proxy})
    return "Strict-Transport-Security" in answer.headers


@pytest.mark.parametrize("proxy", ["10.1.2.3", "::1", "::ffff:10.1.2.3"])
def test_a_trusted_proxy_is_believed(client: FlaskClient, proxy: str) -> None:
    assert promised(client, proxy, BY_TLS)
    assert not promised(client, proxy, {"X-Forwarded-Proto": "http"})
    assert not promised(client, proxy, {})


@pytest.mark.parametrize("proxy", ["10.2.0.1", "127.0.0.1", "::2", "", "unix"])
def test_nobody_else_is(client: FlaskClient, proxy: str) -> None:
    assert not promised(client, proxy, BY_TLS)
