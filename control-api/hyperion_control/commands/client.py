"""The commands for who calls the API from a terminal: run, ps, service and logs.

Each gives its lines as they come and returns the exit status.
"""

import json
import signal
import sys
from argparse import Namespace
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

from hyperion_control.commands.remote import Remote
from hyperion_control.domain.journal import shown
from hyperion_control.domain.units import TYPES
from hyperion_control.errors import Refused

Lines = Generator[str, None, int]
Env = Mapping[str, str]

# The exit status of `run` is the largest of its machines'.
TIMED_OUT, NOT_DONE, LOST, UNREACHABLE = 124, 253, 254, 255
STATUS = {
    "succeeded": 0,
    "timed_out": TIMED_OUT,
    "lost": LOST,
    "unreachable": UNREACHABLE,
}
RESULTS = {"succeeded": 0, "dry_run": 0, "running": 3}
NARROWING = (
    *("user", "folder", "timeout", "concurrency", "batch"),
    *("max_failures", "expected_targets", "reason", "dry_run"),
)


def run(env: Env, args: Namespace) -> Lines:
    remote = Remote.from_env(env, args.otp)
    given = {name: getattr(args, name) for name in NARROWING}
    body = {name: value for name, value in given.items() if value is not None}
    asked = {"argv": args.argv, "selector": args.machines, **body}
    command = remote.post("/api/commands", asked)
    if args.dry_run:
        yield from _plan(command, args.json)
        return 0
    path = f"/api/commands/{command['id']}"
    if command["state"] == "pending_approval":
        yield f"{command['id']} waits until another person approves it"
        return NOT_DONE
    try:
        yield from _output(remote, f"{path}/output", args.json)
    except Refused as fault:
        raise Refused(f"{fault}; {command['id']} goes on") from None
    except KeyboardInterrupt:
        remote.post(f"{path}/cancel", {})
        yield f"{command['id']} is being canceled on every machine"
        return NOT_DONE
    return worst(remote.every(f"{path}/tasks", limit=500))


def _output(remote: Remote, path: str, as_json: bool) -> Iterator[str]:
    if as_json:
        for kind, said in remote.events(path):
            yield json.dumps({"event": kind, **said})
    else:
        yield from map(_safe, remote.lines(path, "text/plain"))


def ps(env: Env, args: Namespace) -> Lines:
    remote = Remote.from_env(env)
    path = f"/api/machines/{remote.machine(args.machine)}/processes"
    found = remote.get(path, sort=args.sort, limit=args.limit)["data"]
    if args.json:
        yield json.dumps(found)
        return 0
    yield f"{'PID':>7} {'USER':<12} {'CPU%':>5} {'MEMORY':>8} COMMAND"
    for each in found:
        numbers = f"{100 * each['cpu']:>5.1f} {each['rss_bytes'] >> 20:>6} M"
        words = " ".join(each["cmdline"]) or f"[{each['name']}]"
        yield _safe(f"{each['pid']:>7} {each['user']:<12} {numbers} {words}")
    return 0


def service(env: Env, args: Namespace) -> Lines:
    remote = Remote.from_env(env, args.otp)
    path = f"/api/machines/{remote.machine(args.machine)}/services/{_unit(args.unit)}"
    if args.verb == "status":
        unit = remote.get(path)
        yield json.dumps(unit) if args.json else _state(unit)
        return 0 if unit["active"] == "active" else 3
    body = {"dry_run": args.dry_run, **({"reason": args.reason} if args.reason else {})}
    acted = remote.post(f"{path}/{args.verb}", body)
    yield from [json.dumps(acted)] if args.json else _acted(acted)
    return RESULTS.get(acted["result"], 1)


def logs(env: Env, args: Namespace) -> Lines:
    remote = Remote.from_env(env)
    path = f"/api/machines/{remote.machine(args.machine)}/services/{_unit(args.unit)}/logs"
    query = {"lines": args.lines, "priority": args.priority}
    if not args.follow:
        lines = remote.get(path, **query)["data"]
    elif args.json:
        lines = (line for _, line in remote.events(path, **query))
    else:
        yield from map(_safe, remote.lines(path, "text/plain", **query))
        return 0
    for line in lines:
        yield json.dumps(line) if args.json else _line(line)
    return 0


def worst(tasks: Iterable[Mapping[str, Any]]) -> int:
    return max(map(_status, tasks), default=0)


def _status(task: Mapping[str, Any]) -> int:
    if task["state"] != "failed":
        return STATUS.get(task["state"], NOT_DONE)
    if task["signal"]:
        number = getattr(signal, f"SIG{task['signal']}", 0)
        return 128 + int(number)
    return int(task["code"] or 126)


def _plan(plan: Mapping[str, Any], as_json: bool) -> Iterable[str]:
    if as_json:
        return [json.dumps(plan)]
    verdict = f"{plan['verdict']}: {plan['why']}" if plan["why"] else plan["verdict"]
    return [_safe(" ".join(plan["argv"])), verdict, *(each["machine"] for each in plan["machines"])]


def _acted(acted: Mapping[str, Any]) -> Iterable[str]:
    unit = acted["after"] or acted["before"]
    yield f"{acted['verb']} {acted['result']}: {_state(unit)}"
    yield from (f"  with it: {each['unit']}" for each in acted["falls"])
    yield from (f"  {_safe(line)}" for line in acted["said"].splitlines())
    yield from (f"  {_line(line)}" for line in acted["log"])


def _state(unit: Mapping[str, Any]) -> str:
    since = f" since {unit['since']}" if unit["since"] else ""
    return f"{unit['unit']} is {unit['active']} ({unit['sub']}){since}"


def _line(line: Mapping[str, Any]) -> str:
    return _safe(f"{line['at']} {line['identifier']}: {line['message']}")


def _unit(name: str) -> str:
    """As systemctl has it, nginx is nginx.service."""
    return name if name.endswith(tuple(f".{each}" for each in TYPES)) else f"{name}.service"


def _safe(text: str) -> str:
    """A terminal must not obey what a machine said; a pipe gets it as it is."""
    return shown(text) if sys.stdout.isatty() else text
