"""A job of Windows: what is started in it, and all that this starts, can be ended as one."""

import ctypes
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import subprocess

# CREATE_SUSPENDED: before it is in its job it must start nothing. CREATE_NO_WINDOW.
SUSPENDED = 0x00000004 | 0x08000000
# Of JOBOBJECTINFOCLASS.
ACCOUNTING, EXTENDED_LIMITS = 1, 9
KILL_ON_JOB_CLOSE = 0x2000


class NotStarted(Exception):
    """The machine could not; the words say why."""


class Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION, in which only the flags matter to us."""

    _fields_ = [
        ("times", ctypes.c_int64 * 2),
        ("flags", ctypes.c_uint32),
        ("working_set", ctypes.c_size_t * 2),
        ("most_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_and_scheduling", ctypes.c_uint32 * 2),
        ("io", ctypes.c_uint64 * 6),
        ("memory", ctypes.c_size_t * 4),
    ]


class Accounts(ctypes.Structure):
    """JOBOBJECT_BASIC_ACCOUNTING_INFORMATION."""

    _fields_ = [
        ("times", ctypes.c_int64 * 4),
        ("page_faults", ctypes.c_uint32),
        ("processes", ctypes.c_uint32),
        ("active", ctypes.c_uint32),
        ("terminated", ctypes.c_uint32),
    ]


class Job(Protocol):
    flags: Mapping[str, Any]  # of Popen

    def take(self, process: "subprocess.Popen[bytes]") -> None:
        """And let it begin."""

    def living(self) -> int: ...

    def end(self) -> None: ...

    def leave(self) -> None:
        """What still runs, runs on."""


class WindowsJob:
    """Should the agent die, Windows closes its handle, and with it ends all that is in the job."""

    flags: Mapping[str, Any] = {"creationflags": SUSPENDED}

    def __init__(self, kernel: Any, ntdll: Any) -> None:
        self._kernel = kernel
        self._ntdll = ntdll
        kernel.CreateJobObjectW.restype = ctypes.c_void_p
        self._handle = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
        _refuse(not self._handle, "CreateJobObject")
        self._limit(KILL_ON_JOB_CLOSE)

    def take(self, process: "subprocess.Popen[bytes]") -> None:
        handle = ctypes.c_void_p(int(process._handle))  # type: ignore[attr-defined]
        taken = self._kernel.AssignProcessToJobObject(self._handle, handle)
        _refuse(not taken, "AssignProcessToJobObject")
        _refuse(self._ntdll.NtResumeProcess(handle) != 0, "NtResumeProcess")

    def living(self) -> int:
        found = Accounts()
        asked = self._handle, ACCOUNTING, ctypes.byref(found), ctypes.sizeof(found), None
        _refuse(not self._kernel.QueryInformationJobObject(*asked), "QueryInformationJobObject")
        return int(found.active)

    def end(self) -> None:
        self._kernel.TerminateJobObject(self._handle, 1)

    def leave(self) -> None:
        self._limit(0)
        self._kernel.CloseHandle(self._handle)

    def _limit(self, flags: int) -> None:
        limits = Limits(flags=flags)
        asked = self._handle, EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        _refuse(not self._kernel.SetInformationJobObject(*asked), "SetInformationJobObject")


def job_of_windows() -> Job:
    if sys.platform == "win32":
        return WindowsJob(ctypes.WinDLL("kernel32"), ctypes.WinDLL("ntdll"))
    raise NotStarted("there are jobs on Windows only")


def _refuse(failed: bool, call: str) -> None:
    if failed:
        raise NotStarted(f"Windows refuses {call}")
