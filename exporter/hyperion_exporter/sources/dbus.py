"""Questions to services on the system bus, in D-Bus' own wire format: no program is started."""

import os
import socket
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

# Below the root of the machine.
SYSTEM_BUS = "run/dbus/system_bus_socket"
# The bus allows itself more; what we ask for is far smaller.
MAX_MESSAGE = 1 << 26
# Questions under way at once: enough to save the waiting, few enough for every bus' limits.
BATCH = 128

_CALL, _RETURN, _ERROR = 1, 2, 3
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = (
    1, 2, 3, 4, 5, 6, 8,
)  # fmt: skip
_NUMBERS = {
    "y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d",
    "h": "I",
}  # fmt: skip
_SIZES = {kind: struct.calcsize(code) for kind, code in _NUMBERS.items()}
_ALIGNMENT = _SIZES | {"s": 4, "o": 4, "a": 4, "g": 1, "v": 1, "(": 8, "{": 8}
_HEAD = 16
_BUS = "org.freedesktop.DBus"


class Refused(Exception):
    """Who was asked answered with an error, or what came is no answer."""


class Call(NamedTuple):
    path: str
    interface: str
    member: str
    arguments: tuple[str, ...] = ()


def get(path: str, interface: str, name: str) -> Call:
    """The question for one property of an object; its answer is the value."""
    return Call(path, f"{_BUS}.Properties", "Get", (interface, name))


class Bus:
    """A connection to one service on the bus, made with the first question and kept."""

    def __init__(self, root: Path, service: str, patience: float) -> None:
        self._path = root / SYSTEM_BUS
        self._service = service
        self._patience = patience
        self._socket: socket.socket | None = None
        self._received = bytearray()
        self._serial = 0

    def ask(self, calls: Sequence[Call]) -> list[Any]:
        """The answer to each call, in their order; Refused stands for one that was refused."""
        try:
            bus = self._socket or self._connected()
            answers: list[Any] = []
            for start in range(0, len(calls), BATCH):
                answers += self._exchange(bus, self._service, calls[start : start + BATCH])
        except BaseException:
            # An answer that comes late must not be taken for that to a later question.
            self.close()
            raise
        return answers

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._received.clear()

    def __del__(self) -> None:
        self.close()

    def _connected(self) -> socket.socket:
        self._socket = bus = socket.socket(socket.AF_UNIX)
        bus.settimeout(self._patience)
        bus.connect(os.fspath(self._path))
        identity = str(os.getuid()).encode().hex()
        bus.sendall(f"\0AUTH EXTERNAL {identity}\r\n".encode())
        while b"\r\n" not in self._received:
            self._receive(bus)
        line, _, rest = bytes(self._received).partition(b"\r\n")
        if not line.startswith(b"OK "):
            raise Refused("the system bus does not know us")
        self._received[:] = rest
        bus.sendall(b"BEGIN\r\n")
        self._exchange(bus, _BUS, [Call("/org/freedesktop/DBus", _BUS, "Hello")])
        return bus

    def _exchange(self, bus: socket.socket, service: str, calls: Sequence[Call]) -> list[Any]:
        first = self._serial + 1
        self._serial += len(calls)
        messages = (_message(call, service, first + n) for n, call in enumerate(calls))
        bus.sendall(b"".join(messages))
        answers: dict[int, Any] = {}
        while len(answers) < len(calls):
            serial, answer = _parsed(self._message(bus))
            # The bus also tells us things that we did not ask for.
            if serial is not None:
                answers[serial] = answer
        return [answers.get(first + n) for n in range(len(calls))]

    def _message(self, bus: socket.socket) -> bytes:
        while len(self._received) < _HEAD:
            self._receive(bus)
        length = _length(bytes(self._received[:_HEAD]))
        while len(self._received) < length:
            self._receive(bus)
        message = bytes(self._received[:length])
        del self._received[:length]
        return message

    def _receive(self, bus: socket.socket) -> None:
        part = bus.recv(1 << 16)
        if not part:
            raise ConnectionResetError("the system bus hung up")
        self._received += part


def _message(call: Call, service: str, serial: int) -> bytes:
    fields = [
        (_PATH, "o", call.path),
        (_INTERFACE, "s", call.interface),
        (_MEMBER, "s", call.member),
        (_DESTINATION, "s", service),
    ]
    body = b""
    for argument in call.arguments:
        body = _padded(body, 4) + _string(argument)
    head = b""
    for code, kind, text in fields:
        head = _padded(head, 8) + bytes((code, 1)) + kind.encode() + b"\0" + _string(text)
    if call.arguments:
        signature = b"s" * len(call.arguments)
        head = _padded(head, 8) + bytes((_SIGNATURE, 1)) + b"g\0"
        head += bytes((len(signature),)) + signature + b"\0"
    start = struct.pack("<cBBBIII", b"l", _CALL, 0, 1, len(body), serial, len(head))
    return _padded(start + head, 8) + body


def _padded(data: bytes, to: int) -> bytes:
    return data + b"\0" * (-len(data) % to)


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def _length(head: bytes) -> int:
    """Of the whole message that begins so."""
    order = ">" if head[:1] == b"B" else "<"
    body, _, fields = struct.unpack(order + "III", head[4:])
    length = _HEAD + fields + -fields % 8 + body
    if head[:1] not in b"lB" or length > MAX_MESSAGE:
        raise Refused("the system bus does not speak D-Bus")
    return int(length)


def _parsed(message: bytes) -> tuple[int | None, Any]:
    """The serial of the call that the message answers, and the answer."""
    try:
        reader = _Reader(message)
        kind = message[1]
        reader.at = 12
        fields = dict(reader.read("a(yv)"))
        if kind not in (_RETURN, _ERROR):
            return None, None
        serial = fields[_REPLY_SERIAL]
        if kind == _ERROR:
            return serial, Refused(str(fields.get(_ERROR_NAME, "error")))
        reader.align(8)
        values = [reader.read(one) for one in _types(fields.get(_SIGNATURE, ""))]
        return serial, values[0] if len(values) == 1 else values
    except (IndexError, KeyError, struct.error, UnicodeDecodeError) as fault:
        raise Refused("the system bus does not speak D-Bus") from fault


class _Reader:
    """Values out of a message, each at its own alignment."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._order = ">" if message[:1] == b"B" else "<"
        self.at = 0

    def align(self, to: int) -> None:
        self.at += -self.at % to

    def read(self, kind: str) -> Any:
        """The value of one whole type; a variant is the value in it."""
        head = kind[0]
        self.align(_ALIGNMENT[head])
        if head in _NUMBERS:
            return self._number(head)
        if head in "so":
            return self._text(self._number("u"))
        if head == "g":
            return self._text(self._number("y"))
        if head == "v":
            return self.read(self.read("g"))
        if head == "a":
            return self._array(kind[1:])
        return tuple(self.read(one) for one in _types(kind[1:-1]))

    def _number(self, kind: str) -> Any:
        (number,) = struct.unpack_from(self._order + _NUMBERS[kind], self._message, self.at)
        self.at += _SIZES[kind]
        return bool(number) if kind == "b" else number

    def _text(self, length: int) -> str:
        text = self._message[self.at : self.at + length].decode()
        self.at += length + 1
        return text

    def _array(self, kind: str) -> list[Any]:
        length = self._number("u")
        self.align(_ALIGNMENT[kind[0]])
        end = self.at + length
        values = []
        while self.at < end:
            values.append(self.read(kind))
        return values


@cache
def _types(signature: str) -> tuple[str, ...]:
    """A signature taken apart into whole types: a(so)u is a(so) and u."""
    types = []
    start = 0
    while start < len(signature):
        end = start
        while signature[end] == "a":
            end += 1
        depth = 0
        while True:
            depth += (signature[end] in "({") - (signature[end] in ")}")
            end += 1
            if not depth:
                break
        types.append(signature[start:end])
        start = end
    return tuple(types)
