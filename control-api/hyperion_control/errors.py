"""What can go wrong, said in the words of the user.

Refused
├── StartRefused                 a program cannot start: one sentence, exit status 1
└── Problem                      an answer to a request: status and code
    ├── BadRequest               400 bad-request
    ├── Unauthorised             401 unauthorised: nobody we know asks
    │   └── StepUpNeeded         401 step-up-needed: who asks is known, a fresh code is missing
    ├── Forbidden                403 forbidden: too small a role, or a duty comes first
    ├── NotFound                 404 not-found: also whatever belongs to another organisation
    ├── Conflict                 409 conflict: the wrong moment
    ├── Stale                    412 stale: somebody changed it meanwhile
    ├── Invalid                  422 invalid: understood, and impossible
    ├── VersionNeeded            428 version-needed: If-Match is missing
    ├── TooMany                  429 too-many-requests
    └── Unavailable              503 unavailable
        ├── DatabaseUnavailable  503 database-unavailable
        └── AuditUnavailable     503 audit-unavailable: not recorded, so nothing was done
"""

from collections.abc import Mapping


class Refused(Exception):
    """Its text is one lower-case sentence that names what was wrong and what to do."""


class StartRefused(Refused):
    pass


class Problem(Refused):
    status = 500
    code = "internal-server-error"

    def __init__(
        self,
        detail: str,
        *,
        code: str = "",
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        """`members` go into the answer; `code` where the class says too little."""
        super().__init__(detail)
        self.code = code or self.code
        self.headers = dict(headers or {})
        self.members = members


class BadRequest(Problem):
    status = 400
    code = "bad-request"


class Unauthorised(Problem):
    status = 401
    code = "unauthorised"


class StepUpNeeded(Unauthorised):
    code = "step-up-needed"


class Forbidden(Problem):
    status = 403
    code = "forbidden"


class NotFound(Problem):
    status = 404
    code = "not-found"


class Conflict(Problem):
    status = 409
    code = "conflict"


class Stale(Problem):
    status = 412
    code = "stale"


class Invalid(Problem):
    """`errors` lists pointer and detail of each field, as validation at the border does."""

    status = 422
    code = "invalid"


class VersionNeeded(Problem):
    status = 428
    code = "version-needed"


class TooMany(Problem):
    status = 429
    code = "too-many-requests"

    def __init__(self, detail: str, *, seconds: float, code: str = "", **members: object) -> None:
        """`seconds` until the next try makes sense."""
        wait = str(max(1, round(seconds + 0.5)))
        super().__init__(detail, code=code, headers={"Retry-After": wait}, **members)


class Unavailable(Problem):
    status = 503
    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    code = "database-unavailable"


class AuditUnavailable(Unavailable):
    code = "audit-unavailable"
