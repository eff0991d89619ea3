"""The table of agents: who calls home for which machine, and what it last told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    Table,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from hyperion_control.store.machines import machines
from hyperion_control.store.tables import UtcTime, catalogue

LIVING = text("ended_at IS NULL")

agents = Table(
    "agents",
    catalogue,
    Column("id", String(40), primary_key=True),
    Column("organisation_id", String(40), ForeignKey("organisations.id"), nullable=False),
    Column("machine_id", String(40), ForeignKey("machines.id"), nullable=False),
    Column("enrolment_id", String(40), ForeignKey("enrolments.id"), nullable=False),
    Column("fingerprint", String(64), nullable=False),  # of the machine it was made for
    Column("secret_hash", String(64), nullable=False, unique=True),
    # After a rotation the secret before stays good for a while: the answer may have been lost.
    Column("previous_hash", String(64), index=True),
    Column("previous_until", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("seen_at", UtcTime),
    Column("foreign_at", UtcTime),  # when another machine last came with its secret
    Column("run", String(40), nullable=False),  # of the program: another one after each start
    Column("facts", JSON, nullable=False),
    Index("ix_agents_fingerprint", "organisation_id", "fingerprint"),
    Index(
        "ix_agents_machine_id",
        "machine_id",
        unique=True,
        sqlite_where=LIVING,
        postgresql_where=LIVING,
    ),
)

SHOWN = [each for each in agents.c if each.name not in ("secret_hash", "previous_hash")]


@dataclass(frozen=True)
class Agent:
    id: str
    organisation_id: str
    machine_id: str
    enrolment_id: str
    fingerprint: str
    created_at: datetime
    expires_at: datetime
    previous_until: datetime | None = None
    ended_at: datetime | None = None
    seen_at: datetime | None = None
    foreign_at: datetime | None = None
    run: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def add(connection: Connection, agent: Agent, secret_hash: str) -> None:
    connection.execute(insert(agents).values(**vars(agent), secret_hash=secret_hash))


def present(connection: Connection, secret_hash: str, now: datetime) -> Agent | None:
    """By its secret, or the one before while both are good; of a machine that lives."""
    return _one(connection, _PRESENT, {"hash": secret_hash, "now": now})


def of_machine(connection: Connection, machine_id: str) -> Agent | None:
    return _one(connection, _living().where(agents.c.machine_id == machine_id))


def by_machines(connection: Connection, organisation_id: str) -> dict[str, Agent]:
    """Those that live, by the machine's id."""
    wanted = _living().where(agents.c.organisation_id == organisation_id)
    return {row.machine_id: Agent(**row._mapping) for row in connection.execute(wanted)}


def last_on(connection: Connection, organisation_id: str, fingerprint: str) -> Agent | None:
    """The newest that there was on this machine, whether it ended or not."""
    mine = agents.c.organisation_id == organisation_id, agents.c.fingerprint == fingerprint
    return _one(
        connection, select(*SHOWN).where(*mine).order_by(agents.c.created_at.desc()).limit(1)
    )


def end(connection: Connection, machine_id: str, now: datetime) -> None:
    still = agents.c.machine_id == machine_id, agents.c.ended_at.is_(None)
    connection.execute(update(agents).where(*still).values(ended_at=now))


def rotate(
    connection: Connection,
    agent_id: str,
    shown_hash: str,
    new_hash: str,
    until: datetime,
    expires_at: datetime,
) -> None:
    """The secret that was shown stays good until then, and no other but the new one."""
    values = {"secret_hash": new_hash, "previous_hash": shown_hash, "previous_until": until}
    wanted = update(agents).where(agents.c.id == agent_id)
    connection.execute(wanted.values(**values, expires_at=expires_at))


def tell(
    connection: Connection, agent_id: str, run: str, facts: Mapping[str, Any], now: datetime
) -> None:
    told = {"run": run, "facts": dict(facts), "seen_at": now}
    connection.execute(_TELL, {"agent": agent_id, **told})


def mark_foreign(connection: Connection, agent_id: str, now: datetime, since: datetime) -> bool:
    """False when that was marked since then already."""
    old = or_(agents.c.foreign_at.is_(None), agents.c.foreign_at <= since)
    wanted = update(agents).where(agents.c.id == agent_id, old)
    return connection.execute(wanted.values(foreign_at=now)).rowcount == 1


def count(connection: Connection, seen_since: datetime) -> tuple[int, int]:
    """Of all organisations: how many there are, and how many were seen since."""
    seen = func.count().filter(agents.c.seen_at > seen_since)
    living = agents.c.ended_at.is_(None)
    all_of_them, recent = connection.execute(select(func.count(), seen).where(living)).one()
    return all_of_them, recent


def count_foreign(connection: Connection, since: datetime) -> int:
    wanted = select(func.count()).where(agents.c.ended_at.is_(None), agents.c.foreign_at > since)
    return connection.execute(wanted).scalar_one()


def count_old(connection: Connection, release: str) -> int:
    """Of those that tell their release, how many are of another one."""
    told = agents.c.facts["versions"]["release"].as_string()
    wanted = select(func.count()).where(agents.c.ended_at.is_(None), told.not_in(("", release)))
    return connection.execute(wanted).scalar_one()


def _living() -> Select[Any]:
    return select(*SHOWN).where(agents.c.ended_at.is_(None))


def _one(
    connection: Connection, wanted: Select[Any], asked: Mapping[str, Any] | None = None
) -> Agent | None:
    row: Row[Any] | None = connection.execute(wanted, asked).first()
    return Agent(**row._mapping) if row else None


# Made once: to make one anew costs as much as to ask it, and thousands of agents ask.
_BEFORE = and_(
    agents.c.previous_hash == bindparam("hash"), agents.c.previous_until > bindparam("now")
)
_PRESENT = (
    _living()
    .join(machines, machines.c.id == agents.c.machine_id)
    .where(machines.c.deleted_at.is_(None), agents.c.expires_at > bindparam("now"))
    .where(or_(agents.c.secret_hash == bindparam("hash"), _BEFORE))
    .limit(1)
)
_TELL = update(agents).where(agents.c.id == bindparam("agent"))
