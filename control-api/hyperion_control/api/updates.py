"""Updates: which version each agent is of, and another one for some or all of them."""

from datetime import datetime
from typing import Any, Literal

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control import __version__
from hyperion_control.api.command_answers import OneCommandAnswer, RunAnswer, one, show_plan
from hyperion_control.api.commands import MOST_WITHOUT_KEY
from hyperion_control.border import idempotency, pages
from hyperion_control.border.command_fields import WideBody
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.models import Answer
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import commands, handout, updates
from hyperion_control.usecases.updates import KIND, Wanted

bp = APIBlueprint("updates", __name__, url_prefix="/api/updates")


class UpdateBody(WideBody):
    seconds: int = Field(60, ge=5, le=900, description="The new version must report within them.")

    def wanted(self) -> Wanted:
        return Wanted(
            self.selection(), self.width(), self.seconds, self.reason or "", self.expires_at
        )


class StandingAnswer(Answer):
    machine_id: str
    machine: str
    version: str
    release: str
    state: Literal["current", "old", "manual"]
    seen_at: datetime | None


class UpdatesAnswer(Answer):
    version: str  # on offer
    release: str
    data: list[StandingAnswer]
    next_cursor: str | None


@bp.get("", summary="List the agents' versions", responses={200: UpdatesAnswer})
@requires(Role.OBSERVER, scope="machines:read")
def page(query: PageQuery) -> Any:
    """List which version each agent is of, beside the one that is on offer here."""
    found = updates.page(parts(), actor(), query.after, query.limit)
    body, headers = pages.answer(
        found, lambda standing: StandingAnswer(**vars(standing)).model_dump(mode="json")
    )
    return {"version": __version__, "release": handout.release(), **body}, headers


@bp.post("", summary="Update agents", responses={200: RunAnswer, 202: OneCommandAnswer})
@requires(Role.OPERATOR, scope="commands:run", step_up=True)
def begin(body: UpdateBody) -> Any:
    """Let machines take the version that is on offer here; what came of it says the command."""
    planned = updates.plan(parts(), actor(), body.wanted())
    if body.dry_run:
        return show_plan(planned), 200
    if len(planned.machines) > MOST_WITHOUT_KEY:
        idempotency.require()
    command_id = commands.run(parts(), actor(), planned, KIND).id
    return one(command_id), 202, {"Location": f"/api/commands/{command_id}"}
