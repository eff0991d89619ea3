"""A fresh code for what takes one: asked for by a field of the form, good for some minutes."""

from flask import request

from hyperion_control.border.context import actor, parts
from hyperion_control.domain import limits
from hyperion_control.errors import StepUpNeeded
from hyperion_control.usecases import second_factor


def due() -> bool:
    """Whether the form must have the field."""
    last = actor().second_factor_at
    return last is None or parts().clock() - last >= limits.STEP_UP


def take() -> None:
    if not due():
        return
    code = request.form.get("code", "").strip()
    if not code:
        raise StepUpNeeded("this takes a fresh code")
    second_factor.step_up(parts(), actor(), code)
