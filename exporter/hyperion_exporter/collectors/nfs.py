"""What this machine asked of NFS servers."""

from collections.abc import Iterable, Iterator

from hyperion_exporter.collector import Block, Collector, NoOptions, Samples, counter
from hyperion_exporter.paths import Kept, Paths

CONNECTIONS = counter("node_nfs_connections_total", "TCP connections made to NFS servers.")
PACKETS = counter("node_nfs_packets_total", "Packets sent and received.", "protocol")
RPCS = counter("node_nfs_rpcs_total", "Remote calls made.")
RETRANSMISSIONS = counter("node_nfs_rpc_retransmissions_total", "Remote calls made once more.")
REFRESHES = counter(
    "node_nfs_rpc_authentication_refreshes_total", "Times the credentials were renewed."
)
REQUESTS = counter("node_nfs_requests_total", "Procedures called, by version.", "proto", "method")

# In the order of the kernel's tables (fs/nfs/nfs2xdr.c, nfs3xdr.c, nfs4xdr.c).
V2 = (
    "Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink"
    " MkDir RmDir ReadDir FsStat"
)
V3 = (
    "Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir"
    " Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit"
)
V4 = (
    "Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew"
    " SetClientID SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove"
    " Rename Link Symlink Create Pathconf StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL"
    " SetACL FsLocations ReleaseLockowner Secinfo FsidPresent ExchangeID CreateSession"
    " DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo LayoutGet LayoutCommit"
    " LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession"
    " DestroyClientID Seek Allocate DeAllocate LayoutStats Clone"
)


class Nfs(Collector):
    name = "nfs"
    help = "Calls of the NFS client."

    def __init__(self, paths: Paths, _: NoOptions) -> None:
        self._file = paths.proc("net/rpc/nfs")

    def collect(self) -> Iterable[Block]:
        lines = RpcFile(self._file)
        samples = Samples()
        _, udp, tcp, connections = lines.numbers("net", 4)
        calls, retransmissions, refreshes = lines.numbers("rpc", 3)
        samples.add(PACKETS, udp, "udp")
        samples.add(PACKETS, tcp, "tcp")
        samples.add(CONNECTIONS, connections)
        samples.add(RPCS, calls)
        samples.add(RETRANSMISSIONS, retransmissions)
        samples.add(REFRESHES, refreshes)
        for version, methods in (("2", V2), ("3", V3), ("4", V4)):
            for method, count in lines.methods(f"proc{version}", methods):
                samples.add(REQUESTS, count, version, method)
        return [samples]


class RpcFile:
    """A file of /proc/net/rpc: lines of a word and the numbers of that subject."""

    def __init__(self, file: Kept) -> None:
        self._lines = {word: rest for word, *rest in map(str.split, file.lines())}

    def numbers(self, word: str, count: int) -> list[str]:
        """The first numbers behind the word; 0 for those that this kernel does not give."""
        found = self._lines.get(word, [])[:count]
        return found + ["0"] * (count - len(found))

    def methods(self, word: str, names: str) -> Iterator[tuple[str, str]]:
        """A count for each name; the line begins with how many there are."""
        methods = names.split()
        return zip(methods, self.numbers(word, len(methods) + 1)[1:], strict=True)
