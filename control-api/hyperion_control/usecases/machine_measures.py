"""The load of a machine: of this one as it is, of any other as Prometheus knows it."""

from collections import defaultdict

from hyperion_control.channels import prometheus
from hyperion_control.channels.http import Unanswered
from hyperion_control.channels.prometheus import Sample, quoted
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.measures import Space, Traffic, Usage
from hyperion_control.errors import NotFound, Unavailable
from hyperion_control.store import machines, organisations
from hyperion_control.usecases import own_measures, reach
from hyperion_control.usecases.parts import Parts

# Over three of the longest intervals, so that one lost scrape leaves no hole.
CPU = '100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle",$machine}[3m])))'
MEMORY = (
    "100 * (1 - sum(node_memory_MemAvailable_bytes{$machine})"
    " / sum(node_memory_MemTotal_bytes{$machine}))"
)
RECEIVED, SENT = "node_network_receive_bytes_total", "node_network_transmit_bytes_total"
NETWORK = f'{{__name__=~"{RECEIVED}|{SENT}",$machine}}'
TOTAL, UNUSED, FREE = (f"node_filesystem_{part}_bytes" for part in ("size", "free", "avail"))
# Of disks, as this machine tells its own.
STORAGE = f'{{__name__=~"{TOTAL}|{UNUSED}|{FREE}",device=~"/.*",$machine}}'


def cpu(parts: Parts, actor: Actor, machine: str) -> Usage:
    """`machine` is a name or an id; empty: the one that this program runs on."""
    if not machine:
        return own_measures.cpu(parts.clock())
    return _usage(parts, actor, machine, CPU)


def memory(parts: Parts, actor: Actor, machine: str) -> Usage:
    if not machine:
        return own_measures.memory(parts.clock())
    return _usage(parts, actor, machine, MEMORY)


def network(parts: Parts, actor: Actor, machine: str) -> list[Traffic]:
    if not machine:
        return own_measures.network(parts.clock())
    samples = _ask(parts, actor, machine, NETWORK)
    counted = _table(samples, "device", (RECEIVED, SENT))
    return [Traffic(samples[0].at, name, *map(int, bytes_)) for name, bytes_ in counted]


def storage(parts: Parts, actor: Actor, machine: str) -> list[Space]:
    if not machine:
        return own_measures.storage(parts.clock())
    samples = _ask(parts, actor, machine, STORAGE)
    counted = _table(samples, "mountpoint", (TOTAL, UNUSED, FREE))
    return [
        Space(samples[0].at, place, int(total), int(total - unused), int(free))
        for place, (total, unused, free) in counted
    ]


def _usage(parts: Parts, actor: Actor, machine: str, query: str) -> Usage:
    sample = _ask(parts, actor, machine, query)[0]
    return Usage(sample.at, sample.value)


def _ask(parts: Parts, actor: Actor, machine: str, query: str) -> list[Sample]:
    wanted = query.replace("$machine", _matchers(parts, actor, machine))
    try:
        found = prometheus.ask(parts.settings.prometheus_url, wanted)
    except Unanswered as fault:
        said = f"only Prometheus knows other machines, and {fault}"
        raise Unavailable(said, code="prometheus-unavailable") from fault
    if not found:
        raise Unavailable("Prometheus has no samples of this machine now", code="no-samples")
    return found


def _matchers(parts: Parts, actor: Actor, machine: str) -> str:
    organisation_id = actor.organisation_id or ""
    with parts.database.reading(organisation_id) as connection:
        found = machines.get(connection, organisation_id, machine)
        found = found or machines.named(connection, organisation_id, machine)
        organisation = organisations.get(connection, organisation_id)
    if not found or not organisation or not reach.selector(actor).matches(found.all_labels):
        raise NotFound("there is no such machine")
    return f"org={quoted(organisation.name)},machine={quoted(found.name)}"


def _table(
    samples: list[Sample], label: str, names: tuple[str, ...]
) -> list[tuple[str, list[float]]]:
    """By this label the values of the metrics of these names, where all are there."""
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    for sample in samples:
        rows[sample.labels.get(label, "")][sample.labels["__name__"]] = sample.value
    whole = ((key, row) for key, row in sorted(rows.items()) if len(row) == len(names))
    return [(key, [row[name] for name in names]) for key, row in whole]
