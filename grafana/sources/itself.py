"""Hyperion itself: whether its parts answer, and what watching costs."""

from sources.limits import YES, any_is_bad, rising
from sources.links import LINE_MACHINE
from sources.panels import graph, states
from sources.parts import dashboard, line, row
from sources.queries import query
from sources.scope import PARTS
from sources.variables import of_parts

of, rate, grown = PARTS.of, PARTS.rate, PARTS.grown

NODE = 'job="node"'
OTHERS = 'job!="node"'

MACHINES_THAT_ANSWER = graph(
    "Machines",
    "Machines that are watched, and how many of them do not answer.",
    "short",
    query(f"count({of('up', NODE)})", "watched"),
    query(f"sum(1 - {of('up', NODE)})", "do not answer"),
)

ANSWERING = states(
    "Parts",
    "Whether each part of Hyperion answers.",
    query(of("up", OTHERS), "{{job}} {{instance}}"),
    limits=YES,
    words={0: "no", 1: "yes"},
)

WORKER = graph(
    "Worker",
    "Time since the control API last saw a worker. It reports every few seconds; after a minute an"
    " alert fires.",
    "s",
    query(of("hyperion_control_worker_seen_seconds"), "{{instance}}"),
    limits=rising(30, 60),
)

FAILED = graph(
    "Failed collectors",
    "On how many machines each collector gives nothing though it should.",
    "short",
    query(f"sum by (collector) ({of('hyperion_collector_failed')})", "{{collector}}"),
    limits=any_is_bad("yellow"),
)

SILENT = graph(
    "Silent collectors",
    "On how many machines each collector gives nothing. That is no fault where a machine lacks its"
    " subject; a step is.",
    "short",
    query(f"sum by (collector) (1 - {of('node_scrape_collector_success')})", "{{collector}}"),
)

COLLECTORS = graph(
    "Cost of collectors",
    "The longest that each of the ten slowest collectors takes on any machine.",
    "s",
    query(
        f"topk(10, max by (collector) ({of('node_scrape_collector_duration_seconds')}))",
        "{{collector}}",
    ),
)

SCRAPES = graph(
    "Scrapes",
    "The slowest scrape of each kind. Prometheus gives up after 10 seconds.",
    "s",
    query(f"max by (job) ({of('scrape_duration_seconds')})", "{{job}}"),
    limits=rising(5, 9),
)

SERIES = graph(
    "Series of a scrape",
    "How many series the largest exporters give. What grows without end will fill Prometheus.",
    "short",
    query(f"topk(10, {of('scrape_samples_post_metric_relabeling', NODE)})", "{{instance}}"),
    links=(LINE_MACHINE,),
)

REQUESTS = graph(
    "Requests",
    "Requests to the control API by what they were answered.",
    "reqps",
    query(
        f"sum by (status) ({rate('hyperion_control_http_request_duration_seconds_count')})",
        "{{status}}",
    ),
)

LATENCY = graph(
    "Answer time",
    "Within which time the control API answers 95 of 100 requests, at its ten slowest addresses.",
    "s",
    query(
        "topk(10, histogram_quantile(0.95, sum by (le, route)"
        f" ({rate('hyperion_control_http_request_duration_seconds_bucket')})))",
        "{{route}}",
    ),
)

MEMORY = graph(
    "Memory of the parts",
    "Memory that each part holds, and of the exporters the largest.",
    "bytes",
    query(f"max by (job) ({of('process_resident_memory_bytes')})", "{{job}}"),
)

PROCESSOR = graph(
    "Processor time of the parts",
    "Processor time that each part takes, and of the exporters the busiest; 100% is one processor.",
    "percentunit",
    query(f"max by (job) ({rate('process_cpu_seconds_total')})", "{{job}}"),
)

STORE = row(
    "Prometheus",
    line(
        graph(
            "Series",
            "Series that Prometheus holds in memory.",
            "short",
            query(of("prometheus_tsdb_head_series"), "{{instance}}"),
        ),
        graph(
            "Samples",
            "Samples that come in.",
            "cps",
            query(rate("prometheus_tsdb_head_samples_appended_total"), "{{instance}}"),
        ),
        graph(
            "Rules",
            "How long each group of rules takes, of the ten slowest, and how many rules failed.",
            "s",
            query(
                f"topk(10, {of('prometheus_rule_group_last_duration_seconds')})", "{{rule_group}}"
            ),
        ),
    ),
    line(
        graph(
            "Failures",
            "Rules that could not be evaluated, machines that could not be listed or were listed"
            " wrongly, alerts that were not taken. Each should be 0.",
            "short",
            *(
                query(f"sum({grown(metric)})", word)
                for metric, word in (
                    ("prometheus_rule_evaluation_failures_total", "rules"),
                    ("prometheus_sd_http_failures_total", "lists of machines"),
                    ("prometheus_target_sync_failed_total", "listed wrongly"),
                    ("prometheus_notifications_dropped_total", "alerts lost"),
                )
            ),
            limits=any_is_bad(),
        ),
        states(
            "Configuration",
            "Whether the configuration that was read last is in force.",
            query(of("prometheus_config_last_reload_successful"), "Prometheus {{instance}}"),
            query(of("alertmanager_config_last_reload_successful"), "Alertmanager {{instance}}"),
            limits=YES,
            words={0: "refused", 1: "in force"},
        ),
        states(
            "Database",
            "Whether the control API's database answers and takes writes.",
            query(of("hyperion_control_database_up"), "{{instance}}"),
            limits=YES,
            words={0: "no", 1: "yes"},
        ),
    ),
)

ITSELF = dashboard(
    "hyperion-itself",
    "Hyperion itself",
    "Whether the watch stands: its parts, its collectors, its worker, and what they cost.",
    PARTS,
    of_parts(),
    line(MACHINES_THAT_ANSWER, ANSWERING, WORKER),
    line(FAILED, SILENT, COLLECTORS),
    line(SCRAPES, SERIES),
    line(REQUESTS, LATENCY),
    line(MEMORY, PROCESSOR),
    STORE,
)
