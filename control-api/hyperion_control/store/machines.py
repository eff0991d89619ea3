"""The table of machines: the computers that we watch, also those that are gone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    insert,
    or_,
    select,
    text,
    update,
)

from hyperion_control.store import addresses
from hyperion_control.store.groups import groups
from hyperion_control.store.ssh_keys import ssh_keys
from hyperion_control.store.tables import UtcTime, catalogue

LIVING = text("deleted_at IS NULL")
# Addresses are looked up for so many machines at a time.
PIECE = 500

machines = Table(
    "machines",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("name", String(63), nullable=False),
    Column("hostname", String(253), nullable=False),  # empty: reached by its first IP
    Column("port", Integer, nullable=False),  # of its exporter
    Column("ssh_port", Integer, nullable=False),
    Column("ssh_user", String(32), nullable=False),
    Column("ssh_key_id", String(40), ForeignKey("ssh_keys.id")),  # empty: of the worker's agent
    Column("jump_id", String(40), ForeignKey("machines.id")),  # through which it is reached
    Column("runner", String(5), nullable=False),  # ssh, local, queue
    Column("group_id", String(40), ForeignKey("groups.id"), index=True),
    # A member when it was set; no foreign key, because people can be erased.
    Column("owner_id", String(40)),
    Column("labels", JSON, nullable=False),
    Column("notes", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime),
    Column("host_key", Text, nullable=False),  # approved; empty: none
    Column("host_key_offered", Text, nullable=False),  # met, and not the approved one
    Column("seen_at", UtcTime),  # by a heartbeat or by Prometheus
    Column("online", Boolean, nullable=False),
    Column("scrape_seconds", Integer, nullable=False),
    Column("maintenance_until", UtcTime),
    Column("session_id", String(40)),  # that holds the machine now
    Column("version", Integer, nullable=False),
    # A name is free again when its machine is deleted.
    Index(
        "ix_machines_name",
        "organisation_id",
        "name",
        unique=True,
        sqlite_where=LIVING,
        postgresql_where=LIVING,
    ),
)


_jumps = machines.alias("jumps")


@dataclass(frozen=True)
class Machine:
    id: str
    organisation_id: str
    name: str
    created_at: datetime
    hostname: str = ""
    ips: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    port: int = 9100
    ssh_port: int = 22
    ssh_user: str = "root"
    ssh_key_id: str | None = None
    ssh_key: str = ""  # its name
    jump_id: str | None = None
    jump: str = ""  # its name
    runner: str = "ssh"
    group_id: str | None = None
    group: str = ""  # its name
    owner_id: str | None = None
    labels: Mapping[str, str] | None = None
    notes: str = ""
    deleted_at: datetime | None = None
    host_key: str = ""
    host_key_offered: str = ""
    seen_at: datetime | None = None
    online: bool = False
    scrape_seconds: int = 30
    maintenance_until: datetime | None = None
    session_id: str | None = None
    version: int = 1

    @property
    def host(self) -> str:
        """How it is reached; empty when only it can reach us."""
        return self.hostname or (self.ips[0] if self.ips else "")

    @property
    def all_labels(self) -> dict[str, str]:
        """What Prometheus knows it by, and selectors choose by."""
        group = {"group": self.group} if self.group else {}
        return {**(self.labels or {}), "machine": self.name, **group}


def get(connection: Connection, organisation_id: str, machine_id: str) -> Machine | None:
    """Also one that was deleted."""
    return _one(connection, _of(organisation_id).where(machines.c.id == machine_id))


def named(connection: Connection, organisation_id: str, name: str) -> Machine | None:
    return _one(connection, _living(organisation_id).where(machines.c.name == name))


def walk(connection: Connection, organisation_id: str, after: str = "") -> Iterator[Machine]:
    """By name."""
    wanted = _living(organisation_id).where(machines.c.name > after).order_by(machines.c.name)
    for rows in connection.execute(wanted).partitions(PIECE):
        held = addresses.of(connection, [row.id for row in rows])
        yield from (_read(row, held) for row in rows)


def add(connection: Connection, machine: Machine) -> None:
    values = {column.name: getattr(machine, column.name) for column in machines.c}
    connection.execute(insert(machines).values(**{**values, "labels": dict(machine.labels or {})}))
    _give(connection, machine.organisation_id, machine.id, vars(machine))


def change(
    connection: Connection, machine: Machine, values: Mapping[str, Any], version: int | None = None
) -> bool:
    """False when the machine is not at this version any more."""
    wanted = update(machines).where(machines.c.id == machine.id)
    if version is not None:
        wanted = wanted.where(machines.c.version == version)
    columns = {name: value for name, value in values.items() if name in machines.c}
    changed = connection.execute(wanted.values(**columns, version=machines.c.version + 1))
    _give(connection, machine.organisation_id, machine.id, values)
    return changed.rowcount == 1


def occupy(connection: Connection, machine_id: str, session_id: str | None) -> None:
    """A session holds the machine, or nobody does."""
    wanted = update(machines).where(machines.c.id == machine_id)
    connection.execute(wanted.values(session_id=session_id))


def leave_group(connection: Connection, group_id: str) -> None:
    """All who are in it."""
    wanted = update(machines).where(machines.c.group_id == group_id)
    connection.execute(wanted.values(group_id=None, version=machines.c.version + 1))


def reached_by(connection: Connection, organisation_id: str, way_id: str) -> str:
    """The name of one that needs this key or this machine to be reached; empty: none does."""
    needs = or_(machines.c.ssh_key_id == way_id, machines.c.jump_id == way_id)
    wanted = _living(organisation_id).with_only_columns(machines.c.name).where(needs)
    return connection.execute(wanted.limit(1)).scalar() or ""


def behind_queues(connection: Connection) -> set[str]:
    """Of all organisations, those that we cannot reach: they ask us."""
    wanted = select(machines.c.id).where(machines.c.runner == "queue")
    return set(connection.execute(wanted).scalars())


def forget_key(connection: Connection, key_id: str) -> None:
    """Of machines that are gone."""
    wanted = update(machines).where(machines.c.ssh_key_id == key_id)
    connection.execute(wanted.values(ssh_key_id=None))


def _give(
    connection: Connection, organisation_id: str, machine_id: str, values: Mapping[str, Any]
) -> None:
    for field, kind in (("ips", addresses.IP), ("macs", addresses.MAC)):
        if field in values:
            addresses.give(connection, organisation_id, machine_id, kind, values[field])


def _of(organisation_id: str) -> Select[Any]:
    names = (_jumps.c.name.label("jump"), ssh_keys.c.name.label("ssh_key"))
    joined = (
        select(machines, groups.c.name.label("group"), *names)
        .outerjoin(groups, groups.c.id == machines.c.group_id)
        .outerjoin(_jumps, _jumps.c.id == machines.c.jump_id)
        .outerjoin(ssh_keys, ssh_keys.c.id == machines.c.ssh_key_id)
    )
    return joined.where(machines.c.organisation_id == organisation_id)


def _living(organisation_id: str) -> Select[Any]:
    return _of(organisation_id).where(machines.c.deleted_at.is_(None))


def _one(connection: Connection, wanted: Select[Any]) -> Machine | None:
    row = connection.execute(wanted).one_or_none()
    return _read(row, addresses.of(connection, [row.id])) if row else None


def _read(row: Row[Any], held: addresses.Held) -> Machine:
    ips, macs = (tuple(held.get((row.id, kind), ())) for kind in (addresses.IP, addresses.MAC))
    names = {name: row._mapping[name] or "" for name in ("group", "jump", "ssh_key")}
    return Machine(**{**row._mapping, **names}, ips=ips, macs=macs)
