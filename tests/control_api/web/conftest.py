"""Browsers of people: with a cookie, and the way in through the pages."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.people import PASSWORD, People
from control_api.test_matrix import Hurried
from control_api.web.shop import Shop
from hyperion_control.store import bell
from hyperion_control.usecases.parts import Parts
from lab.databases import OnSqlite

Visit = Callable[[str], FlaskClient]


@pytest.fixture
def databases(_on_sqlite: OnSqlite) -> OnSqlite:
    """What pages ask of a database is tested on both kinds a floor below."""
    return _on_sqlite


@pytest.fixture
def parts(parts: Parts) -> Iterator[Parts]:
    """A machine answers at once or never, so nobody waits for one."""
    hurried = Hurried(bell.line(parts.settings.database_url, parts.settings.data))
    yield replace(parts, bell=hurried)
    hurried.close()


@pytest.fixture
def shop(parts: Parts, people: People) -> Shop:
    return Shop(parts)


def browser_of(app: Flask) -> FlaskClient:
    """Says of its forms that they are ours, as browsers do."""
    browser = app.test_client()
    browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return browser


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return browser_of(app)


@pytest.fixture
def visit(app: Flask, people: People) -> Visit:
    """`visit("ada")` is her browser, signed in with password and code."""

    def sign_in(name: str) -> FlaskClient:
        browser = browser_of(app)
        browser.post("/login", data={"username": name, "password": PASSWORD})
        browser.post("/login/code", data={"code": people.code()})
        return browser

    return sign_in
