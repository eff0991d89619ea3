"""The second way of metrics: by remote write, straight to a receiver of whoever runs one."""

import base64
import http.client
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hyperion_exporter import __version__
from hyperion_exporter.agent import home, remote_wire, telling
from hyperion_exporter.agent.files import Config
from hyperion_exporter.agent.home import Away
from hyperion_exporter.agent.remote_backlog import Backlog
from hyperion_exporter.agent.remote_series import Pages

log = logging.getLogger("hyperion_agent")

EVERY_SECONDS = 15.0
IDLE_SECONDS = 1.0
ANSWER_SECONDS = 30.0
# As much as Prometheus itself sends at once.
MOST_SERIES = 2000
FOLDER = "remote-write"
MOST_SAID = 300
HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "User-Agent": f"hyperion-agent/{__version__}",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


class Remote:
    """Gathers beside sending: an outage leaves no hole that the backlog can bridge."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._opener = home.opener(config.remote_write_ca_file)
        self._pages = Pages()
        self._backlog = Backlog(Path(config.state) / FOLDER)
        self.labels: Mapping[str, str] = {}  # what scraping would give

    def gather(self) -> float:
        """Also when there is no page: what ended, ended then."""
        at, page = time.time_ns() // 1_000_000, None
        with suppress(Away):  # the other way says so
            page = telling.text(self._config.metrics_url).decode(errors="replace")
        series = self._pages.next(page, self.labels)
        for first in range(0, len(series), MOST_SERIES):
            self._backlog.add(remote_wire.request(series[first : first + MOST_SERIES], at))
        return EVERY_SECONDS

    def deliver(self) -> float:
        """The oldest first, and again until it was taken or will never be."""
        request = self._backlog.first()
        if request is None:
            return IDLE_SECONDS
        self._send(request)
        self._backlog.done()
        return 0.0

    def keep(self) -> None:
        """What was not sent yet, over a stop."""
        self._backlog.keep()

    def _send(self, request: bytes) -> None:
        url = self._config.remote_write_url
        asked = urllib.request.Request(url, request, {**HEADERS, **self._login()})  # noqa: S310
        try:
            with self._opener.open(asked, timeout=ANSWER_SECONDS):
                return
        except urllib.error.HTTPError as fault:
            with fault:
                if fault.code >= 500 or fault.code == 429:
                    said = f"the receiver at {url} answers {fault.code}"
                    raise Away(said, home.retry_after(fault.headers)) from None
                why = fault.read(MOST_SAID).decode(errors="replace").strip()
            # It would be refused again, and all that comes after it would wait.
            log.warning("the receiver at %s refuses metrics, %s: %s", url, fault.code, why)
        except (OSError, http.client.HTTPException) as fault:
            said = f"the receiver at {url}: {getattr(fault, 'reason', '') or fault}"
            raise Away(said) from None

    def _login(self) -> dict[str, str]:
        """Read each time: whoever changes it need not start us anew."""
        config = self._config
        if config.remote_write_token_file:
            return {"Authorization": f"Bearer {_secret(config.remote_write_token_file)}"}
        if config.remote_write_password_file:
            basic = base64.b64encode(_secret(config.remote_write_password_file).encode())
            return {"Authorization": f"Basic {basic.decode()}"}
        return {}


def _secret(file: str) -> str:
    try:
        return Path(file).read_text().strip()
    except OSError as fault:
        raise Away(f"{file} cannot be read: {fault.strerror}") from None
