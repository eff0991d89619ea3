"""Why somebody acts, as a form says it; on record with what they did."""

from flask import request

from hyperion_control.domain import names
from hyperion_control.errors import Invalid


def given() -> str:
    said = request.form.get("reason", "").strip()
    try:
        return names.title(said) if said else ""
    except ValueError:
        raise Invalid("a reason is one line", code="reason-unfit") from None
