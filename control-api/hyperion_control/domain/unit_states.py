"""What systemd says of its units, read from the words of `systemctl show`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

# Asked of each unit; those of other types than the unit's own are left out by systemd.
PROPERTIES = (
    *("Id", "Names", "Description", "LoadState", "ActiveState", "SubState", "UnitFileState"),
    *("StateChangeTimestamp", "InvocationID", "NeedDaemonReload"),
    *("Type", "Result", "MainPID", "NRestarts", "MemoryCurrent", "TasksCurrent"),
    *("Triggers", "TriggeredBy", "Listen", "LastTriggerUSec", "NextElapseUSecRealtime"),
)
# With TZ=UTC and LC_ALL=C, on every version of systemd.
MOMENT = "%a %Y-%m-%d %H:%M:%S UTC"

Active = Literal["active", "reloading", "inactive", "failed", "activating", "deactivating"]
Said = Mapping[str, str]


@dataclass(frozen=True)
class Unit:
    unit: str
    names: tuple[str, ...]  # its own and its aliases
    description: str
    load: str  # loaded, not-found, masked …
    active: str  # one of Active; newer versions may have more
    sub: str
    enabled: str  # of its file: enabled, disabled, static, masked …; empty: it has no file
    since: datetime | None  # in this state
    invocation_id: str  # of its last start
    needs_daemon_reload: bool  # its file was changed since it was read
    result: str  # success, exit-code, oom-kill …
    main_pid: int | None
    restarts: int | None  # by systemd itself
    memory_bytes: int | None
    tasks: int | None
    triggers: tuple[str, ...]
    triggered_by: tuple[str, ...]
    listens: tuple[str, ...]
    last_trigger_at: datetime | None
    next_elapse_at: datetime | None


def records(text: str) -> Iterator[Said]:
    """One for each unit; a property that is told several times has as many lines."""
    found: dict[str, str] = {}
    for line in (*text.splitlines(), ""):
        key, equals, value = line.partition("=")
        if equals:
            found[key] = f"{found[key]}\n{value}" if key in found else value
        elif found and not line:
            yield found
            found = {}


def units(text: str) -> list[Unit]:
    return [unit(said) for said in records(text)]


def unit(said: Said) -> Unit:
    return Unit(
        unit=said.get("Id", ""),
        names=_words(said, "Names"),
        description=said.get("Description", ""),
        load=said.get("LoadState", ""),
        active=said.get("ActiveState", ""),
        sub=said.get("SubState", ""),
        enabled=said.get("UnitFileState", ""),
        since=_moment(said, "StateChangeTimestamp"),
        invocation_id=said.get("InvocationID", ""),
        needs_daemon_reload=said.get("NeedDaemonReload") == "yes",
        result=said.get("Result", ""),
        main_pid=_number(said, "MainPID") or None,
        restarts=_number(said, "NRestarts"),
        memory_bytes=_number(said, "MemoryCurrent"),
        tasks=_number(said, "TasksCurrent"),
        triggers=_words(said, "Triggers"),
        triggered_by=_words(said, "TriggeredBy"),
        listens=tuple(line for line in said.get("Listen", "").splitlines() if line),
        last_trigger_at=_moment(said, "LastTriggerUSec"),
        next_elapse_at=_moment(said, "NextElapseUSecRealtime"),
    )


def unread(text: str) -> Iterator[Unit]:
    """Those of `systemctl list-unit-files` that can be started, as if each were inactive."""
    for line in text.splitlines():
        name, state, *_ = (*line.split(), "", "")
        if name and state != "alias" and "@." not in name:
            load = "masked" if state.startswith("masked") else "loaded"
            said = {"Id": name, "Names": name, "LoadState": load, "UnitFileState": state}
            yield unit({**said, "ActiveState": "inactive", "SubState": "dead"})


def together(read: Iterable[Unit], others: Iterable[Unit]) -> list[Unit]:
    """By name; what systemd has read says more than its file alone."""
    found = {each.unit: each for each in read if each.load != "not-found"}
    known = {name for each in found.values() for name in each.names}
    found.update({each.unit: each for each in others if each.unit not in known})
    return [found[name] for name in sorted(found)]


def _words(said: Said, key: str) -> tuple[str, ...]:
    return tuple(said.get(key, "").split())


def _number(said: Said, key: str) -> int | None:
    """Where nothing is counted, systemd says so in words or, when older, by the largest number."""
    value = said.get(key, "")
    if not (value.isascii() and value.isdigit()) or int(value) >= 2**64 - 1:
        return None
    return int(value)


def _moment(said: Said, key: str) -> datetime | None:
    try:
        return datetime.strptime(said.get(key, ""), MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
