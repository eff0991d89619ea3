"""For each request that changes something somebody new who asks and somebody to ask about."""

import gzip
import itertools
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from control_api.people import ACME, GLOBEX, HOME, PASSWORD, SEED, id_of
from hyperion_control.domain import ids, secrets_text
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.alerts import Alert
from hyperion_control.domain.commands import CommandState, written
from hyperion_control.domain.orders import Order
from hyperion_control.domain.policies import Effect
from hyperion_control.domain.roles import SCOPES, Role
from hyperion_control.store import (
    agents,
    alerts,
    challenges,
    credentials,
    enrolments,
    groups,
    links,
    logins,
    machines,
    maintenances,
    memberships,
    organisations,
    photos,
    policies,
    pushes,
    receivers,
    routes,
    ssh_keys,
    tasks,
    tokens,
    users,
)
from hyperion_control.store.agents import Agent
from hyperion_control.store.alerts import Kept
from hyperion_control.store.challenges import Challenge
from hyperion_control.store.commands import Command
from hyperion_control.store.enrolments import Enrolment
from hyperion_control.store.groups import Group
from hyperion_control.store.links import Link
from hyperion_control.store.logins import Login
from hyperion_control.store.machines import Machine
from hyperion_control.store.maintenances import Maintenance
from hyperion_control.store.memberships import Membership
from hyperion_control.store.organisations import Organisation
from hyperion_control.store.photos import Photo
from hyperion_control.store.policies import Policy
from hyperion_control.store.pushes import Push
from hyperion_control.store.receivers import Receiver
from hyperion_control.store.routes import Route
from hyperion_control.store.ssh_keys import SshKey
from hyperion_control.store.tokens import Token
from hyperion_control.store.users import User
from hyperion_control.usecases import issuing, workers
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

# Where the invitations lead: nobody is there yet.
INITECH = "org_initech0000000000000"
SESSION = "ses_acme0000000000000000"
ALERT = "MachineDown"
HASH = 64 * "0"
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0m1ysw6N0NOVgkBTWnhYCwBFoFZSGsC0nQzbRRDGWr"


@dataclass(frozen=True)
class Kind:
    """Of which kind somebody is who asks."""

    role: Role | None = Role.ADMIN
    organisation: str | None = ACME
    platform: bool = False
    fresh: bool = True  # has given a code in the last minutes
    owes: bool = False  # a password of their own and a second factor
    token: str = ""  # asks by a token "with" the scope that the route takes, or "without" it
    visits: str = ""  # the organisation that is named with each request


# None: not signed in.
KINDS: dict[str, Kind | None] = {
    "nobody": None,
    "observer": Kind(Role.OBSERVER),
    "operator": Kind(Role.OPERATOR),
    "admin": Kind(),
    "stale": Kind(fresh=False),
    "debtor": Kind(owes=True),
    "neighbour": Kind(organisation=GLOBEX),
    "platform": Kind(None, None, platform=True),
    "visitor": Kind(None, None, platform=True, visits=ACME),
    "with": Kind(token="with"),
    "without": Kind(token="without"),
}


@dataclass(frozen=True)
class Person:
    """Somebody, and what they were handed."""

    id: str
    name: str
    login: str
    other_login: str
    token: str


def id_of_row(table: str, secret: str) -> str:
    """Of the row that keeps this secret."""
    return f"{table}_{secret[6:26]}"


def scopes(kind: Kind, scope: str) -> tuple[str, ...]:
    """Where no scope opens the route, all of them are not enough."""
    if kind.token == "with":
        return (scope,) if scope else SCOPES
    return tuple(each for each in SCOPES if each != scope)


class World:
    """Beside Ada and the others, who stay."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._numbers = itertools.count(1)
        # As strong as can be, so that no login has to renew it.
        self._password_hash = parts.hasher.hash(PASSWORD)
        (parts.settings.runbooks / f"{ALERT}.md").write_text("# What it means\n")
        with parts.database.writing("*") as connection:
            organisations.add(connection, Organisation(INITECH, "initech", parts.clock()))
        ada = Actor(HOME, id_of("ada"), ACME)
        workers.mark(parts, workers.introduce(parts))  # who is not ready answers 503
        self.record = parts.audit.note(Entry(ada, "session:start", session_id=SESSION))

    def person(self, kind: Kind, scope: str = "") -> Person:
        name = f"person{next(self._numbers)}x"
        handed = [secrets_text.new(secrets_text.LOGIN) for _ in range(2)]
        made = Person(id_of(name), name, *handed, secrets_text.new(secrets_text.TOKEN))
        # Before the transaction: sealing looks for its key in the database.
        user, pending = self._user(made, kind), self._sealed("totp_pending", made.id)
        with self.parts.database.writing("*") as connection:
            users.add(connection, user)
            credentials.propose_seed(connection, made.id, pending)
            photos.put(connection, Photo(made.id, b"a picture", self.parts.clock()))
            self._join(connection, made, kind, scopes(kind, scope))
        return made

    def link(self, purpose: str, organisation: str | None = None, user: str | None = None) -> str:
        """The secret of one that was handed out just now."""
        secret, now = secrets_text.new(secrets_text.LINK), self.parts.clock()
        link = Link(
            id_of_row("lnk", secret),
            purpose,
            id_of("ada"),
            now,
            now + timedelta(hours=1),
            user_id=user,
            organisation_id=organisation,
            role=Role.OBSERVER if organisation else None,
        )
        with self.parts.database.writing("*") as connection:
            links.add(connection, link, secrets_text.hashed(secret))
        return secret

    def machine(self, *, worked_on: bool) -> str:
        """One of acme's that offered a key and has an agent; it is worked on for an hour."""
        name, now = f"machine-{next(self._numbers)}", self.parts.clock()
        until = now + timedelta(hours=1)
        made = Machine(ids.new("mch"), ACME, name, now, labels={}, host_key_offered=HOST_KEY)
        work = Maintenance(ids.new("mnt"), ACME, made.id, "new disk", id_of("ada"), now, until)
        with self.parts.database.writing(ACME) as connection:
            machines.add(connection, made)
            self._give_agent(connection, made)
            if worked_on:
                maintenances.add(connection, work)
        return made.id

    def machine_name(self) -> str:
        made = self.machine(worked_on=False)
        with self.parts.database.reading(ACME) as connection:
            found = machines.get(connection, ACME, made)
        assert found
        return found.name

    def enrolment(self) -> str:
        """The secret of one that was handed out just now."""
        secret, now = secrets_text.new(secrets_text.ENROLMENT), self.parts.clock()
        until, made = now + timedelta(hours=1), id_of_row("enr", secret)
        enrolment = Enrolment(made, ACME, None, {}, (), 1, id_of("ada"), now, until)
        with self.parts.database.writing(ACME) as connection:
            enrolments.add(connection, enrolment, secrets_text.hashed(secret))
        return secret

    def _give_agent(self, connection: Connection, machine: Machine) -> None:
        secret, now = secrets_text.new(secrets_text.ENROLMENT), self.parts.clock()
        until, made = now + timedelta(hours=1), id_of_row("enr", secret)
        enrolment = Enrolment(made, ACME, machine.id, {}, (), 1, id_of("ada"), now, until)
        agent = Agent(ids.new("agt"), ACME, machine.id, made, HASH, now, until)
        enrolments.add(connection, enrolment, secrets_text.hashed(secret))
        agents.add(connection, agent, secrets_text.hashed(agent.id))
        pushes.keep(connection, Push(machine.id, ACME, now, gzip.compress(b"up 1\n")))

    def command(self) -> str:
        """Somebody's that waits for an approval; it reaches one machine."""
        now = self.parts.clock()
        made = Command(
            ids.new("cmd"),
            ACME,
            "command:run",
            id_of("otto"),
            written(Order(("uptime",))),
            HASH,
            1,
            now,
            now + timedelta(hours=1),
            state=CommandState.PENDING_APPROVAL,
        )
        machine_id = self.machine(worked_on=False)
        with self.parts.database.writing(ACME) as connection:
            issuing.write(connection, made, [machine_id])
        return made.id

    def task(self) -> str:
        """Of such a command."""
        command_id = self.command()
        with self.parts.database.reading(ACME) as connection:
            return tasks.of_command(connection, command_id)[0].id

    def policy(self) -> str:
        """That concerns nothing which is asked here."""
        now, made = self.parts.clock(), ids.new("pol")
        denied = Policy(made, ACME, Role.ADMIN, Effect.DENY, ("rm",), "", id_of("ada"), now)
        with self.parts.database.writing(ACME) as connection:
            policies.add(connection, denied)
        return made

    def group(self) -> str:
        made = Group(
            ids.new("grp"), ACME, f"group-{next(self._numbers)}", "#ff0000", self.parts.clock()
        )
        with self.parts.database.writing(ACME) as connection:
            groups.add(connection, made)
        return made.id

    def alert(self) -> str:
        now = self.parts.clock()
        alert = Alert(f"{next(self._numbers):x}", {"alertname": ALERT}, {}, now)
        kept = Kept(ids.new("alt"), ACME, alert, now)
        with self.parts.database.writing(ACME) as connection:
            alerts.add(connection, [kept])
        return kept.id

    def receiver(self) -> str:
        name, now = f"receiver-{next(self._numbers)}", self.parts.clock()
        place = "ops@example.org"
        made = Receiver(ids.new("rcv"), ACME, name, "mail", b"sealed", place, now)
        with self.parts.database.writing(ACME) as connection:
            receivers.add(connection, made)
        return made.id

    def route(self) -> str:
        made = Route(ids.new("rte"), ACME, self.receiver(), ("critical",), self.parts.clock())
        with self.parts.database.writing(ACME) as connection:
            routes.add(connection, made)
        return made.id

    def ssh_key(self) -> str:
        """One that no machine is reached with."""
        name, now = f"key-{next(self._numbers)}", self.parts.clock()
        key = SshKey(ids.new("ssk"), ACME, name, HOST_KEY, b"sealed", id_of("ada"), now)
        with self.parts.database.writing(ACME) as connection:
            ssh_keys.add(connection, key)
        return key.id

    def challenge(self, user_id: str, kind: str) -> str:
        secret = secrets_text.new(secrets_text.CHALLENGE)
        challenge = Challenge(id_of_row("chl", secret), user_id, kind, self.parts.clock())
        with self.parts.database.writing("*") as connection:
            challenges.add(connection, challenge, secrets_text.hashed(secret))
        return secret

    def _user(self, made: Person, kind: Kind) -> User:
        return User(
            number=0,
            id=made.id,
            username=made.name,
            created_at=self.parts.clock(),
            email=f"{made.name}@example.org",
            login_email=f"{made.name}@example.org",
            name=made.name,
            platform_admin=kind.platform,
            password_hash=self._password_hash,
            password_once=kind.owes,
            totp_seed=None if kind.owes else self._sealed("totp_seed", made.id),
        )

    def _sealed(self, column: str, user_id: str) -> bytes:
        return self.parts.sealer.seal(SEED.encode(), f"users.{column}:{user_id}")

    def _join(
        self, connection: Connection, made: Person, kind: Kind, scopes: tuple[str, ...]
    ) -> None:
        now = self.parts.clock()
        if kind.organisation and kind.role:
            joined = Membership(kind.organisation, made.id, kind.role, now)
            memberships.add(connection, joined)
        for secret in (made.login, made.other_login):
            row = self._login(made, kind, id_of_row("lgn", secret))
            logins.add(connection, row, secrets_text.hashed(secret))
        token = Token(
            id=id_of_row("tok", made.token),
            user_id=made.id,
            organisation_id=kind.organisation or ACME,
            name="script",
            scopes=scopes,
            machines="",
            addresses=(),
            created_at=now,
            expires_at=now + timedelta(days=1),
        )
        tokens.add(connection, token, secrets_text.hashed(made.token))

    def _login(self, made: Person, kind: Kind, login_id: str) -> Login:
        now = self.parts.clock()
        shown = now if kind.fresh else now - timedelta(minutes=6)
        return Login(
            id=login_id,
            user_id=made.id,
            organisation_id=kind.organisation,
            kind="api",
            address=HOME.address,
            user_agent=HOME.user_agent,
            created_at=now,
            seen_at=now,
            second_factor_at=None if kind.owes else shown,
        )
