"""Views whose answer is the same until something is written, which lets the server give it again.

That is no view that records who looked, asks for a code, or tells what changes by itself.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request

from hyperion_control.border import waiting
from hyperion_control.border.waiting import Told

View = TypeVar("View", bound=Callable[..., Any])


def repeatable(view: View) -> View:
    view.repeatable = True  # type: ignore[attr-defined]
    return view


def is_repeatable(view: Callable[..., Any]) -> bool:
    return getattr(view, "repeatable", False)


def tell(app: Flask) -> None:
    app.after_request(_tell)


def _tell(response: Response) -> Response:
    now, rule = waiting.visit.get(), request.url_rule
    if now and rule and is_repeatable(current_app.view_functions[rule.endpoint]):
        now.told = Told(rule.rule, response)
    return response
