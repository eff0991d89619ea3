"""Tokens for scripts: each for one organisation, with the scopes that it was given."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from flask_openapi3 import APIBlueprint
from pydantic import AfterValidator, Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import pages
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.fields import Title
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain import tokens as rules
from hyperion_control.domain.roles import SCOPES, Role
from hyperion_control.store.tokens import Token
from hyperion_control.usecases import tokens
from hyperion_control.usecases.tokens import Made, Wanted

bp = APIBlueprint("tokens", __name__, url_prefix="/api/tokens")

Scopes = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(rules.scopes)]
Network = Annotated[str, Field(max_length=50), AfterValidator(rules.network)]
Selector = Annotated[str, Field(max_length=500), AfterValidator(rules.selector)]
Days = Annotated[int, Field(ge=1, le=rules.MOST_DAYS)]


class TokenPath(Path):
    token_id: str


class TokensQuery(PageQuery):
    whose: Literal["mine", "all"] = Field("mine", description="`all` is for admins.")


class TokenBody(Body):
    name: Title
    scopes: Scopes = Field(description=f"Of: {', '.join(SCOPES)}.")
    machines: Selector = Field("", description="A selector such as env=prod; empty: all.")
    addresses: tuple[Network, ...] = Field(
        (), max_length=50, description="Networks that it is good from; empty: from anywhere."
    )
    days: Days = rules.DAYS


class RotateBody(Body):
    overlap_minutes: int = Field(
        0, ge=0, le=rules.MOST_OVERLAP_MINUTES, description="The old secret stays good so long."
    )
    days: Days = rules.DAYS


class TokenAnswer(Answer):
    id: str
    user_id: str
    name: str
    scopes: tuple[str, ...]
    machines: str
    addresses: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    previous_until: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None


class MadeAnswer(TokenAnswer):
    secret: str


@bp.get("", summary="List tokens")
@requires(Role.OBSERVER)
def page(query: TokensQuery) -> Any:
    """List one's own tokens in this organisation, or everybody's."""
    found = tokens.page(parts(), actor(), query.whose, query.after, query.limit)
    return pages.answer(found, _show)


@bp.post("", summary="Create a token", responses={201: MadeAnswer})
@requires(Role.OBSERVER, step_up=True)
def create(body: TokenBody) -> Any:
    """Create a token with no more rights than one's role. Its secret is shown once."""
    made = tokens.create(parts(), actor(), Wanted(**dict(body)))
    return _made(made), 201, {"Location": f"/api/tokens/{made.token.id}"}


@bp.get("/<token_id>", summary="Look at a token", responses={200: TokenAnswer})
@requires(Role.OBSERVER)
def look(path: TokenPath) -> Any:
    """Look at a token of one's own, or as admin at anybody's; never at its secret."""
    return _show(tokens.look(parts(), actor(), path.token_id))


@bp.delete("/<token_id>", summary="Revoke a token", responses=NOTHING)
@requires(Role.OBSERVER)
def revoke(path: TokenPath) -> Any:
    """End a token of one's own, or as admin anybody's, from the next request on."""
    tokens.revoke(parts(), actor(), path.token_id)
    return "", 204


@bp.post("/<token_id>/rotate", summary="Rotate a token", responses={200: MadeAnswer})
@requires(Role.OBSERVER, step_up=True)
def rotate(path: TokenPath, body: RotateBody) -> Any:
    """Give a token of one's own a new secret and a new end."""
    overlap = timedelta(minutes=body.overlap_minutes)
    return _made(tokens.rotate(parts(), actor(), path.token_id, overlap, body.days))


def _show(token: Token) -> dict[str, Any]:
    shown = {name: getattr(token, name) for name in TokenAnswer.model_fields}
    return TokenAnswer(**shown).model_dump(mode="json")


def _made(made: Made) -> dict[str, Any]:
    return {**_show(made.token), "secret": made.secret}
