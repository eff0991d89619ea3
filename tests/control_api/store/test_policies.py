"""Row policies: on PostgreSQL a query that forgets whose rows it means finds none."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import ProgrammingError

from hyperion_control.domain.roles import Role
from hyperion_control.store import (
    addresses,
    agents,
    alerts,
    approvals,
    commands,
    enrolments,
    groups,
    links,
    machines,
    maintenances,
    memberships,
    notifications,
    organisations,
    outputs,
    policies,
    pushes,
    receivers,
    records,
    replays,
    routes,
    ssh_keys,
    tasks,
    tokens,
    users,
)
from hyperion_control.store.database import Database
from hyperion_control.store.memberships import Membership
from hyperion_control.store.organisations import Organisation
from hyperion_control.store.tables import catalogue
from hyperion_control.store.users import User
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.readiness import Readiness
from lab.databases import ON_POSTGRES

pytestmark = ON_POSTGRES

POLICED = (
    addresses.addresses,
    agents.agents,
    alerts.alerts,
    approvals.approvals,
    commands.commands,
    enrolments.enrolments,
    groups.groups,
    links.links,
    machines.machines,
    maintenances.maintenances,
    memberships.memberships,
    notifications.notifications,
    outputs.outputs,
    policies.policies,
    pushes.pushes,
    receivers.receivers,
    records.records,
    replays.replays,
    routes.routes,
    ssh_keys.ssh_keys,
    tasks.tasks,
    tokens.tokens,
)


@pytest.fixture
def parts(parts: Parts) -> Iterator[Parts]:
    """Two organisations with a member each."""
    now = parts.clock()
    with parts.database.writing("*") as connection:
        for name in ("acme", "globex"):
            organisations.add(connection, Organisation(f"org_{name}", name, now))
            users.add(connection, User(0, f"usr_{name}", name, now))
            joined = Membership(f"org_{name}", f"usr_{name}", Role.ADMIN, now)
            memberships.add(connection, joined)
    yield parts


def everybody(connection: Connection) -> list[str]:
    """A query that forgot to say whose members."""
    return sorted(connection.execute(select(memberships.memberships.c.user_id)).scalars())


def test_each_organisation_sees_its_own_rows_and_the_system_sees_all(parts: Parts) -> None:
    seen = {}
    for whose in ("org_acme", "org_globex", "*"):
        with parts.database.reading(whose) as connection:
            seen[whose] = everybody(connection)
    assert seen == {
        "org_acme": ["usr_acme"],
        "org_globex": ["usr_globex"],
        "*": ["usr_acme", "usr_globex"],
    }


def test_nobody_in_particular_sees_nothing(parts: Parts) -> None:
    with parts.database.reading() as connection:
        assert everybody(connection) == []


def test_the_next_user_of_a_connection_starts_with_nothing(parts: Parts) -> None:
    for _ in range(3):
        with parts.database.reading("*") as connection:
            assert len(everybody(connection)) == 2
        with parts.database.reading() as connection:
            assert everybody(connection) == []


def test_a_glance_sees_all_and_leaves_nothing_to_others(parts: Parts) -> None:
    for _ in range(3):
        with parts.database.glancing() as connection:
            assert len(everybody(connection)) == 2
        for whose, seen in (("org_acme", ["usr_acme"]), (None, [])):
            with parts.database.reading(whose) as connection:
                assert everybody(connection) == seen


def test_what_the_address_asks_of_connections_holds_for_glances_too(parts: Parts) -> None:
    url = f"{parts.settings.database_url}?options=-c%20work_mem%3D123kB"
    with closing(Database(url)) as database, database.glancing() as connection:
        assert connection.execute(text("SHOW work_mem")).scalar_one() == "123kB"
        assert len(everybody(connection)) == 2


def test_connections_are_kept_as_many_as_are_used_at_once(parts: Parts) -> None:
    def backends() -> set[int]:
        with ExitStack() as stack:
            used = [stack.enter_context(parts.database.reading("*")) for _ in range(10)]
            asked = text("SELECT pg_backend_pid()")
            return {int(each.execute(asked).scalar_one()) for each in used}

    first = backends()
    assert len(first) == 10
    assert backends() == first


def test_nothing_is_written_for_a_neighbour(parts: Parts) -> None:
    row: dict[str, Any] = {"organisation_id": "org_globex", "user_id": "usr_acme"}
    row |= {"role": "admin", "created_at": parts.clock()}
    denied = pytest.raises(ProgrammingError, match="row-level security")
    with denied, parts.database.writing("org_acme") as connection:
        connection.execute(insert(memberships.memberships).values(row))


def test_every_table_of_an_organisation_is_policed_but_logins(parts: Parts) -> None:
    owned = {name for name, table in catalogue.tables.items() if "organisation_id" in table.c}
    assert {table.name for table in POLICED} == owned - {"logins"}


def test_readiness_tells_of_a_role_that_policies_do_not_hold(parts: Parts) -> None:
    assert parts.readiness.checks()[0].detail == "the database answers and takes writes"
    url = parts.settings.database_url.replace("hyperion@", "postgres@")
    with closing(Database(url)) as superuser:
        check = Readiness(superuser, parts.clock).checks()[0]
    assert check.ok
    assert "its role is a superuser, whom row policies do not hold back" in check.detail
