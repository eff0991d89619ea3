"""The services that an update starts anew, and the programs of a release before they run there."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from hyperion_exporter.sources.program import Failed, run

log = logging.getLogger("hyperion_agent")

AGENT, EXPORTER = "hyperion-agent.service", "hyperion-exporter.service"
# An agent that stops gives what it runs 15 s.
RESTART_SECONDS, ASK_SECONDS, START_SECONDS = 90.0, 10.0, 60.0
MODULES = ("hyperion_exporter.cli", "hyperion_exporter.agent.cli")
START = """import sys
sys.stderr = sys.stdout
sys.path.insert(0, sys.argv[1])
from importlib import import_module
import_module(sys.argv[2]).main(["--version"])
"""
# What was not tried yet is not tried by root.
USER = "hyperion-exporter"
AS_USER = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--")


class Services:
    def is_active(self, unit: str) -> bool:
        return self._run("systemctl", "is-active", unit) == "active"

    def restart(self, units: Sequence[str]) -> None:
        """Whether they run then is asked elsewhere."""
        try:
            run(("systemctl", "restart", *units), RESTART_SECONDS)
        except Failed as fault:
            log.warning("the services are not started anew: %s", fault)

    def last_words(self, unit: str) -> str:
        """Of its program, not of what systemd says about it."""
        match = f"_SYSTEMD_UNIT={unit}"
        return self._run("journalctl", match, "--lines", "1", "--output", "cat")

    def fault(self, release: Path) -> str:
        """Why its programs do not start; empty: they do."""
        for module in MODULES:
            start = sys.executable, "-I", "-c", START, release, module
            try:
                said = run((*AS_USER, *start), START_SECONDS)
            except Failed as fault:
                return str(fault)
            if said.status != 0:
                return said.words().strip().rpartition("\n")[2]
        return ""

    def _run(self, *argv: str) -> str:
        try:
            return run(argv, ASK_SECONDS).words().strip()
        except Failed as fault:
            return str(fault)
