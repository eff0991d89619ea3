"""Updates of a real Debian machine: the exporter in its unit counts as many as apt itself."""

import shlex
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lab.fleet import Fleet, Machine
from lab.installed import exporting, page
from lab.sshd import ssh_command
from lab.wait import wait_for

# A repository on the machine's own disk, with a newer version of some that it has.
OFFER = """
archive=$1
shift
mkdir -p /srv/$archive
cd /srv/$archive
dpkg-query -W -f 'Package: ${Package}\\nVersion: ${Version}.1\\nArchitecture: ${Architecture}
Filename: none.deb\\nSize: 1\\nMaintainer: nobody\\nDescription: newer\\n\\n' "$@" >Packages
{
    echo "Suite: $archive"
    echo SHA256:
    echo " $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages"
} >Release
echo "deb [trusted=yes] file:/srv/$archive ./" >/etc/apt/sources.list.d/$archive.list
apt-get -q update -o Dir::Etc::sourcelist=/dev/null
"""
LOCKS = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock")
# As they do it themselves: a lock of flock(1) would keep nobody out.
HOLD = """
import fcntl, sys
files = [open(name, "a") for name in sys.argv[1:]]
for file in files:
    fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""


@pytest.fixture(scope="module")
def machine(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = fleet[2]
    with exporting(machine, tmp_path_factory.mktemp("dist"), "--collector.updates.interval=1"):
        yield machine
        machine.done("rm -rf /etc/apt/sources.list.d/*.list /var/lib/apt/lists/* /srv/*")


def by_apt(machine: Machine) -> dict[str, float]:
    lines = machine.done("apt list --upgradable 2>/dev/null").splitlines()[1:]
    return {"all": len(lines), "security": sum("-security" in line for line in lines)}


def by_us(machine: Machine) -> dict[str, float]:
    families = text_string_to_metric_families(page(machine, "?collect[]=updates"))
    pending = (f for f in families if f.name == "hyperion_updates_pending")
    return {sample.labels["kind"]: sample.value for f in pending for sample in f.samples}


def agree(machine: Machine, **expected: float) -> None:
    assert by_apt(machine) == expected
    wait_for(lambda: by_us(machine) == expected, 30, f"the exporter to see {expected}")


def test_as_many_are_counted_as_apt_counts_whenever_that_changes(machine: Machine) -> None:
    agree(machine, all=0, security=0)
    machine.done(OFFER, "stable", "base-files", "bash", "tar")
    agree(machine, all=3, security=0)
    machine.done(OFFER, "stable-security", "tar", "dash")
    agree(machine, all=4, security=2)
    machine.done("apt-mark hold dash")
    agree(machine, all=4, security=2)
    machine.done(OFFER, "stable", "bash")
    agree(machine, all=3, security=2)


def test_it_is_counted_while_others_hold_the_locks_of_apt_and_dpkg(machine: Machine) -> None:
    login = ssh_command(machine.key, machine.known_hosts, f"root@{machine.address}")
    argv = [*login, shlex.join(["python3", "-c", HOLD, *LOCKS])]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        refused = machine.ssh("apt-get", "update")
        assert "Could not get lock /var/lib/apt/lists/lock" in refused.stderr
        machine.done("rm /var/lib/apt/lists/*stable-security*")
        agree(machine, all=1, security=0)
        holder.stdin.write(b"\n")
