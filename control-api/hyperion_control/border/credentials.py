"""What people sign in with, as requests carry it: JSON everywhere, a form where browsers ask."""

from typing import Any, Self

from flask import request
from pydantic import Field

from hyperion_control.border.models import Body, Model
from hyperion_control.domain.passwords import LONGEST

FORM = "application/x-www-form-urlencoded"
# A recovery code, with room for the spaces and dashes that people type.
LONGEST_CODE = 64
LONGEST_NAME = 254


def name_field() -> Any:
    return Field(min_length=1, max_length=LONGEST_NAME, description="User name or e-mail address.")


def password_field() -> Any:
    # Validation speaks of lengths only; what makes a password good is asked where one is chosen.
    return Field(min_length=1, max_length=LONGEST, json_schema_extra={"format": "password"})


def code_field(default: Any = ...) -> Any:
    said = "Six digits of the authenticator, or a recovery code."
    return Field(default, min_length=1, max_length=LONGEST_CODE, description=said)


class Credentials(Body):
    username: str = name_field()
    password: str = password_field()


class BrowserCredentials(Credentials):
    """As JSON, or as a page's form sends them."""

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        if request.mimetype == FORM:
            return super(Model, cls).model_validate(request.form.to_dict())
        return super().model_validate(obj, **options)


class Code(Body):
    code: str = code_field()
