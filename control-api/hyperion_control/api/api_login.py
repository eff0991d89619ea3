"""Signing a program in as older clients do: with errors in a shape of their own."""

from typing import Any, Literal

from flask.typing import ResponseReturnValue
from flask_openapi3 import APIBlueprint

from hyperion_control.border import gate
from hyperion_control.border.context import open_to_all, parts
from hyperion_control.border.credentials import Credentials
from hyperion_control.border.models import Answer
from hyperion_control.errors import Problem
from hyperion_control.usecases import signing_in
from hyperion_control.usecases.signing_in import API, Wish

bp = APIBlueprint("api_login", __name__, url_prefix="/api/auth")


class SignedIn(Answer):
    status: Literal["success"] = "success"
    token: str  # hyp_l_: the login; hyp_c_: to be sent with a code to /api/auth/2fa/verify/
    user_id: int
    username: str


class Refused(Answer):
    status: Literal["error"] = "error"
    message: str


@bp.post(
    "/api-login/",
    responses={
        "200": SignedIn,
        "400": Refused,
        "401": Refused,
        "403": Refused,
        "422": Refused,
        "429": Refused,
        "503": Refused,
    },
)
@open_to_all
def login(body: Credentials) -> dict[str, Any]:
    """Sign a program in; where there is a second factor, the token awaits its code."""
    asker, wish = gate.whoever(), Wish(API)
    passed = signing_in.with_password(parts(), asker, wish, body.username, body.password)
    return SignedIn(
        token=passed.login or passed.challenge,
        user_id=passed.user.number,
        username=passed.user.username,
    ).model_dump()


@bp.errorhandler(Problem)
def refused(fault: Problem) -> ResponseReturnValue:
    return Refused(message=str(fault)).model_dump(), fault.status, fault.headers
