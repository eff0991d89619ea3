"""The fields of a command, as it is asked for."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from hyperion_control.border.fields import Moment, Title
from hyperion_control.border.models import Body
from hyperion_control.domain import batches, excerpts
from hyperion_control.domain.batches import Width
from hyperion_control.domain.orders import MOST_SECONDS, Order
from hyperion_control.usecases.plans import Asked, Selection

MOST_KEPT_BYTES = 8 * 1024 * 1024
MOST_NAMED = 1000
# What reads a script when no interpreter is named.
SHELL = ("/bin/sh", "-s")

Word = Annotated[str, Field(max_length=64 * 1024)]
Id = Annotated[str, Field(max_length=40)]
Share = Annotated[str, Field(max_length=6), AfterValidator(batches.share)]
Kept = Annotated[int, Field(ge=0, le=MOST_KEPT_BYTES)]
WAYS = ("machines", "group", "selector")


class WideBody(Body):
    """What is done on machines, which ones and how wide, whatever that is."""

    machines: tuple[Id, ...] = Field((), max_length=MOST_NAMED)
    group: str = Field("", max_length=63, description="Name or id.")
    selector: str = Field("", max_length=500, description="Such as env=prod; `machine` is all.")
    batch: Share = Field("", description="A number or a percentage.")
    batch_wait: int = Field(0, ge=0, le=3600, description="Seconds between two batches.")
    max_failures: Share = Field("", description="After more, the rest is skipped: 5 or 5%.")
    dry_run: bool = False
    reason: Title | None = None
    expires_at: Moment | None = Field(None, description="What has not begun never does.")

    @model_validator(mode="after")
    def _names_machines(self) -> Self:
        if sum(bool(getattr(self, way)) for way in WAYS) != 1:
            raise ValueError(f"name the machines by one of {', '.join(WAYS)}")
        return self

    def selection(self) -> Selection:
        return Selection(self.machines, self.group, self.selector)

    def width(self, concurrency: int = 0) -> Width:
        return Width(concurrency, self.batch, self.batch_wait, self.max_failures)


class CommandBody(WideBody):
    argv: tuple[Word, ...] = Field((), max_length=1000, description="A program and its words.")
    script: str = Field("", description="Given to argv by stdin; without argv, to /bin/sh -s.")
    user: str = Field("", max_length=32, description="Whom it runs as; empty: the login.")
    env: dict[str, str] = Field({}, max_length=100)
    folder: str = Field("", max_length=4096)
    timeout: int = Field(60, ge=1, le=MOST_SECONDS, description="Seconds, on each machine.")
    head: Kept = Field(excerpts.HEAD_BYTES, description="Bytes kept of each stream's beginning.")
    tail: Kept = Field(excerpts.TAIL_BYTES, description="The same of its end.")
    concurrency: int = Field(0, ge=0, le=10_000, description="At once; 0: as many as can be.")
    expected_targets: int | None = Field(None, ge=0, description="Refused if it is another number.")
    not_before: Moment | None = None

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if not self.argv and not self.script:
            raise ValueError("say what to run: argv, script, or both")
        return self

    def asked(self) -> Asked:
        order = Order(
            self.argv or SHELL,
            self.script.encode(),
            self.env,
            self.folder,
            self.user,
            self.timeout,
            self.head,
            self.tail,
        )
        return Asked(
            order,
            self.selection(),
            self.width(self.concurrency),
            self.expected_targets,
            self.reason or "",
            self.not_before,
            self.expires_at,
        )
