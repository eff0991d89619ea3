"""Signing in: a password, then a code where there is a second factor, then a login."""

from dataclasses import dataclass, field
from datetime import datetime

from hyperion_control.domain import ids, limits, names, secrets_text
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.errors import Unauthorised
from hyperion_control.store import attempts, challenges, credentials, users
from hyperion_control.store import logins as rows
from hyperion_control.store.challenges import Challenge
from hyperion_control.store.users import User
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import guessing, logins, proof
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

BROWSER, API = "browser", "api"
ENDED = "the time for the code is over: sign in again with user name and password"


@dataclass(frozen=True)
class Passed:
    """How far somebody has come: a login, or a challenge that awaits a code."""

    user: User
    expires_at: datetime
    login: str = field(default="", repr=False)
    challenge: str = field(default="", repr=False)
    duties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wish:
    """What a login is to be."""

    kind: str  # browser, api
    organisation: str | None = None


def with_password(parts: Parts, asker: Actor, wish: Wish, name: str, password: str) -> Passed:
    """An asker who has a living login of that user is not kept out by strangers' failures."""
    user, asker = _known(parts, asker, name, password)
    if user.totp_seed is not None:
        until = parts.clock() + limits.CHALLENGE_LIFE
        return Passed(user, until, challenge=_challenge(parts, asker, user, wish.kind))
    return _login(parts, asker, user, wish, second_factor=False)


def with_code(parts: Parts, origin: Origin, wish: Wish, challenge: str, code: str) -> Passed:
    now, secret_hash = parts.clock(), secrets_text.hashed(challenge)
    since = now - limits.CHALLENGE_LIFE
    with parts.database.writing("*") as connection:
        tried = challenges.use_try(connection, secret_hash, limits.CHALLENGE_TRIES, since)
        user = users.get(connection, tried.user_id) if tried else None
        home = rows.home_of(connection, user.id if user else "")
    if tried is None or tried.kind != wish.kind or not credentials.may_sign_in(user):
        raise Unauthorised(ENDED, code="challenge-ended")
    asker = Actor(origin, organisation_id=home)
    proof.code(parts, asker, user, code)
    with parts.database.writing("*") as connection:
        if not challenges.end(connection, tried.id):
            raise Unauthorised(ENDED, code="challenge-ended")
    return _login(parts, asker, user, wish, second_factor=True)


def at_once(
    parts: Parts, asker: Actor, wish: Wish, name: str, password: str, code: str | None
) -> Passed:
    """Password and code in one call, for programs."""
    user, asker = _known(parts, asker, name, password)
    if user.totp_seed is None:
        return _login(parts, asker, user, wish, second_factor=False)
    if code is None:
        raise Unauthorised(
            "a code is needed: send it as code, or with this challenge to /api/auth/2fa/verify/",
            code="code-needed",
            challenge=_challenge(parts, asker, user, wish.kind),
        )
    proof.code(parts, asker, user, code)
    return _login(parts, asker, user, wish, second_factor=True)


def forget(parts: Parts, _worker: Worker) -> None:
    """What no limit and nobody asks about any more."""
    now = parts.clock()
    with parts.database.writing("*") as connection:
        attempts.forget(connection, now - limits.FAILURES_KEPT)
        challenges.forget(connection, now - limits.CHALLENGE_LIFE)
        rows.forget(connection, now - limits.KNOWN_ADDRESS_FOR)


def _known(parts: Parts, asker: Actor, name: str, password: str) -> tuple[User, Actor]:
    """The user of that name, and who asks: their own living login, or somebody unknown."""
    with parts.database.reading("*") as connection:
        user = users.named(connection, names.fold(name))
        home = rows.home_of(connection, user.id if user else "")
    if user is None or asker.user_id != user.id:
        asker = Actor(asker.origin, organisation_id=home)
    account = guessing.account_of(parts, user, name)
    return proof.password(parts, asker, user, account, password), asker


def _challenge(parts: Parts, asker: Actor, user: User, kind: str) -> str:
    secret = secrets_text.new(secrets_text.CHALLENGE)
    challenge = Challenge(ids.new("chl"), user.id, kind, parts.clock())
    parts.audit.note(Entry(asker, "login:challenge", user.id, {"kind": kind}))
    with parts.database.writing("*") as connection:
        challenges.add(connection, challenge, secrets_text.hashed(secret))
    return secret


def _login(parts: Parts, asker: Actor, user: User, wish: Wish, *, second_factor: bool) -> Passed:
    secret = logins.start(
        parts,
        user.id,
        wish.kind,
        asker.origin,
        second_factor=second_factor,
        organisation=wish.organisation,
    )
    actor = logins.authenticate(parts, secret, asker.origin)
    with parts.database.writing("*") as connection:
        good = credentials.redeem(connection, user)
        if not good:
            rows.revoke(connection, user.id, actor.login_id, parts.clock())
    if not good:  # changed since it was checked, or a one-time password that somebody else used
        raise Unauthorised(proof.WRONG_PASSWORD, code="wrong-credentials")
    return Passed(user, parts.clock() + limits.ABSOLUTE, secret, duties=actor.duties)
