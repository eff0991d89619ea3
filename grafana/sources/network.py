"""Network: what goes in and out, what is lost, and what connections do."""

from sources.limits import YES, rising
from sources.links import OF_MACHINE, ROW_ACT, ROW_MACHINE
from sources.panels import graph, states
from sources.parts import dashboard, line, row
from sources.queries import Json, query
from sources.scope import MACHINE, MACHINES
from sources.tables import Label, Number, table
from sources.variables import of_machines

of, rate = MACHINES.of, MACHINES.rate

INTERFACE = f"{MACHINE}, device"
OUTSIDE = 'device!="lo"'


def each(expression: str) -> str:
    """One value for each interface."""
    return f"max by ({INTERFACE}) ({expression})"


def most(title: str, description: str, unit: str, expression: str, word: str) -> Json:
    legend = f"{{{{machine}}}} {{{{device}}}} {word}"
    return graph(
        title, description, unit, query(f"topk(20, {expression})", legend), links=OF_MACHINE
    )


TABLE = table(
    "Interfaces, busiest first",
    "Each interface of the machines that are chosen: what goes through it, and how much of it is"
    " lost or damaged.",
    (
        Label("machine", "Machine", (ROW_MACHINE, ROW_ACT), width=160),
        Label("instance", "Address", (ROW_MACHINE, ROW_ACT), width=160),
        Label("device", "Interface"),
    ),
    (
        Number("Received", each(rate("node_network_receive_bytes_total", OUTSIDE)), "Bps"),
        Number("Sent", each(rate("node_network_transmit_bytes_total", OUTSIDE)), "Bps"),
        Number(
            "Damaged in", each(rate("node_network_receive_errs_total", OUTSIDE)), "pps",
            rising(0.01, 1),
        ),
        Number(
            "Damaged out", each(rate("node_network_transmit_errs_total", OUTSIDE)), "pps",
            rising(0.01, 1),
        ),
        Number(
            "Dropped in", each(rate("node_network_receive_drop_total", OUTSIDE)), "pps",
            rising(1, 100),
        ),
        Number(
            "Dropped out", each(rate("node_network_transmit_drop_total", OUTSIDE)), "pps",
            rising(1, 100),
        ),
        Number("Speed", each(of("node_network_speed_bytes", OUTSIDE)), "Bps"),
    ),
    first="Received",
)  # fmt: skip

RECEIVED = most(
    "Received",
    "Bytes that the twenty busiest interfaces receive.",
    "Bps",
    rate("node_network_receive_bytes_total", OUTSIDE),
    "received",
)

SENT = most(
    "Sent",
    "Bytes that the twenty busiest interfaces send.",
    "Bps",
    rate("node_network_transmit_bytes_total", OUTSIDE),
    "sent",
)

LOST = most(
    "Dropped",
    "Packets that were dropped on their way in. Now and then is normal; a steady line is not.",
    "pps",
    rate("node_network_receive_drop_total", OUTSIDE),
    "dropped",
)

DAMAGED = most(
    "Damaged",
    "Packets that came damaged. A cable, a plug or an interface is bad.",
    "pps",
    rate("node_network_receive_errs_total", OUTSIDE),
    "damaged",
)

CONNECTIONS = graph(
    "TCP connections",
    "Connections by state, of all machines that are chosen. Many in close_wait mean a program that"
    " forgets to close.",
    "short",
    query(f"sum by (state) ({of('node_tcp_connection_states')})", "{{state}}"),
)

AGAIN = graph(
    "Sent again",
    "Share of TCP segments that had to be sent again because no answer came, of the ten machines"
    " that lose most. More than 1% is felt.",
    "percentunit",
    query(
        f"topk(10, {rate('node_netstat_Tcp_RetransSegs')} / {rate('node_netstat_Tcp_OutSegs')})",
        "{{machine}} {{instance}}",
    ),
    limits=rising(0.01, 0.05),
    links=OF_MACHINE,
)

LINKS = row(
    "Links",
    line(
        states(
            "Interfaces that work",
            "Whether each interface is up. Those that were never connected are down all the time.",
            query(of("node_network_up", OUTSIDE), "{{machine}} {{device}}"),
            limits=YES,
            words={0: "down", 1: "up"},
            links=OF_MACHINE,
        ),
        graph(
            "Links lost and found",
            "How often the link of an interface came or went. A plug or a cable is loose.",
            "short",
            query(
                MACHINES.grown("node_network_carrier_changes_total", OUTSIDE),
                "{{machine}} {{device}}",
            ),
            links=OF_MACHINE,
        ),
    ),
)

LIMITS = row(
    "Limits",
    line(
        graph(
            "Tracked connections",
            "Connections that the firewall keeps in mind, as a share of its room. At 100% it drops"
            " new ones.",
            "percentunit",
            query(
                f"{of('node_nf_conntrack_entries')} / {of('node_nf_conntrack_entries_limit')}",
                "{{machine}} {{instance}}",
            ),
            most=1,
            limits=rising(0.75, 0.9),
            links=OF_MACHINE,
        ),
        graph(
            "Not taken in time",
            "Connections that a program did not take in time, so that they were dropped.",
            "cps",
            query(rate("node_netstat_TcpExt_ListenDrops"), "{{machine}} {{instance}}"),
            links=OF_MACHINE,
        ),
        graph(
            "UDP losses",
            "UDP packets that no program had room for, or that were damaged.",
            "pps",
            query(rate("node_netstat_Udp_RcvbufErrors"), "{{machine}} no room"),
            query(rate("node_netstat_Udp_InErrors"), "{{machine}} all"),
            links=OF_MACHINE,
        ),
        graph(
            "Neighbours",
            "Machines of the same network that each one has talked to lately.",
            "short",
            query(of("node_arp_entries"), "{{machine}} {{device}}"),
            links=OF_MACHINE,
        ),
    ),
)

NETWORK = dashboard(
    "hyperion-network",
    "Network",
    "What goes in and out, what is lost, and what connections do.",
    MACHINES,
    of_machines(),
    line(TABLE, height=9),
    line(RECEIVED, SENT),
    line(LOST, DAMAGED),
    line(CONNECTIONS, AGAIN),
    LINKS,
    LIMITS,
)
