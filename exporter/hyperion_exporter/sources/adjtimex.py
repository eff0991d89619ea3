"""What the kernel knows of its clock: the adjtimex system call, which Python lacks."""

import ctypes
import os
from ctypes import c_int, c_long, c_uint
from functools import cache


class Clock(ctypes.Structure):
    """struct timex of adjtimex(2); in microseconds, or nanoseconds where STA_NANO is set."""

    _fields_ = (
        ("modes", c_uint),
        ("offset", c_long),
        ("freq", c_long),
        ("maxerror", c_long),
        ("esterror", c_long),
        ("status", c_int),
        ("constant", c_long),
        ("precision", c_long),
        ("tolerance", c_long),
        ("time", c_long * 2),
        ("tick", c_long),
        ("ppsfreq", c_long),
        ("jitter", c_long),
        ("shift", c_int),
        ("stabil", c_long),
        ("jitcnt", c_long),
        ("calcnt", c_long),
        ("errcnt", c_long),
        ("stbcnt", c_long),
        ("tai", c_int),
        ("reserved", c_int * 11),
    )


def read() -> tuple[int, Clock]:
    """The clock's state, and its numbers; changes nothing, so needs no right."""
    clock = Clock()
    state = _libc().adjtimex(ctypes.byref(clock))
    if state < 0:
        fault = ctypes.get_errno()
        raise OSError(fault, os.strerror(fault))
    return state, clock


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
