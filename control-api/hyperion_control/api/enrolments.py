"""Tokens by which machines come in, each with the line that is pasted there."""

import shlex
from datetime import datetime
from typing import Annotated, Any

from flask_openapi3 import APIBlueprint
from pydantic import AfterValidator, Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import pages
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.machine_fields import Labels
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain import tokens as rules
from hyperion_control.domain.roles import Role
from hyperion_control.store.enrolments import Enrolment
from hyperion_control.usecases import enrolments
from hyperion_control.usecases.enrolments import Wanted

bp = APIBlueprint("enrolments", __name__, url_prefix="/api/enrolments")
may_write = requires(Role.OPERATOR, scope="machines:write")

MOST_MINUTES = 7 * 24 * 60
Network = Annotated[str, Field(max_length=50), AfterValidator(rules.network)]


class EnrolmentPath(Path):
    enrolment_id: str


class EnrolmentBody(Body):
    minutes: int = Field(60, ge=1, le=MOST_MINUTES, description="For so long it is good.")
    uses: int = Field(1, ge=1, le=1000, description="So many machines may come in by it.")
    machine_id: str | None = Field(
        None, max_length=40, description="A machine that is known; none: each use adds one."
    )
    labels: Labels = Field({}, description="Of the machines that it adds.")
    addresses: tuple[Network, ...] = Field(
        (), max_length=50, description="Networks that it is good from; empty: from anywhere."
    )


class AgentEnrolmentAnswer(Answer):
    id: str
    machine_id: str | None
    labels: dict[str, str]
    addresses: tuple[str, ...]
    uses: int
    used: int
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class HandedAnswer(AgentEnrolmentAnswer):
    secret: str
    line: str
    line_for_windows: str


class EnrolmentsAnswer(Answer):
    data: list[AgentEnrolmentAnswer]
    next_cursor: str | None


@bp.post("", summary="Let machines in", responses={201: HandedAnswer})
@requires(Role.OPERATOR, scope="machines:write", step_up=True)
def create(body: EnrolmentBody) -> Any:
    """Make a token that machines come in by, and the lines to paste there. It is shown once."""
    handed = enrolments.create(parts(), actor(), Wanted(**dict(body)))
    lines = {"line": _line(handed.secret), "line_for_windows": _for_windows(handed.secret)}
    return {**_show(handed.enrolment), "secret": handed.secret, **lines}, 201


@bp.get("", summary="List the enrolments", responses={200: EnrolmentsAnswer})
@may_write
def page(query: PageQuery) -> Any:
    """List the tokens that machines come in by, also those that are over; never their secrets."""
    return pages.answer(enrolments.page(parts(), actor(), query.after, query.limit), _show)


@bp.delete("/<enrolment_id>", summary="Revoke an enrolment", responses=NOTHING)
@may_write
def revoke(path: EnrolmentPath) -> Any:
    """Let nobody in by this token any more; who is in stays."""
    enrolments.revoke(parts(), actor(), path.enrolment_id)
    return "", 204


def _show(found: Enrolment) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in AgentEnrolmentAnswer.model_fields}
    return AgentEnrolmentAnswer(**shown).model_dump(mode="json")


def _line(secret: str) -> str:
    script = shlex.quote(f"{parts().settings.public_url}/install.sh")
    return f"curl -fsSL {script} | sudo sh -s -- --token {secret}"


def _for_windows(secret: str) -> str:
    """Kept where only administrators write: another could change it before it runs."""
    script, file = f"{parts().settings.public_url}/install.ps1", "$env:ProgramFiles\\hyperion.ps1"
    fetch = f"Invoke-WebRequest -UseBasicParsing '{script}' -OutFile \"{file}\""
    run = f'powershell -ExecutionPolicy Bypass -File "{file}" -Token {secret}'
    return f"{fetch}; {run}"
