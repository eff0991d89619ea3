"""Tokens: what scripts sign in with, made and withdrawn by people."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hyperion_control.domain import ids, secrets_text
from hyperion_control.domain import tokens as rules
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.pages import Page, cut
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, Forbidden, NotFound, Unauthorised
from hyperion_control.store import tokens
from hyperion_control.store.tokens import Presented, Token
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry

REFUSED = "this token is not good here and now"


@dataclass(frozen=True)
class Wanted:
    name: str
    scopes: tuple[str, ...]
    machines: str = ""
    addresses: tuple[str, ...] = ()
    days: int = rules.DAYS


@dataclass(frozen=True)
class Made:
    """The only time that the secret is seen."""

    token: Token
    secret: str = field(repr=False)


def authenticate(parts: Parts, secret: str, origin: Origin) -> Actor:
    """Who asks with this token; whatever is wrong with it is the same refusal."""
    now = parts.clock()
    with parts.database.glancing() as connection:
        found = tokens.present(connection, secrets_text.hashed(secret), now)
    if found is None:
        raise Unauthorised(REFUSED)
    actor = _actor(found, origin)
    if why := _refusal(found, origin.address, now):
        parts.audit.note(_refused(actor, found.token, why))
        raise Unauthorised(REFUSED)
    _mark_used(parts, found.token, origin.address, now)
    return actor


def create(parts: Parts, actor: Actor, wanted: Wanted) -> Made:
    if beyond := rules.beyond(actor.role or Role.OBSERVER, wanted.scopes):
        raise Forbidden(f"your role cannot use the scope {beyond[0]}, so no token of yours can")
    now, secret = parts.clock(), secrets_text.new(secrets_text.TOKEN)
    token = Token(
        id=ids.new("tok"),
        user_id=actor.user_id,
        organisation_id=actor.organisation_id or "",
        name=wanted.name,
        scopes=wanted.scopes,
        machines=wanted.machines,
        addresses=wanted.addresses,
        created_at=now,
        expires_at=now + timedelta(days=wanted.days),
    )
    detail = {"scopes": list(wanted.scopes), "days": wanted.days}
    with (
        parts.audit.acting(Entry(actor, "token:create", token.id, detail)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        tokens.add(connection, token, secrets_text.hashed(secret))
    return Made(token, secret)


def page(parts: Parts, actor: Actor, whose: str, after: str, limit: int) -> Page[Token]:
    """`whose` is "mine" or "all", which is for admins."""
    if whose == "all" and not actor.may(Role.ADMIN):
        raise Forbidden("the tokens of others are shown to admins: ask for whose=mine")
    user_id = None if whose == "all" else actor.user_id
    with parts.database.reading(actor.organisation_id) as connection:
        organisation_id = actor.organisation_id or ""
        found = tokens.page(connection, organisation_id, user_id, after, limit + 1)
    return cut(found, limit, lambda token: token.id)


def look(parts: Parts, actor: Actor, token_id: str) -> Token:
    with parts.database.reading(actor.organisation_id) as connection:
        token = tokens.get(connection, actor.organisation_id or "", token_id)
    if token is None or (token.user_id != actor.user_id and not actor.may(Role.ADMIN)):
        raise NotFound("there is no such token")
    return token


def revoke(parts: Parts, actor: Actor, token_id: str) -> None:
    token = look(parts, actor, token_id)
    with (
        parts.audit.acting(Entry(actor, "token:revoke", token.id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        tokens.revoke(connection, token.id, parts.clock())


def rotate(
    parts: Parts, actor: Actor, token_id: str, overlap: timedelta, days: int | None = None
) -> Made:
    """A new secret; `days` None leaves the end where it is, so that no token prolongs itself."""
    token = look(parts, actor, token_id)
    now, secret = parts.clock(), secrets_text.new(secrets_text.TOKEN)
    if token.user_id != actor.user_id:
        raise Forbidden("only its owner gets a new secret of a token: revoke it instead")
    if token.revoked_at is not None or token.expires_at <= now:
        raise Conflict("this token has ended: create a new one")
    expires_at = token.expires_at if days is None else now + timedelta(days=days)
    with (
        parts.audit.acting(Entry(actor, "token:rotate", token.id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        hashed = secrets_text.hashed(secret)
        tokens.rotate(connection, token.id, hashed, now + overlap, expires_at)
    return Made(replace(token, expires_at=expires_at, previous_until=now + overlap), secret)


def _refused(actor: Actor, token: Token, why: str) -> Entry:
    return Entry(actor, "token:use", token.id, {"why": why}, decision="refused")


def _actor(found: Presented, origin: Origin) -> Actor:
    return Actor(
        origin,
        user_id=found.token.user_id,
        organisation_id=found.token.organisation_id,
        role=_role(found),
        token_id=found.token.id,
        scopes=frozenset(found.token.scopes),
        machines=found.token.machines,
    )


def _role(found: Presented) -> Role | None:
    """What its owner may now; never the platform's rights, since it is bound to an organisation."""
    return Role.ADMIN if found.platform_admin else found.role


def _refusal(found: Presented, address: str, now: datetime) -> str:
    """For the record only."""
    token = found.token
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at <= now:
        return "expired"
    if not rules.good_from(token.addresses, address):
        return "address"
    if found.disabled:
        return "disabled"
    return "" if _role(found) else "no member"


def _mark_used(parts: Parts, token: Token, address: str, now: datetime) -> None:
    if token.last_used_at is not None and token.last_used_at > now - rules.MARK_EVERY:
        return
    with parts.database.writing(token.organisation_id) as connection:
        tokens.mark_used(connection, token.id, address, now, rules.MARK_EVERY)
