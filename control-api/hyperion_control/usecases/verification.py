"""Whether a bearer is good now, and for what: asked by who holds it."""

from dataclasses import dataclass

from hyperion_control.domain import secrets_text
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.errors import Unauthorised
from hyperion_control.usecases import logins, tokens
from hyperion_control.usecases.parts import Parts


@dataclass(frozen=True)
class Verified:
    active: bool
    kind: str = ""
    user_id: str = ""
    organisation_id: str | None = None
    role: str = ""
    scopes: list[str] | None = None


def recognised(parts: Parts, origin: Origin, secret: str, organisation: str | None) -> Actor:
    """By the kind of bearer that it is."""
    if secret.startswith(secrets_text.TOKEN):
        return tokens.authenticate(parts, secret, origin)
    return logins.authenticate(parts, secret, origin, organisation)


def verify(parts: Parts, origin: Origin, secret: str) -> Verified:
    try:
        actor = recognised(parts, origin, secret, None)
    except Unauthorised:
        return Verified(active=False)
    return Verified(
        active=True,
        kind="token" if actor.token_id else "login",
        user_id=actor.user_id,
        organisation_id=actor.organisation_id,
        role=str(actor.role) if actor.role else "",
        scopes=sorted(actor.scopes) if actor.scopes is not None else None,
    )
