"""One gathering: every collector within the deadline, none able to spoil another's families."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from hyperion_exporter.collector import (
    Block,
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
from hyperion_exporter.known import Known
from hyperion_exporter.page import TEXT, Page, Piece, joined

log = logging.getLogger(__name__)

# A collector that takes longer no longer holds up those behind it.
PATIENCE_SECONDS = 0.5
# What a machine lacks it rarely gets while it runs: a driver, a kind of disk, a bus. Most say so,
# some just give nothing. They rest at most so long, and half of it at least: asked all together
# they would make one scrape in some the slowest.
REST_SECONDS = 30.0
# Five hundred interfaces have ten thousand samples; a hundred thousand are a fault somewhere.
MAX_SERIES = 100_000
MAX_SERIES_OF_ONE = 50_000

# First what differs at each scrape: the pieces behind it mostly stand still.
SELF: tuple[Family, ...] = (
    gauge(
        "node_scrape_collector_duration_seconds",
        "How long the collector took in this scrape.",
        "collector",
    ),
    gauge(
        "hyperion_collector_age_seconds",
        "Time since the collector last succeeded.",
        "collector",
    ),
    gauge(
        "node_scrape_collector_success",
        "Whether the collector gave its families in this scrape.",
        "collector",
    ),
    gauge(
        "hyperion_collector_failed",
        "Whether the collector failed in this scrape; one without data here did not.",
        "collector",
    ),
    gauge(
        "hyperion_collector_timeout",
        "Whether the collector was given up at the deadline of this scrape.",
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


@dataclass(slots=True)
class _Outcome:
    pieces: Sequence[Piece] = ()
    names: frozenset[str] = frozenset()
    series: int = 0
    seconds: float = 0.0
    ended: float = 0.0
    dropped: int = 0
    success: bool = False
    timeout: bool = False
    state: str = "ok"
    detail: str = ""
    fault: Exception | None = None
    blocks: Sequence[Block] = ()

    @property
    def empty(self) -> bool:
        """Nothing is there to be given."""
        return self.fault is None and not self.series and not self.dropped


@dataclass(slots=True)
class _Post:
    """What the Guard remembers of one collector between gatherings."""

    collector: Collector
    state: str = ""
    succeeded_at: float | None = None
    # Whether it ever had something, or might at any time, as who gives what others leave.
    gave: bool = False
    # What it gives until then without being asked.
    resting: _Outcome = field(default_factory=_Outcome)
    rest: float = REST_SECONDS
    rests_until: float = 0.0
    dropped: int = 0


class Guard:
    def __init__(
        self,
        collectors: Sequence[Collector],
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_SECONDS,
        limit: int = MAX_SERIES_OF_ONE,
        total: int = MAX_SERIES,
    ) -> None:
        self._posts: list[_Post] = []
        self.renew(collectors)
        self._known = Known(clock)
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

    def renew(self, collectors: Sequence[Collector]) -> None:
        """These from the next gathering on.

        What is known of a name stays: its counts go on, and while a call to it hangs, no other is
        made to its successor.
        """
        known = {post.collector.name: post for post in self._posts}
        posts = []
        # Who gives way to others comes behind them, and so does who tells of them.
        for place, collector in enumerate(sorted(collectors, key=lambda c: (c.yields, c.turn))):
            post = known.get(collector.name) or _Post(collector)
            post.collector, post.rests_until = collector, 0.0
            post.rest = REST_SECONDS * (1 - place / len(collectors) / 2)
            posts.append(post)
        self._posts = posts

    def gather(self, seconds: float, form: str = TEXT, only: Collection[str] | None = None) -> str:
        """The page, `seconds` from now at the latest."""
        return joined(self.pieces(seconds, form, only)).decode()

    def pieces(
        self, seconds: float, form: str = TEXT, only: Collection[str] | None = None
    ) -> list[Piece]:
        """The same in the pieces that it is made of, for who sends it."""
        until = self._clock() + seconds
        if not self._turn.acquire(timeout=max(seconds, 0)):
            raise Crowded
        try:
            wanted = [p for p in self._posts if only is None or p.collector.name in only]
            return self._assemble(wanted, self._run(wanted, form, until), form)
        finally:
            self._turn.release()

    def _run(self, wanted: list[_Post], form: str, until: float) -> dict[str, _Outcome]:
        now = self._clock()
        resting = {p.collector.name: p.resting for p in wanted if now < p.rests_until}
        awake = (p.collector for p in wanted if p.collector.name not in resting)
        calls = {collector.name: partial(self._collect, collector, form) for collector in awake}
        return resting | self._crew.run(calls, until - now)

    def _collect(self, collector: Collector, form: str) -> _Outcome:
        begun = self._clock()
        outcome = _Outcome()
        try:
            collector.see(self._known)
            outcome.blocks = list(collector.collect())
            self._render(outcome, collector.name, form)
            self._known.note(collector.name, outcome.blocks)
            outcome.success = True
        except (NoData, FileNotFoundError) as nothing:
            self._known.forget(collector.name)
            outcome.state, outcome.detail = "no data", str(nothing)
        except Exception as fault:
            # Its kind, not its words: they may quote what differs from one scrape to the next.
            outcome.state, outcome.fault = type(fault).__name__, fault
        outcome.ended = self._clock()
        outcome.seconds = outcome.ended - begun
        return outcome

    def _render(
        self, outcome: _Outcome, name: str, form: str, without: frozenset[str] = frozenset()
    ) -> None:
        rendered = self._page.render(name, outcome.blocks, form, without)
        layout = rendered.layout
        outcome.pieces = rendered.pieces
        outcome.names, outcome.series = layout.names, layout.series
        outcome.dropped = layout.dropped

    def _assemble(
        self, wanted: list[_Post], outcomes: dict[str, _Outcome], form: str
    ) -> list[Piece]:
        pieces: list[Piece] = []
        claimed = {family.name for family in SELF}
        series = 0
        for post in wanted:
            name = post.collector.name
            given = outcomes.get(name)
            if given and post.collector.yields and (twice := claimed & given.names):
                self._render(given, name, form, frozenset(twice))
            outcome = outcomes[name] = self._admitted(given, claimed, series)
            pieces += outcome.pieces
            claimed |= outcome.names
            series += outcome.series
            _remember(post, outcome)
            _note(post, outcome)
        pieces += self._self(wanted, outcomes, form)
        return pieces

    def _admitted(self, outcome: _Outcome | None, claimed: set[str], series: int) -> _Outcome:
        """What goes on the page: it has room there, and no family of it is another's."""
        if outcome is None:
            late = TimeoutError("no answer by the deadline")
            return _Outcome(timeout=True, state="given up", fault=late)
        alone = claimed.isdisjoint(outcome.names)
        if alone and series + outcome.series <= self._total:
            return outcome
        twice = claimed & outcome.names
        why = f"{min(twice)} is another collector's" if twice else f"over {self._total} series"
        return _Outcome(
            seconds=outcome.seconds,
            dropped=outcome.dropped + outcome.series,
            state="left out",
            fault=ValueError(why),
        )

    def _self(
        self, wanted: list[_Post], outcomes: dict[str, _Outcome], form: str
    ) -> Sequence[Piece]:
        now = self._clock()
        rows: dict[Labels, Sequence[Value]] = {}
        for post in wanted:
            outcome = outcomes[post.collector.name]
            rows[(post.collector.name,)] = (
                # Digits beyond these cost more than the rest of the row.
                f"{outcome.seconds:.6f}",
                f"{now - (self._started if post.succeeded_at is None else post.succeeded_at):.3f}",
                int(outcome.success),
                int(outcome.fault is not None),
                int(outcome.timeout),
                outcome.series,
                post.dropped,
            )
        table = Table(SELF, rows)
        return self._self_page.layout("self", [table]).fill(list(table.values()), form)


def _remember(post: _Post, outcome: _Outcome) -> None:
    post.dropped += outcome.dropped
    if outcome.success:
        post.succeeded_at = outcome.ended
    post.gave = post.gave or outcome.series > 0 or post.collector.yields
    lacking = outcome.state == "no data" or (outcome.empty and not post.gave)
    if lacking and outcome is not post.resting:
        post.resting = replace(outcome, seconds=0.0)
        post.rests_until = outcome.ended + post.rest


def _note(post: _Post, outcome: _Outcome) -> None:
    """Once per change of state: a fault that stays would fill the log with one sentence."""
    if outcome.state == post.state:
        return
    name, was, post.state = post.collector.name, post.state, outcome.state
    if outcome.fault is not None:
        log.error("collector %s failed: %s", name, outcome.fault, exc_info=outcome.fault)
    elif outcome.state == "no data":
        log.debug("collector %s has no data here: %s", name, outcome.detail)
    elif was not in ("", "no data"):
        log.info("collector %s works again", name)
