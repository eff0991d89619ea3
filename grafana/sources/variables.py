"""What people choose at the top of a dashboard, and what it finds out by itself."""

from sources.queries import DATASOURCE, Json

SOURCE: Json = {
    "name": "datasource",
    "label": "Data source",
    "type": "datasource",
    "query": "prometheus",
    # Where a Grafana has several, this one is chosen until somebody chooses another.
    "current": {"text": "Prometheus", "value": "hyperion-prometheus"},
    "refresh": 1,
    "regex": "",
    "multi": False,
    "includeAll": False,
}

# Picked by the machine's name where it has one; what is asked with is its address.
NAMED = '/instance="(?<value>[^"]+)"(?:.*machine="(?<text>[^"]+)")?/'
ANY, ANY_OR_NONE = ".+", ".*"


def choice(
    name: str, label: str, asked: str, *, everything: str = "", pattern: str = "", hide: int = 0
) -> Json:
    """Values out of what Prometheus knows; `everything` is what stands for all of them."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": asked,
        "query": {"query": asked, "refId": name},
        "regex": pattern,
        "refresh": 2,  # whenever the time range changes: machines come and go
        "sort": 1,
        "multi": not hide,
        "includeAll": bool(everything),
        "allValue": everything or ANY,
        "hide": hide,
    }


ORGANISATION = choice(
    "org", "Organisation", 'label_values(up{job=~"$job"}, org)', everything=ANY_OR_NONE
)
GROUP = choice(
    "group", "Group", 'label_values(up{job=~"$job", org=~"$org"}, group)', everything=ANY_OR_NONE
)
# Any other label: Grafana puts what is chosen into every selector.
LABELS: Json = {
    "name": "labels",
    "label": "Labels",
    "type": "adhoc",
    "datasource": DATASOURCE,
    "filters": [],
}
# Links to the control API need its address. The alert that always fires carries it, as it is in
# prometheus.yml, so that nothing has to be written twice.
CONTROL = choice(
    "hyperion_url",
    "Control API",
    'label_values(ALERTS{alertname="Watchdog"}, hyperion_url)',
    hide=2,
)


def of_machines(*matchers: str, everything: bool = True) -> list[Json]:
    """All that were seen in the time that is shown, or only those that the matchers fit."""
    known = f"node_uname_info{{{', '.join(matchers)}}}"
    chosen = ('job=~"$job"', 'org=~"$org"', 'group=~"$group"', *matchers)
    listed = f"query_result(last_over_time(node_uname_info{{{', '.join(chosen)}}}[$__range]))"
    machines = choice(
        "instance", "Instance", listed, everything=ANY if everything else "", pattern=NAMED
    )
    job = choice("job", "Job", f"label_values({known}, job)")
    return [SOURCE, job, ORGANISATION, GROUP, machines, LABELS, CONTROL]


def of_parts(known_by: str = "up") -> list[Json]:
    """Parts of Hyperion that have a metric."""
    job = choice("job", "Job", f"label_values({known_by}, job)", everything=ANY)
    listed = f'label_values({known_by}{{job=~"$job"}}, instance)'
    return [SOURCE, job, choice("instance", "Instance", listed, everything=ANY), CONTROL]


def of_alerts() -> list[Json]:
    """Whatever an alert may be about: machines and parts of Hyperion."""
    source, job, _, control = of_parts()
    listed = 'label_values(up{job=~"$job", org=~"$org", group=~"$group"}, instance)'
    instance = choice("instance", "Instance", listed, everything=ANY)
    return [source, job, ORGANISATION, GROUP, instance, LABELS, control]
