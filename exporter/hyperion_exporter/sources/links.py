"""The kernel's own word on which network interfaces changed."""

import socket
import struct
from collections.abc import Callable, Iterator

# linux/rtnetlink.h
RTMGRP_LINK = 1
RTM_NEWLINK = 16
RTM_DELLINK = 17

_HEAD = struct.Struct("=IHHII")
# Of struct ifinfomsg, which follows the head: family, a filler, type, index.
_LINK = struct.Struct("=BxHi")
_MESSAGE = 1 << 16


def _listen() -> socket.socket:
    listener = socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
    )
    listener.bind((0, RTMGRP_LINK))
    return listener


class Links:
    """Listens from the first question on."""

    def __init__(self, listen: Callable[[], socket.socket] = _listen) -> None:
        self._listen = listen
        self._socket: socket.socket | None = None

    def changed(self) -> set[int] | None:
        """The numbers of what changed since the last question; None where anything may have."""
        numbers: set[int] = set()
        try:
            if self._socket is None:
                self._socket = self._listen()
                return None
            while True:
                numbers.update(_numbers(self._socket.recv(_MESSAGE)))
        except BlockingIOError:
            return numbers
        except OSError:
            # A sandbox forbids to listen, or more was said than there was room for.
            return None

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __del__(self) -> None:
        self.close()


def _numbers(messages: bytes) -> Iterator[int]:
    offset = 0
    while offset + _HEAD.size + _LINK.size <= len(messages):
        length, kind, *_ = _HEAD.unpack_from(messages, offset)
        if kind in (RTM_NEWLINK, RTM_DELLINK):
            yield _LINK.unpack_from(messages, offset + _HEAD.size)[2]
        # Each begins at a multiple of four.
        offset += max(length + 3 & ~3, _HEAD.size)
