"""Orders over SSH to a real machine: one warm, fifty at once, and many connections that wait."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial

import paramiko
import psutil

from bench.table import Row
from hyperion_control.domain.orders import Order
from hyperion_control.runners.base import End
from hyperion_control.runners.line import IDLE_CHECK_SECONDS, Way
from hyperion_control.runners.pool import Pool
from hyperion_control.runners.ssh import SshRunner
from lab.fleet import Machine, fleet
from lab.sshd import ssh_command
from lab.wait import wait_for
from lab.ways import to_machine

CONNECTIONS = 50
ROUNDS = 7
IDLE, IDLE_MB, IDLE_PERCENT = 200, 60, 0.1
# Once in so long each looks whether it still stands.
IDLE_SECONDS = IDLE_CHECK_SECONDS
SETTLE_SECONDS = 2
# By its path: `true` alone is a word of the peers' shells, for which they start no program.
TRUE = "/bin/true"

Run = Callable[[], object]


def ssh() -> Iterable[Row]:
    with ExitStack() as stack:
        (machine,) = stack.enter_context(fleet(1))
        # The machine stands for fifty, each of which would let one in.
        machine.done(
            "echo MaxStartups 200 >/etc/ssh/sshd_config.d/bench.conf; systemctl restart ssh"
        )
        wait_for(lambda: machine.done("true") == "", 10, "sshd to let somebody in again")
        way = Way(to_machine(machine))
        crowd = stack.enter_context(ThreadPoolExecutor(CONNECTIONS))
        yield from _warm(machine, way, crowd)
        cold = [partial(_cold, way)] * CONNECTIONS
        plain = [partial(_ssh, machine)] * CONNECTIONS
        yield _row("50 orders, cold", "50 times ssh", cold, plain, 0.9, crowd)
        yield from _idle(way, crowd)


def _warm(machine: Machine, way: Way, crowd: ThreadPoolExecutor) -> Iterator[Row]:
    with ExitStack() as stack:
        pools = [stack.enter_context(closing(Pool())) for _ in range(CONNECTIONS)]
        masters = stack.enter_context(_masters(machine))
        ours = [partial(_run, pool, way) for pool in pools]
        theirs = [partial(_ssh, machine, *master) for master in masters]
        stock = stack.enter_context(_stock(machine))
        yield _row("one warm order", "stock paramiko, kept open", ours[:1], [stock], 0.15, crowd)
        yield _row("50 orders, warm", "ssh over ControlMaster", ours, theirs, 0.6, crowd)


def _row(
    what: str,
    peer: str,
    ours: list[Run],
    theirs: list[Run],
    reach: float,
    crowd: ThreadPoolExecutor,
) -> Row:
    def milliseconds(runs: list[Run]) -> float:
        begun = time.perf_counter()
        for done in [crowd.submit(run) for run in runs]:
            done.result()
        return (time.perf_counter() - begun) * 1000

    # Twice: ours has a watch there from the second order on.
    for runs in (ours, theirs) * 2:
        milliseconds(runs)
    pairs = [(milliseconds(ours), milliseconds(theirs)) for _ in range(ROUNDS)]
    return Row(f"{what}, wall", "ms", peer, pairs, reach)


def _run(pool: Pool, way: Way) -> None:
    outcome = SshRunner(pool, way).run(Order((TRUE,)))
    assert (outcome.end, outcome.code) == (End.EXITED, 0), outcome


def _cold(way: Way) -> None:
    with closing(Pool()) as pool:
        _run(pool, way)


def _ssh(machine: Machine, *options: str) -> None:
    argv = ssh_command(machine.key, machine.known_hosts, f"root@{machine.address}", TRUE)
    argv[1:1] = options
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def _masters(machine: Machine) -> Iterator[list[tuple[str, str]]]:
    with tempfile.TemporaryDirectory() as folder:
        doors = [f"{folder}/{number}" for number in range(CONNECTIONS)]
        for door in doors:
            _ssh(machine, "-f", "-N", "-M", "-S", door)
        yield [("-S", door) for door in doors]
        for door in doors:
            _ssh(machine, "-S", door, "-O", "exit")


@contextmanager
def _stock(machine: Machine) -> Iterator[Run]:
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(machine.known_hosts))
        client.connect(machine.address, 22, "root", key_filename=str(machine.key))

        def run() -> None:
            stdin, stdout, _ = client.exec_command(TRUE)
            assert stdout.channel.recv_exit_status() == 0
            stdin.close()

        yield run


def _idle(way: Way, crowd: ThreadPoolExecutor) -> Iterator[Row]:
    """Many connections that wait: what they take of memory and of one core."""
    with ExitStack() as stack:
        before, peer = psutil.Process().memory_info().rss, "what is promised"
        pools = [stack.enter_context(closing(Pool())) for _ in range(IDLE)]
        # Who is used again has a watch there too.
        for done in [crowd.submit(_run, pool, way) for pool in pools * 2]:
            done.result()
        more = (psutil.Process().memory_info().rss - before) / 1e6
        yield Row(f"{IDLE} idle connections, memory", "MB", peer, [(more, IDLE_MB)], 1.0)
        # The machine's last words on the orders are no idleness.
        time.sleep(SETTLE_SECONDS)
        begun = time.process_time()
        time.sleep(IDLE_SECONDS)
        share = (time.process_time() - begun) / IDLE_SECONDS * 100
        yield Row(f"{IDLE} idle connections", "% of a core", peer, [(share, IDLE_PERCENT)], 1.0)
