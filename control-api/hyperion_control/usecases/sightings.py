"""What Prometheus saw of all machines: which are up, and how often they want to be asked."""

from hyperion_control.channels import prometheus
from hyperion_control.channels.prometheus import Sample
from hyperion_control.domain import machine_states
from hyperion_control.store import sightings
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts

UP = 'max by (org, machine) (up{machine!=""}) == 1'
WISHED = 'min by (org, machine) (hyperion_scrape_interval_recommended_seconds{machine!=""})'


def look(parts: Parts, _worker: Worker) -> None:
    """A chore. While Prometheus is away, all states stay as they were."""
    url, now = parts.settings.prometheus_url, parts.clock()
    up = [_name(sample) for sample in prometheus.ask(url, UP)]
    wished = {_name(sample): sample.value for sample in prometheus.ask(url, WISHED)}
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        known = sightings.by_names(connection)
        sightings.mark_seen(connection, [known[name][0] for name in up if name in known], now)
        sightings.mark_offline(connection, now - machine_states.OFFLINE_AFTER)
        changed = {}
        for name, (machine_id, seconds) in known.items():
            new = machine_states.interval(wished.get(name, machine_states.USUAL_INTERVAL))
            if new != seconds:
                changed[machine_id] = new
        sightings.set_intervals(connection, changed)


def _name(sample: Sample) -> tuple[str, str]:
    return sample.labels.get("org", ""), sample.labels.get("machine", "")
