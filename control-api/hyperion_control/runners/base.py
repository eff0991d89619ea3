"""The interface of all runners: one order on one machine, from start to proven end.

    outcome = runner.run(order, output=print_piece, cancel=event)

- `order` is a `domain.orders.Order`: argv, stdin, env, folder, user, seconds, what to keep.
- `output(stream, piece)` gets every byte as it comes, in the calling thread. If it raises, the
  program is stopped on its machine and the exception goes on.
- `cancel` is a `threading.Event`; once set, the program and all that it started is ended, SIGTERM
  first, and the outcome is `canceled` only if the machine confirmed that all of it is gone. It is
  heeded once the program runs; whoever has orders waiting looks at it before `run`.
- `run` blocks and never raises for a machine's sake: whatever happens there is an `Outcome`.
  It never runs an order twice: what broke after the order had left is `lost`.
- If we die, or the way to the machine breaks, the machine itself ends the program: at once when it
  sees the connection close, else some seconds after the order's time is over.
- A program that ends by itself leaves running what it put in the background, as a shell would.
- Ended with it is what is in its process group or carries its mark in the environment, so a double
  fork as well. Out of reach is only what left the group and cleaned its environment too.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.host_keys import fingerprint
from hyperion_control.domain.orders import Order
from hyperion_control.errors import Conflict, Unavailable


class Stream(StrEnum):
    STDOUT = "stdout"
    STDERR = "stderr"


class End(StrEnum):
    EXITED = "exited"  # by itself, with `code`
    SIGNALED = "signaled"  # by `signal`, and not by us
    TIMED_OUT = "timed_out"  # ended by us, and gone
    CANCELED = "canceled"  # ended by us, and gone
    NOT_STARTED = "not_started"  # the machine could not: no such folder, no such user
    UNREACHABLE = "unreachable"  # nothing was sent
    HOST_KEY_UNKNOWN = "host_key_unknown"  # nothing was sent
    HOST_KEY_CHANGED = "host_key_changed"  # nothing was sent
    LOST = "lost"  # it left, and what became of it is not known


@dataclass(frozen=True)
class Outcome:
    end: End
    code: int | None = None
    signal: str = ""  # as in kill(1): TERM
    seconds: float = 0.0
    stdout: Excerpt = Excerpt()
    stderr: Excerpt = Excerpt()
    reason: str = ""  # a sentence, where `code` and `signal` do not say it all
    offered: str = ""  # the host key that was shown, where that is the reason
    offered_by: tuple[str, int] = ("", 0)  # address and port of who showed it


Output = Callable[[Stream, bytes], None]


class Runner(Protocol):
    def run(
        self, order: Order, output: Output | None = None, cancel: threading.Event | None = None
    ) -> Outcome: ...


class Unreachable(Unavailable):
    code = "unreachable"


class HostKeyRefused(Conflict):
    """The machine showed a key that is not the approved one: `offered`, as a public key's line."""

    def __init__(self, detail: str, offered: str, address: str, port: int) -> None:
        super().__init__(detail, fingerprint=fingerprint(offered))
        self.offered = offered
        self.by = address, port


class UnknownHostKey(HostKeyRefused):
    """None is approved yet; to pin `offered` is the approval."""

    code = "host-key-unknown"


class HostKeyChanged(HostKeyRefused):
    code = "host-key-changed"


class Lost(Exception):
    """The way to a started program broke; its text is the reason."""
