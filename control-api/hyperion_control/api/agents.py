"""Agents: how they come in, call home and are renewed; and what people see of them."""

from datetime import datetime
from typing import Annotated, Any

from flask_openapi3 import APIBlueprint
from pydantic import AfterValidator, Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.api.machines import MachinePath
from hyperion_control.border import gate
from hyperion_control.border.context import (
    actor,
    agent,
    agents_only,
    open_to_all,
    parts,
    requires,
)
from hyperion_control.border.fields import Moment, Secret
from hyperion_control.border.machine_fields import Ip, Name
from hyperion_control.border.models import Answer, Body
from hyperion_control.domain.host_keys import fingerprint
from hyperion_control.domain.roles import Role
from hyperion_control.usecases import agents, discovery, enrolments

bp = APIBlueprint("agents", __name__, url_prefix="/api")

HEARTBEAT_SECONDS = 60


def _host_key(line: str) -> str:
    if line:
        fingerprint(line)
    return line


Short = Annotated[str, Field(max_length=100)]
HostKey = Annotated[str, Field(max_length=1000), AfterValidator(_host_key)]


class EnrolBody(Body):
    token: Secret
    fingerprint: str = Field(pattern="^[0-9a-f]{64}$", description="Of the machine.")
    name: Name


class EnrolledAnswer(Answer):
    agent_id: str
    machine_id: str
    machine: str
    secret: str
    expires_at: datetime


class HeartbeatBody(Body):
    run: str = Field(min_length=1, max_length=40, description="Another one after each start.")
    at: Moment = Field(description="The machine's own time.")
    hostname: str = Field(max_length=253)
    addresses: tuple[Ip, ...] = Field((), max_length=64)
    uptime_seconds: float = Field(ge=0, le=1e10)
    versions: dict[Short, Short] = Field({}, max_length=10)
    host_key: HostKey = Field("", description="A public key of its sshd, for an admin to approve.")
    labels: bool = Field(False, description="Whether to tell what labels it has in Prometheus.")


class HeartbeatAnswer(Answer):
    now: datetime
    expires_at: datetime
    seconds: int  # until the next one
    labels: dict[str, str]  # empty where they were not asked for


class RenewedAnswer(Answer):
    secret: str
    expires_at: datetime


class AgentAnswer(Answer):
    id: str
    machine_id: str
    enrolment_id: str
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None
    foreign_at: datetime | None
    facts: dict[str, Any]


@bp.post("/agents/enrol", summary="Enrol a machine", responses={201: EnrolledAnswer})
@open_to_all
def enrol(body: EnrolBody) -> Any:
    """Trade an enrolment's token for an identity that is good on this machine only."""
    who = actor().origin
    made = enrolments.trade(parts(), who, body.token, body.fingerprint, body.name)
    answer = EnrolledAnswer(
        agent_id=made.agent.id,
        machine_id=made.machine.id,
        machine=made.machine.name,
        secret=made.secret,
        expires_at=made.agent.expires_at,
    )
    return answer.model_dump(mode="json"), 201


@bp.post("/agents/heartbeat", summary="Call home", responses={200: HeartbeatAnswer})
@agents_only
def heartbeat(body: HeartbeatBody) -> Any:
    """Say that the machine is there, and how it is. For agents only."""
    facts = body.model_dump(mode="json", include={"hostname", "addresses", "versions"})
    facts["uptime_seconds"] = body.uptime_seconds
    agents.see(parts(), agent(), body.run, facts, body.at, body.host_key)
    answer = HeartbeatAnswer(
        now=parts().clock(),
        expires_at=agent().expires_at,
        seconds=HEARTBEAT_SECONDS,
        labels=discovery.labels(parts(), agent()) if body.labels else {},
    )
    return answer.model_dump(mode="json")


@bp.post("/agents/renew", summary="Renew an agent's secret", responses={200: RenewedAnswer})
@agents_only
def renew() -> Any:
    """Get a new secret; the one that was shown stays good for an hour. For agents only."""
    made = agents.renew(parts(), actor().origin, agent(), gate.bearer())
    answer = RenewedAnswer(secret=made.secret, expires_at=made.expires_at)
    return answer.model_dump(mode="json")


@bp.get("/machines/<machine_id>/agent", summary="Look at an agent", responses={200: AgentAnswer})
@requires(Role.OBSERVER, scope="machines:read")
def look(path: MachinePath) -> Any:
    """Look at the agent of a machine, and at what it last told."""
    found = agents.look(parts(), actor(), path.machine_id)
    shown = {name: getattr(found, name) for name in AgentAnswer.model_fields}
    return AgentAnswer(**shown).model_dump(mode="json")


@bp.delete("/machines/<machine_id>/agent", summary="End an agent", responses=NOTHING)
@requires(Role.OPERATOR, scope="machines:write")
def end(path: MachinePath) -> Any:
    """Know this agent no more, as when its secret was stolen; the machine enrols anew."""
    agents.end(parts(), actor(), path.machine_id)
    return "", 204
