"""What systemd 252 and 257 say of their units, read."""

import random
from datetime import UTC, datetime

import pytest

from hyperion_control.domain import unit_states
from hyperion_control.domain.unit_states import Unit

# As systemctl show --all of Debian 12 and 13 print them.
SERVICE = """\
Type=notify
MainPID=36
Result=success
NRestarts=2
MemoryCurrent=[not set]
TasksCurrent=3
Id=ssh.service
Names=ssh.service sshd.service
TriggeredBy=
Description=OpenBSD = Secure Shell server
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
StateChangeTimestamp=Sat 2026-11-21 11:23:52 UTC
InvocationID=4482003f3b3b4acdad658ca1c28a0170
NeedDaemonReload=no
"""
SOCKET = """\
Listen=/run/systemd/journal/socket (Datagram)
Listen=/run/systemd/journal/stdout (Stream)
Result=success
Id=systemd-journald.socket
Names=systemd-journald.socket
Triggers=systemd-journald.service
Description=Journal Socket
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=static
NeedDaemonReload=yes
"""
TIMER = """\
NextElapseUSecRealtime=Sun 2026-11-22 00:00:00 UTC
LastTriggerUSec=
Id=logrotate.timer
Names=logrotate.timer
LoadState=loaded
ActiveState=inactive
"""
# As systemctl list-unit-files prints them.
FILES = """\
apt-daily.service                      static          -
autovt@.service                        alias           -
getty@.service                         enabled         enabled
dbus-org.freedesktop.login1.service    alias           -
hwclock.service                        masked          enabled
nginx.service                          disabled        enabled
ssh.service                            enabled         enabled
sshd.service                           enabled         enabled
"""


def test_a_service_is_read() -> None:
    [ssh] = unit_states.units(SERVICE)
    assert (ssh.unit, ssh.names) == ("ssh.service", ("ssh.service", "sshd.service"))
    assert ssh.description == "OpenBSD = Secure Shell server"
    assert (ssh.load, ssh.active, ssh.sub, ssh.enabled) == (
        "loaded",
        "active",
        "running",
        "enabled",
    )
    assert ssh.since == datetime(2026, 11, 21, 11, 23, 52, tzinfo=UTC)
    assert (ssh.main_pid, ssh.restarts, ssh.memory_bytes, ssh.tasks) == (36, 2, None, 3)
    assert ssh.invocation_id == "4482003f3b3b4acdad658ca1c28a0170"
    assert not ssh.needs_daemon_reload


def test_several_units_are_told_apart_and_a_property_can_have_several_lines() -> None:
    ssh, journald, logrotate = unit_states.units(f"{SERVICE}\n{SOCKET}\n{TIMER}")
    assert journald.triggers == ("systemd-journald.service",)
    assert [listen.split()[0] for listen in journald.listens] == [
        "/run/systemd/journal/socket",
        "/run/systemd/journal/stdout",
    ]
    assert journald.needs_daemon_reload
    assert journald.main_pid is None
    assert logrotate.next_elapse_at == datetime(2026, 11, 22, tzinfo=UTC)
    assert logrotate.last_trigger_at is None
    assert ssh.listens == ()


def test_units_that_only_have_a_file_are_inactive_and_known_ones_come_once() -> None:
    found = unit_states.together(unit_states.units(SERVICE), unit_states.unread(FILES))
    assert {each.unit: (each.load, each.active, each.enabled) for each in found} == {
        "apt-daily.service": ("loaded", "inactive", "static"),
        "hwclock.service": ("masked", "inactive", "masked"),
        "nginx.service": ("loaded", "inactive", "disabled"),
        "ssh.service": ("loaded", "active", "enabled"),
    }


def test_what_is_named_by_others_and_not_there_is_not_listed() -> None:
    ghost = "Id=syslog.service\nNames=syslog.service\nLoadState=not-found\nActiveState=inactive\n"
    assert unit_states.together(unit_states.units(ghost), []) == []


@pytest.mark.parametrize(
    ("value", "read"),
    [("0", 0), ("4096", 4096), ("18446744073709551615", None), ("[not set]", None), ("", None)]
    + [("٣", None), ("-1", None), ("1e3", None)],
)
def test_memory_is_a_number_or_not_known(value: str, read: int | None) -> None:
    [unit] = unit_states.units(f"Id=a.service\nMemoryCurrent={value}\n")
    assert unit.memory_bytes == read


@pytest.mark.parametrize("value", ["", "n/a", "Sa 2026-11-21 11:23:52 CET", "@1795260394", "0"])
def test_a_moment_that_cannot_be_read_is_not_known(value: str) -> None:
    [unit] = unit_states.units(f"Id=a.service\nStateChangeTimestamp={value}\n")
    assert unit.since is None


def test_nothing_that_is_said_breaks_the_reading() -> None:
    """Bytes changed, lost and doubled at random: still units, or none."""
    chance = random.Random(5)  # noqa: S311  no secret is made of it
    for _ in range(300):
        text = list(f"{SERVICE}\n{SOCKET}\n{TIMER}")
        for _ in range(chance.randint(1, 30)):
            at = chance.randrange(len(text))
            text[at] = chance.choice(["", "\n", "=", "\0", "\x85", "٣", text[at] * 2])
        said = "".join(text)
        for each in (*unit_states.units(said), *unit_states.unread(said)):
            assert isinstance(each, Unit)
