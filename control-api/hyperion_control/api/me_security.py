"""One's own password, second factor and recovery codes."""

from typing import Any

from flask_openapi3 import APIBlueprint
from pydantic import Field

from hyperion_control.border.context import actor, parts, signed_in
from hyperion_control.border.credentials import Code, code_field, password_field
from hyperion_control.border.models import Answer, Body
from hyperion_control.domain.passwords import LONGEST
from hyperion_control.usecases import passwords, second_factor

bp = APIBlueprint("me_security", __name__, url_prefix="/api/me")


class PasswordChange(Body):
    current: str = Field(
        "", max_length=LONGEST, description="Left out for a one-time password, which is gone."
    )
    new: str = password_field()
    code: str | None = code_field(None)


class Proof(Body):
    password: str = password_field()
    code: str | None = code_field(None)


class FullProof(Body):
    password: str = password_field()
    code: str = code_field()


class StateAnswer(Answer):
    enrolled: bool
    recovery_codes_left: int


class EnrolmentAnswer(Answer):
    secret: str
    uri: str
    svg: str = Field(description="The QR code as an SVG element.")
    text: str = Field(description="The QR code for a terminal.")


class CodesAnswer(Answer):
    recovery_codes: list[str] = Field(description="Shown only here; each is good once.")


@bp.put("/password", responses={"204": None})
@signed_in(duties=False)
def change_password(body: PasswordChange) -> tuple[str, int]:
    """Change one's password; all other logins end."""
    passwords.change(parts(), actor(), body.current, body.new, body.code)
    return "", 204


@bp.get("/second-factor", responses={"200": StateAnswer})
@signed_in(duties=False)
def look() -> dict[str, Any]:
    """Say whether there is a second factor, and how many recovery codes are left."""
    return StateAnswer(**vars(second_factor.state(parts(), actor()))).model_dump()


@bp.post("/second-factor", responses={"200": EnrolmentAnswer})
@signed_in(duties=False)
def begin(body: Proof) -> dict[str, Any]:
    """Begin to set up an authenticator; the one before stays until a code confirms this one."""
    enrolment = second_factor.begin(parts(), actor(), body.password, body.code)
    return EnrolmentAnswer(**vars(enrolment)).model_dump()


@bp.put("/second-factor", responses={"200": CodesAnswer})
@signed_in(duties=False)
def confirm(body: Code) -> dict[str, Any]:
    """Confirm the authenticator with a code of it; all other logins end."""
    codes = second_factor.confirm(parts(), actor(), body.code)
    return CodesAnswer(recovery_codes=codes).model_dump()


@bp.delete("/second-factor", responses={"204": None})
@signed_in()
def remove(body: FullProof) -> tuple[str, int]:
    """Do without a second factor, where the role allows it."""
    second_factor.remove(parts(), actor(), body.password, body.code)
    return "", 204


@bp.post("/recovery-codes", responses={"200": CodesAnswer})
@signed_in()
def renew(body: Code) -> dict[str, Any]:
    """Make ten new recovery codes; those before are void."""
    codes = second_factor.renew_codes(parts(), actor(), body.code)
    return CodesAnswer(recovery_codes=codes).model_dump()
