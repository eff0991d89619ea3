"""What amtool says of a configuration before Alertmanager is given it."""

from pathlib import Path

from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.domain.orders import Order
from hyperion_control.runners.base import End, Outcome
from hyperion_control.runners.local import LocalRunner
from hyperion_control.usecases.whole_files import OPEN, put

# It takes a twentieth of one; the worker's other chores wait as long.
PATIENCE_SECONDS = 10


def check(amtool: Path, file: Path, text: str, seconds: int = PATIENCE_SECONDS) -> None:
    """Rejected: it would be refused. `file` is what is in use, and stays as it is."""
    # Beside it, because templates are named from there.
    candidate = file.with_name(".candidate.yml")
    put(candidate, text, OPEN)
    try:
        order = Order((str(amtool), "check-config", str(candidate)), seconds=seconds)
        outcome = LocalRunner().run(order)
    finally:
        candidate.unlink(missing_ok=True)
    if outcome.end is not End.EXITED:
        raise Unanswered(f"{amtool} checks no configuration: {_no_answer(outcome, seconds)}")
    if outcome.code:
        raise Rejected(f"{amtool} refuses the configuration: {_reason(outcome)}")


def _no_answer(outcome: Outcome, seconds: int) -> str:
    if outcome.end is End.TIMED_OUT:
        return f"it did not end within {seconds} s"
    return outcome.reason or f"it was ended by {outcome.signal}"


def _reason(outcome: Outcome) -> str:
    """It says more than once that it failed, and why only after the first."""
    _, failed, why = outcome.stdout.head.decode(errors="replace").partition("FAILED: ")
    if not failed:
        why = outcome.stderr.head.decode(errors="replace")
    return " ".join(why.split())[:200]
