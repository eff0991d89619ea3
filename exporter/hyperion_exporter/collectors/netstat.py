"""What the network protocols counted, under the kernel's own names."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Family, option, untyped
from hyperion_exporter.paths import Paths
from hyperion_exporter.stencil import Number, Stencil, numbered


@dataclass(frozen=True)
class Options:
    # As node_exporter's, and MaxConn, which its best known dashboard asks for.
    fields: str = option(
        "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)"
        "|Icmp6?_(InMsgs|OutMsgs)"
        "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
        "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab|MaxConn)"
        "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
        "regular expression of the fields to give",
    )


class Netstat(Collector):
    name = "netstat"
    help = "Protocol statistics from /proc/net/netstat, snmp and snmp6."
    options = Options

    def __init__(self, paths: Paths, options: Options) -> None:
        self._files = (paths.proc("net/netstat"), paths.proc("net/snmp"))
        self._file6 = paths.proc("net/snmp6")
        self._wanted = re.compile(options.fields)
        self._stencils = (*(Stencil(self._find) for _ in self._files), Stencil(self._find6))

    def collect(self) -> Iterable[Block]:
        return [
            stencil.read(text) for stencil, text in zip(self._stencils, self._texts(), strict=False)
        ]

    def _texts(self) -> Iterator[str]:
        for file in self._files:
            yield file.text()
        # Without IPv6 the last one is not there.
        with suppress(FileNotFoundError):
            yield self._file6.text()

    def _find(self, text: str) -> Iterator[Number]:
        """A line of names, and below it their values."""
        lines = list(numbered(text))
        for (_, names), (first, values) in zip(lines[::2], lines[1::2], strict=True):
            protocol = names[0].rstrip(":")
            for place, (name, _) in enumerate(zip(names, values, strict=True)):
                # The protocol stands before both.
                if place:
                    yield Number(first + place, self._family(f"{protocol}_{name}"))

    def _find6(self, text: str) -> Iterator[Number]:
        for first, (name, _) in numbered(text):
            # Ip6InReceives, UdpLite6OutDatagrams: the protocol ends at the 6.
            yield Number(first + 1, self._family(name.replace("6", "6_", 1)))

    def _family(self, name: str) -> Family | None:
        if not self._wanted.search(name):
            return None
        protocol, _, field = name.partition("_")
        return untyped(f"node_netstat_{name}", f"Counted by {protocol}: {field}.")
