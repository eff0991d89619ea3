"""What only the system tells of the machine that we are on: who it is, since when, and as what."""

import platform
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

# Of the registry, below HKEY_LOCAL_MACHINE.
CRYPTOGRAPHY = r"SOFTWARE\Microsoft\Cryptography"
VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
# The registry still calls it 10.
WINDOWS_11_BUILD = 22000


class ThisMachine(Protocol):
    updates: bool  # whether there is a hyperion-update, for which the agent may ring
    host_key: Path  # of its sshd

    def own_id(self) -> str:
        """Not to leave the machine as it is. OSError where it cannot be read."""

    def uptime(self) -> float: ...

    def system(self) -> str: ...


class Linux:
    updates = True
    host_key = Path("/etc/ssh/ssh_host_ed25519_key.pub")

    def __init__(self, machine_id: Path = Path("/etc/machine-id")) -> None:
        self._machine_id = machine_id

    def own_id(self) -> str:
        return _one(r"[0-9a-f]{32}", self._machine_id.read_text().strip(), self._machine_id)

    def uptime(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def system(self) -> str:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


Registry = Callable[[str, str], str]


def _registry(key: str, name: str) -> str:
    """Of the 64-bit half, whichever Python asks."""
    if sys.platform == "win32":
        import winreg

        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, access) as opened:
            return str(winreg.QueryValueEx(opened, name)[0])
    raise FileNotFoundError(2, "there is no registry here", key)


def _since_boot() -> float:
    """Sleep is counted, unlike by time.monotonic of newer Pythons."""
    import psutil

    return time.time() - psutil.boot_time()


class Windows:
    updates = False
    host_key = Path(r"C:\ProgramData\ssh\ssh_host_ed25519_key.pub")

    def __init__(
        self, registry: Registry = _registry, since_boot: Callable[[], float] = _since_boot
    ) -> None:
        self._registry = registry
        self._since_boot = since_boot

    def own_id(self) -> str:
        """Made when Windows was installed; a clone without sysprep has the same."""
        said = self._registry(CRYPTOGRAPHY, "MachineGuid").strip().lower()
        return _one(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", said, CRYPTOGRAPHY)

    def uptime(self) -> float:
        return max(0.0, self._since_boot())

    def system(self) -> str:
        try:
            name = self._registry(VERSION, "ProductName")
            build = self._registry(VERSION, "CurrentBuild")
        except OSError:
            return "Windows"
        if build.isdigit() and int(build) >= WINDOWS_11_BUILD:
            name = name.replace("Windows 10", "Windows 11")
        return f"{name} ({build})"


def this_machine() -> ThisMachine:
    return Windows() if sys.platform == "win32" else Linux()


def _one(pattern: str, said: str, where: object) -> str:
    if not re.fullmatch(pattern, said):
        raise OSError(0, "it holds no id of a machine", str(where))
    return said
