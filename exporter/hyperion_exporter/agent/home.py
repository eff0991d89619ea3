"""The way home: requests to the control API, what it refuses, and when to try again."""

import http.client
import json
import random
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from hyperion_exporter import __version__
from hyperion_exporter.agent.files import BadFile

SECONDS = 20.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
MOST_ASKED_PAUSE = 300.0
# Of an answer: an order with all its stdin has 11 MiB.
MOST_BYTES = 16 * 1024 * 1024


class Away(Exception):
    """It cannot be reached, or cannot answer now: later, and not before it said."""

    def __init__(self, said: str, seconds: float = 0.0) -> None:
        super().__init__(said)
        self.seconds = seconds


class Refused(Exception):
    """It answered that it will not; the same request would be refused again."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class Home:
    def __init__(self, url: str, fingerprint: str, ca_file: str = "") -> None:
        self._url = url.rstrip("/")
        self._fingerprint = fingerprint
        self._opener = opener(ca_file)
        self.secret = ""

    def ask(self, path: str, body: Mapping[str, Any] | None = None, wait: float = 0) -> Any:
        """What is answered to a POST; `wait` is how long the answer may be held back."""
        data = json.dumps(body).encode() if body is not None else b""
        return self._send(path, data, {"Content-Type": "application/json"}, SECONDS + wait)

    def bring(self, path: str, packed: bytes) -> None:
        headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
        self._send(path, packed, headers, SECONDS)

    def package(self) -> bytes:
        """What install.sh installs; open to all, so our secret is not shown for it."""
        request = urllib.request.Request(f"{self._url}/install/package.zip")  # noqa: S310  as below
        return self._open(request, SECONDS)

    def _send(self, path: str, data: bytes, headers: Mapping[str, str], seconds: float) -> Any:
        request = urllib.request.Request(  # noqa: S310  config allows http and https only
            f"{self._url}/api/agents/{path}",
            data,
            {
                **headers,
                "Authorization": f"Bearer {self.secret}",
                "User-Agent": f"hyperion-agent/{__version__}",
                "X-Machine-Fingerprint": self._fingerprint,
            },
        )
        text = self._open(request, seconds)
        try:
            return json.loads(text) if text else None
        except ValueError as fault:
            raise Away(str(fault)) from None

    def _open(self, request: urllib.request.Request, seconds: float) -> bytes:
        try:
            with self._opener.open(request, timeout=seconds) as answer:
                text: bytes = answer.read(MOST_BYTES)
                return text
        except urllib.error.HTTPError as fault:
            with fault:
                raise _refusal(fault) from None
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise Away(str(getattr(fault, "reason", "") or fault)) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def opener(ca_file: str) -> urllib.request.OpenerDirector:
    """No redirect is followed: it would carry the secret elsewhere."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as fault:
        raise BadFile(f"ca_file {ca_file} holds nobody to trust: {fault.strerror}") from None
    # Python 3.13 began to refuse what curl and Python before it take, such as an authority that
    # somebody made with openssl: who upgrades Debian must not lose the machine by it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)


def retry_after(headers: Message) -> float:
    """In seconds, but never long: a mistake there must not silence us."""
    said = headers.get("Retry-After", "")
    try:
        seconds = (
            float(said) if said.isdigit() else parsedate_to_datetime(said).timestamp() - time.time()
        )
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), MOST_ASKED_PAUSE)


def pauses() -> Iterator[float]:
    """Longer and longer, and not the same for all who lost the same server."""
    pause = FIRST_PAUSE
    while True:
        yield random.uniform(pause / 2, pause)  # noqa: S311  nothing is kept secret by it
        pause = min(pause * 2, LONGEST_PAUSE)


def _refusal(fault: urllib.error.HTTPError) -> Away | Refused:
    if fault.code >= 500 or fault.code == 429:
        return Away(f"it answers {fault.code}", retry_after(fault.headers))
    try:
        said = json.loads(fault.read(64 * 1024))
        return Refused(fault.code, str(said["code"]), str(said["detail"]))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return Away(f"something else than the control API answers there, with {fault.code}")
