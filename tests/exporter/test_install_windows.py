"""install.ps1 as far as it can be looked at without Windows: what it fetches and what it starts."""

import re
from importlib import import_module
from pathlib import Path

from hyperion_exporter import config
from hyperion_exporter.agent import files
from hyperion_exporter.collectors.portable import COLLECTORS
from lab.house import ROOT

SCRIPT = (ROOT / "exporter/install.ps1").read_text()
LOCK = (ROOT / "exporter/requirements.lock").read_text()


def test_what_it_gets_from_an_index_is_what_the_lock_says() -> None:
    locked = LOCK[LOCK.index("psutil==") :].split("\n", 1)[0].removesuffix(" \\")
    assert f"$Requirement = '{locked}'" in SCRIPT
    checksums = re.findall("sha256:([0-9a-f]{64})", SCRIPT)
    assert len(checksums) == 2
    assert [sum for sum in checksums if sum not in LOCK] == []


def test_the_control_api_can_put_in_where_it_is_and_what_the_package_must_be() -> None:
    assert [SCRIPT.count(f"= '@{name}@'") for name in ("URL", "SHA256")] == [1, 1]
    assert re.findall("@[A-Z0-9]+@", SCRIPT) == ["@URL@", "@SHA256@"]


def test_older_powershell_reads_it_as_it_is_written() -> None:
    """Without a mark at its beginning it takes a file for one in the code page of the machine."""
    assert SCRIPT.isascii()


def test_the_flags_it_writes_down_can_be_obeyed() -> None:
    block = SCRIPT[SCRIPT.index("Set-Content -Encoding Ascii $ArgumentsFile") :].split("}")[0]
    flags = re.findall(r'"(--[^"]+)"', block.replace("$Port", "9100").replace("$Kept", "C:/x"))
    assert len(flags) == 2
    assert config.read(flags, COLLECTORS).listen == (":9100",)


def test_what_it_writes_down_for_the_agent_can_be_obeyed(tmp_path: Path) -> None:
    block = SCRIPT[SCRIPT.index("function Set-Agent") :].split("\nfunction ")[0]
    written = re.findall(r"""["']([a-z_]+ = .+?)["'](?:,|\)| \})""", block)
    settings = [line for line in written if not line.startswith(("run", "commands"))]
    path = tmp_path / "agent.toml"
    path.write_text("\n".join(settings).replace("$Url", "https://hyperion.example.org"))
    found = files.config(path)
    assert (found.token_file, found.policy_file) == (r"$Called\token", "$Policy")
    assert found.allow_http and found.name and found.ca_file and found.state
    path.write_text('run = true\ncommands = [["**"]]\n')
    assert set(path.read_text().splitlines()) < set(
        re.findall(r"'((?:run|commands) = .+?)'", block)
    )
    assert files.policy(path).refusal(("cmd.exe", "/c", "ver"), "") == ""


def test_what_it_starts_is_there() -> None:
    modules = re.findall(r"\$folder, \$module, \$words = \$\w+, '([\w.]+)'", SCRIPT)
    assert modules == ["cli", "agent.cli"]
    assert all(import_module(f"hyperion_exporter.{module}").main for module in modules)
