"""No file of the product knows a way to trust a machine without its approved key."""

import ast
from collections.abc import Iterable
from pathlib import Path

from lab.house import modules

# What of paramiko answers for unknown keys, and its client that asks it to.
TRUSTING = {
    "AutoAddPolicy",
    "WarningPolicy",
    "MissingHostKeyPolicy",
    "set_missing_host_key_policy",
    "SSHClient",
}


def trusting(files: Iterable[Path]) -> list[str]:
    found = []
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = {getattr(node, field, None) for field in ("attr", "id", "name")}
            found += [f"{file.name}: {name}" for name in sorted(names & TRUSTING)]
    return found


def test_nothing_trusts_an_unknown_host_key() -> None:
    assert trusting(modules()) == []


def test_a_file_that_would_is_named(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("import paramiko as p\np.SSHClient()\nfrom paramiko import WarningPolicy\n")
    assert trusting([planted]) == ["planted.py: WarningPolicy", "planted.py: SSHClient"]
