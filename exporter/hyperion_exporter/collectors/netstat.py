"""What the network protocols counted, under the kernel's own names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Family, Samples, option, untyped
from hyperion_exporter.paths import Paths


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
        # A line of names is the same at each scrape, so it is taken apart once.
        self._places: dict[str, list[tuple[int, Family]]] = {}
        self._families6: dict[str, Family | None] = {}

    def collect(self) -> Iterable[Block]:
        samples = Samples()
        for file in self._files:
            lines = file.lines()
            for names, values in zip(lines[::2], lines[1::2], strict=True):
                if names not in self._places:
                    self._places[names] = self._find(names)
                tokens = values.split()
                for place, family in self._places[names]:
                    samples.add(family, tokens[place])
        self._add6(samples)
        return [samples]

    def _add6(self, samples: Samples) -> None:
        try:
            lines = self._file6.lines()
        except FileNotFoundError:
            return  # IPv6 is off
        for line in lines:
            name, value = line.split()
            if name not in self._families6:
                # Ip6InReceives, UdpLite6OutDatagrams: the protocol ends at the 6.
                self._families6[name] = self._family(name.replace("6", "6_", 1))
            if family := self._families6[name]:
                samples.add(family, value)

    def _find(self, line: str) -> list[tuple[int, Family]]:
        protocol, *names = line.split()
        families = (self._family(f"{protocol.rstrip(':')}_{name}") for name in names)
        return [(place, family) for place, family in enumerate(families, 1) if family]

    def _family(self, name: str) -> Family | None:
        if not self._wanted.search(name):
            return None
        protocol, _, field = name.partition("_")
        return untyped(f"node_netstat_{name}", f"Counted by {protocol}: {field}.")
