"""Policies: patterns over the words of a command; what denies wins."""

import pytest

from hyperion_control.domain import policies
from hyperion_control.domain.policies import Effect, Rule, Verdict

ALLOWED, DENIED, WAITS = Verdict.ALLOWED, Verdict.DENIED, Verdict.NEEDS_APPROVAL


def rules(*written: str) -> list[Rule]:
    """Such as `deny rm **`."""
    found = []
    for number, line in enumerate(written):
        effect, *words = line.split()
        found.append(Rule(f"pol_{number}", Effect(effect), tuple(words)))
    return found


@pytest.mark.parametrize(
    ("written", "argv", "verdict"),
    [
        ((), "rm -rf /", ALLOWED),
        (("deny rm **",), "rm -rf /", DENIED),
        (("deny rm **",), "rm", DENIED),
        (("deny rm **",), "/bin/rm -rf /", DENIED),
        (("deny rm **",), "./rm x", DENIED),
        (("deny rm **",), "rmdir x", ALLOWED),
        (("deny /bin/rm **",), "/usr/../bin//rm x", DENIED),
        (("deny rm -rf *",), "rm -rf / /home", ALLOWED),
        (("deny **",), "uptime", DENIED),
        (("allow systemctl restart *",), "systemctl restart nginx", ALLOWED),
        (("allow systemctl restart *",), "systemctl stop nginx", DENIED),
        (("allow systemctl restart *",), "systemctl restart", DENIED),
        (("allow systemctl restart *",), "systemctl restart a b", DENIED),
        (("allow systemctl **",), "/tmp/systemctl restart a", DENIED),
        (("allow systemctl **",), "./systemctl restart a", DENIED),
        (("allow /usr/bin/* **",), "/usr/bin/../../tmp/evil", DENIED),
        (("allow /usr/bin/* **",), "/usr/bin/uptime -p", ALLOWED),
        (("allow **", "deny rm **"), "rm x", DENIED),
        (("deny rm **", "allow rm **"), "rm x", DENIED),
        (("approve reboot **",), "reboot", WAITS),
        (("approve reboot **",), "/sbin/reboot", WAITS),
        (("approve reboot **", "deny reboot **"), "reboot", DENIED),
        (("approve **", "allow uptime"), "uptime", WAITS),
        (("approve **", "allow uptime"), "reboot", DENIED),
    ],
)
def test_a_command_is_judged(written: tuple[str, ...], argv: str, verdict: Verdict) -> None:
    judged = policies.judge(rules(*written), argv.split(), {})
    assert judged.verdict is verdict
    assert bool(judged.why) is (verdict is not ALLOWED)


def test_the_rule_that_decided_is_named() -> None:
    found = policies.judge(rules("allow **", "deny rm **"), ["rm", "x"], {})
    assert (found.rule_id, found.verdict) == ("pol_1", DENIED)


def test_what_is_allowed_by_a_list_takes_no_environment() -> None:
    """PATH or LD_PRELOAD would make another program of it."""
    path = {"PATH": "/tmp/evil"}
    assert policies.judge(rules("allow uptime"), ["uptime"], path).verdict is DENIED
    assert policies.judge(rules("deny rm **"), ["uptime"], path).verdict is ALLOWED


def test_patterns_take_no_time_to_match() -> None:
    slow = Rule("pol_1", Effect.DENY, ("x", 60 * "*a" + "b"))
    assert policies.judge([slow], ["x", 60_000 * "a"], {}).verdict is ALLOWED


def test_the_rest_stands_at_the_end_only() -> None:
    assert policies.words(["rm", "**"]) == ("rm", "**")
    with pytest.raises(ValueError, match="at the end"):
        policies.words(["**", "rm"])
