"""What a view has at hand, and how it says who may use it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app, g

from hyperion_control.domain.actors import Actor
from hyperion_control.domain.roles import Role
from hyperion_control.store.agents import Agent
from hyperion_control.usecases.parts import Parts

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a view asks for; `create_app` refuses a view that does not say it."""

    role: Role | None = None  # in the actor's organisation
    scope: str = ""  # what a token must have been given; empty: no token may
    step_up: bool = False  # a code not older than five minutes
    platform: bool = False  # only those who run the platform
    duties: bool = True  # False: also for who still owes a new password or a second factor
    open: bool = False  # nobody needs to be signed in
    agents: bool = False  # only the agent of a machine


def open_to_all(view: View) -> View:
    """For a view that needs no login."""
    return _mark(view, Access(open=True))


def signed_in(*, duties: bool = True, step_up: bool = False) -> Callable[[View], View]:
    """For what concerns oneself: in any organisation or none, but never with a token."""
    return lambda view: _mark(view, Access(duties=duties, step_up=step_up))


def requires(role: Role, *, scope: str = "", step_up: bool = False) -> Callable[[View], View]:
    return lambda view: _mark(view, Access(role=role, scope=scope, step_up=step_up))


def platform_only(*, step_up: bool = False) -> Callable[[View], View]:
    return lambda view: _mark(view, Access(platform=True, step_up=step_up))


def agents_only(view: View) -> View:
    """`agent()` says which one asks."""
    return _mark(view, Access(agents=True))


def access_of(view: Callable[..., Any]) -> Access | None:
    return getattr(view, "access", None)


def parts() -> Parts:
    found: Parts = current_app.extensions["hyperion"]
    return found


def actor() -> Actor:
    """Who asks: set before the view runs, by border/gate."""
    found: Actor = g.actor
    return found


def agent() -> Agent:
    """Which agent asks, where only agents may."""
    found: Agent = g.agent
    return found


def _mark(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view
