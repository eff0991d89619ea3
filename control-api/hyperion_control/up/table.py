"""What a person sees once the system runs: what is where, what is missing, what to try."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from hyperion_control.up.plan import Ports, Program, url

WIDTH = 80
ROW = "  {:<13} {:<22} {:<9} {}"


def page(
    programs: Sequence[Program],
    states: Mapping[str, str],
    missing: Sequence[str],
    ports: Ports,
    seconds: float,
    here: Path,
    welcome: Sequence[str] = (),
) -> list[str]:
    """`here` is the folder that paths are shown from, so that they are short.

    `welcome` is what the very first run says of the first admin.
    """
    whole = all(state == "ready" for state in states.values())
    head = "Ready" if whole else "Not all is ready"
    lines = ["", f"{head}, after {seconds:.1f} s.", ""]
    lines.append(ROW.format("program", "address", "state", "log"))
    for each in programs:
        log = each.log.relative_to(here) if each.log.is_relative_to(here) else each.log
        lines.append(ROW.format(each.name, each.address or "-", states[each.name], log))
    if missing:
        lines.append("")
    for each_missing in missing:
        lines += textwrap.wrap(each_missing, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    lines += ["", "Try (the first values are there after 15 s):", f"  {_trial(states, ports)}"]
    lines += welcome
    return [*lines, "", "Ctrl-C stops all of it."]


def _trial(states: Mapping[str, str], ports: Ports) -> str:
    if "prometheus" in states:
        return f"curl -s '{url(ports.prometheus)}/api/v1/query?query=node_load1'"
    return f"curl -s '{url(ports.exporter)}/metrics'"
