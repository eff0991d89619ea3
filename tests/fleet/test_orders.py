"""Orders on real machines, on bad days: what was started is gone, and nothing is sent blindly."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from hyperion_control.domain.orders import Order
from hyperion_control.runners.base import End, Outcome
from hyperion_control.runners.line import Way
from hyperion_control.runners.pool import Pool
from hyperion_control.runners.ssh import SshRunner
from lab.fleet import Fleet, Machine
from lab.processes import living
from lab.sshd import make_key
from lab.wait import wait_for
from lab.ways import control_process, to_machine

# Children, grandchildren, one that left the group; none of them heeds SIGTERM.
TREE = """
trap '' TERM
sleep {mark}1 &
sh -c 'sleep {mark}2 & sh -c "sleep {mark}3 & wait" & wait' &
(setsid sh -c 'sleep {mark}4 & sleep {mark}5' >/dev/null 2>&1 &)
echo $PPID
sleep {mark}6
"""


# What bash reads for each order that comes by sshd.
SETTINGS = b"""
IFS=:/.
set -eufC
echo well met
echo "you are watched" >&2
cd /etc
"""


@pytest.fixture
def machine(fleet: Fleet) -> Machine:
    return fleet[0]


@pytest.fixture
def settings(machine: Machine) -> Iterator[None]:
    machine.done("cp /root/.bashrc /root/.bashrc.before")
    machine.put("/root/.bashrc", SETTINGS)
    yield
    machine.done("mv /root/.bashrc.before /root/.bashrc")


def listening_sshd(machine: Machine) -> psutil.Process:
    inside = psutil.Process(machine.process.pid).children(recursive=True)
    return next(one for one in inside if one.name() == "sshd" and "-D" in " ".join(one.cmdline()))


def when_up(runner: SshRunner, order: Order) -> Outcome:
    """For a moment after its keys have changed, sshd listens to nobody."""

    def tried() -> Outcome | None:
        outcome = runner.run(order)
        return None if outcome.end is End.UNREACHABLE else outcome

    return wait_for(tried, 10, "sshd with its new keys")  # type: ignore[return-value]


def test_a_cancelled_program_is_gone_with_three_generations_of_children(
    pool: Pool, machine: Machine, mark: str
) -> None:
    cancel, seen = threading.Event(), []

    def output(*_: object) -> None:
        wait_for(lambda: len(living(f"sleep {mark}")) >= 6, 5, "the whole tree")
        seen.extend(living(f"sleep {mark}"))
        cancel.set()

    order = Order(("sh", "-c", TREE.format(mark=mark)))
    outcome = SshRunner(pool, Way(to_machine(machine))).run(order, output, cancel)
    assert (outcome.end, living(f"sleep {mark}")) == (End.CANCELED, [])
    assert seen and outcome.seconds < 5


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("stdin", [b"", b"cat <&0 & pwd\n"])
def test_a_login_s_own_settings_make_no_difference(
    pool: Pool, machine: Machine, stdin: bytes
) -> None:
    """Neither for the first orders of a connection nor for those that bash itself starts."""
    runner = SshRunner(pool, Way(to_machine(machine)))
    argv = ("sh", "-s", "a b", "c:d/e", "*") if stdin else ("printf", "%s|", "a b", "c:d/e", "*")
    said = [runner.run(Order(argv, stdin, folder="/usr")) for _ in range(4)]
    with pool.line(Way(to_machine(machine))) as line:
        assert (line.watch.shell, bool(line.watch.door())) == ("bash", True)
    wanted = b"/usr\n" if stdin else b"a b|c:d/e|*|"
    assert [(one.code, one.stdout.head) for one in said] == [(0, wanted)] * 4


@pytest.mark.parametrize(
    ("program", "code", "why"),
    [("nosuch", 127, b"there is no program nosuch\n"), ("/etc/passwd", 126, None)],
)
def test_what_cannot_be_started_is_told_alike_by_all_shells(
    pool: Pool, machine: Machine, program: str, code: int, why: bytes | None
) -> None:
    runner = SshRunner(pool, Way(to_machine(machine)))
    said = [runner.run(Order((program,))) for _ in range(3)]
    assert [one.code for one in said] == [code] * 3
    assert {one.stderr.head for one in said if why} <= {why}


def test_a_unit_is_looked_at_as_another_user(pool: Pool, machine: Machine) -> None:
    show = ("systemctl", "show", "--property=ActiveState", "--", "dbus.service")
    outcome = SshRunner(pool, Way(to_machine(machine))).run(Order(show, user="nobody"))
    assert (outcome.code, outcome.stdout.head) == (0, b"ActiveState=active\n")


def test_a_machine_whose_sshd_hangs_ends_the_program_itself(
    pool: Pool, machine: Machine, mark: str
) -> None:
    """Its first word is the number of the sshd that serves it."""
    serving: list[str] = []

    def hang(_: object, said: bytes) -> None:
        serving.append(said.decode().strip())
        machine.ssh("kill", "-STOP", serving[0])

    order = Order(("sh", "-c", TREE.format(mark=mark)), seconds=2)
    outcome = SshRunner(pool, Way(to_machine(machine))).run(order, hang)
    assert outcome.end is End.LOST, outcome
    wait_for(lambda: not living(f"sleep {mark}"), 12, "the machine to end the program")
    machine.ssh("kill", "-KILL", serving[0])


def test_a_machine_that_answers_no_more_is_unreachable(pool: Pool, machine: Machine) -> None:
    sshd = listening_sshd(machine)
    sshd.suspend()
    try:
        outcome = SshRunner(pool, Way(to_machine(machine))).run(Order(("true",)))
    finally:
        sshd.resume()
    assert outcome.end is End.UNREACHABLE, outcome
    assert SshRunner(pool, Way(to_machine(machine))).run(Order(("true",))).code == 0


def test_a_machine_whose_cable_is_cut_ends_the_program_itself(
    pool: Pool, machine: Machine, mark: str
) -> None:
    order = Order(("sh", "-c", TREE.format(mark=mark)), seconds=2)
    try:
        outcome = SshRunner(pool, Way(to_machine(machine))).run(order, lambda *_: machine.unplug())
        assert outcome.end is End.LOST, outcome
        wait_for(lambda: not living(f"sleep {mark}"), 12, "the machine to end the program")
    finally:
        machine.plug()


def test_a_program_ends_by_itself_when_we_are_killed(machine: Machine, mark: str) -> None:
    way = Way(to_machine(machine))
    with control_process(way, machine.key, TREE.format(mark=mark)) as ours:
        assert living(f"sleep {mark}")
        ours.kill()
        wait_for(lambda: not living(f"sleep {mark}"), 6, "the program to be ended")


def test_what_sudo_started_is_ended_too_though_the_watch_is_not_its_users(
    with_sudo: Machine, mark: str
) -> None:
    may = Way(replace(to_machine(with_sudo), login="may"))
    script = TREE.format(mark=mark)
    with control_process(may, with_sudo.key, script, before=2, user="root") as ours:
        assert living(f"sleep {mark}")
        ours.kill()
        wait_for(lambda: not living(f"sleep {mark}"), 20, "the program to be ended")


def test_a_swapped_host_key_stops_everything(pool: Pool, machine: Machine) -> None:
    key = "/etc/ssh/ssh_host_ed25519_key"
    old, way = f"{key}.old", Way(to_machine(machine))
    script = f"cp -p {key} {old} && rm {key} && ssh-keygen -q -t ed25519 -N '' -f {key}"
    runner = SshRunner(pool, way)
    assert runner.run(Order(("sh", "-c", f"{script} && systemctl reload ssh"))).code == 0
    swapped = Pool()
    try:
        outcome = when_up(SshRunner(swapped, way), Order(("touch", "/root/canary")))
    finally:
        # The connection from before the swap still stands.
        back = Order(("sh", "-c", f"mv {old} {key} && systemctl reload ssh && ls /root"))
        left = runner.run(back)
        swapped.close()
    assert outcome.end is End.HOST_KEY_CHANGED, outcome
    assert (left.code, b"canary" in left.stdout.head) == (0, False)


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_whichever_key_is_approved_is_asked_for(pool: Pool, machine: Machine, kind: str) -> None:
    file = f"/etc/ssh/ssh_host_{kind}_key"
    make = f"[ -e {file} ] || ssh-keygen -q -t {kind} -N '' -f {file}; ssh-keygen -yf {file}"
    # Told to read its keys twice within a moment, it may miss the second; and while it starts
    # anew after the test before, nobody is let in.
    restart = f"{make}; systemctl restart ssh"
    line = str(wait_for(lambda: machine.done(restart), 10, "sshd to have made a key"))
    approved = Way(replace(to_machine(machine), host_key=" ".join(line.split()[:2])))
    outcome = when_up(SshRunner(pool, approved), Order(("true",)))
    assert (outcome.end, outcome.code) == (End.EXITED, 0), outcome


def test_each_hop_of_a_jump_proves_itself(pool: Pool, fleet: Fleet, tmp_path: Path) -> None:
    jump, goal = to_machine(fleet[0]), to_machine(fleet[1])
    other = make_key(tmp_path / "other")
    outcome = SshRunner(pool, Way(goal, (jump,))).run(Order(("hostname", "-I")))
    assert fleet[1].address.encode() in outcome.stdout.head
    for way in (
        Way(goal, (replace(jump, host_key=other),)),
        Way(replace(goal, host_key=other), (jump,)),
    ):
        outcome = SshRunner(pool, way).run(Order(("touch", "/root/canary")))
        assert outcome.end is End.HOST_KEY_CHANGED
    assert fleet[1].ssh("test", "-e", "/root/canary").returncode == 1
