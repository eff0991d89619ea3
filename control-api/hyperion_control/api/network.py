"""The network of a machine: its interfaces, and its sockets with the processes that hold them."""

from typing import Any, Literal

from flask_openapi3 import APIBlueprint
from pydantic import Field, RootModel

from hyperion_control.api.acting import perform
from hyperion_control.api.machines import MachinePath, may_read
from hyperion_control.border import pages
from hyperion_control.border.models import Answer
from hyperion_control.border.pages import PageQuery
from hyperion_control.domain import interfaces, network_orders, sockets
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.interfaces import Interface
from hyperion_control.domain.orders import Order
from hyperion_control.domain.sockets import STATES, Filter, Socket
from hyperion_control.usecases.acts import Act

bp = APIBlueprint("network", __name__, url_prefix="/api/machines/<machine_id>/network")


class SocketsQuery(PageQuery):
    protocol: Literal["", "tcp", "udp"] = ""
    state: str = Field("", pattern=f"^({'|'.join(STATES)})?$")
    port: int | None = Field(None, ge=1, le=65535, description="Its own, not the other end's.")
    pid: int | None = Field(None, ge=1)


class InterfacesAnswer(Answer):
    data: list[Interface]
    warning: str  # why addresses are missing


class SocketAnswer(RootModel[Socket]):
    pass


class SocketsAnswer(Answer):
    data: list[Socket]
    next_cursor: str | None
    warning: str  # why processes are missing


@bp.get("/interfaces", summary="List the interfaces", responses={200: InterfacesAnswer})
@may_read
def list_interfaces(path: MachinePath) -> Any:
    """List the network interfaces with their addresses and what went through them."""
    found = interfaces.read(_look(path, "network:interfaces", network_orders.interfaces()))
    return InterfacesAnswer(**vars(found)).model_dump(mode="json")


@bp.get("/sockets", summary="List listening ports and connections", responses={200: SocketsAnswer})
@may_read
def list_sockets(path: MachinePath, query: SocketsQuery) -> Any:
    """List who listens (`state=listen`) and who is connected, each with its processes."""
    wanted = Filter(query.protocol, query.state, query.port, query.pid)
    after = query.after
    found = sockets.read(_look(path, "network:sockets", network_orders.sockets()))
    chosen = sockets.page(found.sockets, wanted, after, query.limit)
    body, headers = pages.answer(chosen, _show)
    return {**body, "warning": found.warning}, headers


def _look(path: MachinePath, kind: str, order: Order) -> Excerpt:
    return perform(path.machine_id, Act(kind, order, passing=True)).stdout


def _show(socket: Socket) -> Any:
    return SocketAnswer(socket).model_dump(mode="json")
