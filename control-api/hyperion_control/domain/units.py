"""Units of systemd: how they are named, and which of them nobody may take away."""

import re
from fnmatch import fnmatchcase
from typing import Literal, get_args

from hyperion_control.errors import Conflict, Invalid

UnitType = Literal["service", "socket", "timer", "path"]
TYPES: tuple[str, ...] = get_args(UnitType)
Verb = Literal["start", "stop", "restart", "reload", "enable", "disable", "mask", "unmask"]
VERBS: tuple[str, ...] = get_args(Verb)

# As systemd's unit_name_is_valid() has it, and nothing that a program could take for an option.
NAME = re.compile(rf"(?![-.@])[A-Za-z0-9:_.\\@-]{{1,247}}\.(?:{'|'.join(TYPES)})")

# Whoever takes these away has nothing left to bring them back with: the way in, what we measure
# and act with, and what systemd itself lives by.
KEPT = (
    *("ssh.*", "sshd.*", "ssh@*", "sshd@*", "hyperion-*", "systemd-*"),
    *("networking.*", "NetworkManager.*", "dhcpcd.*"),
)
# These end the machine, or what every login hangs on, by being started or restarted too.
UNTOUCHED = (
    *("dbus.*", "dbus-broker.*", "emergency.*", "rescue.*"),
    *("systemd-halt.*", "systemd-poweroff.*", "systemd-reboot.*", "systemd-soft-reboot.*"),
    *("systemd-kexec.*", "systemd-exit.*", "systemd-suspend*", "systemd-hibernate.*"),
    "systemd-hybrid-sleep.*",
)
TAKING_AWAY = ("stop", "disable", "mask")


def checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise _invalid(f"a unit is named such as nginx.service; it ends in .{', .'.join(TYPES)}")
    if "@." in name:
        raise _invalid(f"this is a template: name one of its instances, {name.replace('@', '@x')}")
    return name


def protected(verb: Verb) -> tuple[str, ...]:
    """Patterns of the names that neither the unit nor what falls with it may have."""
    return (*KEPT, *UNTOUCHED) if verb in TAKING_AWAY else UNTOUCHED


def refuse_protected(verb: Verb, name: str) -> None:
    if any(fnmatchcase(name, pattern) for pattern in protected(verb)):
        raise refusal(verb, name)


def refusal(verb: str, name: str) -> Conflict:
    said = f"{name} is needed to reach and to run this machine: it is not for {verb}"
    return Conflict(said, code="protected", unit=name)


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, errors=[{"pointer": "/unit", "detail": detail}])
