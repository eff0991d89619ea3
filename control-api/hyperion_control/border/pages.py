"""Long lists in pieces: `limit`, an opaque `cursor`, and the Link header that leads on."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request
from pydantic import Field

from hyperion_control.border.models import Query
from hyperion_control.domain.pages import Page
from hyperion_control.errors import Invalid

Item = TypeVar("Item")


class PageQuery(Query):
    limit: int = Field(50, ge=1, le=500, description="How many at most.")
    cursor: str = Field("", max_length=1000, description="`next_cursor` of the page before.")

    @property
    def after(self) -> str:
        """The place after which the page begins."""
        try:
            place = bytes.fromhex(self.cursor).decode()
        except ValueError:
            place = "\0"
        # PostgreSQL cannot keep this character, so no place has it.
        if "\0" in place:
            wrong = {"pointer": "/cursor", "detail": "this cursor was not made by us"}
            raise Invalid("the cursor cannot be read: begin without one", errors=[wrong])
        return place


def answer(page: Page[Item], show: Callable[[Item], Any]) -> tuple[dict[str, Any], dict[str, str]]:
    cursor = page.after.encode().hex() or None
    body = {"data": [show(item) for item in page.items], "next_cursor": cursor}
    return body, {"Link": _next(cursor)} if cursor else {}


def _next(cursor: str) -> str:
    asked = {**request.args.to_dict(flat=False), "cursor": [cursor]}
    return f'<{request.path}?{urlencode(asked, doseq=True)}>; rel="next"'
