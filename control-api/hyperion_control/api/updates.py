"""Updates: which version each agent is of, and another one for some or all of them."""

from datetime import datetime
from typing import Any, Literal, Self

from flask_openapi3 import APIBlueprint
from pydantic import Field, model_validator

from hyperion_control import __version__
from hyperion_control.api.command_answers import OneCommandAnswer, RunAnswer, one, show_plan
from hyperion_control.api.commands import MOST_WITHOUT_KEY
from hyperion_control.border import idempotency, pages
from hyperion_control.border.command_fields import MOST_NAMED, WAYS, Id, Share
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.fields import Moment, Title
from hyperion_control.border.models import Answer, Body
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain.batches import Width
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import commands, handout, updates
from hyperion_control.usecases.plans import Selection
from hyperion_control.usecases.updates import KIND, Wanted

bp = APIBlueprint("updates", __name__, url_prefix="/api/updates")


class UpdateBody(Body):
    machines: tuple[Id, ...] = Field((), max_length=MOST_NAMED)
    group: str = Field("", max_length=63, description="Name or id.")
    selector: str = Field("", max_length=500, description="Such as env=prod; `machine` is all.")
    seconds: int = Field(60, ge=5, le=900, description="The new version must report within them.")
    batch: Share = Field("", description="A number or a percentage.")
    batch_wait: int = Field(0, ge=0, le=3600, description="Seconds between two batches.")
    max_failures: Share = Field("", description="After more, the rest is skipped: 5 or 5%.")
    dry_run: bool = False
    reason: Title | None = None
    expires_at: Moment | None = Field(None, description="What has not begun never does.")

    @model_validator(mode="after")
    def _names_machines(self) -> Self:
        if sum(bool(getattr(self, way)) for way in WAYS) != 1:
            raise ValueError(f"name the machines by one of {', '.join(WAYS)}")
        return self

    def wanted(self) -> Wanted:
        return Wanted(
            Selection(self.machines, self.group, self.selector),
            Width(0, self.batch, self.batch_wait, self.max_failures),
            self.seconds,
            self.reason or "",
            self.expires_at,
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
