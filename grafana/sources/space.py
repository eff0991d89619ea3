"""Filesystems: how full they are. Several dashboards show the same panels."""

from sources.limits import SPACE
from sources.links import LINE_DISKS, OF_MACHINE
from sources.panels import graph
from sources.queries import query
from sources.scope import MACHINES

of = MACHINES.of

# What is mounted read-only is full by nature; these are recorded without it.
LEFT = of("instance_mountpoint:node_filesystem_avail:ratio")
USED = f"1 - {LEFT}"
FILES_USED = f"1 - {of('instance_mountpoint:node_filesystem_files_free:ratio')}"

DISK_SPACE = graph(
    "Disk space",
    "Used share of each filesystem, as ordinary users see it: root's reserve counts as used.",
    "percentunit",
    query(USED, "{{machine}} {{mountpoint}}"),
    most=1,
    limits=SPACE,
    links=(*OF_MACHINE, LINE_DISKS),
)

INODES = graph(
    "Inodes",
    "Used share of the inodes of each filesystem. When they run out, no file can be made though"
    " there is space.",
    "percentunit",
    query(FILES_USED, "{{machine}} {{mountpoint}}"),
    most=1,
    limits=SPACE,
    links=(*OF_MACHINE, LINE_DISKS),
)
