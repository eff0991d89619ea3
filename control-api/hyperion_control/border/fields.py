"""Fields that several requests and answers have, each checked in one place."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from hyperion_control.domain import names
from hyperion_control.domain.roles import Role

ROLES = [str(role) for role in Role]


def _role(given: object) -> Role:
    if isinstance(given, Role):
        return given
    if given not in ROLES:
        raise ValueError(f"a role is one of {', '.join(ROLES)}")
    return Role.parse(str(given))


RoleWord = Annotated[
    Role,
    PlainValidator(_role),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "enum": ROLES}),
]
Username = Annotated[str, Field(max_length=64), AfterValidator(names.username)]
Email = Annotated[str, Field(max_length=254), AfterValidator(names.email)]
Title = Annotated[str, Field(max_length=names.MOST_CHARACTERS), AfterValidator(names.title)]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(names.time_zone)]
# Far from the ends of what a datetime can hold, where going to UTC would fail.
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=FIRST, lt=LAST)]
Language = Literal["en", "fr"]
# How good it must be is decided where it is set; this only bounds the work.
Password = Annotated[str, Field(min_length=1, max_length=1024)]
Secret = Annotated[str, Field(max_length=100)]
Code = Annotated[str, Field(max_length=40)]
