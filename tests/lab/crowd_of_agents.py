"""Agents without their programs, as many as one likes: what one API hears of them, over HTTP."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Any

from control_api.calling import BEAT, PRINT
from hyperion_control.api.agents import HEARTBEAT_SECONDS
from hyperion_exporter.agent.cli import PUSH_SECONDS, WAIT_SECONDS
from lab.house import ROOT

PAGE = gzip.compress((ROOT / "tests/exporter/expected.prom").read_bytes(), 3)
PACKED = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
DONE = {"end": "exited", "code": 0, "seconds": 0.1}
ANSWER_SECONDS = 30.0
DICE = Random(9)  # noqa: S311  all of them at once would be another crowd


@dataclass(frozen=True)
class Simulated:
    machine_id: str
    secret: str = field(repr=False)


@dataclass
class CrowdOfAgents:
    """Lives at the rhythm of the program, and says how long the API took, in milliseconds."""

    port: int
    agents: Sequence[Simulated]
    login: str  # of who gives orders
    beats: list[float] = field(default_factory=list)
    _accepted: dict[str, float] = field(default_factory=dict)  # when, by machine
    _fetched: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Ends, and with a fault, as soon as the API refuses one of them something."""
        async with asyncio.TaskGroup() as group:
            rounds = [
                group.create_task(step)
                for agent in self.agents
                for step in (
                    _every(HEARTBEAT_SECONDS, lambda agent=agent: self._beat(agent)),
                    _every(PUSH_SECONDS, lambda agent=agent: self._push(agent)),
                    self._fetch(agent),
                )
            ]
            yield
            for each in rounds:
                each.cancel()

    async def order(self, machine_id: str) -> None:
        await self._ask("commands", self.login, {"argv": ["true"], "machines": [machine_id]})
        self._accepted[machine_id] = time.perf_counter()

    def ways(self) -> list[float]:
        """From an order being accepted to the answer that its agent waited for."""
        late = (self._fetched.get(each, inf) - at for each, at in self._accepted.items())
        return [max(0.0, each) * 1000 for each in late]

    async def _beat(self, agent: Simulated) -> None:
        begun = time.perf_counter()
        await self._ask("agents/heartbeat", agent.secret, BEAT)
        self.beats.append((time.perf_counter() - begun) * 1000)

    async def _push(self, agent: Simulated) -> None:
        await self._send("agents/metrics", agent.secret, PAGE, PACKED)

    async def _fetch(self, agent: Simulated) -> None:
        # The first time not all at once, and not all as long.
        await asyncio.sleep(DICE.uniform(0, PUSH_SECONDS / 3))
        wait = DICE.randint(1, WAIT_SECONDS)
        while True:
            asked = {"wait": wait, "canceling": [], "update": None}
            news = await self._ask("agents/tasks", agent.secret, asked)
            wait = WAIT_SECONDS
            if news["waiting"]:
                self._fetched[agent.machine_id] = time.perf_counter()
            for task in news["waiting"]:
                await self._ask(f"agents/tasks/{task}/begin", agent.secret, {})
                await self._ask(f"agents/tasks/{task}/end", agent.secret, DONE)

    async def _ask(self, path: str, bearer: str, body: object) -> Any:
        json_type = {"Content-Type": "application/json"}
        said = await self._send(path, bearer, json.dumps(body).encode(), json_type)
        return json.loads(said)

    async def _send(self, path: str, bearer: str, body: bytes, more: dict[str, str]) -> bytes:
        """Over a connection of its own, as the program does it."""
        headers = {
            "Host": "127.0.0.1",
            "Connection": "close",
            "Content-Length": str(len(body)),
            "Authorization": f"Bearer {bearer}",
            "X-Machine-Fingerprint": PRINT,
            **more,
        }
        lines = [f"POST /api/{path} HTTP/1.1", *(": ".join(each) for each in headers.items())]
        async with asyncio.timeout(WAIT_SECONDS + ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                head, _, said = (await reader.read()).partition(b"\r\n\r\n")
            finally:
                writer.close()
        assert head.startswith(b"HTTP/1.1 2"), head + said
        return said or b"null"


async def _every(seconds: float, step: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(DICE.uniform(0, seconds))
    while True:
        begun = time.perf_counter()
        await step()
        await asyncio.sleep(seconds - (time.perf_counter() - begun))
