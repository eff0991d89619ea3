"""Buttons in a real browser: what Grafana sends of them, from a page of a listed address or not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest

from control_api.people import PASSWORD, SEED, People, id_of
from hyperion_control.store import users
from hyperion_control.usecases import tokens
from hyperion_control.usecases.tokens import Wanted
from lab.browser import Browser, chromium
from lab.buttons import SEND, buttons, request
from lab.dashboards import generated
from lab.door import GRAFANA, door
from lab.errands import add_machine, recorded
from lab.inhabited import inhabited

SHOWN = {"machine": "web-1", "org": "acme", "name": "hyperion-test-of-buttons.service"}
MAINTENANCE, RESTART = "Maintenance for an hour", "Restart this service"
# The browser asked first whether it may, and heard no.
NOT_SENT = 0


@dataclass(frozen=True)
class Site:
    people: People
    api: str
    listed: str  # an address with Grafana and the API behind it
    unlisted: str  # the same, that HYPERION_CORS_ORIGINS does not name

    def code(self) -> str:
        """Olga's, good once more."""
        with self.people.parts.database.writing("*") as connection:
            users.change(connection, id_of("olga"), {"totp_step": 0})
        return pyotp.TOTP(SEED).now()

    def token(self, scope: str) -> str:
        made = tokens.create(self.people.parts, self.people.actor("olga"), Wanted("mine", (scope,)))
        return made.secret

    def done(self, action: str) -> list[tuple[str, str]]:
        """By whom, and by which kind of login."""
        records = recorded(self.people.parts, action)
        return [(each.actor_id, each.via[:3]) for each in records if each.phase == "intent"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with door() as listed, door() as unlisted, pytest.MonkeyPatch.context() as environment:
        environment.setenv("HYPERION_CORS_ORIGINS", listed.url)
        with inhabited(tmp_path_factory.mktemp("site")) as control:
            listed.behind = unlisted.behind = control.server.url
            # Without an address: nothing is restarted anywhere.
            add_machine(control.people.parts, SHOWN["machine"], runner="ssh")
            yield Site(control.people, control.server.url, listed.url, unlisted.url)


@pytest.fixture(scope="module")
def browser(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(site.listed, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """Buttons by who acts and by their title."""
    found = {}
    for by in ("login", "token"):
        for text in generated(tmp_path_factory.mktemp(by), f"--buttons={by}").values():
            found |= {(by, button["title"]): button for button in buttons(json.loads(text))}
    return found


def press(browser: Browser, page: str, button: Any, api: str, **typed: str) -> int:
    """The status that the page of Grafana is answered."""
    browser.driver.get(page + GRAFANA)
    url, sent = request(button, SHOWN | {"hyperion_url": api}, typed)
    return int(browser.driver.execute_async_script(SEND, url, sent))


@pytest.mark.parametrize(
    ("title", "scope", "action", "status"),
    [
        (MAINTENANCE, "machines:write", "maintenance:begin", 201),
        (RESTART, "services:write", "service:restart", 503),  # on a machine that cannot be reached
    ],
)
def test_a_button_acts_at_another_address_by_a_token_and_a_code(
    site: Site, browser: Browser, of: Any, title: str, scope: str, action: str, status: int
) -> None:
    button, token = of["token", title], site.token(scope)

    def pressed(page: str, **typed: str) -> int:
        return press(browser, page, button, site.api, **{"token": token, **typed})

    assert pressed(site.unlisted, code=site.code()) == NOT_SENT
    assert pressed(site.listed, code="000000") == 401
    assert pressed(site.listed, code=site.code(), token=site.token("machines:read")) == 403
    assert site.done(action) == []
    assert pressed(site.listed, code=site.code()) == status
    assert site.done(action) == [(id_of("olga"), "tok")]


def test_at_our_address_it_acts_by_the_login_that_the_browser_adds_and_a_code(
    site: Site, browser: Browser, of: Any
) -> None:
    button, before = of["login", RESTART], site.done("service:restart")
    sign_in(browser, site.code())  # at both: a browser keeps one login for all ports of a name
    assert press(browser, site.unlisted, button, site.unlisted, code=site.code()) == 403
    assert press(browser, site.listed, button, site.listed, code="") == 401
    assert site.done("service:restart") == before
    assert press(browser, site.listed, button, site.listed, code=site.code()) == 503
    assert site.done("service:restart") == [*before, (id_of("olga"), "lgn")]


def sign_in(browser: Browser, code: str) -> None:
    browser.open("/login")
    browser.fill(username="olga", password=PASSWORD)
    browser.at("/login/code")
    browser.fill(code=code)
    browser.at("/")
