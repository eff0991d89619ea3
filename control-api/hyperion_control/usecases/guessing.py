"""The limits against guessing.

A try is counted as a failure before it is looked at, and forgiven when it turns out right: so no
number of tries at once gets past a limit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hyperion_control.domain import limits, names
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.errors import TooMany
from hyperion_control.store import attempts, logins
from hyperion_control.store.attempts import Attempt
from hyperion_control.store.users import User
from hyperion_control.usecases.parts import Parts

PASSWORD, CODE, LINK = "password", "code", "link"
NO_WAIT = timedelta(0)
SLOWER = "too many failed tries: wait, then try again"
STOPPED = "too many failed tries: this account needs a new password by a link from an admin"


@dataclass(frozen=True)
class Stop:
    """Which limit refuses, and for how long."""

    limit: str
    wait: timedelta


class Guessed(TooMany):
    """Refused unread by a limit."""

    def __init__(self, stop: Stop) -> None:
        said = STOPPED if stop.limit == "account-stopped" else SLOWER
        super().__init__(said, seconds=stop.wait.total_seconds(), code="too-many-failures")
        self.limit = stop.limit


def try_password(parts: Parts, account: str, origin: Origin) -> int:
    """For who is not signed in; `account` is an id, or the hash of a name that nobody has."""
    attempt = _attempt(parts, PASSWORD, account, origin)
    with parts.database.writing("*", alone="attempts") as connection:
        alarm = _alarm(connection, attempt.at)
        stop = _stop_account(connection, attempt) or _stop_address(
            connection, attempt, origin.address, alarm=alarm
        )
        number = 0 if stop else attempts.add(connection, attempt)
    if alarm:
        parts.meter.alarms.inc()
    return _counted(parts, number, stop)


def try_password_again(parts: Parts, actor: Actor) -> int:
    """For who is signed in: strangers' failures do not count, but the login's own do."""
    attempt = _attempt(parts, PASSWORD, actor.login_id, actor.origin)
    with parts.database.writing("*", alone="attempts") as connection:
        stop = _stop_account(connection, attempt)
        number = 0 if stop else attempts.add(connection, attempt)
    return _counted(parts, number, stop)


def try_code(parts: Parts, user_id: str, origin: Origin) -> int:
    """New challenges and new logins do not begin anew: it is the user who is counted."""
    attempt = _attempt(parts, CODE, user_id, origin)
    with parts.database.writing("*", alone="attempts") as connection:
        stop = _stop_code(connection, attempt)
        number = 0 if stop else attempts.add(connection, attempt)
    return _counted(parts, number, stop)


def try_link(parts: Parts, origin: Origin) -> None:
    """For what needs no limit by itself, but is not to be asked for all day."""
    attempt = _attempt(parts, LINK, "", origin)
    with parts.database.writing("*", alone="attempts") as connection:
        stop = _stop_address(connection, attempt, origin.address, alarm=False)
        number = 0 if stop else attempts.add(connection, attempt)
    _counted(parts, number, stop)


def account_of(parts: Parts, user: User | None, name: str) -> str:
    """What is counted and recorded of a name: never the name itself, which may be a password."""
    return user.id if user else parts.sealer.keyed_hash(names.fold(name), "username")


def forgive(parts: Parts, number: int) -> None:
    with parts.database.writing("*") as connection:
        attempts.forgive(connection, number)


def forgive_all(parts: Parts, account: str) -> None:
    """After a right password. Not after a right code: who guesses codes has the password."""
    with parts.database.writing("*") as connection:
        attempts.clear(connection, PASSWORD, account)


def _attempt(parts: Parts, what: str, account: str, origin: Origin) -> Attempt:
    return Attempt(what, account, limits.neighbourhood(origin.address), parts.clock())


def _counted(parts: Parts, number: int, stop: Stop | None) -> int:
    if stop is None:
        return number
    parts.meter.lockouts.labels(stop.limit).inc()
    raise Guessed(stop)


def _stop_account(connection: Connection, attempt: Attempt) -> Stop | None:
    since = attempt.at - limits.FAILURES_KEPT
    failures, last = attempts.of_account(connection, attempt.what, attempt.account, since)
    if failures >= limits.MOST_FAILURES:
        return Stop("account-stopped", limits.LONGEST_WAIT)
    wait = limits.wait_after(failures, last, attempt.at) if last else NO_WAIT
    return Stop("account", wait) if wait else None


def _stop_address(
    connection: Connection, attempt: Attempt, address: str, *, alarm: bool
) -> Stop | None:
    newest = attempts.times_of_address(
        connection, attempt.what, attempt.address, limits.PER_ADDRESS.most
    )
    if wait := limits.wait_within(limits.PER_ADDRESS, newest, attempt.at):
        return Stop("address", wait)
    known_since = attempt.at - limits.KNOWN_ADDRESS_FOR
    if not alarm or logins.known_address(connection, address, known_since):
        return None
    wait = limits.wait_within(limits.STRANGERS_ADDRESS, newest, attempt.at)
    return Stop("everywhere", wait) if wait else None


def _stop_code(connection: Connection, attempt: Attempt) -> Stop | None:
    most = max(window.most for window in limits.CODES)
    newest = attempts.times_of_account(connection, attempt.what, attempt.account, most)
    wait = max(limits.wait_within(window, newest, attempt.at) for window in limits.CODES)
    return Stop("code", wait) if wait else None


def _alarm(connection: Connection, now: datetime) -> bool:
    newest = attempts.times(connection, limits.EVERYWHERE.most)
    return limits.wait_within(limits.EVERYWHERE, newest, now) > NO_WAIT
