"""The program hyperion-agent: who it is, and its three rounds: heartbeat, metrics, tasks."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from hyperion_exporter import __version__, logs
from hyperion_exporter.agent import files, telling
from hyperion_exporter.agent.bell import Bell
from hyperion_exporter.agent.files import BadFile, Config, Identity
from hyperion_exporter.agent.home import Away, Home, Refused, pauses
from hyperion_exporter.agent.remote import Remote
from hyperion_exporter.agent.tasks import Tasks

log = logging.getLogger("hyperion_agent")

PUSH_SECONDS = 15.0
# Home keeps a question for so long. Most proxies cut what is silent for a minute, some for half a
# minute: who has lost one asks for less, and then for a second more each time.
WAIT_SECONDS, SURE_SECONDS = 45, 25
# As prometheus.yml calls the job of machines, whichever way their metrics come.
JOB = "node"
RENEW_BEFORE = timedelta(days=15)
STOP_SECONDS = 8.0
# The unit does not start again what will be refused again.
REFUSED_STATUS = 2


@dataclass
class Agent:
    config: Config
    home: Home
    identity: Identity
    stop: threading.Event = field(default_factory=threading.Event)
    refused: str = ""
    run: str = field(default_factory=lambda: token_hex(16))
    patience: int = WAIT_SECONDS

    def __post_init__(self) -> None:
        self.home.secret = self.identity.secret
        self.tasks = Tasks(self.home, Path(self.config.policy_file), self.stop)
        self.bell = Bell(Path(self.config.state), telling.release())
        self.remote = Remote(self.config) if self.config.remote_write_url else None

    def work(self) -> str:
        """Until it is stopped or put out; returns why it was put out."""
        # Home hears first that this is a new start: what ran before it is lost.
        self._round(self._beat, once=True)
        for each in self._steps():
            threading.Thread(target=self._round, args=(each,), daemon=True).start()
        self.stop.wait()
        self.tasks.stop(STOP_SECONDS)
        if self.remote:
            self.remote.keep()
        return self.refused

    def _steps(self) -> Iterator[Callable[[], float]]:
        yield from (self._beat, self._fetch)
        if self.config.metrics_url:
            yield self._push
        if self.remote:
            yield from (self.remote.gather, self.remote.deliver)

    def _round(self, step: Callable[[], float], once: bool = False) -> None:
        """A step says after how many seconds it wants to be taken again."""
        waits, said = pauses(), ""
        while not self.stop.is_set():
            try:
                pause, waits = step(), pauses()
                if said:
                    log.info("it goes on")
                said = ""
                if once:
                    return
            except Refused as refused:
                if refused.status in (401, 403):
                    self.refused = str(refused)
                    self.stop.set()
                pause, said = next(waits), _told(refused, said)
            except Away as away:
                pause, said = max(next(waits), away.seconds), _told(away, said)
            except Exception as fault:
                # Whatever it was, a round that ended would leave the machine half away.
                pause, said = next(waits), _told(fault, said)
            self.stop.wait(pause)

    def _beat(self) -> float:
        told = self.home.ask(
            "heartbeat", telling.beat(self.run, self.config.url, bool(self.remote))
        )
        if self.remote:
            own = {"job": JOB, "instance": self.identity.machine}
            self.remote.labels = {**told["labels"], **own}
        if _moment(told["expires_at"]) - _moment(told["now"]) < RENEW_BEFORE:
            self._renew()
        return float(told["seconds"])

    def _renew(self) -> None:
        # On a full disk the old one would stay, which is good for an hour from then on.
        files.prove_room(Path(self.config.state))
        new = self.home.ask("renew", {})
        secret, expires_at = new["secret"], new["expires_at"]
        self.identity = replace(self.identity, secret=secret, expires_at=expires_at)
        # On disk first: the old one is good for an hour more.
        files.keep_identity(Path(self.config.state), self.identity)
        self.home.secret = secret

    def _push(self) -> float:
        self.home.bring("metrics", telling.page(self.config.metrics_url))
        return PUSH_SECONDS

    def _fetch(self) -> float:
        wait = 0 if self.tasks.full() else self.patience
        asked = {
            "wait": wait,
            "canceling": self.tasks.canceling(),
            "update": self.bell.known(),
        }
        try:
            news = self.home.ask("tasks", asked, wait)
        except Away:
            self.patience = SURE_SECONDS
            raise
        self.patience = min(self.patience + 1, WAIT_SECONDS)
        self.tasks.obey(news)
        if news["update"]:
            self.bell.ring(news["update"])
        return 1.0 if self.tasks.full() else 0.0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("hyperion-agent", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("/etc/hyperion/agent.toml"))
    parser.add_argument("--version", action="version", version=f"hyperion-agent {__version__}")
    logs.begin("info", "logfmt")
    try:
        return _run(files.config(parser.parse_args(argv).config))
    except (BadFile, Refused) as fault:
        print(f"hyperion-agent: {fault}", file=sys.stderr)
        return REFUSED_STATUS


def _run(config: Config) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    home = Home(config.url, files.fingerprint(), config.ca_file)
    identity = files.identity(Path(config.state)) or _enrolled(config, home, stop)
    if identity is None:
        return 0
    log.info("this is %s, by the agent %s", identity.machine, identity.agent_id)
    if why := Agent(config, home, identity, stop).work():
        print(f"hyperion-agent: {why}", file=sys.stderr)
        return REFUSED_STATUS
    return 0


def _enrolled(config: Config, home: Home, stop: threading.Event) -> Identity | None:
    """None when it was stopped before it came in."""
    token, state = Path(config.token_file), Path(config.state)
    try:
        secret = token.read_text().strip()
    except OSError as fault:
        said = f"{token} cannot be read: {fault.strerror}"
        raise BadFile(f"{said}; put the token of an enrolment there") from None
    try:
        files.prove_room(state)  # before the token is used up
    except OSError as fault:
        said = f"{state} cannot be written: {fault.strerror}"
        raise BadFile(f"{said}: the agent keeps there who it is") from None
    asked = {
        "token": secret,
        "fingerprint": files.fingerprint(),
        "name": telling.machine_name(config.name),
    }
    for pause in pauses():
        try:
            told = home.ask("enrol", asked)
            break
        except Away as away:
            log.warning("cannot reach the control API, trying again: %s", away)
        if stop.wait(pause):
            return None
    found = Identity(**told)
    files.keep_identity(state, found)
    with suppress(OSError):  # it is used up; who installed us takes it away
        token.unlink()
    return found


def _told(fault: Exception, before: str) -> str:
    """Once for each fault: a night without network would fill the log."""
    said = str(fault)
    if said != before:
        # What we say in a sentence needs no trace.
        trace = None if isinstance(fault, Away | Refused | OSError) else fault
        log.warning("cannot go on, trying again: %s", said, exc_info=trace)
    return said


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main())
