"""One gathering: every collector within the deadline, none able to spoil another's families."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from hyperion_exporter.collector import (
    Collector,
    Family,
    Labels,
    NoData,
    Table,
    Value,
    counter,
    gauge,
)
from hyperion_exporter.crew import Crew
from hyperion_exporter.page import TEXT, Page

log = logging.getLogger(__name__)

# A collector that takes longer no longer holds up those behind it.
PATIENCE_SECONDS = 0.5
MAX_SERIES = 20_000
MAX_SERIES_OF_ONE = 10_000

SELF: tuple[Family, ...] = (
    gauge(
        "node_scrape_collector_duration_seconds",
        "How long the collector took in this scrape.",
        "collector",
    ),
    gauge(
        "node_scrape_collector_success",
        "Whether the collector gave its families in this scrape.",
        "collector",
    ),
    gauge(
        "hyperion_collector_timeout",
        "Whether the collector was given up at the deadline of this scrape.",
        "collector",
    ),
    gauge(
        "hyperion_collector_age_seconds",
        "Time since the collector last succeeded.",
        "collector",
    ),
    gauge("hyperion_collector_series", "Samples that the collector gave.", "collector"),
    counter(
        "hyperion_collector_dropped_series_total",
        "Samples left out because they were given twice or were too many.",
        "collector",
    ),
)


class Crowded(Exception):
    """Another gathering holds the collectors until past our deadline."""


@dataclass
class _Post:
    """What the Guard remembers of one collector between gatherings."""

    collector: Collector
    state: str = ""
    succeeded_at: float | None = None
    dropped: int = 0


@dataclass
class _Outcome:
    text: str = ""
    names: frozenset[str] = frozenset()
    series: int = 0
    seconds: float = 0.0
    success: bool = False
    timeout: bool = False


class Guard:
    def __init__(
        self,
        collectors: Sequence[Collector],
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_SECONDS,
        limit: int = MAX_SERIES_OF_ONE,
        total: int = MAX_SERIES,
    ) -> None:
        self._posts = [_Post(collector) for collector in collectors]
        self._page = Page(limit)
        self._self_page = Page(limit)
        self._clock = clock
        self._total = total
        self._started = clock()
        self._turn = threading.Lock()
        self._crew: Crew[str, _Outcome] = Crew("collect", patience, clock)

    @property
    def names(self) -> list[str]:
        return [post.collector.name for post in self._posts]

    def gather(self, seconds: float, form: str = TEXT, only: Collection[str] | None = None) -> str:
        """The page, `seconds` from now at the latest."""
        until = self._clock() + seconds
        if not self._turn.acquire(timeout=max(seconds, 0)):
            raise Crowded
        try:
            wanted = [p for p in self._posts if only is None or p.collector.name in only]
            return self._assemble(wanted, self._run(wanted, form, until), form)
        finally:
            self._turn.release()

    def _run(self, wanted: list[_Post], form: str, until: float) -> dict[str, _Outcome]:
        calls = {post.collector.name: partial(self._collect, post, form) for post in wanted}
        return self._crew.run(calls, until - self._clock())

    def _collect(self, post: _Post, form: str) -> _Outcome:
        begun = self._clock()
        outcome = _Outcome()
        try:
            blocks = list(post.collector.collect())
            values = [value for block in blocks for value in block.values()]
            layout = self._page.layout(post.collector.name, blocks)
            outcome.text = layout.fill(values, form)
            outcome.names, outcome.series = layout.names, layout.series
            outcome.success = True
            post.dropped += layout.dropped
            post.succeeded_at = self._clock()
            self._note(post, "ok", "")
        except (NoData, FileNotFoundError) as nothing:
            self._note(post, "no data", str(nothing))
        except Exception as fault:
            self._note(post, f"{type(fault).__name__}: {fault}", "", fault)
        outcome.seconds = self._clock() - begun
        return outcome

    def _note(self, post: _Post, state: str, detail: str, fault: Exception | None = None) -> None:
        """Once per change of state: a fault that stays would fill the log with one sentence."""
        if state == post.state:
            return
        name, was, post.state = post.collector.name, post.state, state
        if fault is not None:
            log.error("collector %s failed: %s", name, state, exc_info=fault)
        elif state == "no data":
            log.debug("collector %s has no data here: %s", name, detail)
        elif was not in ("", "no data"):
            log.info("collector %s works again", name)

    def _assemble(self, wanted: list[_Post], outcomes: dict[str, _Outcome], form: str) -> str:
        texts: list[str] = []
        claimed: set[str] = set()
        series = 0
        for post in wanted:
            outcome = outcomes.get(post.collector.name)
            if outcome is None:
                outcomes[post.collector.name] = _Outcome(timeout=True)
                self._note(post, "given up at the deadline", "", TimeoutError("still busy"))
            elif outcome.success and not self._admit(post, outcome, claimed, series):
                outcomes[post.collector.name] = _Outcome(seconds=outcome.seconds)
            elif outcome.success:
                series += outcome.series
                texts.append(outcome.text)
        return "".join(texts) + self._self(wanted, outcomes, form)

    def _admit(self, post: _Post, outcome: _Outcome, claimed: set[str], series: int) -> bool:
        """Whether the page has room for it and no family of it was given by another."""
        twice = claimed & outcome.names
        if not twice and series + outcome.series <= self._total:
            claimed |= outcome.names
            return True
        post.dropped += outcome.series
        why = f"{min(twice)} is another collector's" if twice else f"over {self._total} series"
        self._note(post, "left out", "", ValueError(why))
        return False

    def _self(self, wanted: list[_Post], outcomes: dict[str, _Outcome], form: str) -> str:
        now = self._clock()
        rows: dict[Labels, Sequence[Value]] = {}
        for post in wanted:
            outcome = outcomes[post.collector.name]
            rows[(post.collector.name,)] = (
                outcome.seconds,
                int(outcome.success),
                int(outcome.timeout),
                now - (self._started if post.succeeded_at is None else post.succeeded_at),
                outcome.series,
                post.dropped,
            )
        table = Table(SELF, rows)
        return self._self_page.layout("self", [table]).fill(list(table.values()), form)
