"""The beginning: keys, the first organisation, and the person who may do everything else."""

import os
import secrets
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hyperion_control.domain import ids, names, totp
from hyperion_control.domain.actors import SYSTEM
from hyperion_control.domain.roles import Role
from hyperion_control.errors import StartRefused
from hyperion_control.store import memberships, organisations, users
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.memberships import Membership
from hyperion_control.store.organisations import Organisation
from hyperion_control.store.sealing import KEY_BYTES
from hyperion_control.store.users import User
from hyperion_control.usecases import accounts, charge
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry


@dataclass(frozen=True)
class FirstAdmin:
    """Shown once, to who has just made the system; nobody can see it again."""

    username: str
    organisation: str
    password: str = field(repr=False)  # good for one login
    secret: str = field(repr=False)
    uri: str = field(repr=False)
    picture: str = field(repr=False)  # the uri for a phone, as text


def make_key(file: Path) -> None:
    """A master key that only its owner may read; one that is there stays, so two may try."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        _write_key(fresh)
        with suppress(FileExistsError):
            os.link(fresh, file)
    except OSError as fault:
        raise StartRefused(
            f"cannot write {file}: {fault.strerror}; set HYPERION_DATA to a folder that can be"
            " written"
        ) from None
    finally:
        with suppress(OSError):
            fresh.unlink()


def _write_key(file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        written.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")
        written.flush()
        os.fsync(descriptor)


def begin(parts: Parts, username: str, organisation: str) -> FirstAdmin | None:
    """None when there is somebody already."""
    parts.sealer.prepare()
    with parts.database.reading(EVERY_ORGANISATION) as connection:
        if users.platform_admins(connection):
            return None
    first = _invent(names.username(username), names.title(organisation))
    user = _user(parts, first)
    with (
        parts.audit.acting(Entry(SYSTEM, "user:create", user.id, {"platform_admin": True})),
        charge.deciding(parts) as connection,
    ):
        if users.platform_admins(connection):
            return None
        accounts.refuse_taken(connection, user.username)
        group = Organisation(ids.new("org"), first.organisation, parts.clock())
        organisations.add(connection, group)
        users.add(connection, user)
        memberships.add(connection, Membership(group.id, user.id, Role.ADMIN, parts.clock()))
    return first


def _invent(username: str, organisation: str) -> FirstAdmin:
    seed = totp.new_seed()
    uri = totp.uri(seed, username)
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    return FirstAdmin(username, organisation, password, seed, uri, totp.terminal(uri))


def _user(parts: Parts, first: FirstAdmin) -> User:
    user_id = ids.new("usr")
    return User(
        number=0,
        id=user_id,
        username=first.username,
        created_at=parts.clock(),
        name=first.username,
        platform_admin=True,
        password_hash=parts.hasher.hash(first.password),
        password_once=True,
        totp_seed=parts.sealer.seal(first.secret.encode(), f"users.totp_seed:{user_id}"),
    )
