"""Who is logged in: sessions by seat, kind and whether they came from afar."""

from collections import Counter
from collections.abc import Iterable
from itertools import product

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, gauge
from hyperion_exporter.memory import Memory
from hyperion_exporter.paths import Paths
from hyperion_exporter.sources.dbus import Bus, Call, Refused, get

# logind answers in thousandths of a second.
WAIT_SECONDS = 0.25
PATIENCE_SECONDS = 30.0
TRUST_SECONDS = 90.0

SERVICE = "org.freedesktop.login1"
ROOT = "/org/freedesktop/login1"

SESSIONS = gauge(
    "node_logind_sessions", "Sessions that are open.", "seat", "remote", "type", "class"
)
REMOTE = ("true", "false")
TYPES = ("other", "unspecified", "tty", "x11", "wayland", "mir", "web")
CLASSES = ("other", "user", "greeter", "lock-screen", "background")
FACTS = ("Remote", "Type", "Class")


class Logind(Collector):
    name = "logind"
    help = "Sessions of people and programs, from logind."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._bus = Bus(paths.rootfs, SERVICE, PATIENCE_SECONDS)
        self._memory = Memory("logind", self._ask, WAIT_SECONDS, TRUST_SECONDS)

    def collect(self) -> Iterable[Block]:
        return [self._memory.look()]

    def _ask(self) -> Samples:
        lists = [Call(ROOT, f"{SERVICE}.Manager", name) for name in ("ListSeats", "ListSessions")]
        seats, sessions = self._bus.ask(lists)
        for answer in (seats, sessions):
            if isinstance(answer, Refused):
                raise answer
        counts = self._counts([(seat, path) for _, _, _, seat, path in sessions])
        samples = Samples()
        # Sessions from afar have no seat.
        for key in product((*(seat for seat, _ in seats), ""), REMOTE, TYPES, CLASSES):
            samples.add(SESSIONS, counts[key], *key)
        return samples

    def _counts(self, sessions: list[tuple[str, str]]) -> Counter[tuple[str, ...]]:
        calls = [get(path, f"{SERVICE}.Session", fact) for _, path in sessions for fact in FACTS]
        answers = self._bus.ask(calls)
        counts: Counter[tuple[str, ...]] = Counter()
        for number, (seat, _) in enumerate(sessions):
            remote, kind, group = answers[3 * number : 3 * number + 3]
            # A session may end while we ask.
            if not any(isinstance(answer, Refused) for answer in (remote, kind, group)):
                counts[seat, str(remote).lower(), _known(kind, TYPES), _known(group, CLASSES)] += 1
        return counts


def _known(word: str, words: tuple[str, ...]) -> str:
    return word if word in words else "other"
