"""Who may come in: the web configuration at work, read anew whenever one of its files changes."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from hyperion_exporter.serving import web
from hyperion_exporter.serving.passwords import Busy, Passwords
from hyperion_exporter.sources.bcrypt import Bcrypt, NoBcrypt

if TYPE_CHECKING:
    from hyperion_exporter.serving.tls import Handshake

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal:
    status: HTTPStatus
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)


UNKNOWN = Refusal(
    HTTPStatus.UNAUTHORIZED,
    "the right name and password are needed here",
    {"WWW-Authenticate": 'Basic realm="hyperion-exporter", charset="UTF-8"'},
)
TOO_OFTEN = Refusal(HTTPStatus.TOO_MANY_REQUESTS, "more requests than rate_limit allows")
BUSY = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many passwords are being checked; try again")


class Bucket:
    """Full at first; each request takes a token, each interval brings one back."""

    def __init__(self, rate: web.Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = float(rate.burst)
        self._counted = clock()
        self._turn = threading.Lock()

    def take(self) -> bool:
        with self._turn:
            now = self._clock()
            come = (now - self._counted) / self._rate.interval
            self._tokens = min(self._tokens + come, self._rate.burst)
            self._counted = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


@dataclass(frozen=True)
class _Rules:
    """One reading of the files; what is remembered of passwords and rates goes with it."""

    headers: Mapping[str, str]
    handshake: "Handshake | None"
    passwords: Passwords | None
    bucket: Bucket | None


class Gate:
    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._turn = threading.Lock()
        self._seen = {file: _look(file)}
        self._trouble = ""
        self._rules = self._read()
        self.tls = self._rules.handshake is not None

    def handshake(self) -> "Handshake | None":
        """What makes a client's connection secret; None where it stays plain."""
        return self._current().handshake if self.tls else None

    def refusal(self, authorization: str) -> Refusal | None:
        rules = self._current()
        if rules.bucket and not rules.bucket.take():
            return TOO_OFTEN
        try:
            known = rules.passwords is None or rules.passwords.right(authorization)
        except Busy:
            return BUSY
        return None if known else UNKNOWN

    @property
    def headers(self) -> Mapping[str, str]:
        return self._rules.headers

    def _current(self) -> _Rules:
        with self._turn:
            seen = {file: _look(file) for file in self._seen}
            if seen != self._seen:
                self._seen = seen
                self._renew()
            return self._rules

    def _renew(self) -> None:
        try:
            rules = self._read()
            if (rules.handshake is not None) != self.tls:
                raise web.WebError(f"{self._file}: {web.TLS}: comes and goes only with a restart")
        except web.WebError as fault:
            if str(fault) != self._trouble:
                log.error("%s; what was read before stays in force", fault)
            self._trouble = str(fault)
        else:
            self._rules, self._trouble = rules, ""
            log.info("read %s anew", self._file)

    def _read(self) -> _Rules:
        try:
            said = web.read(self._file)
            files = [self._file, *(said.tls.files if said.tls else [])]
            # Looked at before they are read: a change in between shows at the next look.
            self._seen = {file: self._seen.get(file) or _look(file) for file in files}
            return _Rules(
                said.headers,
                _handshake(said.tls) if said.tls else None,
                Passwords(said.users, Bcrypt().matches) if said.users else None,
                Bucket(said.rate, self._clock) if said.rate else None,
            )
        except web.WebError as fault:
            raise web.WebError(f"{self._file}: {fault}") from None
        except NoBcrypt as fault:
            raise web.WebError(f"{self._file}: basic_auth_users: {fault}") from None


def _handshake(tls: web.Tls) -> "Handshake":
    # Its library takes 7 MB, a third of what all the rest takes: only where it is wanted.
    from hyperion_exporter.serving import tls as library

    return library.handshake(tls)


def _look(file: Path) -> tuple[int, ...] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    # The last one also tells of a new owner or mode.
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
