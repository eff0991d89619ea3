"""The program hyperion-update: brings the release that home ordered, or the one before back."""

import argparse
import hashlib
import logging
import os
import sys
import threading
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hyperion_exporter import logs
from hyperion_exporter.agent import files, telling
from hyperion_exporter.agent.errand import Ended, Order
from hyperion_exporter.agent.files import BadFile, Config
from hyperion_exporter.agent.home import Away, Home, Refused, pauses
from hyperion_exporter.agent.releases import Releases, Trial
from hyperion_exporter.agent.services import AGENT, EXPORTER, Services

log = logging.getLogger("hyperion_agent")

LOOK_SECONDS = 2.0
MOST_REASON = 500


class NotDone(Exception):
    """Nothing was changed; the sentence says why."""


@dataclass
class Update:
    """Root, so all it takes from the agent is its secret; home says what, and home brings it."""

    config: Config
    home: Home
    releases: Releases
    services: Services
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        if trial := self._unfinished() or self._begun():
            self._tell(trial.task, self._judged(trial))

    def _unfinished(self) -> Trial | None:
        """One during which the power went, or this program."""
        trial = self.releases.trial()
        if trial is None or self.releases.named("current") == trial.release:
            return trial
        # It went before the swap or after the way back: home is asked what is to be done now.
        self.services.restart(trial.units)
        self.releases.end_trial()
        return None

    def _begun(self) -> Trial | None:
        task = self.home.ask("tasks", {"update": ""})["update"]
        if not task:
            return None
        order = Order.read(self.home.ask(f"tasks/{task}/begin", {}))
        release = order.argv[-1]
        try:
            if release == self.releases.named("current"):
                self._tell(task, Ended("exited", 0, reason="this is what runs here already"))
                return None
            return self._swapped(Trial(task, release, self._units(), order.seconds))
        except NotDone as why:
            self.releases.prune()
            self._tell(task, Ended("not_started", reason=str(why)))
            return None

    def _swapped(self, trial: Trial) -> Trial:
        if not files.policy(Path(self.config.policy_file)).update:
            raise NotDone("the policy of this machine does not let it be updated")
        if not telling.RELEASE.fullmatch(trial.release):
            raise NotDone("what was ordered is no release")
        log.info("brings the release %s", trial.release)
        try:
            if not self.releases.folder(trial.release).exists():
                self.releases.add(trial.release, self._package(trial.release))
            if why := self.services.fault(self.releases.folder(trial.release)):
                raise NotDone(f"the new version does not start here: {why}")
            self.releases.begin(trial)
        except Away as away:
            raise NotDone(f"the new version cannot be fetched: {away}") from None
        except (OSError, zipfile.BadZipFile) as fault:
            said = getattr(fault, "strerror", "") or fault
            raise NotDone(f"the new version cannot be put down here: {said}") from None
        return trial

    def _package(self, release: str) -> bytes:
        package = self.home.package()
        if hashlib.sha256(package).hexdigest() != release:
            raise NotDone("the control API hands out another version than was ordered")
        return package

    def _judged(self, trial: Trial) -> Ended:
        self.services.restart(trial.units)
        if why := self._fault(trial):
            why = f"the version before is back: {why}; it said: {self.services.last_words(AGENT)}"
            log.warning("%s", why)
            self.releases.take_back()
            self.services.restart(trial.units)
            self.releases.end_trial()
            self.releases.prune()
            return Ended("exited", 1, reason=why)
        self.releases.settle()
        log.info("runs the release %s", trial.release)
        return Ended("exited", 0)

    def _fault(self, trial: Trial) -> str:
        """Empty as soon as home has heard from the new version, and its exporter answers."""
        until = time.monotonic() + trial.seconds
        while why := self._missing(trial):
            if time.monotonic() >= until:
                return f"{why}, after {trial.seconds} s"
            self.stop.wait(LOOK_SECONDS)
        return ""

    def _missing(self, trial: Trial) -> str:
        try:
            if self.home.ask("tasks", {})["release"] != trial.release:
                return "the new agent has not reported"
            if EXPORTER in trial.units and self.config.metrics_url:
                telling.page(self.config.metrics_url)
        except (Away, Refused) as fault:
            return str(fault)
        return ""

    def _units(self) -> tuple[str, ...]:
        """Who has stopped the exporter does not find it started."""
        return (AGENT, EXPORTER) if self.services.is_active(EXPORTER) else (AGENT,)

    def _tell(self, task: str, ended: Ended) -> None:
        told = {**vars(ended), "reason": ended.reason[:MOST_REASON]}
        for pause in pauses():
            try:
                self.home.ask(f"tasks/{task}/end", told)
                return
            except Refused as refused:
                log.warning("nobody wants to know how the update ended: %s", refused)
                return
            except Away as away:
                log.warning("cannot tell how the update ended: %s", away)
            self.stop.wait(pause)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("hyperion-update", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("/etc/hyperion/agent.toml"))
    logs.begin("info", "logfmt")
    os.umask(0o022)
    try:
        config = files.config(parser.parse_args(argv).config)
        home = Home(config.url, files.fingerprint(), config.ca_file)
        home.secret = _secret(config)
        releases = Releases()
        with releases.alone():
            Update(config, home, releases, Services()).work()
    except (Away, BadFile, Refused, OSError) as fault:
        log.error("%s", fault)
        return 1
    return 0


def _secret(config: Config) -> str:
    """Of the agent, whose file may be anything: without one a trial is still ended."""
    try:
        identity = files.identity(Path(config.state))
    except BadFile as fault:
        log.warning("%s", fault)
        identity = None
    return identity.secret if identity else ""


if __name__ == "__main__":
    sys.exit(main())
