"""What the agent reads and keeps: what cannot be obeyed refuses to start, in one sentence."""

import stat
from pathlib import Path

import pytest

from hyperion_exporter.agent import files
from hyperion_exporter.agent.files import BadFile, Identity, Policy
from hyperion_exporter.sources.this_machine import Linux

ANYTHING = (("**",),)
WHO = Identity("agt_1", "mch_1", "web-1", "2026-12-21T03:00:00Z", "hyp_a_secret")


@pytest.mark.parametrize(
    ("policy", "argv", "user", "allowed"),
    [
        (Policy(), ("true",), "", False),
        (Policy(run=True), ("true",), "", False),
        (Policy(False, (), ANYTHING), ("true",), "", False),
        (Policy(True, (), ANYTHING), ("rm", "-r", "/"), "", True),
        (Policy(True, (), ANYTHING), ("true",), "root", False),
        (Policy(True, ("root",), ANYTHING), ("true",), "root", True),
        (Policy(True, (), (("uptime",),)), ("uptime",), "", True),
        (Policy(True, (), (("uptime",),)), ("uptime", "-p"), "", False),
        (
            Policy(True, (), (("systemctl", "*", "nginx"),)),
            ("systemctl", "stop", "nginx"),
            "",
            True,
        ),
        (Policy(True, (), (("systemctl", "*", "nginx"),)), ("systemctl", "stop", "ssh"), "", False),
        (Policy(True, (), (("ls", "**"),)), ("ls",), "", True),
        (Policy(True, (), (("ls", "-l", "**"),)), ("ls",), "", False),
        (Policy(True, (), (("uptime",),)), ("/tmp/uptime",), "", False),
    ],
)
def test_nothing_runs_but_what_the_policy_allows(
    policy: Policy, argv: tuple[str, ...], user: str, allowed: bool
) -> None:
    assert (policy.refusal(argv, user) == "") == allowed


def test_without_a_policy_nothing_runs(tmp_path: Path) -> None:
    assert files.policy(tmp_path / "none.toml") == Policy()


def test_a_policy_is_read_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('run = true\nusers = ["root"]\ncommands = [["ls", "**"]]\n')
    assert files.policy(path) == Policy(True, ("root",), (("ls", "**"),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "url is missing"),
        ('url = "ftp://x"', "write https://NAME"),
        ('url = "http://hyperion.example.org"', "is not https"),
        ('url = "https://x"\ncommand = "rm"', "no setting 'command'"),
        ('url = "https://x"\nallow_http = "no"', "write a bool"),
        ("url = ", "is not TOML"),
    ],
)
def test_a_configuration_that_cannot_be_obeyed_is_told(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    with pytest.raises(BadFile, match=said):
        files.config(path)


@pytest.mark.parametrize("text", ["run = 1", 'commands = ["ls"]', "commands = [[]]"])
def test_a_policy_that_cannot_be_obeyed_allows_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(BadFile):
        files.policy(path)


def test_who_it_is_is_kept_for_itself_alone(tmp_path: Path) -> None:
    assert files.identity(tmp_path) is None
    (tmp_path / "identity.json.new").write_text("of one that died in the middle")
    files.keep_identity(tmp_path, WHO)
    assert files.identity(tmp_path) == WHO
    [kept] = tmp_path.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "secret" not in repr(WHO)
    kept.write_text("{")
    with pytest.raises(BadFile, match="cannot be read"):
        files.identity(tmp_path)


def test_a_fingerprint_does_not_give_the_machines_id_away(tmp_path: Path) -> None:
    own = tmp_path / "machine-id"
    own.write_text(32 * "a" + "\n")
    assert len(files.fingerprint(Linux(own))) == 64
    assert 32 * "a" not in files.fingerprint(Linux(own))
    own.write_text("uninitialized\n")
    with pytest.raises(BadFile, match="no id"):
        files.fingerprint(Linux(own))
