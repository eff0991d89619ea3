"""Names of units: what systemd takes, and nothing that a program or a shell could take for more."""

import re
import string
from fnmatch import fnmatchcase
from typing import get_args

import pytest

from hyperion_control.domain import unit_orders, units
from hyperion_control.domain.journal import Wanted
from hyperion_control.domain.units import KEPT, TAKING_AWAY, UNTOUCHED, Verb
from hyperion_control.errors import Conflict, Invalid

GOOD = (
    *("nginx.service", "getty@tty1.service", "a.b-c_d:e.timer", "dev-disk\\x2dby.socket"),
    *("x@y@z.service", "0.path", f"{'a' * 247}.service"),
)
# Everything that a shell, an option parser, a glob, a path or a terminal reads as more than itself.
HOSTILE = [
    *(f"a{c}b.service" for c in string.punctuation + string.whitespace if c not in ":-_.\\@"),
    *(f"{c}a.service" for c in string.punctuation + string.whitespace if c not in ":_\\"),
    *(f"a.service{c}" for c in string.punctuation + string.whitespace),
    *(f"a{chr(code)}.service" for code in (*range(32), 127, 133, 160, 0x202E, 0x2028, 0xFEFF)),
    *(f"a.service{end}" for end in ("\n", "\r\n", "\0", " --now", ";id", "|id", "&&id", "\nid")),
    *(f"{letter}.service" for letter in "éаß中👍٣İ"),
    *("$(id).service", "`id`.service", "${IFS}.service", "a'b.service", 'a"b.service'),
    *("--force.service", "-H.service", "--host=evil.service", "-.service", ".service", "@.service"),
    *("../../etc/passwd", "/etc/passwd.service", "a/../b.service", "*", "*.service", "[a].service"),
    *(
        "",
        " ",
        ".",
        "..",
        "service",
        "nginx",
        "nginx.",
        "nginx.svc",
        "nginx.Service",
        "nginx.slice",
    ),
    *(
        "poweroff.target",
        "reboot.target",
        "a.service.d",
        "a,b.service",
        "-.mount",
        "dev-sda.device",
        "user.slice",
        "a.scope",
    ),
    *("@a.service", "a@.service", "getty@.service", "a@.timer", "a@b@.service"),
    *(f"{'a' * 248}.service", "a" * 10_000, "a.service" * 1_000 + "!"),
]


@pytest.mark.parametrize("name", GOOD)
def test_what_systemd_takes_is_taken(name: str) -> None:
    assert units.checked(name) == name


def test_hundreds_of_hostile_names_are_refused_by_every_order() -> None:
    orders = (
        unit_orders.show,
        lambda name: unit_orders.act("start", name),
        lambda name: unit_orders.impact("stop", name),
        lambda name: unit_orders.logs(name, Wanted()),
        lambda name: unit_orders.follow(name, Wanted()),
    )
    assert len(HOSTILE) > 200
    for name in HOSTILE:
        for order in orders:
            with pytest.raises(Invalid) as refusal:
                order(name)
                pytest.fail(f"{name!r} was taken")
            assert refusal.value.members["errors"][0]["pointer"] == "/unit"  # type: ignore[index]


def test_a_name_is_a_word_of_its_own_and_never_part_of_a_script() -> None:
    name = "mark-of-a-name.service"
    for order in (
        unit_orders.show(name),
        unit_orders.act("start", name, ["mark-of-a-name-2.service"]),
        unit_orders.logs(name, Wanted(after="s=0;i=1")),
    ):
        assert "mark-of-a-name" not in order.argv[2]
        assert name in [word.removeprefix("--unit=") for word in order.argv[3:]]


@pytest.mark.parametrize("name", ["ssh.service", "ssh.socket", "sshd@1.service", "dbus.socket"])
@pytest.mark.parametrize("verb", TAKING_AWAY)
def test_what_the_machine_is_reached_and_run_by_is_not_taken_away(verb: Verb, name: str) -> None:
    with pytest.raises(Conflict, match=re.escape(name)) as refusal:
        unit_orders.act(verb, name)
    assert refusal.value.code == "protected"


def test_the_exporter_and_sshd_can_be_restarted_but_nothing_that_ends_the_machine() -> None:
    verbs: tuple[Verb, ...] = ("start", "restart", "stop")
    for name in ("hyperion-exporter.service", "ssh.service", "systemd-networkd.service"):
        unit_orders.act("restart", name)
    for verb in verbs:
        for name in ("systemd-reboot.service", "rescue.service", "dbus.service"):
            with pytest.raises(Conflict):
                unit_orders.act(verb, name)


def test_the_patterns_are_words_that_a_shell_matches_as_we_do() -> None:
    """The script gets them with spaces between them; there are no classes and no quotes in them."""
    for pattern in (*KEPT, *UNTOUCHED):
        assert re.fullmatch(r"[A-Za-z0-9.@*-]+", pattern)
        assert fnmatchcase(pattern.replace("*", "x.service"), pattern)


def test_expected_names_come_once_and_in_the_order_of_the_machine() -> None:
    given = unit_orders.act("stop", "a.service", ["b.service", "B.service", "b.service"])
    assert given.argv[6] == "B.service b.service"
    assert unit_orders.act("stop", "a.service", []).argv[6] == ""
    assert unit_orders.act("stop", "a.service").argv[6] == unit_orders.ANY_IMPACT


def test_every_verb_has_an_order() -> None:
    verbs = get_args(Verb)
    assert [unit_orders.act(verb, "a.service").argv[4] for verb in verbs] == list(verbs)
