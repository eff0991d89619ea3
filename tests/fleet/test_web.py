"""From the link of an alert to a restarted service: a real browser, a real machine, no script."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pyotp
import pytest

from control_api.people import PASSWORD, SEED, People
from hyperion_control.domain import ssh_keys as key_texts
from hyperion_control.settings import Settings
from hyperion_control.usecases import ssh_keys
from hyperion_control.usecases.parts import Parts
from lab.browser import Browser, chromium
from lab.errands import add_machine, recorded
from lab.fleet import Fleet, Machine
from lab.ours import control_api
from lab.servers import Server
from lab.wait import wait_for
from lab.ways import to_machine

NARROWEST = (320, 640)
UNIT = "hyt-shop.service"
TEXT = "[Unit]\nDescription=A shop\n[Service]\nExecStart=/bin/sleep 8888\n"
NO_SCRIPT = "--blink-settings=scriptEnabled=false"
# What a browser itself says of a refusal that it was shown.
REFUSED = "Failed to load resource: the server responded with a status of 4"


@dataclass(frozen=True)
class Site:
    api: Server
    parts: Parts
    machine_id: str

    @property
    def path(self) -> str:
        return f"/machines/{self.machine_id}"


@pytest.fixture(scope="module")
def machine(fleet: Fleet) -> Iterator[Machine]:
    """With a shop that runs."""
    fleet[0].put(f"/run/systemd/system/{UNIT}", TEXT.encode())
    fleet[0].done(f"systemctl daemon-reload; systemctl start {UNIT}")
    yield fleet[0]
    fleet[0].ssh("systemctl", "stop", UNIT)
    fleet[0].done(f"rm /run/systemd/system/{UNIT}; systemctl daemon-reload")


@pytest.fixture(scope="module")
def site(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with (
        control_api(folder) as api,
        closing(
            Parts.build(Settings.from_env({"HYPERION_DATA": str(folder / "control")}))
        ) as parts,
    ):
        people = People(parts)
        people.move_in()
        pair, hop = key_texts.read(machine.key.read_text()), to_machine(machine)
        key = ssh_keys.create(parts, people.actor("ada"), "fleet", pair)
        way = {"runner": "ssh", "hostname": hop.address, "host_key": hop.host_key}
        yield Site(api, parts, add_machine(parts, "shop-1", ssh_key_id=key.id, **way))


@pytest.fixture(scope="module")
def browser(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Olga's; nothing that its pages ask for may be missing or forbidden."""
    with chromium(site.api.url, tmp_path_factory.mktemp("browser"), [NO_SCRIPT]) as opened:
        yield opened
        assert [said for said in opened.complaints() if REFUSED not in said] == []


def pid(machine: Machine) -> str:
    return machine.done(f"systemctl show --property=MainPID --value {UNIT}").strip()


def link(action: str, **more: str) -> str:
    return "/act?" + urlencode({"machine": "shop-1", "org": "acme", "action": action, **more})


def test_an_alert_leads_through_the_login_to_a_restarted_service(
    browser: Browser, site: Site, machine: Machine
) -> None:
    before = pid(machine)
    browser.open(link("services", unit=UNIT))
    browser.at("/login")
    browser.fill(username="olga", password=PASSWORD)
    browser.at("/login/code")
    browser.fill(code=pyotp.TOTP(SEED).now())
    browser.at(f"{site.path}/services/{UNIT}")
    assert (browser.text("h1"), "active" in browser.text()) == (UNIT, True)
    browser.see("#reason").send_keys("it hangs")
    browser.click("[formaction$='/restart']")
    assert browser.text("#done") == "Restart: succeeded"
    after = pid(machine)
    assert after != before
    facts = [each.text for each in browser.all(".beside dl")]
    assert (before in facts[0], after in facts[1]) == (True, True)
    intent, outcome = recorded(site.parts, "service:restart")
    assert outcome.outcome == "succeeded"


def test_a_process_of_the_service_is_found_and_ended(
    browser: Browser, site: Site, machine: Machine
) -> None:
    number = pid(machine)
    browser.open(link("processes", unit=UNIT))
    browser.at(f"{site.path}/processes")
    browser.click(f"[aria-label='Signal or end process {number}']")
    browser.at(f"{site.path}/processes/{number}")
    browser.click("[name=what][value=kill]")
    browser.at(f"{site.path}/processes")
    assert browser.text("#done + ul") == f"{number} sleep gone"
    assert machine.ssh("test", "-d", f"/proc/{number}").returncode == 1


def test_a_command_is_followed_to_its_end_by_a_page_that_asks_again(
    browser: Browser, site: Site, machine: Machine
) -> None:
    browser.open(f"{site.path}/run")
    words = browser.see("#words")
    wide = 400 * "="
    words.send_keys(f"sh\n-c\necho one; until [ -e /run/hyt-go ]; do sleep 0.1; done; echo {wide}")
    browser.click("form.card button")
    wait_for(lambda: browser.text(".log") == "one", 15, "what it says while it runs")
    assert browser.all("meta[http-equiv=refresh]")
    machine.done("touch /run/hyt-go")
    wait_for(lambda: browser.text(".log").split() == ["one", wide], 15, "what it said")
    assert "succeeded" in browser.text("[role=status]")
    assert browser.all("meta[http-equiv=refresh]") == []
    machine.done("rm /run/hyt-go")
    browser.look(*NARROWEST)
    assert browser.width() == NARROWEST[0]


def test_no_page_of_a_machine_is_wider_than_the_smallest_phone(
    browser: Browser, site: Site
) -> None:
    browser.look(*NARROWEST)
    pages = ("", "/services", f"/services/{UNIT}", "/processes", "/network", "/maintenance", "/run")
    for path in ("/machines", "/commands", *(f"{site.path}{page}" for page in pages)):
        browser.open(path)
        assert browser.width() == NARROWEST[0], path


def test_who_may_only_look_is_shown_no_button(site: Site, tmp_path: Path) -> None:
    with chromium(site.api.url, tmp_path, [NO_SCRIPT]) as browser:
        browser.open(link("services", unit=UNIT))
        browser.fill(username="otto", password=PASSWORD)
        browser.at("/login/code")
        browser.fill(code=pyotp.TOTP(SEED).now())
        browser.at(f"{site.path}/services/{UNIT}")
        assert [each.text for each in browser.all("main button")] == []
