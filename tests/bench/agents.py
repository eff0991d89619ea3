"""What a thousand agents cost one control API, at the rhythm that agents have by default."""

import asyncio
import base64
import os
import statistics
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
from sqlalchemy import text

from bench.table import Row
from control_api.calling import PRINT
from control_api.people import ACME, People, id_of
from hyperion_control.domain import secrets_text
from hyperion_control.settings import Settings
from hyperion_control.store import agents as table
from hyperion_control.store import enrolments, machines
from hyperion_control.store.agents import Agent
from hyperion_control.store.enrolments import Enrolment
from hyperion_control.store.machines import Machine
from hyperion_control.usecases.enrolments import LIFE, QUEUE
from hyperion_control.usecases.parts import Parts
from lab.crowd_of_agents import DICE, CrowdOfAgents, Simulated
from lab.databases import MASTER_KEY, OnPostgres, OnSqlite
from lab.ours import BIN
from lab.postgres import postgres
from lab.servers import Program, answers, free_port, running

MANY = 1000
# The orders that were given last may still be on their way.
WARM_SECONDS, SECONDS, LAST_SECONDS = 15, 20, 2
ORDERS = 40
P99_MS, CORES = 250.0, 1.0
DATABASES = "SQLite", "PostgreSQL"


@dataclass(frozen=True)
class Site:
    """One API and its worker, with all the agents in their database."""

    crowd: CrowdOfAgents
    programs: tuple[Program, Program]

    def cpu_seconds(self) -> float:
        """Of both, with what they started."""
        used = 0.0
        for program in self.programs:
            root = psutil.Process(program.process.pid)
            times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
            used += sum(each.user + each.system for each in times)
        return used


def agents() -> Iterable[Row]:
    for name in DATABASES:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            site = stack.enter_context(_site(folder, stack.enter_context(_database(name, folder))))
            cores = asyncio.run(_lived(site))
        whom = f"{MANY:,} agents on {name}"
        for what, took in (("heartbeats", site.crowd.beats), ("an order's way", site.crowd.ways())):
            p99 = statistics.quantiles(took, n=100, method="inclusive")[98]
            yield Row(f"{whom}, p99 of {what}", "ms", "what is promised", [(p99, P99_MS)], 1.0)
        yield Row(f"{whom}, CPU", "cores", "what is promised", [(cores, CORES)], 1.0)


async def _lived(site: Site) -> float:
    """How many cores it took."""
    async with site.crowd.living():
        await asyncio.sleep(WARM_SECONDS)
        site.crowd.beats.clear()
        before, loop = site.cpu_seconds(), asyncio.get_running_loop()
        begun = loop.time()
        for number, agent in enumerate(DICE.sample(site.crowd.agents, ORDERS), 1):
            await site.crowd.order(agent.machine_id)
            await asyncio.sleep(begun + SECONDS * number / ORDERS - loop.time())
        cores = (site.cpu_seconds() - before) / (loop.time() - begun)
        await asyncio.sleep(LAST_SECONDS)
        return cores


@contextmanager
def _database(name: str, folder: Path) -> Iterator[str]:
    with ExitStack() as stack:
        if name == "SQLite":
            kind: OnSqlite | OnPostgres = OnSqlite(folder)
        else:
            kind = OnPostgres(stack.enter_context(postgres(durable=True)))
        yield stack.enter_context(kind.migrated(folder))


@contextmanager
def _site(folder: Path, url: str) -> Iterator[Site]:
    own = {
        "HYPERION_DATA": str(folder / "control"),
        "HYPERION_DATABASE_URL": url,
        "HYPERION_SECRET_KEY": base64.b64encode(MASTER_KEY).decode(),
    }
    (folder / "control").mkdir()
    program, env, port = BIN / "hyperion-control", os.environ | own, free_port()
    serve = [program, "serve", "--listen", f"127.0.0.1:{port}"]
    ready = lambda: answers(f"http://127.0.0.1:{port}/healthz")  # noqa: E731
    with (
        closing(Parts.build(Settings.from_env(own))) as parts,
        running(serve, folder / "serve.log", ready, env=env) as api,
        running([program, "worker"], folder / "worker.log", env=env) as worker,
    ):
        people = People(parts)
        people.move_in()
        yield Site(CrowdOfAgents(port, _enrolled(parts), people.login("olga")), (api, worker))


def _enrolled(parts: Parts) -> list[Simulated]:
    now = parts.clock()
    crowd = [Simulated(f"mch_{n:020}", secrets_text.new(secrets_text.AGENT)) for n in range(MANY)]
    with parts.database.writing("*") as connection:
        enrolments.add(connection, _enrolment(now), secrets_text.hashed("not handed out"))
        for number, each in enumerate(crowd):
            made = Machine(each.machine_id, ACME, f"m{number}", now, **QUEUE)
            machines.add(connection, made)
            agent = Agent(f"agt_{number}", ACME, made.id, "enr_bench", PRINT, now, now + LIFE)
            table.add(connection, agent, secrets_text.hashed(each.secret))
        # As a database does for itself within a minute.
        connection.execute(text("ANALYZE"))
    return crowd


def _enrolment(now: datetime) -> Enrolment:
    return Enrolment(
        id="enr_bench",
        organisation_id=ACME,
        machine_id=None,
        labels={},
        addresses=(),
        uses=MANY,
        created_by=id_of("ada"),
        created_at=now,
        expires_at=now + LIFE,
    )
