"""The second factor: set up, replaced, removed, used, and the recovery codes beside it."""

from dataclasses import dataclass, field

from hyperion_control.domain import totp
from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Conflict, Forbidden
from hyperion_control.store import challenges, credentials, logins, recovery_codes
from hyperion_control.usecases import notifications, proof
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

PENDING_CONTEXT = "users.totp_pending"


@dataclass(frozen=True)
class State:
    enrolled: bool
    recovery_codes_left: int


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator takes in: any one of these."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    svg: str = field(repr=False)
    text: str = field(repr=False)


def state(parts: Parts, actor: Actor) -> State:
    enrolled = proof.user_of(parts, actor).totp_seed is not None
    return State(enrolled, codes_left(parts, actor))


def codes_left(parts: Parts, actor: Actor) -> int:
    with parts.database.reading("*") as connection:
        return recovery_codes.left(connection, actor.user_id)


def check(parts: Parts, actor: Actor, code: str) -> None:
    """A code that came with a request, for this request."""
    proof.code(parts, actor, proof.user_of(parts, actor), code)
    parts.audit.note(Entry(actor, "step-up:pass", actor.user_id))


def step_up(parts: Parts, actor: Actor, code: str) -> None:
    """What takes a fresh code is open to this login for the next minutes."""
    check(parts, actor, code)
    with parts.database.writing("*") as connection:
        logins.step_up(connection, actor.login_id, parts.clock())


def begin(parts: Parts, actor: Actor, password: str, code: str | None) -> Enrolment:
    """A seed that counts once a code of it has come back; until then the one before does."""
    user, seed = proof.both(parts, actor, password, code), totp.new_seed()
    with parts.audit.acting(Entry(actor, "second-factor:begin", user.id)):
        sealed = parts.sealer.seal(seed.encode(), f"{PENDING_CONTEXT}:{user.id}")
        with parts.database.writing("*") as connection:
            credentials.propose_seed(connection, user.id, sealed)
    uri = totp.uri(seed, user.username)
    return Enrolment(seed, uri, totp.svg(uri), totp.terminal(uri))


def confirm(parts: Parts, actor: Actor, code: str) -> list[str]:
    """From now on the new seed counts. Returns the recovery codes, which are never shown again."""
    pending = proof.user_of(parts, actor).totp_pending
    if pending is None:
        raise Conflict("there is no second factor to confirm: begin again")
    seed = parts.sealer.open(pending, f"{PENDING_CONTEXT}:{actor.user_id}")
    number = proof.try_code(parts, actor, actor.user_id)
    step = totp.matched_step(seed.decode(), totp.squeezed(code), parts.clock())
    if step is None:
        raise proof.wrong_code(parts, actor, actor.user_id)
    proof.right_code(parts, number)
    with parts.audit.acting(Entry(actor, "second-factor:confirm", actor.user_id)):
        return _take_over(parts, actor, pending, seed, step)


def renew_codes(parts: Parts, actor: Actor, code: str) -> list[str]:
    """Those before are void."""
    proof.code(parts, actor, proof.user_of(parts, actor), code)
    codes = totp.recovery_codes()
    with (
        parts.audit.acting(Entry(actor, "recovery-codes:renew", actor.user_id)),
        parts.database.writing("*") as connection,
    ):
        recovery_codes.replace(connection, actor.user_id, _hashes(parts, codes))
    return codes


def remove(parts: Parts, actor: Actor, password: str, code: str) -> None:
    with parts.database.reading("*") as connection:
        acts = actor.platform_admin or logins.can_act(connection, actor.user_id)
    if acts or parts.settings.second_factor_for_all:
        raise Forbidden("your role needs a second factor: replace it instead of removing it")
    proof.both(parts, actor, password, code)
    take_away(parts, actor, actor.user_id)


def take_away(parts: Parts, actor: Actor, user_id: str) -> None:
    """Ends every login of the user but the one that asks."""
    with (
        parts.audit.acting(Entry(actor, "second-factor:remove", user_id)),
        parts.database.writing("*") as connection,
    ):
        credentials.remove_seed(connection, user_id)
        recovery_codes.replace(connection, user_id, [])
        logins.revoke_all(connection, user_id, parts.clock(), but=actor.login_id)
        challenges.end_all(connection, user_id)
        notifications.add(connection, notifications.letter(parts, "second-factor-removed", user_id))


def _take_over(parts: Parts, actor: Actor, pending: bytes, seed: bytes, step: int) -> list[str]:
    user_id, now, codes = actor.user_id, parts.clock(), totp.recovery_codes()
    sealed = parts.sealer.seal(seed, f"{proof.SEED_CONTEXT}:{user_id}")
    with parts.database.writing("*") as connection:
        if not credentials.confirm_seed(connection, user_id, pending, sealed, step):
            raise Conflict("another second factor was set up meanwhile: begin again")
        recovery_codes.replace(connection, user_id, _hashes(parts, codes))
        logins.step_up(connection, actor.login_id, now)
        logins.revoke_all(connection, user_id, now, but=actor.login_id)
        challenges.end_all(connection, user_id)
        notifications.add(connection, notifications.letter(parts, "second-factor-changed", user_id))
    return codes


def _hashes(parts: Parts, codes: list[str]) -> list[str]:
    return [proof.hash_of_recovery_code(parts, code) for code in codes]
