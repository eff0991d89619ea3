"""Orders go to a real sshd, which is trusted by its key alone."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from hyperion_control.domain.host_keys import fingerprint
from hyperion_control.domain.orders import MOST_STDIN_BYTES, Order
from hyperion_control.runners.base import End, HostKeyChanged, Stream, UnknownHostKey, Unreachable
from hyperion_control.runners.line import CIPHERS, KEX, Key, Way, connect, hang_up
from hyperion_control.runners.pool import IDLE_SECONDS, MOST_CHANNELS, Pool
from hyperion_control.runners.ssh import SshRunner
from lab.programs import program
from lab.sshd import Sshd, make_key, sshd
from lab.wait import wait_for
from lab.ways import to_sshd

MIB = 1024 * 1024


@contextmanager
def connected(way: Way) -> Iterator[object]:
    lines = connect(way)
    try:
        yield lines[-1]
    finally:
        hang_up(lines)


def test_a_program_runs_there_as_it_would_here(pool: Pool, way: Way) -> None:
    words = ["a b", "", "$HOME", "`id`", "'", '"', "\\", "!", "a\nb", os.fsdecode(b"\xff"), "é"]
    script = 'printf "%s|" "$@"; cat; echo "$A" >&2; pwd; exit 7'
    order = Order(("sh", "-c", script, *words), b"in\0", {"A": "b 'c'"}, "/tmp")
    outcome = SshRunner(pool, way).run(order)
    # The first word after the script is sh's own name.
    said = b"".join(os.fsencode(word) + b"|" for word in words[1:])
    assert outcome.stdout.head == said + b"in\0/tmp\n"
    assert (outcome.stderr.head, outcome.end, outcome.code) == (b"b 'c'\n", End.EXITED, 7)


def test_a_program_that_a_signal_ends_is_told_so(pool: Pool, way: Way) -> None:
    outcome = SshRunner(pool, way).run(Order(("sh", "-c", "kill -KILL $$")))
    assert (outcome.end, outcome.code, outcome.signal) == (End.SIGNALED, None, "KILL")


def test_a_program_that_closes_its_streams_and_goes_on_is_waited_for(pool: Pool, way: Way) -> None:
    order = Order(("sh", "-c", "exec >&- 2>&-; sleep 1.5; exit 4"))
    began = time.process_time()
    assert SshRunner(pool, way).run(order).code == 4
    assert time.process_time() - began < 0.7, "waiting costs nothing"


def test_stdin_comes_back_byte_for_byte(pool: Pool, way: Way) -> None:
    text, got = os.urandom(MOST_STDIN_BYTES), bytearray()
    outcome = SshRunner(pool, way).run(Order(("cat",), text), lambda _, piece: got.extend(piece))
    assert (outcome.end, bytes(got) == text) == (End.EXITED, True)


def test_a_flood_on_both_streams_at_once_needs_little_memory(pool: Pool, way: Way) -> None:
    """A gibibyte comes through a whole worker in test_acting."""
    each = 80 * MIB
    script = f"head -c {each} /dev/zero & head -c {each} /dev/zero >&2; wait"
    SshRunner(pool, way).run(Order(("true",)))
    ours = psutil.Process()
    before, most = ours.memory_info().rss, 0

    def output(stream: Stream, piece: bytes) -> None:
        nonlocal most
        most = max(most, ours.memory_info().rss)

    outcome = SshRunner(pool, way).run(Order(("sh", "-c", script), seconds=300), output)
    assert (outcome.end, outcome.stdout.size, outcome.stderr.size) == (End.EXITED, each, each)
    assert most - before < 50 * MIB


def test_all_that_a_program_said_is_taken_however_slowly(pool: Pool, way: Way) -> None:
    """It has long ended when the last of what the connection holds is read."""
    order, slow = Order(("head", "-c", str(MIB), "/dev/zero")), threading.Event()

    def output(*_: object) -> None:
        slow.wait(0.1)

    outcome = SshRunner(pool, way).run(order, output)
    assert (outcome.end, outcome.stdout.size) == (End.EXITED, MIB)


def parents(pool: Pool, way: Way, count: int) -> list[bytes]:
    """The process of sshd that ran each of so many orders, all given at once."""
    order = Order(("sh", "-c", "echo $PPID; sleep 0.1"))
    with ThreadPoolExecutor(count) as threads:
        runs = [threads.submit(SshRunner(pool, way).run, order) for _ in range(count)]
        return [run.result().stdout.head for run in runs]


def test_seven_at_once_share_one_connection_and_the_others_wait(pool: Pool, way: Way) -> None:
    said = parents(pool, way, MOST_CHANNELS * 2)
    assert (len(said), len(set(said))) == (MOST_CHANNELS * 2, 1)


def test_what_a_machine_refuses_for_a_moment_is_asked_again(pool: Pool) -> None:
    """Not by a new connection, which would come on top of the one that is full."""
    with sshd(sessions=2) as small:
        said = parents(pool, Way(to_sshd(small)), 4)
    assert (len(said), len(set(said))) == (4, 1)


def test_a_connection_that_broke_is_replaced_and_the_order_runs(pool: Pool, way: Way) -> None:
    runner = SshRunner(pool, way)
    first = runner.run(Order(("sh", "-c", "echo $PPID"))).stdout.head
    os.kill(int(first), 9)
    with pool.line(way) as line:
        wait_for(lambda: not line.is_active(), 5, "the connection to be gone")
    outcome = runner.run(Order(("sh", "-c", "echo $PPID")))
    assert (outcome.end, outcome.stdout.head == first) == (End.EXITED, False)


def test_a_connection_unused_for_a_minute_is_hung_up(way: Way) -> None:
    now = 0.0
    pool = Pool(monotonic=lambda: now)
    try:
        with pool.line(way) as line:
            now += 2 * IDLE_SECONDS
            pool.sweep()
            assert line.is_active(), "it is in use"
        now += IDLE_SECONDS - 1
        pool.sweep()
        assert line.is_active(), "it may be used again"
        now += 1
        pool.sweep()
        assert not line.is_active()
    finally:
        pool.close()


def test_a_new_host_key_or_login_key_drops_the_old_connection(pool: Pool, way: Way) -> None:
    with pool.line(way) as line:
        pass
    other = replace(way, machine=replace(way.machine, host_key=""))
    with pytest.raises(UnknownHostKey), pool.line(other):
        raise AssertionError("it was trusted")
    assert not line.is_active()


def test_an_order_that_is_lost_is_not_run_again(pool: Pool, way: Way, tmp_path: Path) -> None:
    count = tmp_path / "count"
    order = Order(("sh", "-c", f"echo once >>{count}; echo $PPID; sleep 600"))
    outcome = SshRunner(pool, way).run(order, lambda _, piece: os.kill(int(piece), 9))
    assert (outcome.end, "connection broke" in outcome.reason) == (End.LOST, True)
    assert count.read_text() == "once\n"


def test_an_unknown_host_key_is_shown_for_approval(pool: Pool, way: Way) -> None:
    unknown = Way(replace(way.machine, host_key=""))
    outcome = SshRunner(pool, unknown).run(Order(("touch", "/tmp/hyperion-canary")))
    assert (outcome.end, outcome.offered) == (End.HOST_KEY_UNKNOWN, way.machine.host_key)
    with pytest.raises(UnknownHostKey) as shown, connected(unknown):
        raise AssertionError("it was trusted")
    assert shown.value.members["fingerprint"] == fingerprint(way.machine.host_key)


def test_a_changed_host_key_stops_everything_before_anything_is_sent(
    pool: Pool, way: Way, tmp_path: Path
) -> None:
    swapped = Way(replace(way.machine, host_key=make_key(tmp_path / "other")))
    outcome = SshRunner(pool, swapped).run(Order(("touch", str(tmp_path / "canary"))))
    assert (outcome.end, outcome.offered) == (End.HOST_KEY_CHANGED, way.machine.host_key)
    assert not (tmp_path / "canary").exists()
    with pytest.raises(HostKeyChanged), connected(swapped):
        raise AssertionError("it was trusted")


def test_a_key_that_the_machine_does_not_know_is_refused(way: Way, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    stranger = replace(way.machine, key=Key((tmp_path / "other").read_text()))
    with pytest.raises(Unreachable, match="does not let"), connected(Way(stranger)):
        raise AssertionError("it was let in")


@pytest.mark.parametrize("cut", [0, 40, 100, 250])
def test_a_key_that_cannot_be_read_is_named(way: Way, server: Sshd, cut: int) -> None:
    broken = Way(replace(way.machine, key=Key(server.key.read_text()[:cut])))
    with (
        pytest.raises(Unreachable, match="private key or its certificate cannot"),
        connected(broken),
    ):
        raise AssertionError("it was let in")


def test_a_jump_host_is_passed_and_proves_itself_too(pool: Pool, way: Way, tmp_path: Path) -> None:
    through = Way(way.machine, (way.machine,))
    outcome = SshRunner(pool, through).run(Order(("echo", "hello")))
    assert outcome.stdout.head == b"hello\n"
    wrong = replace(way.machine, host_key=make_key(tmp_path / "other"))
    for changed in (Way(way.machine, (wrong,)), Way(wrong, (way.machine,))):
        outcome = SshRunner(pool, changed).run(Order(("touch", str(tmp_path / "canary"))))
        assert outcome.end is End.HOST_KEY_CHANGED
    assert not (tmp_path / "canary").exists()


def test_only_what_is_strong_is_spoken(way: Way) -> None:
    with connected(way) as line:
        offer = line.get_security_options()  # type: ignore[attr-defined]
        said = " ".join((*offer.ciphers, *offer.digests, *offer.kex, *offer.key_types))
        assert line.local_cipher in CIPHERS  # type: ignore[attr-defined]
        assert line.agreed_on_strict_kex  # type: ignore[attr-defined]
        assert set(offer.kex) <= set(KEX)
    for weak in ("cbc", "3des", "sha1", "md5", "group", "ssh-rsa", "dss"):
        assert weak not in said


def test_the_agents_keys_open_as_well(
    way: Way, server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = tmp_path / "agent"
    with subprocess.Popen([program("ssh-agent"), "-D", "-a", door], stdout=-3) as agent:
        try:
            wait_for(door.exists, 5, "the agent")
            monkeypatch.setenv("SSH_AUTH_SOCK", str(door))
            make_key(tmp_path / "other")
            for key in (tmp_path / "other", server.key):
                subprocess.run([program("ssh-add"), "-q", key], check=True)
            with connected(Way(replace(way.machine, key=None))) as line:
                assert line.is_authenticated()  # type: ignore[attr-defined]
        finally:
            agent.terminate()


def test_a_user_certificate_opens_as_well(way: Way, server: Sshd, tmp_path: Path) -> None:
    authority = make_key(tmp_path / "authority")
    with (server.key.parent / "authorized_keys").open("a") as keys:
        keys.write(f"\ncert-authority {authority}\n")
    make_key(tmp_path / "own")
    sign = ["-q", "-s", tmp_path / "authority", "-I", "test", "-n", server.user, "-V", "+1h"]
    subprocess.run([program("ssh-keygen"), *sign, tmp_path / "own.pub"], check=True)
    certificate = (tmp_path / "own-cert.pub").read_text()
    key = Key((tmp_path / "own").read_text(), certificate)
    with connected(Way(replace(way.machine, key=key))) as line:
        assert line.is_authenticated()  # type: ignore[attr-defined]
    bare = Way(replace(way.machine, key=replace(key, certificate="")))
    with pytest.raises(Unreachable, match="does not let"), connected(bare):
        raise AssertionError("it was let in")
