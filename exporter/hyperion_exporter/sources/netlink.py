"""Questions to the kernel over netlink that it answers with a list (netlink(7))."""

import os
import socket
import struct

_ERROR, _DONE = 2, 3
_REQUEST_DUMP = 0x301
_HEADER = struct.Struct("=IHHII")
# Of an answer's header only the size and the kind.
_ANSWER = struct.Struct("=IH")
_ERRNO = struct.Struct("=i")
_CHUNK = 1 << 16


def dump(protocol: int, kind: int, request: bytes) -> list[bytes]:
    """The bodies of the messages that answer."""
    bodies: list[bytes] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as netlink:
        size = _HEADER.size + len(request)
        netlink.send(_HEADER.pack(size, kind, _REQUEST_DUMP, 1, 0) + request)
        while True:
            data, start = netlink.recv(_CHUNK), 0
            while start < len(data):
                size, answered = _ANSWER.unpack_from(data, start)
                body = data[start + _HEADER.size : start + size]
                if answered == _DONE:
                    return bodies
                if answered == _ERROR:
                    fault = -_ERRNO.unpack_from(body)[0]
                    raise OSError(fault, os.strerror(fault))
                bodies.append(body)
                start += aligned(size)


def aligned(size: int) -> int:
    return (size + 3) & ~3
