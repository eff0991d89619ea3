"""Two who edit the same thing: the second learns that the first has changed it."""

import re

from flask import request

from hyperion_control.errors import Stale, VersionNeeded


def etag(version: int) -> dict[str, str]:
    """The header of an answer that shows a thing at this version."""
    return {"ETag": f'"{version}"'}


def if_match() -> int | None:
    """The version that the client has seen; None when it takes any (`*`)."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise VersionNeeded("send If-Match with the ETag that you got, so that nothing is lost")
    if given == "*":
        return None
    if not re.fullmatch(r'"[0-9]{1,9}"', given):
        raise Stale(f"there is no version {given}: send the ETag that you got")
    return int(given.strip('"'))
