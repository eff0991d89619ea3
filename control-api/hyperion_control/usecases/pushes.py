"""Metrics that agents bring: of each machine the last page, for as long as it is fresh."""

import zlib
from datetime import timedelta

from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Invalid, Unavailable
from hyperion_control.store import pushes
from hyperion_control.store.agents import Agent
from hyperion_control.store.pushes import Push
from hyperion_control.usecases import reach
from hyperion_control.usecases.parts import Parts

# Agents push every 15 s: three that are lost make the machine one that cannot be scraped.
FRESH = timedelta(seconds=60)
MOST_PAGE_BYTES = 16 * 1024 * 1024
GZIP = 16 + zlib.MAX_WBITS


def keep(parts: Parts, agent: Agent, page: bytes) -> None:
    unpacked(page)
    push = Push(agent.machine_id, agent.organisation_id, parts.clock(), page)
    with parts.database.writing(agent.organisation_id, durable=False) as connection:
        pushes.keep(connection, push)


def last(parts: Parts, actor: Actor, machine_id: str) -> bytes:
    """Compressed. What is not fresh is not told: Prometheus shall see that the machine is away."""
    with parts.database.reading(actor.organisation_id) as connection:
        reach.living(connection, actor, machine_id)
        found = pushes.get(connection, machine_id)
    if found is None or parts.clock() - found.pushed_at > FRESH:
        raise Unavailable("this machine's agent has brought no fresh metrics", code="stale-metrics")
    return found.page


def unpacked(page: bytes) -> bytes:
    """However well it is packed, no more is unpacked than we would keep."""
    reader = zlib.decompressobj(GZIP)
    try:
        text = reader.decompress(page, MOST_PAGE_BYTES)
    except zlib.error:
        raise Invalid("the page of metrics must be packed by gzip") from None
    if not reader.eof or reader.unused_data:
        raise Invalid("the page of metrics is cut, too long, or followed by something else")
    return text
