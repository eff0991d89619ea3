"""What a machine answered when it was told to look at its units or to act on one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from hyperion_control.domain import journal, sections, unit_states, units
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.journal import Line
from hyperion_control.domain.sections import Section
from hyperion_control.domain.unit_orders import NO_SYSTEMD, NO_UNIT, OTHER_IMPACT, PROTECTED
from hyperion_control.domain.unit_states import Unit
from hyperion_control.domain.units import Verb
from hyperion_control.errors import Conflict, NotFound, Problem, Unavailable

Result = Literal["succeeded", "failed", "running", "dry_run"]
Parts = Mapping[str, Section]
RESULTS: dict[int | None, Result] = {0: "succeeded", 1: "failed", 2: "running"}


@dataclass(frozen=True)
class Said:
    """How a script ended and what it said."""

    code: int | None
    stdout: Excerpt
    stderr: Excerpt


@dataclass(frozen=True)
class Impact:
    unit: Unit
    falls: list[Unit]  # is stopped with it, or restarted
    protected: str  # the name for which it would be refused; empty: none


@dataclass(frozen=True)
class Acted:
    result: Result
    said: str  # by systemctl
    before: Unit
    after: Unit | None  # None: it was a dry run
    falls: list[Unit]
    log: list[Line]  # since it began, the last twenty


@dataclass(frozen=True)
class Log:
    lines: list[Line]
    at: datetime | None  # by the machine's clock, when it was asked; None: it said too much


def listed(said: Said) -> list[Unit]:
    refuse_failed(said)
    found = sections.read(said.stdout)
    return unit_states.together(_units(found, "read"), unit_states.unread(_text(found, "files")))


def shown(said: Said) -> Unit:
    refuse_failed(said)
    found = _unit(sections.read(said.stdout), "unit")
    if found.load == "not-found":
        raise _no_unit()
    return found


def impact(said: Said) -> Impact:
    if said.code != PROTECTED:
        refuse_failed(said)
    parts = sections.read(said.stdout)
    return Impact(_unit(parts, "before"), _units(parts, "falls"), _protected(parts))


def acted(verb: Verb, said: Said) -> Acted:
    parts = sections.read(said.stdout)
    if said.code == PROTECTED:
        raise units.refusal(verb, _protected(parts))
    if said.code == OTHER_IMPACT:
        falls = [each.unit for each in _units(parts, "falls")]
        raise Conflict("what falls with it is not what you expected", code="impact", falls=falls)
    result = RESULTS.get(said.code)
    if result is None:
        raise _fault(said)
    return Acted(
        result if "after" in parts else "dry_run",
        _whole(said.stderr).strip(),
        _unit(parts, "before"),
        _unit(parts, "after") if "after" in parts else None,
        _units(parts, "falls"),
        journal.lines(_text(parts, "log")),
    )


def logged(said: Said) -> Log:
    """The newest lines, when it was more than is kept."""
    refuse_failed(said)
    text = _whole(said.stdout)
    clock, _, _ = text.partition("\n")
    at = datetime.fromtimestamp(int(clock), UTC) if clock.isdecimal() else None
    return Log(journal.lines(text), at)


def refuse_failed(said: Said) -> None:
    if said.code != 0:
        raise _fault(said)


def _fault(said: Said) -> Problem:
    if said.code == NO_SYSTEMD:
        return Conflict("this machine does not run systemd: it has no units", code="no-systemd")
    if said.code == NO_UNIT:
        return _no_unit()
    last = _whole(said.stderr).strip().rpartition("\n")[2] or f"exit status {said.code}"
    return Unavailable(f"the machine could not tell: {last}", code="machine-failed")


def _no_unit() -> NotFound:
    return NotFound("there is no such unit on this machine", code="no-unit")


def _whole(stream: Excerpt) -> str:
    return (stream.head + stream.tail).decode(errors="replace")


def _text(parts: Parts, name: str) -> str:
    part = parts.get(name, Section())
    return b"\n".join(part.lines).decode(errors="replace")


def _units(parts: Parts, name: str) -> list[Unit]:
    return unit_states.units(_text(parts, name))


def _unit(parts: Parts, name: str) -> Unit:
    found = _units(parts, name)
    if not found:
        raise Unavailable("the machine's answer names no unit", code="answer-unreadable")
    return found[0]


def _protected(parts: Parts) -> str:
    return " ".join(parts.get("protected", Section()).words)
