"""What the network protocols counted, under the kernel's own names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hyperion_exporter.collector import Block, Collector, Family, one, option, untyped
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
        # The names are the same at each scrape, so they are looked through once.
        self._places: dict[str, list[tuple[int, Family]]] = {}

    def collect(self) -> Iterable[Block]:
        families: list[Family] = []
        values: list[str] = []
        for names, tokens in self._lines():
            if names not in self._places:
                self._places[names] = self._find(names)
            for place, family in self._places[names]:
                families.append(family)
                values.append(tokens[place])
        return [one(families, values)]

    def _lines(self) -> Iterator[tuple[str, list[str]]]:
        """Names, and in the same places their values."""
        for file in self._files:
            lines = file.lines()
            for names, values in zip(lines[::2], lines[1::2], strict=True):
                yield names, values.split()
        try:
            names6, values6 = self._file6.pairs()
        except FileNotFoundError:
            return  # IPv6 is off
        yield " ".join(names6), values6

    def _find(self, line: str) -> list[tuple[int, Family]]:
        protocol, *names = line.split()
        if protocol.endswith(":"):
            named = [(place, f"{protocol[:-1]}_{name}") for place, name in enumerate(names, 1)]
        else:
            # Ip6InReceives, UdpLite6OutDatagrams: the protocol ends at the 6.
            named = [(place, n.replace("6", "6_", 1)) for place, n in enumerate(line.split())]
        families = ((place, self._family(name)) for place, name in named)
        return [(place, family) for place, family in families if family]

    def _family(self, name: str) -> Family | None:
        if not self._wanted.search(name):
            return None
        protocol, _, field = name.partition("_")
        return untyped(f"node_netstat_{name}", f"Counted by {protocol}: {field}.")
