"""Who asks: a person or a token, in one organisation, with one role."""

from dataclasses import dataclass
from datetime import datetime

from hyperion_control.domain.roles import Role


@dataclass(frozen=True)
class Origin:
    """Where a request comes from, before we know whose it is."""

    address: str = ""
    request_id: str = ""
    user_agent: str = ""


@dataclass(frozen=True)
class Actor:
    """Frozen for one request: what is revoked meanwhile is refused at the next."""

    origin: Origin
    user_id: str = ""  # empty: nobody we know
    organisation_id: str | None = None
    role: Role | None = None  # in that organisation
    platform_admin: bool = False
    # One of the two by which the request came in.
    login_id: str = ""
    token_id: str = ""
    scopes: frozenset[str] | None = None  # None: not narrowed
    machines: str = ""  # a token's selector; empty: not narrowed
    second_factor_at: datetime | None = None  # when the last code was right
    # What comes first, in this order: "password" (it was a one-time one), "second-factor".
    duties: tuple[str, ...] = ()

    @property
    def via(self) -> str:
        """What the request was signed in with, for the record."""
        return self.login_id or self.token_id

    def may(self, role: Role, scope: str = "") -> bool:
        """An actor without a role in the organisation may nothing there."""
        enough = self.role is not None and self.role >= role
        return enough and (self.scopes is None or scope in self.scopes)


SYSTEM = Actor(Origin(), user_id="system")
