"""How long Prometheus waits for the list of all machines, as often as it asks for it."""

import base64
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from bench.table import Row
from hyperion_control.app import create_app
from hyperion_control.domain import ids, secrets_text
from hyperion_control.domain.roles import Role
from hyperion_control.settings import Settings
from hyperion_control.store import machines, memberships, migrate, organisations, tokens, users
from hyperion_control.store.machines import Machine
from hyperion_control.store.memberships import Membership
from hyperion_control.store.organisations import Organisation
from hyperion_control.store.tokens import Token
from hyperion_control.store.users import User
from hyperion_control.usecases.parts import Parts, utc_now

# So many machines within so many seconds.
PROMISED = {5_000: 0.1, 10_000: 1.0}
ROUNDS = 7
ORGANISATION, OWNER = "org_bench", "usr_bench"


def discovery() -> Iterable[Row]:
    for many, seconds in PROMISED.items():
        with _parts() as parts:
            secret = _fill(parts, many)
            pairs = [(each, seconds) for each in _asked(parts, secret, many)]
        yield Row(f"discovery of {many:,} machines", "s", "what is promised", pairs, 1.0)


def _asked(parts: Parts, secret: str, many: int) -> Iterator[float]:
    client = create_app(parts).test_client()
    headers = {"Authorization": f"Bearer {secret}"}
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = client.get("/api/sd/prometheus", headers=headers)
        yield time.perf_counter() - begun
        if len(json.loads(answer.data)) != many:
            raise SystemExit(f"discovery answered {answer.status_code}: {answer.text[:200]}")


@contextmanager
def _parts() -> Iterator[Parts]:
    with tempfile.TemporaryDirectory() as folder:
        key = base64.b64encode(bytes(32)).decode()
        settings = Settings.from_env({"HYPERION_DATA": folder, "HYPERION_SECRET_KEY": key})
        with closing(Parts.build(settings)) as parts:
            migrate.migrate(parts.database)
            parts.sealer.prepare()
            yield parts


def _fill(parts: Parts, many: int) -> str:
    """The secret of a token that may see all of them."""
    now, secret = utc_now(), secrets_text.new(secrets_text.TOKEN)
    ends = now.replace(year=now.year + 1)
    token = Token("tok_bench", OWNER, ORGANISATION, "prometheus", ("sd:read",), "", (), now, ends)
    with parts.database.writing("*") as connection:
        organisations.add(connection, Organisation(ORGANISATION, "bench", now))
        users.add(connection, User(0, OWNER, "bench", now))
        memberships.add(connection, Membership(ORGANISATION, OWNER, Role.OBSERVER, now))
        tokens.add(connection, token, secrets_text.hashed(secret))
        for number in range(many):
            ip = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            labels = {"env": "prod", "role": f"role-{number % 20}", "rack": f"r{number % 100}"}
            name = f"machine-{number:05}.example.org"
            made = Machine(ids.new("mch"), ORGANISATION, name, now, ips=(ip,), labels=labels)
            machines.add(connection, made)
    return secret
