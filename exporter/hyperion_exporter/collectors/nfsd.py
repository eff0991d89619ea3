"""What the NFS server of this machine was asked."""

from collections.abc import Iterable

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, counter, gauge
from hyperion_exporter.collectors.nfs import V2, V3, RpcFile
from hyperion_exporter.paths import Paths

HITS = counter("node_nfsd_reply_cache_hits_total", "Repeated calls answered from memory.")
MISSES = counter("node_nfsd_reply_cache_misses_total", "Calls whose answer was then kept.")
NOCACHE = counter("node_nfsd_reply_cache_nocache_total", "Calls whose answer need not be kept.")
STALE = counter("node_nfsd_file_handles_stale_total", "File handles of files that were gone.")
READ = counter("node_nfsd_disk_bytes_read_total", "Bytes read for clients.")
WRITTEN = counter("node_nfsd_disk_bytes_written_total", "Bytes written for clients.")
THREADS = gauge("node_nfsd_server_threads", "Threads of the server.")
AHEAD = gauge("node_nfsd_read_ahead_cache_size_blocks", "Size of the read-ahead cache.")
AHEAD_MISSES = counter(
    "node_nfsd_read_ahead_cache_not_found_total", "Reads not found in the read-ahead cache."
)
PACKETS = counter("node_nfsd_packets_total", "Packets sent and received.", "proto")
CONNECTIONS = counter("node_nfsd_connections_total", "TCP connections accepted.")
RPCS = counter("node_nfsd_server_rpcs_total", "Remote calls answered.")
ERRORS = counter("node_nfsd_rpc_errors_total", "Remote calls refused, by reason.", "error")
REQUESTS = counter("node_nfsd_requests_total", "Procedures called, by version.", "proto", "method")

# Lines whose first numbers are families one by one.
PLAIN = {"rc": (HITS, MISSES, NOCACHE), "fh": (STALE,), "io": (READ, WRITTEN), "th": (THREADS,)}
# Operations of version 4 in the order of their numbers in RFC 7530; a dash is not given.
V4 = (
    "- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku"
    " Lookup LookupRoot Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink"
    " Remove Rename Renew RestoreFH SaveFH SecInfo SetAttr SetClientID SetClientIDConfirm Verify"
    " Write RelLockOwner"
)
NOT_GIVEN = ("-", "Null")


class Nfsd(Collector):
    name = "nfsd"
    help = "Calls answered by the NFS server."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("net/rpc/nfsd")

    def collect(self) -> Iterable[Block]:
        lines = RpcFile(self._file)
        samples = Samples()
        for word, families in PLAIN.items():
            numbers = lines.numbers(word, len(families))
            for family, number in zip(families, numbers, strict=True):
                samples.add(family, number)
        # Between the two: how deep in the cache a block was found, in tenths.
        size, *_, misses = lines.numbers("ra", 12)
        samples.add(AHEAD, size)
        samples.add(AHEAD_MISSES, misses)
        _add_calls(samples, lines)
        _add_requests(samples, lines)
        return [samples]


def _add_calls(samples: Samples, lines: RpcFile) -> None:
    _, udp, tcp, connections = lines.numbers("net", 4)
    samples.add(PACKETS, udp, "udp")
    samples.add(PACKETS, tcp, "tcp")
    samples.add(CONNECTIONS, connections)
    calls, _, malformed, unauthorised, clients = lines.numbers("rpc", 5)
    samples.add(RPCS, calls)
    samples.add(ERRORS, malformed, "fmt")
    samples.add(ERRORS, unauthorised, "auth")
    samples.add(ERRORS, clients, "cInt")


def _add_requests(samples: Samples, lines: RpcFile) -> None:
    for version, word, methods in (("2", "proc2", V2), ("3", "proc3", V3), ("4", "proc4ops", V4)):
        for method, count in lines.methods(word, methods):
            if method not in NOT_GIVEN:
                samples.add(REQUESTS, count, version, method)
    samples.add(REQUESTS, lines.numbers("wdeleg_getattr", 1)[0], "4", "WdelegGetattr")
