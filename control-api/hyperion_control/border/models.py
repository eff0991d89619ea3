"""What a request may hold: models that refuse every field they do not name."""

from functools import cache
from inspect import get_annotations, unwrap
from typing import Any, Self

from flask import Flask, current_app, request
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from werkzeug.exceptions import UnsupportedMediaType

from hyperion_control.errors import Invalid, NotFound

# In our words where pydantic's speak of Python; the others are sentences that fit.
DETAILS = {
    "extra_forbidden": "there is no such field",
    "missing": "this field is needed",
    "json_invalid": "the body is not JSON",
    "model_type": "the body must be a JSON object",
}


MISFIT = "the request does not fit: see errors"


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _no_nul(cls, value: object) -> object:
        # PostgreSQL cannot keep this character, and no person types it.
        texts = value if isinstance(value, list | tuple) else (value,)
        if any(isinstance(text, str) and "\0" in text for text in texts):
            raise ValueError("the character NUL is not allowed")
        return value

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Made once: flask-openapi3 asks for it at each request, and it takes a millisecond."""
        return _schema(cls, *args, **options)


@cache
def _schema(model: type[Model], *args: Any, **options: Any) -> dict[str, Any]:
    return super(Model, model).model_json_schema(*args, **options)


class Query(Model):
    """The part of an address after the question mark."""


class Path(Model):
    """The variable parts of an address."""

    @classmethod
    def model_validate(cls, obj: Any, **_options: Any) -> Self:
        try:
            return super().model_validate(obj)
        except ValidationError:
            raise NotFound("there is nothing at this address") from None


class Body(Model):
    """A JSON object; read as it was sent, so that "5" is no number and 1 is not true."""

    @classmethod
    def model_validate(cls, obj: Any, **_options: Any) -> Self:
        """Called by flask-openapi3 with what Flask made of the body; that is less exact."""
        if not request.is_json:
            raise UnsupportedMediaType
        return super().model_validate_json(request.get_data(), strict=True)

    @classmethod
    def model_validate_json(cls, json_data: Any, **_options: Any) -> Self:
        # flask-openapi3 takes a body that is a JSON string for JSON within JSON.
        return cls.model_validate(json_data)


class Answer(BaseModel):
    """What is answered; a client must ignore the fields that it does not know."""

    model_config = ConfigDict(frozen=True)


def refuse_queries(app: Flask) -> None:
    """Where a view takes no query, whatever is in one is as unknown as elsewhere."""
    app.before_request(_refuse_query)


def _refuse_query() -> None:
    room = current_app.blueprints.get(request.blueprint or "")
    # Pages for people look after themselves.
    if not request.args or not isinstance(room, APIBlueprint):
        return
    view = current_app.view_functions[request.endpoint or ""]
    if "query" not in get_annotations(unwrap(view)):
        errors = [_error((name,), DETAILS["extra_forbidden"]) for name in request.args]
        raise Invalid(MISFIT, errors=errors)


def refuse(fault: ValidationError) -> Any:
    """Called by flask-openapi3 for a request that does not fit its models."""
    raise Invalid(MISFIT, errors=details(fault))


def details(fault: ValidationError) -> list[dict[str, str]]:
    return [
        _error(error["loc"], _detail(error["type"], error["msg"]))
        for error in fault.errors(include_url=False, include_input=False, include_context=False)
    ]


def _error(place: tuple[int | str, ...], detail: str) -> dict[str, str]:
    """With the place as RFC 6901 writes it."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in place)
    return {"pointer": "".join(f"/{part}" for part in parts), "detail": detail}


def _detail(kind: str, message: str) -> str:
    said = DETAILS.get(kind) or message.removeprefix("Value error, ")
    return said[:1].lower() + said[1:]
