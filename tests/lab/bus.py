"""A system bus that says what a test wrote down, or nothing at all."""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

SOCKET = "run/dbus/system_bus_socket"
FIXED = {"y": "B", "b": "I", "u": "I", "t": "Q", "d": "d"}
ALIGNMENT = {"y": 1, "g": 1, "v": 1, "t": 8, "d": 8, "(": 8, "{": 8}

# Path, member and arguments of a call; then what it is answered with.
Key = tuple[str, str, tuple[str, ...]]


class Value(NamedTuple):
    signature: str
    value: Any


class Error(NamedTuple):
    name: str


def variant(signature: str, value: Any) -> Value:
    return Value("v", Value(signature, value))


class FakeBus:
    def __init__(self, answers: Mapping[Key, Value | Error]) -> None:
        self.answers = dict(answers)
        self.calls: list[Key] = []
        self.connections = 0
        # While cleared it reads and says nothing.
        self.speaks = threading.Event()
        self.speaks.set()

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with suppress(OSError, struct.error), client, client.makefile("rwb") as stream:
            hello = stream.readline()
            assert hello.startswith(b"\0AUTH EXTERNAL "), hello
            stream.write(b"OK 1234deadbeef\r\n")
            stream.flush()
            assert stream.readline() == b"BEGIN\r\n"
            # Nobody asked for this one: the bus greets with a signal.
            stream.write(message(4, 0, "", None))
            while True:
                serial, key = read_call(stream)
                self.speaks.wait()
                stream.write(self._answer(serial, key))
                stream.flush()

    def _answer(self, serial: int, key: Key) -> bytes:
        if key[1] == "Hello":
            return message(2, serial, "s", ":1.7")
        self.calls.append(key)
        answer = self.answers.get(key, Error("org.freedesktop.DBus.Error.UnknownMethod"))
        if isinstance(answer, Error):
            return message(3, serial, "s", "no", error=answer.name)
        return message(2, serial, answer.signature, answer.value)


@contextmanager
def fake_bus(root: Path, answers: Mapping[Key, Value | Error]) -> Iterator[FakeBus]:
    """Listens where a machine with that root has its bus."""
    path = root / SOCKET
    path.parent.mkdir(parents=True, exist_ok=True)
    bus = FakeBus(answers)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=bus.serve, args=(listener,), daemon=True).start()
        try:
            yield bus
        finally:
            bus.speaks.set()
            path.unlink()
            # Closing alone does not wake who waits for the next client.
            listener.shutdown(socket.SHUT_RDWR)


def read_call(stream: Any) -> tuple[int, Key]:
    """The serial of the next call, and what it asks; whatever is not as agreed is a failure."""
    head = stream.read(16)
    order, kind, _, version, body, serial, length = struct.unpack("<cBBBIII", head)
    assert (order, kind, version) == (b"l", 1, 1), head
    fields = stream.read(length + -length % 8)[:length]
    texts: dict[int, str] = {}
    at = 0
    while at < length:
        at += -at % 8
        code, kind_of_text = fields[at], fields[at + 2 : at + 3]
        size_at = at + 4
        if kind_of_text == b"g":
            size, text_at = fields[size_at], size_at + 1
        else:
            size, text_at = struct.unpack_from("<I", fields, size_at)[0], size_at + 4
        texts[code] = fields[text_at : text_at + size].decode()
        at = text_at + size + 1
    return serial, (texts[1], texts[3], strings(stream.read(body)))


def strings(body: bytes) -> tuple[str, ...]:
    found, at = [], 0
    while at < len(body):
        at += -at % 4
        size = struct.unpack_from("<I", body, at)[0]
        found.append(body[at + 4 : at + 4 + size].decode())
        at += 5 + size
    return tuple(found)


def message(kind: int, reply_to: int, signature: str, value: Any, error: str = "") -> bytes:
    fields = [(5, Value("u", reply_to))] if reply_to else []
    fields += [(4, Value("s", error))] if error else []
    fields += [(8, Value("g", signature))] if signature else []
    body = packed(b"", signature, value) if signature else b""
    start = struct.pack("<cBBBII", b"l", kind, 0, 1, len(body), 1)
    head = packed(start, "a(yv)", fields)
    return head + b"\0" * (-len(head) % 8) + body


def packed(data: bytes, kind: str, value: Any) -> bytes:
    """The bytes with the value behind them, at the place that its type asks for."""
    data += b"\0" * (-len(data) % ALIGNMENT.get(kind[0], 4))
    if kind[0] in FIXED:
        return data + struct.pack("<" + FIXED[kind[0]], value)
    if kind[0] in "sog":
        size = struct.pack("<B" if kind == "g" else "<I", len(value.encode()))
        return data + size + value.encode() + b"\0"
    if kind[0] == "v":
        return packed(packed(data, "g", value.signature), value.signature, value.value)
    if kind[0] == "(":
        for one, part in zip(kind[1:-1], value, strict=True):
            data = packed(data, one, part)
        return data
    start = len(data) + 4
    start += -start % ALIGNMENT.get(kind[1], 4)
    items = b"\0" * start
    for item in value:
        items = packed(items, kind[1:], item)
    size = struct.pack("<I", len(items) - start)
    return data + size + items[len(data) + 4 :]
