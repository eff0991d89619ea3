"""What the kernel says of the links: of a made-up socket, and in a network of our own."""

import errno
import os
import socket
import struct
import subprocess
import sys

import pytest

from hyperion_exporter.sources.links import RTM_DELLINK, RTM_NEWLINK, Links, _numbers


def message(kind: int, index: int, more: bytes = b"") -> bytes:
    link = struct.pack("=BxHiII", 0, 1, index, 0, 0) + more
    head = struct.pack("=IHHII", 16 + len(link), kind, 0, 0, 0)
    return head + link + b"\0" * (-len(link) % 4)


def test_the_numbers_of_changed_links_are_read() -> None:
    said = message(RTM_NEWLINK, 2, b"odd") + message(RTM_DELLINK, 7) + message(20, 9)
    assert list(_numbers(said)) == [2, 7]


def test_a_message_cut_short_ends_the_reading() -> None:
    said = message(RTM_NEWLINK, 2)
    assert list(_numbers(said + said[:20])) == [2]
    without_length = struct.pack("=IHHII", 0, RTM_NEWLINK, 0, 0, 0)
    assert len(list(_numbers(without_length * 3))) < 3


def test_the_first_question_is_answered_with_anything() -> None:
    links = Links()
    assert links.changed() is None
    links.close()


class Overrun(socket.socket):
    def recv(self, *_: object) -> bytes:  # type: ignore[override]
        raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))


def test_a_kernel_that_lost_count_says_so() -> None:
    links = Links(Overrun)
    assert [links.changed(), links.changed()] == [None, None]
    links.close()


def test_where_a_sandbox_forbids_it_anything_may_have_changed() -> None:
    def forbidden() -> socket.socket:
        raise PermissionError

    links = Links(forbidden)
    assert [links.changed(), links.changed()] == [None, None]


WATCH = """
import subprocess, sys
from hyperion_exporter.sources.links import Links
def ip(*words): subprocess.run(["ip", "link", *words], check=True)
links = Links()
ip("set", "lo", "down")
print(links.changed(), links.changed())
ip("set", "lo", "up")
print(links.changed(), links.changed())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a network of its own")
def test_a_real_kernel_says_what_changed_once() -> None:
    argv = ["unshare", "--net", sys.executable, "-c", WATCH]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == ["None set()", "{1} set()"]
