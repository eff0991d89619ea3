"""Every machine in one view, the worst first, and a click to each."""

from sources.limits import HEALTH, SPACE, USE, VERDICT, YES, any_is_bad, rising
from sources.links import (
    LINE_DISKS,
    OF_MACHINE,
    ROW_ACT,
    ROW_ALERTS,
    ROW_DISK,
    ROW_MACHINE,
    ROW_PROCESSES,
)
from sources.panels import bars, graph, stat
from sources.parts import dashboard, line, row
from sources.queries import Json, now, query
from sources.scope import MACHINE, MACHINES
from sources.space import LEFT
from sources.tables import VERDICTS, Label, Number, table
from sources.variables import of_machines

of = MACHINES.of

FIRING = of("ALERTS", 'alertstate="firing"', 'severity=~"critical|warning"')
FAILED_UNITS = of("node_systemd_units", 'state="failed"')
SECURITY = of("hyperion_updates_pending", 'kind="security"')
UP = of("up")
# Who does not answer has no score and is worst of all.
SCORE = f"{of('hyperion_health_score')} or {UP} == 0"


def each(operation: str, expression: str) -> str:
    """One value for each machine."""
    return f"{operation} by ({MACHINE}) ({expression})"


COUNTS = (
    stat(
        "Machines",
        "Machines that are watched and chosen above.",
        "short",
        now(f"count({UP})", "machines"),
    ),
    stat(
        "Silent",
        "Machines that do not answer: off, cut off, or their exporter does not run.",
        "short",
        now(f"sum(1 - {UP})", "silent"),
        limits=any_is_bad(),
    ),
    stat(
        "Alerts",
        "Alerts that fire now, warnings and critical ones.",
        "short",
        now(f"count({FIRING}) or vector(0)", "alerts"),
        limits=any_is_bad(),
    ),
    stat(
        "Disks in danger",
        "Disks that should be replaced: their verdict is warn or fail.",
        "short",
        now(
            f"count(max by ({MACHINE}, device) ({of('hyperion_smart_verdict')}) >= 2) or vector(0)",
            "disks",
        ),
        limits=any_is_bad(),
    ),
    stat(
        "Failed services",
        "Units of systemd that failed, on all machines together.",
        "short",
        now(f"sum({FAILED_UNITS}) or vector(0)", "failed"),
        limits=any_is_bad("yellow"),
    ),
    stat(
        "Security updates",
        "Security updates that wait to be installed, on all machines together.",
        "short",
        now(f"sum({SECURITY}) or vector(0)", "updates"),
        limits=any_is_bad("yellow"),
    ),
)

TABLE = table(
    "Machines, worst first",
    "One row for each machine. Health is 100 for a machine that is well and 0 for one that does not"
    " answer. An empty cell means that the machine does not tell, such as a virtual one of its"
    " disks' health. A click on a name or a number leads on; columns can be filtered and sorted.",
    (
        Label("machine", "Machine", (ROW_MACHINE, ROW_ACT), width=180),
        Label("instance", "Address", (ROW_MACHINE, ROW_ACT), width=170),
        Label("org", "Organisation"),
        Label("group", "Group"),
    ),
    (
        Number("Health", each("min", SCORE), "short", HEALTH, links=(ROW_MACHINE,)),
        Number("Answers", each("min", UP), "short", YES, {0: "no", 1: "yes"}),
        Number("Alerts", each("count", FIRING), "short", any_is_bad(), links=(ROW_ALERTS,)),
        Number("CPU", each("max", of("instance:node_cpu_utilisation:rate5m")), "percentunit", USE),
        Number(
            "Memory", each("max", of("instance:node_memory_utilisation:ratio")), "percentunit", USE
        ),
        Number("Fullest disk", f"1 - {each('min', LEFT)}", "percentunit", SPACE),
        Number(
            "Disk health",
            each("max", of("hyperion_smart_verdict")),
            "short",
            VERDICT,
            VERDICTS,
            (ROW_DISK,),
        ),
        Number("Hottest", each("max", of("node_hwmon_temp_celsius")), "celsius", rising(75, 90)),
        Number(
            "Failed services",
            each("max", FAILED_UNITS),
            "short",
            any_is_bad("yellow"),
            links=(ROW_PROCESSES,),
        ),
        Number(
            "Updates",
            each("max", of("hyperion_updates_pending", 'kind="all"')),
            "short",
            rising(30, 200),
        ),
        Number(
            "Reboot",
            each("max", of("hyperion_reboot_required")),
            "short",
            any_is_bad("yellow"),
            {0: "no", 1: "needed"},
        ),
    ),
    first="Health",
    falling=False,
)


def worst(
    title: str, description: str, unit: str, expression: str, most: float | None = None
) -> Json:
    return graph(
        title,
        description,
        unit,
        query(expression, "{{machine}} {{instance}}"),
        most=most,
        links=OF_MACHINE,
    )


GRAPHS = (
    worst(
        "Lowest health",
        "The ten machines whose health is lowest, at each moment.",
        "short",
        f"bottomk(10, {of('hyperion_health_score')})",
        most=100,
    ),
    worst(
        "Busiest processors",
        "The ten machines whose processors are used most, at each moment.",
        "percentunit",
        f"topk(10, {of('instance:node_cpu_utilisation:rate5m')})",
        most=1,
    ),
    worst(
        "Fullest memory",
        "The ten machines that have least memory left, at each moment.",
        "percentunit",
        f"topk(10, {of('instance:node_memory_utilisation:ratio')})",
        most=1,
    ),
)

ALERTS = graph(
    "Alerts",
    "How many alerts fire, by how urgent they are.",
    "short",
    query(f"count by (severity) ({FIRING})", "{{severity}}"),
)
ANSWERING = graph(
    "Machines that answer",
    "How many machines answer, out of all that are chosen.",
    "short",
    query(f"sum({UP})", "answer"),
    query(f"count({UP})", "watched"),
)
# As they are now: over time it would be the one question here that takes seconds.
FULLEST = bars(
    "Fullest disks",
    "The ten filesystems that are fullest. How they fill is under Anomalies and capacity.",
    "percentunit",
    now(f"topk(10, 1 - {LEFT})", "{{machine}} {{mountpoint}}"),
    most=1,
    limits=SPACE,
    links=(*OF_MACHINE, LINE_DISKS),
)

FLEET = dashboard(
    "hyperion-fleet",
    "Fleet",
    "Every machine in one view, the worst first.",
    MACHINES,
    of_machines(),
    line(*COUNTS, height=4),
    line(TABLE, height=14),
    line(*GRAPHS),
    line(FULLEST),
    row("Alerts and answers over time", line(ALERTS, ANSWERING)),
)
