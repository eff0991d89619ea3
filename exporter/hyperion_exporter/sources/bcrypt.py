"""bcrypt out of the system's libcrypt: Python has none of its own."""

import ctypes
import hmac
import re

HASH = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
# Fedora and Arch, then Debian and SUSE; None is what the process has: musl keeps it in libc.
LIBRARIES = ("libcrypt.so.2", "libcrypt.so.1", None)
# struct crypt_data: 32 kB in libxcrypt, 131 kB in the old libcrypt of glibc.
STATE_BYTES = 256 * 1024
PROBE = (b"fakepassword", b"$2y$04$TUCGIOMwZzR4gSN8HilqFeJgbQsVeufw6cYGgObJdabkF021vQcrC")


class NoBcrypt(Exception):
    """The system's libcrypt is not there, or knows no bcrypt."""


class Bcrypt:
    def __init__(self) -> None:
        self._crypt_r = _crypt_r()
        if not self.matches(*PROBE):
            raise NoBcrypt("the system's libcrypt knows no bcrypt")

    def matches(self, password: bytes, hashed: bytes) -> bool:
        """Takes as long as the cost inside the hash says; other threads run meanwhile."""
        if b"\0" in password:
            return False  # C would read only what stands before it
        state = ctypes.create_string_buffer(STATE_BYTES)
        return hmac.compare_digest(self._crypt_r(password, hashed, state) or b"", hashed)


def _crypt_r() -> "ctypes._NamedFuncPointer":
    for name in LIBRARIES:
        try:
            found = ctypes.CDLL(name).crypt_r
        except (OSError, AttributeError, TypeError):  # TypeError: Windows knows no None
            continue
        found.restype = ctypes.c_char_p
        found.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p)
        return found
    raise NoBcrypt("this system has no libcrypt")
