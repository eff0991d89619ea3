"""The agent as a program on a system that lacks what Windows lacks, with Windows' registry."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from hyperion_exporter.agent.files import Identity, keep_identity
from lab.house import ROOT
from lab.receiver import Receiver, receiver
from lab.servers import running
from lab.wait import wait_for

SOON = 30.0
WHO = Identity("agt_1", "mch_1", "win-1", "2046-12-21T03:00:00Z", "hyp_a_secret")
BEAT = {"now": "2026-11-21T03:00:00Z", "expires_at": "2046-11-22T03:00:00Z", "seconds": 60}
NEWS: dict[str, Any] = {"waiting": [], "cancel": [], "update": ""}
# An empty store of certificates: Python asks Windows for it.
START = """import ssl, sys
ssl.enum_certificates = lambda store: []
from lab.systems import become
become("win32")
from lab.windows_registry import winreg
sys.modules["winreg"] = winreg
from hyperion_exporter.agent.cli import main
sys.exit(main(sys.argv[1:]))
"""


def sent(home: Receiver, path: str) -> list[dict[str, Any]]:
    return [each.body for each in home.requests if each.path == f"/api/agents/{path}"]


def test_it_calls_home_and_asks_for_tasks(tmp_path: Path) -> None:
    with receiver() as home:
        # Whatever is asked for, this answers it.
        home.answer = json.dumps(BEAT | NEWS).encode()
        keep_identity(tmp_path, WHO)
        config = tmp_path / "agent.toml"
        config.write_text(f"url = '{home.url}'\nstate = '{tmp_path}'\nmetrics_url = ''\n")
        argv = [sys.executable, "-c", START, "--config", config]
        env = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
        with running(argv, tmp_path / "log", env=env):
            wait_for(lambda: sent(home, "heartbeat") and sent(home, "tasks"), SOON, "both")
    beat = sent(home, "heartbeat")[0]
    assert beat["versions"]["system"] == "Windows 11 Pro (22631)"
    assert beat["versions"]["release"] == ""
    assert len(home.requests[0].headers["x-machine-fingerprint"]) == 64
    assert "Traceback" not in (tmp_path / "log").read_text()
