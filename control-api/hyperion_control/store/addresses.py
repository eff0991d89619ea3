"""The table of addresses: each IP and MAC belongs to one machine of an organisation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    delete,
    insert,
    select,
)

from hyperion_control.store.tables import catalogue

IP, MAC = "ip", "mac"

addresses = Table(
    "addresses",
    catalogue,
    Column("organisation_id", String(40), ForeignKey("organisations.id"), primary_key=True),
    Column("address", String(45), primary_key=True),
    Column("kind", String(3), nullable=False),
    Column("machine_id", String(40), ForeignKey("machines.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),  # the machine is reached by the IP at place 0
)

# By machine and kind, in the order in which they were given.
Held = Mapping[tuple[str, str], Sequence[str]]


def of(connection: Connection, machine_ids: Sequence[str]) -> Held:
    """Of these machines."""
    wanted = select(addresses).where(addresses.c.machine_id.in_(machine_ids))
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(addresses.c.place)):
        found[row.machine_id, row.kind].append(row.address)
    return found


def holder(connection: Connection, organisation_id: str, address: str) -> str | None:
    """The machine that has it."""
    wanted = select(addresses.c.machine_id).where(
        addresses.c.organisation_id == organisation_id, addresses.c.address == address
    )
    found: str | None = connection.execute(wanted).scalar_one_or_none()
    return found


def give(
    connection: Connection,
    organisation_id: str,
    machine_id: str,
    kind: str,
    given: Sequence[str],
) -> None:
    """Instead of those of this kind that the machine had."""
    mine = (addresses.c.machine_id == machine_id) & (addresses.c.kind == kind)
    connection.execute(delete(addresses).where(mine))
    if given:
        rows = [
            {
                "organisation_id": organisation_id,
                "address": address,
                "kind": kind,
                "machine_id": machine_id,
                "place": place,
            }
            for place, address in enumerate(given)
        ]
        connection.execute(insert(addresses), rows)
