"""Folders of devices, and the descriptors that are kept of them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - no reason to build paths


def test_a_device_is_read_by_its_files(paths: Paths, write: Write) -> None:
    write("sys/class/thing/b/size", " 7 \n")
    write("sys/class/thing/a/size", "5\n")
    things = Devices(paths.sys("class/thing"))
    assert things.names() == ["a", "b"]
    assert things.read("b", "size") == "7"
    assert things.read("b", "colour") is None


def test_what_a_device_holds_is_found_within_it(paths: Paths, write: Write) -> None:
    write("sys/class/thing/a/parts/p1/size", "5\n")
    things = Devices(paths.sys("class/thing"))
    parts = things.within("a", "parts")
    assert (parts.names(), parts.read("p1", "size")) == (["p1"], "5")
    assert things.within("a", "parts") is parts


def test_nothing_is_held_of_a_device_that_went(paths: Paths, write: Write) -> None:
    things = Devices(paths.sys("class/thing"))
    write("sys/class/thing/a/size", "5\n")
    things.names()
    before = descriptors()
    folder = write("sys/class/thing/b/parts/p1/size", "5\n").parents[2]
    assert things.names() == ["a", "b"]
    things.within("b", "parts").names()
    things.within("b", "parts").read("p1", "size")
    assert descriptors() > before
    shutil.rmtree(folder)
    assert things.names() == ["a"]
    assert descriptors() == before


def test_a_folder_that_was_made_anew_is_seen(paths: Paths, write: Write) -> None:
    things = Devices(paths.sys("class/thing"))
    write("sys/class/thing/a/size", "5\n")
    assert things.names() == ["a"]
    shutil.rmtree(paths.sys("class/thing"))
    write("sys/class/thing/b/size", "6\n")
    assert things.names() == ["b"]


def test_a_folder_that_is_not_there_has_no_devices(paths: Paths) -> None:
    assert Devices(paths.sys("class/thing")).names() == []
