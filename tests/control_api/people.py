"""Ada, Olga and Otto of acme, Eve next door at globex, and Petra, who runs the platform."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import argon2
import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.roles import Role
from hyperion_control.store import memberships, organisations, users
from hyperion_control.store.database import Database
from hyperion_control.store.memberships import Membership
from hyperion_control.store.organisations import Organisation
from hyperion_control.store.sealing import Sealer
from hyperion_control.store.users import User
from hyperion_control.usecases import logins
from hyperion_control.usecases.parts import Parts

PASSWORD = "a horse, a staple and a pump"
# Weak on purpose: it is made once here and checked in many tests.
PASSWORD_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

ACME, GLOBEX = "org_acme0000000000000000", "org_globex00000000000000"
ROLES = {
    "ada": (ACME, Role.ADMIN),
    "olga": (ACME, Role.OPERATOR),
    "otto": (ACME, Role.OBSERVER),
    "eve": (GLOBEX, Role.ADMIN),
    "petra": (None, None),
}
HOME = Origin(address="192.0.2.7", request_id="req_test", user_agent="tests")


def id_of(name: str) -> str:
    return f"usr_{name:0<20}"


@dataclass(frozen=True)
class People:
    """All of them in the database, each with PASSWORD and a second factor from SEED."""

    parts: Parts

    def move_in(self) -> None:
        move_in(self.parts.database, self.parts.sealer, self.parts.clock())

    def actor(self, name: str) -> Actor:
        """As a use case is handed them: signed in, with a code just given."""
        organisation_id, role = ROLES[name]
        return Actor(
            HOME,
            user_id=id_of(name),
            organisation_id=organisation_id,
            role=role,
            platform_admin=name == "petra",
            login_id=f"lgn_{name:0<20}",
            second_factor_at=self.parts.clock(),
        )

    def login(self, name: str) -> str:
        """The secret of a new login, with a fresh second factor."""
        organisation_id, _ = ROLES[name]
        return logins.start(
            self.parts,
            id_of(name),
            kind="api",
            origin=HOME,
            second_factor=True,
            organisation=organisation_id,
        )

    def code(self) -> str:
        """What everybody's telephone shows now; good once for each of them."""
        return pyotp.TOTP(SEED).at(self.parts.clock())


def move_in(database: Database, sealer: Sealer, now: datetime) -> None:
    # Before the transaction: sealing looks for its key in the database.
    people = {name: _user(name, sealer, now) for name in ROLES}
    with database.writing("*") as connection:
        for organisation_id, name in ((ACME, "acme"), (GLOBEX, "globex")):
            organisations.add(connection, Organisation(organisation_id, name, now))
        for name, (organisation_id, role) in ROLES.items():
            users.add(connection, people[name])
            if organisation_id and role:
                memberships.add(connection, Membership(organisation_id, id_of(name), role, now))


def _user(name: str, sealer: Sealer, now: datetime) -> User:
    user_id = id_of(name)
    return User(
        number=0,
        id=user_id,
        username=name,
        created_at=now,
        email=f"{name}@example.org",
        login_email=f"{name}@example.org",
        name=name.capitalize(),
        platform_admin=name == "petra",
        password_hash=PASSWORD_HASH,
        totp_seed=sealer.seal(SEED.encode(), f"users.totp_seed:{user_id}"),
    )


@pytest.fixture
def people(parts: Parts) -> People:
    """They have moved in already: see `settings`."""
    return People(parts)


@pytest.fixture
def as_(app: Flask, people: People) -> Callable[[str], FlaskClient]:
    """`as_("olga")` speaks as her."""

    def speak(name: str) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {people.login(name)}"
        return client

    return speak
