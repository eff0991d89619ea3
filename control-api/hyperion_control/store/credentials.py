"""What users prove themselves with: the columns of a password and of a second factor."""

from typing import Any, TypeGuard

from sqlalchemy import Connection, Update, update

from hyperion_control.store.users import User, users


def may_sign_in(user: User | None) -> TypeGuard[User]:
    return user is not None and user.disabled_at is None and user.erased_at is None


def set_password(connection: Connection, user_id: str, password_hash: str) -> None:
    """Chosen by the user."""
    _set(connection, user_id, password_hash=password_hash, password_once=False)


def rehash(connection: Connection, user_id: str, old: str, new: str) -> None:
    """Unless it was changed meanwhile."""
    same = _of(user_id).where(users.c.password_hash == old)
    connection.execute(same.values(password_hash=new))


def redeem(connection: Connection, user: User) -> bool:
    """Whether the password is still the one that was checked; takes it away if it is one-time."""
    same = _of(user.id).where(users.c.password_hash == user.password_hash)
    left = None if user.password_once else user.password_hash
    return connection.execute(same.values(password_hash=left)).rowcount == 1


def take_step(connection: Connection, user_id: str, step: int) -> bool:
    """True once for each step, and never again for one before."""
    fresh = _of(user_id).where(users.c.totp_step < step, users.c.totp_seed.is_not(None))
    return connection.execute(fresh.values(totp_step=step)).rowcount == 1


def propose_seed(connection: Connection, user_id: str, sealed: bytes) -> None:
    _set(connection, user_id, totp_pending=sealed)


def confirm_seed(
    connection: Connection, user_id: str, pending: bytes, sealed: bytes, step: int
) -> bool:
    """False when another one was proposed meanwhile, or this one confirmed."""
    mine = _of(user_id).where(users.c.totp_pending == pending)
    confirmed = mine.values(totp_seed=sealed, totp_pending=None, totp_step=step)
    return connection.execute(confirmed).rowcount == 1


def remove_seed(connection: Connection, user_id: str) -> None:
    _set(connection, user_id, totp_seed=None, totp_pending=None, totp_step=0)


def _of(user_id: str) -> Update:
    return update(users).where(users.c.id == user_id)


def _set(connection: Connection, user_id: str, **values: Any) -> None:
    connection.execute(_of(user_id).values(**values))
