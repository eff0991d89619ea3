"""The pages in a real browser: without any script, by keyboard, at every width, in both schemes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from selenium.webdriver.common.keys import Keys

from control_api.people import PASSWORD, ROLES, SEED, People, id_of
from hyperion_control.settings import Settings
from hyperion_control.store import users
from hyperion_control.usecases import users as users_usecase
from hyperion_control.usecases.parts import Parts
from lab.browser import Browser, chromium
from lab.ours import control_api
from lab.servers import Server

NEW = "umbrella lantern gravel tuba"
OPEN = ("/login", "/login/code", "/docs", "/password/hyp_k_x", "/invitation/hyp_k_x", "/nothing")
OWN = ("/", "/logins", "/password", "/second-factor", "/second-factor/confirm", "/recovery-codes")
# What a browser itself says of a refusal that it was shown.
REFUSED = "Failed to load resource: the server responded with a status of 4"
NARROWEST, PHONE, DESK = (320, 640), (360, 740), (1280, 800)

Chromium = Callable[..., Browser]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("api")
    with control_api(folder) as server:
        parts = Parts.build(Settings.from_env({"HYPERION_DATA": str(folder / "control")}))
        People(parts).move_in()
        parts.close()
        yield server


@pytest.fixture
def people(api: Server) -> Iterator[People]:
    """As they moved in: what a test before has used up or changed is theirs again."""
    parts = Parts.build(Settings.from_env({"HYPERION_DATA": str(api.log.parent / "control")}))
    fresh = {"totp_step": 0, "language": "en"}
    for name in ROLES:
        change(found := People(parts), name, **fresh)
    yield found
    parts.close()


@pytest.fixture
def browser(api: Server, people: People, tmp_path: Path) -> Iterator[Browser]:
    """Nothing may complain, and nobody else may be asked for anything."""
    with chromium(api.url, tmp_path) as opened:
        yield opened
        assert [said for said in opened.complaints() if REFUSED not in said] == []
        hosts = {urlsplit(url).netloc for url in opened.asked_for() if "data:" not in url}
        assert hosts == {urlsplit(api.url).netloc}


def change(people: People, name: str, **values: object) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of(name), values)


def sign_in(browser: Browser, name: str) -> None:
    browser.open("/login")
    browser.fill(username=name, password=PASSWORD)
    browser.at("/login/code")
    browser.fill(code=pyotp.TOTP(SEED).now())
    browser.at("/")


def test_a_person_signs_in_and_out_with_the_keyboard_alone(browser: Browser) -> None:
    browser.open("/login")
    for key in ("ada", Keys.TAB, PASSWORD, Keys.ENTER):
        browser.press(key)
    browser.at("/login/code")
    for key in (pyotp.TOTP(SEED).now(), Keys.ENTER):
        browser.press(key)
    browser.at("/")
    assert browser.text("h1") == "Hello, Ada"
    browser.press(Keys.TAB)
    assert browser.focused() == "Skip to the content"
    assert browser.style(":focus", "outline-style") == "solid"
    for _ in range(8):
        browser.press(Keys.TAB)
        if browser.focused() == "Sign out":
            break
    browser.press(Keys.ENTER)
    browser.at("/login")


def test_a_person_signs_in_without_any_script(api: Server, people: People, tmp_path: Path) -> None:
    with chromium(api.url, tmp_path, ["--blink-settings=scriptEnabled=false"]) as browser:
        sign_in(browser, "olga")
        assert browser.text("h1") == "Hello, Olga"


def test_a_wrong_code_is_said_and_the_right_one_still_taken(browser: Browser) -> None:
    browser.open("/login")
    browser.fill(username="ada", password=PASSWORD)
    browser.at("/login/code")
    browser.fill(code="000000")
    assert browser.see("[role=alert] p").text.startswith("This code is wrong")
    browser.fill(code=pyotp.TOTP(SEED).now())
    browser.at("/")


def test_the_first_login_leads_through_all_that_is_owed(browser: Browser, people: People) -> None:
    change(people, "otto", password_once=True, totp_seed=None, platform_admin=True)
    browser.open("/login")
    browser.fill(username="otto", password=PASSWORD)
    browser.at("/password")
    browser.fill(new_password=NEW, again=NEW)
    browser.at("/second-factor")
    browser.fill(password=NEW)
    assert browser.see(".qr svg").size["width"] > 150
    key = browser.see("#secret").text
    browser.fill(code=pyotp.TOTP(key).now())
    browser.at("/second-factor/confirm")
    assert len(browser.all(".codes code")) == 10
    browser.click("main a")
    browser.at("/")
    assert "10 recovery codes left" in browser.text()


def test_a_link_of_an_admin_lets_one_choose_a_password(browser: Browser, people: People) -> None:
    handed = users_usecase.reset(people.parts, people.actor("petra"), id_of("eve"))
    browser.open(f"/password/{handed.secret}")
    browser.fill(new_password=NEW, again=NEW)
    browser.at("/login")
    browser.fill(username="eve", password=NEW)
    browser.at("/login/code")


def test_after_signing_out_the_way_back_shows_nothing(browser: Browser) -> None:
    sign_in(browser, "ada")
    browser.open("/logins")
    browser.click(".top button")
    browser.at("/login")
    browser.driver.back()
    browser.at("/login")
    assert "Ada" not in browser.driver.page_source


def test_the_cookie_holds_on_loopback_and_no_script_could_read_it(browser: Browser) -> None:
    sign_in(browser, "ada")
    [cookie] = browser.command("Network.getCookies")["cookies"]
    assert cookie["name"] == "__Host-hyperion"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["session"]) == ("/", True)


def test_the_language_is_the_browsers_and_then_the_persons(
    api: Server, people: People, tmp_path: Path
) -> None:
    change(people, "ada", language="en")
    change(people, "olga", language="fr")
    with chromium(api.url, tmp_path, ["--accept-lang=fr"]) as browser:
        browser.open("/login")
        assert browser.text("h1") == "Se connecter"
        sign_in(browser, "ada")
        assert browser.text("h1") == "Hello, Ada"
        browser.click(".top button")
        sign_in(browser, "olga")
        assert browser.text("h1") == "Bonjour, Olga"


def test_no_page_is_wider_than_the_smallest_phone(browser: Browser) -> None:
    browser.look(*NARROWEST)
    for path in OPEN:
        browser.open(path)
        assert browser.width() == NARROWEST[0], path
    sign_in(browser, "ada")
    for path in OWN:
        browser.open(path)
        assert browser.width() == NARROWEST[0], path


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_pages_follow_the_colour_scheme(browser: Browser, size: tuple[int, int]) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        browser.look(*size, scheme)
        browser.open("/login")
        grounds[scheme] = browser.style("html", "background-color")
    assert grounds == {"light": "rgba(243, 245, 247, 1)", "dark": "rgba(16, 22, 28, 1)"}
