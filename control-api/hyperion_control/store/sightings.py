"""What was last seen of machines, and what discovery tells of them: for all of them at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select, update

from hyperion_control.store.addresses import IP, addresses
from hyperion_control.store.groups import groups
from hyperion_control.store.machines import machines
from hyperion_control.store.organisations import organisations

# Made once: to make it anew costs as much as to ask it, and thousands of agents are seen so.
_SEEN = update(machines).where(machines.c.id == bindparam("one"))
_SEEN = _SEEN.values(online=True, seen_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Target:
    """A machine as Prometheus is told of it."""

    machine: str
    org: str
    group: str
    labels: Mapping[str, str]
    host: str  # empty: only it can reach us
    port: int
    scrape_seconds: int
    machine_id: str = ""
    runner: str = "ssh"


def targets(connection: Connection, organisation_id: str) -> Iterator[Target]:
    """Of those that live, by name."""
    mine = machines.c.organisation_id == organisation_id
    yield from _targets(connection, mine)


def target(connection: Connection, machine_id: str) -> Target | None:
    return next(_targets(connection, machines.c.id == machine_id), None)


def _targets(connection: Connection, which: ColumnElement[bool]) -> Iterator[Target]:
    first_ip = and_(
        addresses.c.machine_id == machines.c.id, addresses.c.kind == IP, addresses.c.place == 0
    )
    wanted = (
        select(
            machines.c.name,
            organisations.c.name,
            groups.c.name,
            machines.c.labels,
            machines.c.hostname,
            addresses.c.address,
            machines.c.port,
            machines.c.scrape_seconds,
            machines.c.id,
            machines.c.runner,
        )
        .join(organisations, organisations.c.id == machines.c.organisation_id)
        .outerjoin(groups, groups.c.id == machines.c.group_id)
        .outerjoin(addresses, first_ip)
        .where(which, machines.c.deleted_at.is_(None))
        .order_by(machines.c.name)
    )
    for name, org, group, labels, hostname, ip, *rest in connection.execute(wanted):
        yield Target(name, org, group or "", labels, hostname or ip or "", *rest)


def by_names(connection: Connection) -> dict[tuple[str, str], tuple[str, int]]:
    """Id and interval of all machines that live, by the names of organisation and machine."""
    wanted = (
        select(organisations.c.name, machines.c.name, machines.c.id, machines.c.scrape_seconds)
        .join(organisations, organisations.c.id == machines.c.organisation_id)
        .where(machines.c.deleted_at.is_(None))
    )
    rows = connection.execute(wanted)
    return {(org, name): (machine_id, seconds) for org, name, machine_id, seconds in rows}


def mark_seen(connection: Connection, machine_ids: Sequence[str], now: datetime) -> None:
    if machine_ids:
        connection.execute(_SEEN, [{"one": each, "now": now} for each in machine_ids])


def mark_offline(connection: Connection, unseen_since: datetime) -> None:
    late = and_(machines.c.online, machines.c.seen_at < unseen_since)
    connection.execute(update(machines).where(late).values(online=False))


def set_intervals(connection: Connection, seconds: Mapping[str, int]) -> None:
    """By the machine's id."""
    wanted = update(machines).where(machines.c.id == bindparam("one"))
    if seconds:
        rows = [{"one": machine_id, "new": each} for machine_id, each in seconds.items()]
        connection.execute(wanted.values(scrape_seconds=bindparam("new")), rows)
