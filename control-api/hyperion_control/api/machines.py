"""The machines of an organisation."""

from datetime import datetime
from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import pages, versions
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.machine_fields import MachineFields, Name
from hyperion_control.border.models import Answer, Body, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.border.repeatable import repeatable
from hyperion_control.domain.host_keys import KeyState, fingerprint, key_state
from hyperion_control.domain.machine_states import State
from hyperion_control.domain.roles import Role
from hyperion_control.store.machines import Machine
from hyperion_control.usecases import machines
from hyperion_control.usecases.machines import Filter

bp = APIBlueprint("machines", __name__, url_prefix="/api/machines")
may_read = requires(Role.OBSERVER, scope="machines:read")
may_write = requires(Role.OPERATOR, scope="machines:write")


class MachinePath(Path):
    machine_id: str


class MachinesQuery(PageQuery):
    selector: str = Field("", max_length=500, description="Such as env=prod,role!=db,group=web.")
    state: State | None = None
    search: str = Field("", max_length=63, description="A part of the name.")


class MachineBody(Body, MachineFields):
    group_id: str | None = Field(None, max_length=40)
    ssh_key_id: str | None = Field(
        None,
        max_length=40,
        description="What we log in with; none: keys of the worker's ssh-agent.",
    )
    jump_id: str | None = Field(
        None, max_length=40, description="A machine that this one is reached through."
    )


class ChangeMachineBody(MachineBody):
    """What is left out stays."""

    name: Name = ""


class HostKeyAnswer(Answer):
    state: KeyState
    fingerprint: str | None
    offered: str | None


class MachineAnswer(Answer):
    id: str
    name: str
    state: State
    hostname: str
    ips: tuple[str, ...]
    macs: tuple[str, ...]
    port: int
    ssh_port: int
    ssh_user: str
    ssh_key_id: str | None
    jump_id: str | None
    runner: str
    group_id: str | None
    group: str
    owner_id: str | None
    labels: dict[str, str]
    notes: str
    seen_at: datetime | None
    scrape_seconds: int
    maintenance_until: datetime | None
    session_id: str | None
    created_at: datetime
    deleted_at: datetime | None
    host_key: HostKeyAnswer


class MachinesAnswer(Answer):
    data: list[MachineAnswer]
    next_cursor: str | None


class MachineCountsAnswer(Answer):
    machines: int
    states: dict[str, int]
    groups: dict[str, int]


@bp.get("", summary="List the machines", responses={200: MachinesAnswer})
@repeatable
@may_read
def page(query: MachinesQuery) -> Any:
    """List machines by name, chosen by labels, state or a part of the name."""
    wanted = Filter(query.selector, query.state, query.search)
    return pages.answer(machines.page(parts(), actor(), wanted, query.after, query.limit), show)


@bp.post("", summary="Add a machine", responses={201: MachineAnswer})
@may_write
def create(body: MachineBody) -> Any:
    """Add a machine. Prometheus asks it from its next look at /api/sd/prometheus on."""
    made = machines.create(parts(), actor(), dict(body))
    here = {"Location": f"/api/machines/{made.id}"}
    return show(made), 201, versions.etag(made.version) | here


@bp.get("/statistics", summary="Count the machines", responses={200: MachineCountsAnswer})
@repeatable
@may_read
def count() -> Any:
    """Count the machines by state and group."""
    return vars(machines.count(parts(), actor()))


@bp.get("/<machine_id>", summary="Look at a machine", responses={200: MachineAnswer})
@repeatable
@may_read
def look(path: MachinePath) -> Any:
    """Look at a machine, also at one that was deleted, with the ETag that a change asks for."""
    return answer(machines.look(parts(), actor(), path.machine_id))


@bp.patch("/<machine_id>", summary="Change a machine", responses={200: MachineAnswer})
@may_write
def change(path: MachinePath, body: ChangeMachineBody) -> Any:
    """Change what is given; addresses and labels are replaced as a whole."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    seen = versions.if_match()
    return answer(machines.change(parts(), actor(), path.machine_id, changes, seen))


@bp.delete("/<machine_id>", summary="Delete a machine", responses=NOTHING)
@requires(Role.ADMIN, scope="machines:write")
def delete(path: MachinePath) -> Any:
    """Delete a machine. What was done on it and with it stays on record."""
    machines.delete(parts(), actor(), path.machine_id, versions.if_match())
    return "", 204


def answer(found: Machine) -> Any:
    return show(found), 200, versions.etag(found.version)


def show(found: Machine) -> dict[str, Any]:
    own = {name: value for name, value in vars(found).items() if name != "host_key"}
    state = machines.state(found, parts().clock())
    key = _key(found.host_key, found.host_key_offered)
    return MachineAnswer(**own, state=state, host_key=key).model_dump(mode="json")


def _key(pinned: str, offered: str) -> HostKeyAnswer:
    return HostKeyAnswer(
        state=key_state(pinned, offered),
        fingerprint=fingerprint(pinned) if pinned else None,
        offered=fingerprint(offered) if offered else None,
    )
