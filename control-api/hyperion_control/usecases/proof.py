"""What somebody proves with who they are: a password, a code. Each try is limited and recorded."""

from dataclasses import replace

from hyperion_control.domain import totp
from hyperion_control.domain.actions import Action
from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Forbidden, NotFound, TooMany, Unauthorised
from hyperion_control.store import credentials, recovery_codes, users
from hyperion_control.store.users import User
from hyperion_control.usecases import guessing
from hyperion_control.usecases.guessing import Guessed
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

SEED_CONTEXT = "users.totp_seed"
WRONG_PASSWORD = "wrong user name or password"  # noqa: S105  a sentence
WRONG_CODE = "this code is wrong, too old or was used already: wait for the next one"
NO_FACTOR = "set up a second factor first"


def user_of(parts: Parts, actor: Actor) -> User:
    with parts.database.reading("*") as connection:
        user = users.get(connection, actor.user_id)
    if user is None:
        raise NotFound("there is no such user")
    return user


def password(parts: Parts, asker: Actor, user: User | None, account: str, given: str) -> User:
    """A name that nobody has takes the same way and the same time.

    `account` is what failures are counted for, unless the asker has a login: then its own are.
    """
    counted = asker.login_id or account
    number = _try_password(parts, asker, counted, account)
    right = _matches(parts, user.password_hash if user else None, given, number)
    if not right or not credentials.may_sign_in(user):
        parts.meter.passwords.labels("wrong").inc()
        _refused(parts, asker, "password:check", account, "wrong")
        raise Unauthorised(WRONG_PASSWORD, code="wrong-credentials")
    parts.meter.passwords.labels("right").inc()
    guessing.forgive_all(parts, counted)
    return _rehashed(parts, user, given)


def code(parts: Parts, asker: Actor, user: User, given: str) -> None:
    """Of the user's authenticator, or a recovery code; good once."""
    if user.totp_seed is None:
        raise Forbidden(NO_FACTOR, code="second-factor-due", url="/api/me/second-factor")
    number = try_code(parts, asker, user.id)
    if not _takes(parts, user.id, user.totp_seed, totp.squeezed(given)):
        raise wrong_code(parts, asker, user.id)
    right_code(parts, number)


def both(parts: Parts, actor: Actor, given: str, given_code: str | None) -> User:
    """Password, and a code where there is a second factor, before what takes more than a login."""
    user = password(parts, actor, user_of(parts, actor), actor.user_id, given)
    if user.totp_seed is not None:
        code(parts, actor, user, given_code or "")
    return user


def try_code(parts: Parts, asker: Actor, user_id: str) -> int:
    try:
        return guessing.try_code(parts, user_id, asker.origin)
    except Guessed as stop:
        parts.meter.codes.labels("limited").inc()
        _refused(parts, asker, "code:check", user_id, stop.limit)
        raise


def right_code(parts: Parts, number: int) -> None:
    parts.meter.codes.labels("right").inc()
    guessing.forgive(parts, number)


def wrong_code(parts: Parts, asker: Actor, user_id: str) -> Unauthorised:
    parts.meter.codes.labels("wrong").inc()
    _refused(parts, asker, "code:check", user_id, "wrong")
    return Unauthorised(WRONG_CODE, code="wrong-code")


def hash_of_recovery_code(parts: Parts, recovery_code: str) -> str:
    return parts.sealer.keyed_hash(totp.squeezed(recovery_code), "recovery-code")


def _try_password(parts: Parts, asker: Actor, counted: str, account: str) -> int:
    try:
        if asker.login_id:
            return guessing.try_password_again(parts, asker)
        return guessing.try_password(parts, counted, asker.origin)
    except Guessed as stop:
        parts.meter.passwords.labels("limited").inc()
        _refused(parts, asker, "password:check", account, stop.limit)
        raise


def _matches(parts: Parts, known: str | None, given: str, number: int) -> bool:
    try:
        return parts.hasher.matches(known, given)
    except TooMany:  # nobody has looked at it
        guessing.forgive(parts, number)
        raise


def _rehashed(parts: Parts, user: User, given: str) -> User:
    """With as much work as we ask for now, since only now we have the password."""
    known = user.password_hash or ""
    if not parts.hasher.outdated(known):
        return user
    stronger = parts.hasher.hash(given)
    with parts.database.writing("*") as connection:
        credentials.rehash(connection, user.id, known, stronger)
    return replace(user, password_hash=stronger)


def _takes(parts: Parts, user_id: str, sealed: bytes, given: str) -> bool:
    """Whoever comes first with it has it."""
    now = parts.clock()
    if not totp.is_code(given):
        hashed = hash_of_recovery_code(parts, given)
        with parts.database.writing("*") as connection:
            return recovery_codes.use(connection, user_id, hashed, now)
    seed = parts.sealer.open(sealed, f"{SEED_CONTEXT}:{user_id}").decode()
    step = totp.matched_step(seed, given, now)
    if step is None:
        return False
    with parts.database.writing("*") as connection:
        return credentials.take_step(connection, user_id, step)


def _refused(parts: Parts, asker: Actor, action: Action, account: str, why: str) -> None:
    parts.audit.note(Entry(asker, action, account, {"why": why}, decision="refused"))
