"""Alerts and notifications: what fires, since when, and whether anybody was told."""

from sources.limits import any_is_bad, rising
from sources.links import LINE_ACT, LINE_MACHINE, ROW_ACT, ROW_MACHINE, ROW_RUNBOOK
from sources.panels import graph, stat, states
from sources.parts import dashboard, line, row
from sources.queries import Json, now, query
from sources.scope import MACHINE, MACHINES, PARTS
from sources.tables import Label, Number, table
from sources.variables import of_alerts

of, rate, grown = PARTS.of, PARTS.rate, PARTS.grown

FIRING = MACHINES.of("ALERTS", 'alertstate="firing"')
SILENCED = of("alertmanager_alerts", 'state="suppressed"')
PENDING = MACHINES.of("ALERTS", 'alertstate="pending"')


def count(title: str, description: str, severity: str, colour: str) -> Json:
    fire = MACHINES.of("ALERTS", 'alertstate="firing"', f'severity="{severity}"')
    return stat(
        title,
        description,
        "short",
        now(f"count({fire}) or vector(0)", "alerts"),
        limits=any_is_bad(colour),
    )


NUMBERS = (
    count("Critical", "Critical alerts that fire: somebody has to look now.", "critical", "red"),
    count("Warnings", "Warnings that fire: somebody has to look today.", "warning", "yellow"),
    count("Information", "Alerts that only inform.", "info", "blue"),
    stat(
        "Waiting",
        "Alerts whose condition holds, but not yet for long enough.",
        "short",
        now(f"count({PENDING}) or vector(0)", "alerts"),
    ),
    stat(
        "Silenced",
        "Alerts that fire and reach nobody: they are silenced, or a graver one says as much.",
        "short",
        now(f"sum({SILENCED})", "alerts"),
    ),
    stat(
        "Not delivered",
        "Notifications that could not be delivered, in the time that is shown.",
        "short",
        now(
            f"sum({grown('alertmanager_notifications_failed_total', within='$__range')})",
            "notifications",
        ),
        limits=any_is_bad(),
    ),
)

SINCE = f"{MACHINES.of('ALERTS_FOR_STATE')} * ignoring (alertstate) {FIRING}"

TABLE = table(
    "What fires",
    "Each alert that fires, the oldest first. A click on its name says what to do, one on the"
    " machine leads there.",
    (
        Label("alertname", "Alert", (ROW_RUNBOOK,), width=240),
        Label("severity", "Severity", width=100),
        Label("machine", "Machine", (ROW_MACHINE, ROW_ACT), width=180),
        Label("instance", "Address", (ROW_MACHINE, ROW_ACT), width=180),
        Label("org", "Organisation"),
    ),
    (
        Number(
            "Since",
            f"1000 * max by ({MACHINE}, alertname, severity) ({SINCE})",
            "dateTimeFromNow",
        ),
    ),
    first="Since",
    falling=False,
)

TIMELINE = states(
    "When what fired",
    "Each kind of alert over time, in the colour of how many machines it was about.",
    query(f"count by (alertname) ({FIRING})", "{{alertname}}"),
    limits=rising(2, 10),
    words={},
)

BY_SEVERITY = graph(
    "Alerts",
    "How many alerts fire, by how urgent they are.",
    "short",
    query(f"count by (severity) ({FIRING})", "{{severity}}"),
)

NOISIEST = graph(
    "Noisiest machines",
    "The ten machines about which most alerts fire.",
    "short",
    query(f"topk(10, count by ({MACHINE}) ({FIRING}))", "{{machine}} {{instance}}"),
    links=(LINE_MACHINE, LINE_ACT),
)

SENT = graph(
    "Notifications",
    "Notifications that Alertmanager sent, by channel.",
    "short",
    query(f"sum by (integration) ({grown('alertmanager_notifications_total')})", "{{integration}}"),
)

UNDELIVERED = graph(
    "Notifications that failed",
    "Notifications that could not be delivered, by channel and reason. Each should be 0.",
    "short",
    query(
        f"sum by (integration, reason) ({grown('alertmanager_notifications_failed_total')})",
        "{{integration}} {{reason}}",
    ),
    limits=any_is_bad(),
)

# The variables above choose machines, so they cannot choose these.
ABOUT_NO_MACHINE = table(
    "Alerts about no machine",
    "Alerts about all machines together, or about the watch itself. Watchdog always fires: it"
    " proves that alerting works.",
    (Label("alertname", "Alert", (ROW_RUNBOOK,)), Label("severity", "Severity")),
    (
        Number(
            "Alerts",
            "count by (alertname, severity)"
            ' (ALERTS{org=~"$org", instance="", alertstate="firing"})',
            "short",
        ),
    ),
    first="Alert",
    falling=False,
)

WAY = row(
    "From Prometheus to people",
    line(
        graph(
            "Handed over",
            "Alerts that Prometheus handed to Alertmanager, and those that it could not.",
            "cps",
            query(rate("prometheus_notifications_sent_total"), "handed over"),
            query(rate("prometheus_notifications_errors_total"), "failed"),
            query(rate("prometheus_notifications_dropped_total"), "lost"),
        ),
        graph(
            "Time to deliver",
            "Within which time 95 of 100 notifications are delivered, by channel.",
            "s",
            query(
                "histogram_quantile(0.95, sum by (le, integration)"
                f" ({rate('alertmanager_notification_latency_seconds_bucket')}))",
                "{{integration}}",
            ),
        ),
        graph(
            "Silences",
            "Silences by state. Maintenance of a machine makes one.",
            "short",
            query(f"sum by (state) ({of('alertmanager_silences')})", "{{state}}"),
        ),
    ),
    line(ABOUT_NO_MACHINE),
)

ALERTS_BOARD = dashboard(
    "hyperion-alerts",
    "Alerts and notifications",
    "What fires, since when, and whether anybody was told.",
    MACHINES,
    of_alerts(),
    line(*NUMBERS, height=4),
    line(TABLE, height=10),
    line(TIMELINE, height=10),
    line(BY_SEVERITY, NOISIEST),
    line(SENT, UNDELIVERED),
    WAY,
)
