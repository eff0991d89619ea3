"""The module winreg of Windows, as far as it is asked, with values as they are on a Windows 11."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

VALUES = {
    (r"SOFTWARE\Microsoft\Cryptography", "MachineGuid"): "5e2b9f40-6d1c-4b0a-9c55-0b7d1e8a4f21",
    (r"SOFTWARE\Microsoft\Windows NT\CurrentVersion", "ProductName"): "Windows 10 Pro",
    (r"SOFTWARE\Microsoft\Windows NT\CurrentVersion", "CurrentBuild"): "22631",
}
ROOT, READ, WOW64_64KEY, STRING = 0x80000002, 0x20019, 0x0100, 1


@contextmanager
def _open(root: int, key: str, reserved: int, access: int) -> Iterator[str]:
    assert (root, reserved, access) == (ROOT, 0, READ | WOW64_64KEY)
    yield key


def _query(key: str, name: str) -> tuple[str, int]:
    if (key, name) not in VALUES:
        raise FileNotFoundError(2, "The system cannot find the file specified")
    return VALUES[key, name], STRING


winreg = SimpleNamespace(
    HKEY_LOCAL_MACHINE=ROOT,
    KEY_READ=READ,
    KEY_WOW64_64KEY=WOW64_64KEY,
    OpenKey=_open,
    QueryValueEx=_query,
)
