"""What Prometheus is told of the machines that a token may see."""

from typing import Any

from hyperion_control.domain.actors import Actor
from hyperion_control.domain.addresses import joined
from hyperion_control.domain.machine_states import TIMEOUT
from hyperion_control.store import sightings
from hyperion_control.store.agents import Agent
from hyperion_control.store.sightings import Target
from hyperion_control.usecases import reach
from hyperion_control.usecases.parts import Parts


def targets(parts: Parts, actor: Actor) -> list[dict[str, Any]]:
    """In the form and order that stay the same while nothing changes."""
    return [
        {"targets": [joined(target.host, target.port)], "labels": _all_labels(target)}
        for target in _known(parts, actor)
        if target.host and target.runner != "queue"
    ]


def behind_agents(parts: Parts, actor: Actor, scheme: str, address: str) -> list[dict[str, Any]]:
    """Whose pages we have ourselves, as Prometheus reaches us; in a job of its own, since it must
    show its token to us and to no machine."""
    return [
        {
            "targets": [address],
            "labels": {
                **_all_labels(target),
                "instance": target.machine,
                "__scheme__": scheme,
                "__metrics_path__": f"/api/agents/{target.machine_id}/metrics",
            },
        }
        for target in _known(parts, actor)
        if target.runner == "queue"
    ]


def labels(parts: Parts, agent: Agent) -> dict[str, str]:
    """What scraping would give the metrics of its machine, for who writes them elsewhere."""
    with parts.database.reading(agent.organisation_id) as connection:
        found = sightings.target(connection, agent.machine_id)
    return {**_labels(found), "org": found.org} if found else {}


def _known(parts: Parts, actor: Actor) -> list[Target]:
    selector = reach.selector(actor)
    with parts.database.reading(actor.organisation_id) as connection:
        found = list(sightings.targets(connection, actor.organisation_id or ""))
    return [target for target in found if selector.matches(_labels(target))]


def _all_labels(target: Target) -> dict[str, str]:
    return {
        **_labels(target),
        "org": target.org,
        "__scrape_interval__": f"{target.scrape_seconds}s",
        "__scrape_timeout__": f"{TIMEOUT}s",
    }


def _labels(target: Target) -> dict[str, str]:
    group = {"group": target.group} if target.group else {}
    return {**target.labels, "machine": target.machine, **group}
