"""How many people are logged in: at a terminal, at a desktop, or from afar."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hyperion_exporter.background import Background
from hyperion_exporter.collector import Block, Collector, Samples, gauge, option
from hyperion_exporter.interval import Interval
from hyperion_exporter.known import Known
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.dbus import Bus, Call, Refused, get

# logind answers in thousandths of a second.
FIRST_SECONDS = 0.25
PATIENCE_SECONDS = 30.0

SERVICE = "org.freedesktop.login1"
ROOT = "/org/freedesktop/login1"
KINDS = ("terminal", "graphical", "remote", "other")
# What logind calls a session (org.freedesktop.login1(5)), and what it is.
TYPES = {
    "tty": "terminal", "x11": "graphical", "wayland": "graphical", "mir": "graphical",
    "web": "graphical",
}  # fmt: skip

LOGGED_IN = gauge(
    "hyperion_users_logged_in", "People with a session of that kind, each counted once.", "kind"
)
AGE = gauge("hyperion_users_age_seconds", "Time since logind was asked.")
INTERVAL = gauge("hyperion_users_interval_seconds", "How often logind is asked.")


@dataclass(frozen=True)
class Options:
    interval: int = option(30, "seconds between two questions to logind")


class Users(Collector):
    name = "users"
    help = "People who are logged in, by the kind of their session."
    options = Options

    def __init__(
        self,
        paths: Paths,
        options: Options,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = Bus(paths.rootfs, SERVICE, PATIENCE_SECONDS)
        self._interval = Interval(options.interval, clock)
        self._answers = Background("users", self._ask, self._interval, FIRST_SECONDS, clock)

    def see(self, known: Known) -> None:
        self._interval.see(known)

    def collect(self) -> Iterable[Block]:
        people = self._answers.look()
        samples = Samples()
        samples.add(INTERVAL, self._interval.seconds)
        if people is not None:
            samples.add(AGE, f"{self._answers.age():.3f}")
            for kind in KINDS:
                samples.add(LOGGED_IN, sum(kind == other for _, other in people), kind)
        return [samples]

    def _ask(self) -> set[tuple[int, str]]:
        """Each person with each kind of session."""
        (sessions,) = self._bus.ask([Call(ROOT, f"{SERVICE}.Manager", "ListSessions")])
        if isinstance(sessions, Refused):
            raise sessions
        facts = ("Class", "Remote", "Type")
        calls = [get(path, f"{SERVICE}.Session", f) for *_, path in sessions for f in facts]
        answers = self._bus.ask(calls)
        people = set()
        for number, (_, user, *_) in enumerate(sessions):
            group, remote, kind = answers[3 * number : 3 * number + 3]
            # Others are of greeters and services; a session may end while we ask.
            if isinstance(group, str) and group.startswith("user"):
                people.add((user, "remote" if remote is True else TYPES.get(kind, "other")))
        return people
