"""Hyperion itself: whether its parts answer, and what watching costs."""

from sources.parts import dashboard, graph, query

MACHINES = graph(
    "Machines",
    "Machines that are watched, and how many of them do not answer.",
    "short",
    query('count(up{job="node"})', "watched"),
    query('sum(1 - up{job="node"})', "do not answer"),
)

PARTS = graph(
    "Parts",
    "Whether each part of Hyperion answers.",
    "bool_yes_no",
    query('up{job!="node"}', "{{job}} {{instance}}"),
    most=1,
)

SILENT = graph(
    "Silent collectors",
    "On how many machines each collector gives nothing. That is no fault where a machine lacks its"
    " subject; a step is.",
    "short",
    query('sum by (collector) (1 - node_scrape_collector_success{job="node"})', "{{collector}}"),
)

WORKER = graph(
    "Worker",
    "Time since the control API last saw a worker. It reports every few seconds.",
    "s",
    query('hyperion_control_worker_seen_seconds{job="control-api"}', "{{instance}}"),
)

SCRAPES = graph(
    "Scrapes",
    "The slowest scrape of each kind. Prometheus gives up after 10 seconds.",
    "s",
    query("max by (job) (scrape_duration_seconds)", "{{job}}"),
)

COLLECTORS = graph(
    "Cost of collectors",
    "The longest that each collector takes on any machine.",
    "s",
    query(
        'max by (collector) (node_scrape_collector_duration_seconds{job="node"})', "{{collector}}"
    ),
)

ITSELF = dashboard(
    "hyperion-itself",
    "Hyperion itself",
    "Whether the watch stands: its parts, its collectors, its worker, and what they cost.",
    ((MACHINES, PARTS), (SILENT, WORKER), (SCRAPES, COLLECTORS)),
)
