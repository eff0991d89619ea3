"""Policies: which commands a role may run, and which of them a second person must approve."""

from datetime import datetime
from typing import Annotated, Any

from flask_openapi3 import APIBlueprint
from pydantic import AfterValidator, Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import pages
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.fields import RoleWord, Title
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain import policies as rules
from hyperion_control.domain.policies import Effect
from hyperion_control.domain.roles import Role
from hyperion_control.store.policies import Policy
from hyperion_control.usecases import policies

bp = APIBlueprint("policies", __name__, url_prefix="/api/policies")

Pattern = Annotated[str, Field(min_length=1, max_length=rules.LONGEST_WORD)]
Words = Annotated[
    tuple[Pattern, ...],
    Field(min_length=1, max_length=rules.MOST_WORDS),
    AfterValidator(rules.words),
]


class PolicyPath(Path):
    policy_id: str


class PolicyBody(Body):
    role: RoleWord
    effect: Effect
    words: Words = Field(description="Patterns with * and ?, one a word; a last ** is any more.")
    note: Title | None = None


class PolicyAnswer(Answer):
    id: str
    role: RoleWord
    effect: Effect
    words: tuple[str, ...]
    note: str
    created_by: str
    created_at: datetime


@bp.get("", summary="List the policies")
@requires(Role.OPERATOR, scope="commands:run")
def page(query: PageQuery) -> Any:
    """List which commands each role may run."""
    return pages.answer(policies.page(parts(), actor(), query.after, query.limit), _show)


@bp.post("", summary="Create a policy", responses={201: PolicyAnswer})
@requires(Role.ADMIN, scope="admin", step_up=True)
def create(body: PolicyBody) -> Any:
    """Allow a command to a role (and with it no other), deny it, or ask for an approval."""
    made = policies.create(parts(), actor(), body.role, body.effect, body.words, body.note or "")
    return _show(made), 201, {"Location": f"/api/policies/{made.id}"}


@bp.get("/<policy_id>", summary="Look at a policy", responses={200: PolicyAnswer})
@requires(Role.OPERATOR, scope="commands:run")
def look(path: PolicyPath) -> Any:
    """Look at one that a refusal named."""
    return _show(policies.look(parts(), actor(), path.policy_id))


@bp.delete("/<policy_id>", summary="Delete a policy", responses=NOTHING)
@requires(Role.ADMIN, scope="admin", step_up=True)
def delete(path: PolicyPath) -> Any:
    """Delete a policy; to change one, delete it and create another."""
    policies.delete(parts(), actor(), path.policy_id)
    return "", 204


def _show(policy: Policy) -> dict[str, Any]:
    return PolicyAnswer(**vars(policy)).model_dump(mode="json")
