"""Events: what journal and kernel said, by what it means."""

from sources.limits import YES, any_is_bad, rising
from sources.links import OF_MACHINE, ROW_ACT, ROW_MACHINE
from sources.panels import graph, stat, states
from sources.parts import dashboard, line, row
from sources.queries import Json, now, query
from sources.scope import MACHINE, MACHINES
from sources.tables import Label, Number, table
from sources.variables import of_machines

of, grown = MACHINES.of, MACHINES.grown

KNOWN = 'class!="other"'
HARDWARE = "io_error|disk|hardware_error|filesystem_error|thermal"

GRAVE = grown("hyperion_events_total", 'level=~"emerg|alert|crit|err|warning"')
WRONG = grown("hyperion_events_total", 'class="authentication_failure"')
CAME = grown("hyperion_events_total", KNOWN, within="$__range")


def total(title: str, description: str, kinds: str, colour: str = "red") -> Json:
    came = grown("hyperion_events_total", f'class=~"{kinds}"', within="$__range")
    return stat(
        title,
        description,
        "short",
        now(f"round(sum({came})) or vector(0)", "events"),
        limits=any_is_bad(colour),
    )


NUMBERS = (
    total("Killed", "Processes that were killed because memory ran out.", "oom_kill"),
    total("Hardware", "Errors of disks, filesystems, memory and processors.", HARDWARE),
    total("Stuck", "Tasks and processors that hang.", "hung_task"),
    total("Crashes", "Programs that crashed.", "segfault", "yellow"),
    total("Failed units", "Units of systemd that failed.", "unit_failure", "yellow"),
    total("Failed logins", "Wrong passwords and keys.", "authentication_failure", "yellow"),
)

CLASSES = graph(
    "Events by kind",
    "How many events of each kind came. One fault may be told in several lines: ask whether a line"
    " rises, not how far.",
    "short",
    query(f"sum by (class) ({grown('hyperion_events_total', KNOWN)})", "{{class}}"),
)

LEVELS = graph(
    "Events by level",
    "How many events came, of all kinds, by how grave their program calls them.",
    "short",
    query(f"sum by (level) ({GRAVE})", "{{level}}"),
)

MACHINES_THAT_SPEAK = graph(
    "Machines with most events",
    "The ten machines from which most events came that somebody should know.",
    "short",
    query(
        f"topk(10, sum by ({MACHINE}) ({grown('hyperion_events_total', KNOWN)}))",
        "{{machine}} {{instance}}",
    ),
    links=OF_MACHINE,
)

LOGINS = graph(
    "Failed logins",
    "Wrong passwords and keys over SSH, at the console, with sudo and su, of the ten machines with"
    " most.",
    "short",
    query(f"topk(10, sum by ({MACHINE}) ({WRONG}))", "{{machine}} {{instance}}"),
    limits=rising(20, 200),
    links=OF_MACHINE,
)

LAST = table(
    "Last of each kind",
    "When the last event of each kind came, and how many came in the time that is shown. A click on"
    " the machine leads to it, or to its log.",
    (
        Label("machine", "Machine", (ROW_MACHINE, ROW_ACT), width=180),
        Label("instance", "Address", (ROW_MACHINE, ROW_ACT), width=180),
        Label("class", "Kind"),
    ),
    (
        Number(
            "Last",
            f"1000 * max by ({MACHINE}, class)"
            f" ({of('hyperion_events_last_seen_timestamp_seconds', KNOWN)})",
            "dateTimeFromNow",
        ),
        Number("Count", f"round(sum by ({MACHINE}, class) ({CAME}))", "short", rising(1, 1000)),
    ),
    first="Last",
)

COUNTING = row(
    "Whether all is counted",
    line(
        graph(
            "Behind",
            "Time since all that was logged had been counted, of the ten machines that lag most.",
            "s",
            query(f"topk(10, {of('hyperion_events_age_seconds')})", "{{machine}} {{instance}}"),
            limits=rising(60, 600),
            links=OF_MACHINE,
        ),
        states(
            "Kept",
            "Whether counts survive a restart of the exporter: its folder can be written.",
            query(of("hyperion_events_kept"), "{{machine}} {{instance}}"),
            limits=YES,
            words={0: "no", 1: "yes"},
            links=OF_MACHINE,
        ),
    ),
)

EVENTS_BOARD = dashboard(
    "hyperion-events",
    "Events",
    "What journal and kernel said, by what it means.",
    MACHINES,
    of_machines(),
    line(*NUMBERS, height=4),
    line(CLASSES, LEVELS),
    line(LAST, height=9),
    line(MACHINES_THAT_SPEAK, LOGINS),
    COUNTING,
    since="now-24h",
)
