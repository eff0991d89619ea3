"""What a client prefers (RFC 7240): to wait for the end of what takes long."""

import re

from flask import request

MOST_SECONDS = 60
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*([0-9]{1,4})(?=$|[,;\s])", re.IGNORECASE)


def wait() -> int:
    """Seconds; 0 when the client rather has its answer at once."""
    found = WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), MOST_SECONDS) if found else 0
