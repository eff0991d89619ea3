"""Buttons in Grafana, its actions: they send whatever somebody has put into a dashboard.

Grafana marks what they send, and no dashboard can take the mark away. Where Grafana has our address
the browser adds our cookie, so a button could do all that whoever presses it may, without their
knowing. Therefore none does anything unless its origin is listed, and none without a code of its
own.
"""

from flask import request

from hyperion_control.border.context import parts
from hyperion_control.errors import Forbidden

MARK = "X-Grafana-Action"
UNLISTED = "this Grafana may not act here: its origin is not in HYPERION_CORS_ORIGINS"


def pressed() -> bool:
    return MARK in request.headers


def refuse_unlisted() -> None:
    if pressed() and request.headers.get("Origin") not in parts().settings.cors_origins:
        raise Forbidden(UNLISTED, code="button-refused")
