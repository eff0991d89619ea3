"""The journal of systemd, read by its own library in this process: no program, no text between."""

import ctypes
import os
from collections.abc import Container
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_size_t, c_uint64, c_void_p, string_at
from functools import cache
from pathlib import Path
from typing import cast

from hyperion_exporter.sources.event_log import MOST_BYTES, Event, NoLog, of_journal

# systemd/sd-journal.h
_LOCAL_ONLY = 1
_OS_ROOT = 1 << 4

# The library keeps what it read in memory until the journal is closed; these are about 2 MB.
_REOPEN_EVENTS = 5_000
_MANY_EVENTS = 500

_JOURNAL = c_void_p
_DATA = POINTER(c_char)
_ARGUMENTS: dict[str, tuple[object, ...]] = {
    "open": (POINTER(_JOURNAL), c_int),
    "open_directory": (POINTER(_JOURNAL), c_char_p, c_int),
    "close": (_JOURNAL,),
    "set_data_threshold": (_JOURNAL, c_size_t),
    "get_fd": (_JOURNAL,),
    "process": (_JOURNAL,),
    "seek_head": (_JOURNAL,),
    "seek_tail": (_JOURNAL,),
    "seek_cursor": (_JOURNAL, c_char_p),
    "test_cursor": (_JOURNAL, c_char_p),
    "get_cursor": (_JOURNAL, POINTER(c_void_p)),
    "next": (_JOURNAL,),
    "previous": (_JOURNAL,),
    "get_data": (_JOURNAL, c_char_p, POINTER(_DATA), POINTER(c_size_t)),
    "get_realtime_usec": (_JOURNAL, POINTER(c_uint64)),
}


class Journal:
    kind = "journal"
    interval = 1.0

    def __init__(self, root: Path, position: str | None, programs: Container[bytes]) -> None:
        self._lib = _library()
        self._journal = _JOURNAL()
        self._root = root
        self._programs = programs
        self._given = 0
        # Made once: there are four calls to an event.
        self._data, self._size, self._usec = _DATA(), c_size_t(), c_uint64()
        self._to_data, self._to_size = byref(self._data), byref(self._size)
        self._to_usec = byref(self._usec)
        self._next, self._get_data = self._lib.sd_journal_next, self._lib.sd_journal_get_data
        self._get_time = self._lib.sd_journal_get_realtime_usec
        self._open()
        self.position = self._last() if position is None else self._sought(position)

    def read(self, most: int) -> list[Event]:
        self._ask("process")
        events: list[Event] = []
        while len(events) < most and _checked(self._next(self._journal)):
            events.append(self._event())
        if events:
            self.position = self._cursor()
        self._given += len(events)
        # Within a long row; and after a short one, before it rests.
        if self._given >= (_REOPEN_EVENTS if len(events) == most else _MANY_EVENTS):
            self._reopen()
        return events

    def close(self) -> None:
        if self._journal:
            self._lib.sd_journal_close(self._journal)
            self._journal = _JOURNAL()

    def __del__(self) -> None:
        self.close()

    def _reopen(self) -> None:
        self.close()
        self._open()
        self._sought(self.position)
        self._given = 0

    def _open(self) -> None:
        # Beside those of this machine there may be journals of others.
        if self._root == Path("/"):
            self._call("open", byref(self._journal), _LOCAL_ONLY)
        else:
            self._call("open_directory", byref(self._journal), os.fsencode(self._root), _OS_ROOT)
        self._ask("seek_head")
        # A file that may not be read is no fault to the library: it gives what is left.
        if not self._ask("next"):
            raise NoLog("there is no journal that may be read; its group is systemd-journal")
        # Of what is compressed no more is unpacked.
        self._ask("set_data_threshold", MOST_BYTES)
        # Once asked for this, the library hears of files that come and go.
        self._ask("get_fd")

    def _last(self) -> str:
        self._ask("seek_tail")
        self._ask("previous")
        return self._cursor()

    def _sought(self, position: str) -> str:
        cursor = position.encode()
        self._ask("seek_cursor", cursor)
        # The event itself was given before; if it is gone, the first that is left was not.
        if self._ask("next") and not self._ask("test_cursor", cursor):
            self._ask("previous")
        return position

    def _event(self) -> Event:
        program = self._field(b"SYSLOG_IDENTIFIER")
        level = self._field(b"PRIORITY")
        message = self._field(b"MESSAGE") if program in self._programs else b""
        transport = self._field(b"_TRANSPORT") if program == b"kernel" else b""
        self._get_time(self._journal, self._to_usec)
        return of_journal(program, transport, level, message, self._usec.value / 1e6)

    def _field(self, name: bytes) -> bytes:
        """Empty where the event has none, or it cannot be read."""
        if self._get_data(self._journal, name, self._to_data, self._to_size):
            return b""
        # "FIELD=value", without an end of its own.
        return cast(bytes, self._data[len(name) + 1 : min(self._size.value, MOST_BYTES)])

    def _cursor(self) -> str:
        text = c_void_p()
        self._ask("get_cursor", byref(text))
        cursor = string_at(text.value or 0)
        self._lib.free(text)
        return cursor.decode()

    def _ask(self, name: str, *arguments: object) -> int:
        return self._call(name, self._journal, *arguments)

    def _call(self, name: str, *arguments: object) -> int:
        return _checked(getattr(self._lib, f"sd_journal_{name}")(*arguments))


def _checked(answer: int) -> int:
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer


@cache
def _library() -> ctypes.CDLL:
    # Not PyDLL: while a disk hangs below such a call, every scrape would.
    try:
        library = ctypes.CDLL("libsystemd.so.0")
    except OSError:
        raise NoLog("libsystemd is not installed") from None
    for name, arguments in _ARGUMENTS.items():
        getattr(library, f"sd_journal_{name}").argtypes = arguments
    library.free.argtypes = (c_void_p,)
    return library
