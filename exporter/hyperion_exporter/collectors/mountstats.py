"""NFS mounts of this machine: operations, bytes and waiting, by server and export."""

from collections.abc import Iterable, Iterator, Sequence

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    NoOptions,
    Samples,
    Value,
    counter,
    gauge,
)
from hyperion_exporter.paths import Paths

MOUNT = ("export", "protocol", "mountaddr")


def _count(name: str, help: str, *labels: str) -> Family:
    return counter(f"node_mountstats_nfs_{name}_total", help, *MOUNT, *labels)


def _moment(name: str, help: str, *labels: str) -> Family:
    return gauge(f"node_mountstats_nfs_{name}", help, *MOUNT, *labels)


AGE = _count("age_seconds", "Time since the mount.")
# In the order of the kernel's lines (fs/nfs/super.c, net/sunrpc/xprtsock.c); None is not given.
BYTES = (
    _count("read_bytes", "Bytes that programs read."),
    _count("write_bytes", "Bytes that programs wrote."),
    _count("direct_read_bytes", "Bytes that programs read past the page cache."),
    _count("direct_write_bytes", "Bytes that programs wrote past the page cache."),
    _count("total_read_bytes", "Bytes read from the server."),
    _count("total_write_bytes", "Bytes written to the server."),
    _count("read_pages", "Pages read by mapped files."),
    _count("write_pages", "Pages written by mapped files."),
)
EVENTS = (
    _count("event_inode_revalidate", "Attributes of a file asked for anew."),
    _count("event_dnode_revalidate", "Names of files asked for anew."),
    _count("event_data_invalidate", "Contents of a file forgotten."),
    _count("event_attribute_invalidate", "Attributes of a file forgotten."),
    _count("event_vfs_open", "Files and folders opened."),
    _count("event_vfs_lookup", "Names looked up in folders."),
    _count("event_vfs_access", "Permissions checked."),
    _count("event_vfs_update_page", "Pages changed."),
    _count("event_vfs_read_page", "Single pages read."),
    _count("event_vfs_read_pages", "Groups of pages read."),
    _count("event_vfs_write_page", "Single pages written."),
    _count("event_vfs_write_pages", "Groups of pages written."),
    _count("event_vfs_getdents", "Folders listed."),
    _count("event_vfs_setattr", "Attributes set."),
    _count("event_vfs_flush", "Writes forced out as a file was closed."),
    _count("event_vfs_fsync", "Writes forced out on a program's demand."),
    _count("event_vfs_lock", "Locks asked for."),
    _count("event_vfs_file_release", "Files closed for good."),
    None,  # waits for congestion, no longer counted
    _count("event_truncation", "Files cut short."),
    _count("event_write_extension", "Files grown by writing past their end."),
    _count("event_silly_rename", "Files removed while still open."),
    _count("event_short_read", "Reads that gave less than asked for."),
    _count("event_short_write", "Writes that took less than given."),
    _count("event_jukebox_delay", "Answers put off by the server, its data being far away."),
    _count("event_pnfs_read", "Reads by way of pNFS."),
    _count("event_pnfs_write", "Writes by way of pNFS."),
)
TRANSPORT = (
    None,  # the local port
    _count("transport_bind", "Times a local port was taken.", "transport"),
    _count("transport_connect", "Times the server was connected to.", "transport"),
    None,  # time spent on connecting
    _moment("transport_idle_time_seconds", "Time without traffic.", "transport"),
    _count("transport_sends", "Calls sent.", "transport"),
    _count("transport_receives", "Answers received.", "transport"),
    _count("transport_bad_transaction_ids", "Answers to no call of ours.", "transport"),
    None,  # all calls
    _count("transport_backlog_queue", "Calls that waited for a slot.", "transport"),
    _moment("transport_maximum_rpc_slots", "Most calls ever under way at once.", "transport"),
    _count("transport_sending_queue", "Calls that waited to be sent.", "transport"),
    _count("transport_pending_queue", "Calls that waited for their answer.", "transport"),
)
OPERATION = (
    _count("operations_requests", "Operations called.", "operation"),
    _count("operations_transmissions", "Calls sent, repeated ones included.", "operation"),
    _count("operations_major_timeouts", "Calls that were given up for a while.", "operation"),
    _count("operations_sent_bytes", "Bytes sent, headers included.", "operation"),
    _count("operations_received_bytes", "Bytes received, headers included.", "operation"),
    _count("operations_queue_time_seconds", "Time waited to be sent.", "operation"),
    _count("operations_response_time_seconds", "Time waited for the answer.", "operation"),
    _count("operations_request_time_seconds", "Time that calls took in all.", "operation"),
)
TIMES = len(OPERATION) - 3
# The kernel's sums of time may fall below zero and then show as huge.
EXACT = 2**53


class Mountstats(Collector):
    name = "mountstats"
    help = "Statistics of NFS mounts from /proc/self/mountstats."
    default = False

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._stats = paths.proc("self/mountstats")
        self._mounts = paths.proc("self/mountinfo")

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        seen: set[tuple[str, str, str]] = set()
        # The same mounts in the same order; only this file has the server's address.
        mounts = self._mounts.lines()
        for number, lines in enumerate(_devices(self._stats.lines())):
            words = lines[0].split()
            transports = [line.split()[1:] for line in lines if line.startswith("\txprt:")]
            if not words[7].startswith("nfs") or not transports:
                continue
            labels = (words[1], transports[0][0], _address(mounts[number : number + 1]))
            # One export mounted twice shares one set of counters.
            if labels not in seen:
                seen.add(labels)
                _add_mount(samples, lines, labels)
                _add_transports(samples, transports, labels)
        return [samples]


def _devices(lines: Sequence[str]) -> Iterator[list[str]]:
    """The lines of each mount; the first begins with device, the rest with a tab."""
    found: list[str] = []
    for line in lines:
        if line.startswith("device ") and found:
            yield found
            found = []
        found.append(line)
    if found:
        yield found


def _address(mount: Sequence[str]) -> str:
    options = mount[0].rsplit(" ", 1)[1].split(",") if mount else []
    return next((o.removeprefix("addr=") for o in options if o.startswith("addr=")), "")


def _add_mount(samples: Samples, lines: Sequence[str], labels: Sequence[str]) -> None:
    operations = False
    for line in lines[1:]:
        word, *numbers = line.split()
        if word == "per-op":
            operations = True
        elif operations:
            times = [int(time) % EXACT / 1000 for time in numbers[TIMES : len(OPERATION)]]
            _add(samples, OPERATION, [*numbers[:TIMES], *times], *labels, word.rstrip(":"))
        elif word in ("age:", "bytes:", "events:"):
            families = {"age:": (AGE,), "bytes:": BYTES, "events:": EVENTS}[word]
            _add(samples, families, numbers, *labels)


def _add_transports(
    samples: Samples, transports: Sequence[Sequence[str]], labels: Sequence[str]
) -> None:
    for number, (protocol, *numbers) in enumerate(transports):
        if protocol == "udp":
            # Without a connection: nothing to connect, no time for it and none idle.
            numbers[2:2] = ["0"] * 3
        elif protocol != "tcp":
            # What others count behind these is about their hardware.
            numbers[10:] = ["0"] * 3
        _add(samples, TRANSPORT, numbers, *labels, str(number))


def _add(
    samples: Samples,
    families: Sequence[Family | None],
    numbers: Sequence[Value],
    *labels: str,
) -> None:
    for family, number in zip(families, numbers, strict=False):
        if family:
            samples.add(family, number, *labels)
