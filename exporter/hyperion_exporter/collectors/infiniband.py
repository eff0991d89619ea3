"""InfiniBand adapters: the state of their ports, and what went through them."""

from collections.abc import Iterable

from hyperion_exporter.collector import (
    Block,
    Collector,
    Family,
    NoData,
    NoOptions,
    Samples,
    counter,
    gauge,
)
from hyperion_exporter.devices import Devices
from hyperion_exporter.paths import Paths

INFO = gauge(
    "node_infiniband_info", "What the adapter says of itself.",
    "device", "board_id", "firmware_version", "hca_type",
)  # fmt: skip
PORT = ("device", "port")
STATE = gauge(
    "node_infiniband_state_id",
    "Logical state of the port: 1 down, 2 starting, 3 armed, 4 active, 5 active but deferred.",
    *PORT,
)
PHYSICAL = gauge(
    "node_infiniband_physical_state_id",
    "Physical state of the port: 1 asleep, 2 polling, 3 disabled, 4 training, 5 up,"
    " 6 recovering, 7 under test.",
    *PORT,
)
RATE = gauge("node_infiniband_rate_bytes_per_second", "Signalling rate of the port.", *PORT)
# 1 Gb/s.
GIGABIT_BYTES = 125_000_000
# The adapters count data in words of four bytes (InfiniBand's PortCounters).
WORD_BYTES = 4


def _count(name: str, help: str, factor: int = 1) -> tuple[Family, int]:
    return counter(f"node_infiniband_{name}_total", help, *PORT), factor


COUNTERS = {
    "counters/link_downed": _count("link_downed", "Times the link could not be recovered."),
    "counters/link_error_recovery": _count("link_error_recovery", "Times the link recovered."),
    "counters/multicast_rcv_packets": _count(
        "multicast_packets_received", "Multicast packets received, bad ones included."
    ),
    "counters/multicast_xmit_packets": _count(
        "multicast_packets_transmitted", "Multicast packets sent, bad ones included."
    ),
    "counters/port_rcv_constraint_errors": _count(
        "port_constraint_errors_received", "Packets received and thrown away by a constraint."
    ),
    "counters/port_xmit_constraint_errors": _count(
        "port_constraint_errors_transmitted", "Packets that a constraint kept from being sent."
    ),
    "counters/port_rcv_data": _count("port_data_received_bytes", "Data received.", WORD_BYTES),
    "counters/port_xmit_data": _count("port_data_transmitted_bytes", "Data sent.", WORD_BYTES),
    "counters/port_rcv_discards": _count(
        "port_discards_received", "Packets received and dropped, port down or congested."
    ),
    "counters/port_xmit_discards": _count(
        "port_discards_transmitted", "Packets to send that were dropped, port down or congested."
    ),
    "counters/port_rcv_errors": _count("port_errors_received", "Packets received with an error."),
    "counters/port_rcv_packets": _count(
        "port_packets_received", "Packets received on all lanes, bad ones included."
    ),
    "counters/port_xmit_packets": _count(
        "port_packets_transmitted", "Packets sent on all lanes, bad ones included."
    ),
    "counters/port_xmit_wait": _count(
        "port_transmit_wait", "Ticks during which data waited and none was sent."
    ),
    "counters/unicast_rcv_packets": _count(
        "unicast_packets_received", "Unicast packets received, bad ones included."
    ),
    "counters/unicast_xmit_packets": _count(
        "unicast_packets_transmitted", "Unicast packets sent, bad ones included."
    ),
    "counters/excessive_buffer_overrun_errors": _count(
        "excessive_buffer_overrun_errors", "Times the buffers overran again and again."
    ),
    "counters/local_link_integrity_errors": _count(
        "local_link_integrity_errors", "Times the link had too many local errors."
    ),
    "counters/port_rcv_remote_physical_errors": _count(
        "port_receive_remote_physical_errors", "Packets received that were marked as bad."
    ),
    "counters/port_rcv_switch_relay_errors": _count(
        "port_receive_switch_relay_errors", "Packets received that could not be passed on."
    ),
    "counters/symbol_error": _count("symbol_error", "Small errors on the link's lanes."),
    "counters/VL15_dropped": _count("vl15_dropped", "Management packets dropped."),
    "counters_ext/port_multicast_rcv_packets": _count(
        "legacy_multicast_packets_received", "Multicast packets received, old counter."
    ),
    "counters_ext/port_multicast_xmit_packets": _count(
        "legacy_multicast_packets_transmitted", "Multicast packets sent, old counter."
    ),
    "counters_ext/port_rcv_data_64": _count(
        "legacy_data_received_bytes", "Data received, old counter.", WORD_BYTES
    ),
    "counters_ext/port_xmit_data_64": _count(
        "legacy_data_transmitted_bytes", "Data sent, old counter.", WORD_BYTES
    ),
    "counters_ext/port_rcv_packets_64": _count(
        "legacy_packets_received", "Packets received, old counter."
    ),
    "counters_ext/port_xmit_packets_64": _count(
        "legacy_packets_transmitted", "Packets sent, old counter."
    ),
    "counters_ext/port_unicast_rcv_packets": _count(
        "legacy_unicast_packets_received", "Unicast packets received, old counter."
    ),
    "counters_ext/port_unicast_xmit_packets": _count(
        "legacy_unicast_packets_transmitted", "Unicast packets sent, old counter."
    ),
    "hw_counters/duplicate_request": _count(
        "duplicate_requests_packets", "Requests received twice."
    ),
    "hw_counters/implied_nak_seq_err": _count(
        "implied_nak_seq_errors", "Answers for which an earlier one was missing."
    ),
    "hw_counters/local_ack_timeout_err": _count(
        "local_ack_timeout_errors", "Times no acknowledgement came in time."
    ),
    "hw_counters/np_cnp_sent": _count("np_cnp_packets_sent", "Notices of congestion sent."),
    "hw_counters/np_ecn_marked_roce_packets": _count(
        "np_ecn_marked_roce_packets_received", "Packets received that tell of congestion."
    ),
    "hw_counters/out_of_buffer": _count(
        "out_of_buffer_drops", "Packets dropped for want of buffers."
    ),
    "hw_counters/out_of_sequence": _count(
        "out_of_sequence_packets_received", "Packets received out of order."
    ),
    "hw_counters/packet_seq_err": _count(
        "packet_sequence_errors", "Times the other side missed a packet."
    ),
    "hw_counters/req_cqe_error": _count(
        "req_cqes_errors", "Own requests that ended with an error."
    ),
    "hw_counters/req_cqe_flush_error": _count(
        "req_cqes_flush_errors", "Own requests that were flushed with an error."
    ),
    "hw_counters/req_remote_access_errors": _count(
        "req_remote_access_errors", "Own requests refused: access."
    ),
    "hw_counters/req_remote_invalid_request": _count(
        "req_remote_invalid_request_errors", "Own requests refused: not valid."
    ),
    "hw_counters/resp_cqe_error": _count("resp_cqes_errors", "Answers that ended with an error."),
    "hw_counters/resp_cqe_flush_error": _count(
        "resp_cqes_flush_errors", "Answers that were flushed with an error."
    ),
    "hw_counters/resp_local_length_error": _count(
        "resp_local_length_errors", "Requests received of a wrong length."
    ),
    "hw_counters/resp_remote_access_errors": _count(
        "resp_remote_access_errors", "Requests received without access."
    ),
    "hw_counters/rnr_nak_retry_err": _count(
        "rnr_nak_retry_packets_received", "Times the other side was not ready, too often."
    ),
    "hw_counters/roce_adp_retrans": _count("roce_adp_retransmits", "Adaptive retransmissions."),
    "hw_counters/roce_adp_retrans_to": _count(
        "roce_adp_retransmits_timeout", "Adaptive retransmissions that ran out of time."
    ),
    "hw_counters/roce_slow_restart": _count("roce_slow_restart_used", "Times it restarted slowly."),
    "hw_counters/roce_slow_restart_cnps": _count(
        "roce_slow_restart_cnps", "Notices of congestion from a slow restart."
    ),
    "hw_counters/roce_slow_restart_trans": _count(
        "roce_slow_restart", "Times the state became slow restart."
    ),
    "hw_counters/rp_cnp_handled": _count("rp_cnp_packets_handled", "Notices of congestion obeyed."),
    "hw_counters/rp_cnp_ignored": _count(
        "rp_cnp_ignored_packets_received", "Notices of congestion ignored."
    ),
    "hw_counters/rx_atomic_requests": _count("rx_atomic_requests", "Atomic requests received."),
    "hw_counters/rx_dct_connect": _count(
        "rx_dct_connect_requests", "Dynamic connections asked for."
    ),
    "hw_counters/rx_icrc_encapsulated": _count(
        "rx_icrc_encapsulated_errors", "Packets received with a wrong inner checksum."
    ),
    "hw_counters/rx_read_requests": _count("rx_read_requests", "Read requests received."),
    "hw_counters/rx_write_requests": _count("rx_write_requests", "Write requests received."),
}


class Infiniband(Collector):
    name = "infiniband"
    help = "State and traffic of InfiniBand ports."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._adapters = Devices(paths.sys("class/infiniband"))

    def collect(self) -> Iterable[Block]:
        adapters = self._adapters.names()
        if not adapters:
            raise NoData("no InfiniBand adapter")
        samples = Samples()
        for adapter in adapters:
            facts = (
                self._adapters.read(adapter, f) or "" for f in ("board_id", "fw_ver", "hca_type")
            )
            samples.add(INFO, 1, adapter, *facts)
            ports = self._adapters.within(adapter, "ports")
            for port in ports.names():
                _add(samples, ports, port, (adapter, port))
        return [samples]


def _add(samples: Samples, ports: Devices, port: str, labels: tuple[str, str]) -> None:
    for file, family in (("state", STATE), ("phys_state", PHYSICAL)):
        # 4: ACTIVE
        if text := ports.read(port, file):
            samples.add(family, text.split(":")[0], *labels)
    # 40 Gb/sec (4X QDR), and 2.5 for the slowest.
    if rate := ports.read(port, "rate"):
        samples.add(RATE, float(rate.split()[0]) * GIGABIT_BYTES, *labels)
    for file, (family, factor) in COUNTERS.items():
        # Drivers that do not count something say: N/A (no PMA).
        count = ports.read(port, file)
        if count and count.isdecimal():
            samples.add(family, count if factor == 1 else int(count) * factor, *labels)
