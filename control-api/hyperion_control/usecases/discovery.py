"""What Prometheus is told of the machines that a token may see."""

from typing import Any

from hyperion_control.domain.actors import Actor
from hyperion_control.domain.addresses import joined
from hyperion_control.domain.machine_states import TIMEOUT
from hyperion_control.store import sightings
from hyperion_control.store.sightings import Target
from hyperion_control.usecases import reach
from hyperion_control.usecases.parts import Parts


def targets(parts: Parts, actor: Actor) -> list[dict[str, Any]]:
    """In the form and order that stay the same while nothing changes."""
    selector = reach.selector(actor)
    with parts.database.reading(actor.organisation_id) as connection:
        found = list(sightings.targets(connection, actor.organisation_id or ""))
    shown = ((target, _labels(target)) for target in found if target.host)
    return [
        {
            "targets": [joined(target.host, target.port)],
            "labels": {
                **labels,
                "org": target.org,
                "__scrape_interval__": f"{target.scrape_seconds}s",
                "__scrape_timeout__": f"{TIMEOUT}s",
            },
        }
        for target, labels in shown
        if selector.matches(labels)
    ]


def _labels(target: Target) -> dict[str, str]:
    group = {"group": target.group} if target.group else {}
    return {**target.labels, "machine": target.machine, **group}
