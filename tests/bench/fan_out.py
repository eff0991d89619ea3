"""One order to many machines, beside what people type for that today; cold, and again when warm."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil

from bench.table import Row
from hyperion_control.domain.orders import Order
from hyperion_control.runners.base import End
from hyperion_control.runners.line import Way
from hyperion_control.runners.pool import Pool
from hyperion_control.runners.ssh import SshRunner
from lab.peers import interpreter
from lab.sshd import Sshd, sshd
from lab.ways import to_sshd

CLUSH, ANSIBLE = "ClusterShell==1.10.1", "ansible-core==2.19.14"
SIZES = (50, 100)
ROUNDS = 3
# By its path: `true` alone is a word of the peers' shells, for which they start no program.
TRUE = "/bin/true"
# As fast as OpenSSH can be made: by itself it agrees on keys in a way that costs it far more.
COMMON = """
Host *
  User {user}
  Port {port}
  IdentityFile {key}
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
  HostKeyAlias machine
  KexAlgorithms curve25519-sha256
  LogLevel ERROR
"""
ALONE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from hyperion_control.domain.orders import Order
from hyperion_control.runners.line import Hop, Key, Way
from hyperion_control.runners.pool import Pool
from hyperion_control.runners.ssh import SshRunner

program, login, host_key, key, port, size = sys.argv[1:]
key, pool, order = Key(Path(key).read_text()), Pool(), Order((program,))
hops = [Hop(f"127.0.1.{n + 1}", login, host_key, key, int(port)) for n in range(int(size))]
with ThreadPoolExecutor(64) as crowd:
    ran = list(crowd.map(lambda hop: SshRunner(pool, Way(hop)).run(order).code, hops))
assert set(ran) == {0}
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
"""
PERSIST = "-o ControlMaster=auto -o ControlPersist=60s"


@dataclass(frozen=True)
class Reach:
    """Shares of the peer's wall time, processor time and memory."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Spent:
    wall: float
    cpu: float
    memory: float


Measured = Callable[[], Spent]


def fan_out() -> Iterable[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fan")))
        server = stack.enter_context(sshd(many=True))
        crowd = stack.enter_context(ThreadPoolExecutor(64))
        _configure(folder, server)
        for size in SIZES:
            ways = [_way(server, number) for number in range(size)]
            peak = _peak(server, size)
            pool = stack.enter_context(closing(Pool()))
            clush, ansible, persisting = _peers(folder, size)
            cold, what = partial(_cold, crowd, peak, ways), f"{size} machines, cold"
            yield from _rows(what, "clush", cold, clush, Reach(0.9, 0.3, 0.3))
            yield from _rows(what, "ansible raw", cold, ansible, Reach(0.3, 0.06, 0.1))
            yield from _rows(
                f"{size} machines, warm",
                "ansible raw with ControlPersist",
                partial(_ours, crowd, peak, pool, ways),
                persisting,
                Reach(0.06, 0.02, 0.1),
            )


def _rows(what: str, peer: str, ours: Measured, theirs: Measured, reach: Reach) -> Iterator[Row]:
    ours(), theirs()
    # Whoever comes again has a watch there from the second time on.
    ours()
    pairs = [(ours(), theirs()) for _ in range(ROUNDS)]
    for name, unit in (("wall", "s"), ("cpu", "s"), ("memory", "MB")):
        found = [(getattr(mine, name), getattr(other, name)) for mine, other in pairs]
        yield Row(f"{what}: {name}", unit, peer, found, getattr(reach, name))


def _cold(crowd: ThreadPoolExecutor, peak: float, ways: list[Way]) -> Spent:
    with closing(Pool()) as pool:
        return _ours(crowd, peak, pool, ways)


def _ours(crowd: ThreadPoolExecutor, peak: float, pool: Pool, ways: list[Way]) -> Spent:
    begun, cpu = time.perf_counter(), time.process_time()
    for done in [crowd.submit(SshRunner(pool, way).run, Order((TRUE,))) for way in ways]:
        outcome = done.result()
        assert (outcome.end, outcome.code) == (End.EXITED, 0), outcome
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Spent(wall, cpu, peak)


def _theirs(argv: Sequence[object], env: Mapping[str, str]) -> Spent:
    """What a command and all that it starts and waits for takes, as people use it."""
    begun, cpu = time.perf_counter(), _of_children()
    with tempfile.TemporaryFile() as said:
        words = list(map(str, argv))
        with subprocess.Popen(words, env=env, stdout=said, stderr=said) as peer:
            highest = _highest(peer)
        wall, cpu = time.perf_counter() - begun, _of_children() - cpu
        said.seek(0)
        assert peer.returncode == 0, said.read()[-500:]
    return Spent(wall, cpu, highest)


def _peak(server: Sshd, size: int) -> float:
    """The most memory that a program of its own needs for it."""
    words = TRUE, server.user, to_sshd(server).host_key, server.key, server.port, size
    argv = [sys.executable, "-c", ALONE, *map(str, words)]
    return float(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout) / 1e3


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _highest(peer: subprocess.Popen[bytes]) -> float:
    """The most memory that all of them held at once, looked at twenty times a second."""
    highest, root = 0.0, psutil.Process(peer.pid)
    while peer.poll() is None:
        held = 0
        for one in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                held += one.memory_info().rss
        highest = max(highest, held / 1e6)
        with suppress(subprocess.TimeoutExpired):
            peer.wait(0.05)
    return highest


def _way(server: Sshd, number: int) -> Way:
    return Way(replace(to_sshd(server), address=_address(number)))


def _address(number: int) -> str:
    return f"127.0.1.{number + 1}"


def _configure(folder: Path, server: Sshd) -> None:
    key = to_sshd(server).host_key
    (folder / "known_hosts").write_text(f"machine {key}\n")
    hosts = (f"Host m{n}\n  HostName {_address(n)}\n" for n in range(max(SIZES)))
    text = COMMON.format(user=server.user, port=server.port, key=server.key, folder=folder)
    (folder / "config").write_text("".join(hosts) + text)


def _peers(folder: Path, size: int) -> Iterator[Measured]:
    """clush, and ansible without and with connections that it keeps."""
    config, names = f"-F {folder}/config", f"m[0-{size - 1}]"
    python = interpreter([CLUSH])
    argv = [python, python.with_name("clush"), "-S", "-f", 64, "-o", config, "-w", names, TRUE]
    yield partial(_theirs, argv, os.environ)
    inventory = folder / f"inventory{size}"
    inventory.write_text("".join(f"m{n}\n" for n in range(size)))
    python = interpreter([ANSIBLE])
    argv = [
        python,
        python.with_name("ansible"),
        "all",
        "-i",
        inventory,
        "-f",
        64,
        "-m",
        "raw",
        "-a",
        TRUE,
    ]
    env = {**os.environ, "HOME": str(folder), "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{folder}/cp"}
    for how in ("-o ControlMaster=no", PERSIST):
        yield partial(_theirs, argv, {**env, "ANSIBLE_SSH_ARGS": f"{config} {how}"})
