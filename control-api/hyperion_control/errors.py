"""What can go wrong, said in the words of the user.

Refused
├── StartRefused             a program cannot start: one sentence, exit status 1
└── Problem                  an answer to a request: status and code
    ├── NotFound             404 not-found
    └── Unavailable          503 unavailable
        └── DatabaseUnavailable  503 database-unavailable
"""


class Refused(Exception):
    """Its text is one lower-case sentence that names what was wrong and what to do."""


class StartRefused(Refused):
    pass


class Problem(Refused):
    status = 500
    code = "internal-server-error"

    def __init__(self, detail: str, **members: object) -> None:
        """`members` go into the answer beside the detail."""
        super().__init__(detail)
        self.members = members


class NotFound(Problem):
    status = 404
    code = "not-found"


class Unavailable(Problem):
    status = 503
    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    code = "database-unavailable"
