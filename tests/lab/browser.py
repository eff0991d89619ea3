"""A real Chromium: a fresh profile, no window, and a note of all that its pages ask for."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.remote_connection import ChromeRemoteConnection
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from lab.programs import program
from lab.servers import answers, free_port, running
from lab.wait import wait_for

PAGE_SECONDS = 15.0
FLAGS = (
    # Commands through a pipe: when who drives it is gone, it ends.
    *("--headless=new", "--no-sandbox", "--remote-debugging-pipe"),
    *("--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@dataclass(frozen=True)
class Browser:
    driver: WebDriver
    url: str  # of the API

    def open(self, path: str) -> None:
        self.driver.get(self.url + path)

    def at(self, path: str) -> None:
        """Wait until this page is shown."""
        wait_for(lambda: self.path == path, PAGE_SECONDS, f"{path}, not {self.path}")
        self.see("main")

    @property
    def path(self) -> str:
        return urlsplit(self.driver.current_url).path

    def see(self, selector: str) -> WebElement:
        return wait_for(
            lambda: self.driver.find_element(By.CSS_SELECTOR, selector), PAGE_SECONDS, selector
        )

    def text(self, selector: str = "main") -> str:
        return self.see(selector).text

    def style(self, selector: str, name: str) -> str:
        return str(self.see(selector).value_of_css_property(name))

    def focused(self) -> str:
        return self.driver.switch_to.active_element.text

    def width(self) -> int:
        """Of all that can be scrolled to."""
        metrics = self.command("Page.getLayoutMetrics")
        return int(metrics["cssContentSize"]["width"])

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def fill(self, **fields: str) -> None:
        """Type into the fields of these names, as a person does, and press Enter in the last."""
        for name, text in fields.items():
            field = self.see(f"[name={name}]")
            field.clear()
            field.send_keys(text)
        self.press(Keys.ENTER)

    def press(self, *keys: str) -> None:
        """To whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def click(self, selector: str) -> None:
        self.see(selector).click()

    def command(self, name: str, **parameters: object) -> Any:
        """One of the DevTools' own commands."""
        told = {"cmd": name, "params": parameters}
        return self.driver.execute("executeCdpCommand", told)["value"]

    def look(self, width: int, height: int, scheme: str = "light") -> None:
        """From now on through a window of this size, in this colour scheme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        wish = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", features=wish)

    def complaints(self) -> list[str]:
        """What the console says since the last time."""
        return [str(entry["message"]) for entry in self._log("browser")]

    def asked_for(self) -> list[str]:
        """The addresses that the pages have asked for since the last time."""
        entries = (json.loads(entry["message"])["message"] for entry in self._log("performance"))
        requests = (e["params"] for e in entries if e["method"] == "Network.requestWillBeSent")
        urls = [str(request["request"]["url"]) for request in requests]
        # Chromium's own first page is made of many files of its own.
        return [url for url in urls if not url.startswith("chrome:")]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.driver.execute("getLog", {"type": kind})["value"]
        return found


@contextmanager
def chromium(url: str, folder: Path, flags: Sequence[str] = ()) -> Iterator[Browser]:
    """Its profile and its log go into the folder."""
    driver, address = program("chromedriver"), f"http://127.0.0.1:{free_port()}"
    options = Options()
    options.binary_location = str(program("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    argv = [driver, f"--port={address.rpartition(':')[2]}"]
    with running(argv, folder / "chromedriver.log", lambda: answers(f"{address}/status")):
        session = WebDriver(ChromeRemoteConnection(address), options=options)
        try:
            yield Browser(session, url)
        finally:
            session.quit()
