"""Fibre Channel ports: what they are, and the frames and errors they counted."""

from collections.abc import Iterable

from hyperion_exporter.collector import (
    Block,
    Collector,
    NoData,
    NoOptions,
    Samples,
    counter,
    gauge,
)
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

FILES = (
    "speed", "port_state", "port_type", "symbolic_name", "port_name", "fabric_name", "port_id",
    "dev_loss_tmo", "supported_classes", "supported_speeds",
)  # fmt: skip
INFO = gauge("node_fibrechannel_info", "What the port says of itself.", "fc_host", *FILES)
COUNTERS = {
    file: counter(f"node_fibrechannel_{name}_total", help, "fc_host")
    for file, name, help in (
        ("dumped_frames", "dumped_frames", "Frames dropped for want of resources of the host."),
        ("error_frames", "error_frames", "Frames received with an error."),
        ("fcp_packet_aborts", "fcp_packet_aborts", "Packets that were aborted."),
        ("invalid_crc_count", "invalid_crc", "Frames whose checksum was wrong."),
        ("invalid_tx_word_count", "invalid_tx_words", "Invalid transmission words."),
        ("link_failure_count", "link_failure", "Times the link failed."),
        ("loss_of_signal_count", "loss_of_signal", "Times the signal was lost."),
        ("loss_of_sync_count", "loss_of_sync", "Times the link lost its bit or word boundaries."),
        ("nos_count", "nos", "Not-operational sequences received."),
        ("rx_frames", "rx_frames", "Frames received."),
        ("rx_words", "rx_words", "Words received."),
        ("seconds_since_last_reset", "seconds_since_last_reset", "Time since the last reset."),
        ("tx_frames", "tx_frames", "Frames sent."),
        ("tx_words", "tx_words", "Words sent."),
    )
}
# What a driver answers when its hardware does not count that.
NOT_COUNTED = 2**64 - 1


class Fibrechannel(Collector):
    name = "fibrechannel"
    help = "State, frames and errors of Fibre Channel ports."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._hosts = Devices(paths.sys("class/fc_host"))

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        hosts = self._hosts.names()
        if not hosts:
            raise NoData("no Fibre Channel port")
        for host in hosts:
            facts = (self._hosts.read(host, file) or "" for file in FILES)
            samples.add(INFO, 1, host, *(fact.removeprefix("0x") for fact in facts))
            for file, family in COUNTERS.items():
                count = self._hosts.read(host, f"statistics/{file}")
                if count and (number := int(count, 16)) != NOT_COUNTED:
                    samples.add(family, number, host)
        return [samples]
