"""NFS mounts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperion_exporter.collector import Collector, NoOptions
from hyperion_exporter.collectors.mountstats import Mountstats
from hyperion_exporter.paths import Paths

Write = Callable[[str, str], Path]
Scrape = Callable[[Collector], dict[tuple[str, ...], float]]

MOUNT = """\
device {export} mounted on {point} with fstype nfs4 statvers=1.1
\topts:\trw,vers=4.2
\tage:\t{age}
\tevents:\t1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27
\tbytes:\t1 2 3 4 5 6 7 8
\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)
{transports}
\tper-op statistics
\t        READ: 10 11 12 13 14 1500 2500 3500 0
"""
TCP = "\txprt:\ttcp 832 1 2 99 4 5 6 7 98 8 9 10 11"
UDP = "\txprt:\tudp 832 1 5 6 7 98 8 9 10 11"
RDMA = "\txprt:\trdma 832 1 2 99 4 5 6 7 98 8 0 0 0 0 0 0"


@pytest.fixture
def mounts(write: Write) -> Callable[..., None]:
    def mounts(*stats: str, root: str = "device /dev/sda mounted on / with fstype ext4\n") -> None:
        write("proc/self/mountstats", root + "".join(stats))
        lines = ["21 0 8:1 / / rw - ext4 /dev/sda rw"]
        lines += [
            f"3{n} 21 0:42 / /m{n} rw - nfs4 h:/x rw,addr=10.0.0.9" for n in range(len(stats))
        ]
        write("proc/self/mountinfo", "\n".join(lines) + "\n")

    return mounts


def mount(export: str = "h:/x", point: str = "/m0", age: int = 60, *transports: str) -> str:
    lines = "\n".join(transports or (TCP,))
    return MOUNT.format(export=export, point=point, age=age, transports=lines)


def short(samples: dict[tuple[str, ...], float], protocol: str = "tcp") -> dict[str, float]:
    """Without what all have in common."""
    assert {key[1:4] for key in samples} == {("h:/x", protocol, "10.0.0.9")}
    prefix = "node_mountstats_nfs_"
    return {".".join([key[0].removeprefix(prefix), *key[4:]]): v for key, v in samples.items()}


def test_a_mount_has_age_bytes_and_events(
    mounts: Callable[..., None], paths: Paths, scrape: Scrape
) -> None:
    mounts(mount())
    samples = short(scrape(Mountstats(paths, NoOptions())))
    assert samples["age_seconds_total"] == 60
    assert samples["read_bytes_total"] == 1
    assert samples["write_pages_total"] == 8
    assert samples["event_inode_revalidate_total"] == 1
    assert samples["event_vfs_file_release_total"] == 18
    assert samples["event_truncation_total"] == 20
    assert samples["event_pnfs_write_total"] == 27


def test_times_of_operations_are_given_in_seconds(
    mounts: Callable[..., None], paths: Paths, scrape: Scrape
) -> None:
    mounts(mount())
    samples = short(scrape(Mountstats(paths, NoOptions())))
    operations = {name: v for name, v in samples.items() if name.startswith("operations_")}
    assert operations == {
        "operations_requests_total.READ": 10,
        "operations_transmissions_total.READ": 11,
        "operations_major_timeouts_total.READ": 12,
        "operations_sent_bytes_total.READ": 13,
        "operations_received_bytes_total.READ": 14,
        "operations_queue_time_seconds_total.READ": 1.5,
        "operations_response_time_seconds_total.READ": 2.5,
        "operations_request_time_seconds_total.READ": 3.5,
    }


@pytest.mark.parametrize(
    ("line", "protocol", "connects", "idle", "slots"),
    [(TCP, "tcp", 2, 4, 9), (UDP, "udp", 0, 0, 9), (RDMA, "rdma", 2, 4, 0)],
)
def test_each_way_to_the_server_has_its_own_columns(
    line: str, protocol: str, connects: int, idle: int, slots: int,
    mounts: Callable[..., None], paths: Paths, scrape: Scrape,
) -> None:  # fmt: skip
    mounts(mount("h:/x", "/m0", 60, line))
    samples = short(scrape(Mountstats(paths, NoOptions())), protocol)
    assert samples["transport_bind_total.0"] == 1
    assert samples["transport_connect_total.0"] == connects
    assert samples["transport_idle_time_seconds.0"] == idle
    assert samples["transport_sends_total.0"] == 5
    assert samples["transport_bad_transaction_ids_total.0"] == 7
    assert samples["transport_backlog_queue_total.0"] == 8
    assert samples["transport_maximum_rpc_slots.0"] == slots


def test_several_connections_to_one_server_are_told_apart(
    mounts: Callable[..., None], paths: Paths, scrape: Scrape
) -> None:
    mounts(mount("h:/x", "/m0", 60, TCP, TCP.replace(" 5 6 ", " 50 60 ")))
    samples = short(scrape(Mountstats(paths, NoOptions())))
    assert samples["transport_sends_total.0"] == 5
    assert samples["transport_sends_total.1"] == 50


def test_an_export_mounted_twice_is_counted_once(
    mounts: Callable[..., None], paths: Paths, scrape: Scrape
) -> None:
    mounts(mount(), mount("h:/x", "/m1", 7))
    assert short(scrape(Mountstats(paths, NoOptions())))["age_seconds_total"] == 60


def test_a_time_that_fell_below_zero_does_not_spoil_the_page(
    mounts: Callable[..., None], paths: Paths, scrape: Scrape
) -> None:
    mounts(mount().replace(" 1500 ", f" {2**64 - 1000} "))
    samples = short(scrape(Mountstats(paths, NoOptions())))
    assert samples["operations_queue_time_seconds_total.READ"] == (2**53 - 1000) / 1000


def test_a_machine_without_nfs_gives_nothing(
    mounts: Callable[..., None], paths: Paths, scrape: Scrape
) -> None:
    mounts()
    assert scrape(Mountstats(paths, NoOptions())) == {}
