"""What a view has at hand, and how it says who may use it."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app

from hyperion_control.usecases.parts import Parts

View = TypeVar("View", bound=Callable[..., Any])


def open_to_all(view: View) -> View:
    """Marks a view that needs no login; create_app refuses a view without a mark."""
    view.access = "open"  # type: ignore[attr-defined]
    return view


def access_of(view: Callable[..., Any]) -> str | None:
    return getattr(view, "access", None)


def parts() -> Parts:
    found: Parts = current_app.extensions["hyperion"]
    return found
