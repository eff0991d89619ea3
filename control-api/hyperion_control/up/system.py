"""The whole system on this machine: from the first check to the last program gone."""

import os
import signal
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from hyperion_control.errors import StartRefused
from hyperion_control.up import checks, found, plan
from hyperion_control.up.plan import Ports, Program, Settings
from hyperion_control.up.process import STOPPING, Process, held, rest
from hyperion_control.up.ready import wait_until_ready
from hyperion_control.up.render import render
from hyperion_control.up.supervisor import Supervisor
from hyperion_control.up.table import page

INIT_SECONDS = 60.0

Say = Callable[[str], None]


def settings(var: Path | None, ports: Ports) -> Settings:
    house = Path(__file__).resolve().parents[3]
    if not (house / "prometheus/prometheus.yml").is_file():
        raise StartRefused(
            "the folders prometheus, alertmanager and grafana are not here:"
            " run it out of a checkout, where `make run` does all of it"
        )
    # Not resolved: the interpreter of a virtual environment is a link out of it.
    commands = Path(sys.executable).parent
    return Settings(house, commands, (var or house / "var").absolute(), ports)


def run(settings: Settings, say: Say) -> None:
    """Until a signal says stop, which is a KeyboardInterrupt wherever it comes."""
    began = time.monotonic()
    if not (find_spec("flask") and find_spec("gunicorn")):
        raise StartRefused(
            "the control API's libraries are missing: pip install 'hyperion[control]'"
        )
    here = found.on_path(os.environ.get("PATH", os.defpath))
    with checks.only_run(settings.var):
        _check(settings, here)
        here, why = found.fetched(here, settings.var, say)
        render(settings)
        welcome = _init(plan.control_init(settings), say)
        programs = plan.programs(settings, here)
        supervisor = Supervisor(programs, say)
        try:
            say(f"starting {', '.join(program.name for program in programs)}")
            states = wait_until_ready(supervisor, programs)
            seconds = time.monotonic() - began
            missing = found.missing(here, why)
            where = (settings.ports, seconds, Path.cwd())
            for line in page(programs, states, missing, *where, welcome):
                say(line)
            while True:
                supervisor.tick()
                rest(0.5)
        finally:
            _end(supervisor)


def stop_on_signals() -> None:
    """SIGINT, SIGTERM and SIGHUP mean stop, unless nohup or a shell's & said to ignore one."""
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def _check(settings: Settings, here: plan.Found) -> None:
    checks.writable(settings.var)
    checks.room(settings.var)
    wanted = settings.ports.named()
    if not here.grafana:
        del wanted["grafana"]
    checks.ports(wanted)


def _init(program: Program, say: Say) -> list[str]:
    """What the first run shows of the first admin.

    Without its database the control API says so by itself, and the rest runs on.
    """
    say("preparing the control API's database")
    try:
        with held():
            process = Process(program)
    except OSError as fault:
        say(f"{program.name} cannot start ({fault.strerror}: {fault.filename})")
        return []
    deadline = time.monotonic() + INIT_SECONDS
    try:
        while (how := process.end()) is None and time.monotonic() < deadline:
            rest(0.5)
    finally:
        process.send(signal.SIGKILL)
    if how != "exit status 0":
        say(f"{program.name} failed ({how or 'it took too long'}). Its last lines:")
        for line in process.last_lines():
            say(f"    {line}")
    return process.printed()[1:]  # the first line names the database, which the log does too


def _end(supervisor: Supervisor) -> None:
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    supervisor.stop()
