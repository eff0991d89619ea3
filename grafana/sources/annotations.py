"""What happened meanwhile, drawn across every graph: alerts, reboots, new versions, actions."""

from sources.queries import DATASOURCE, Json
from sources.scope import Scope


def annotations(scope: Scope) -> list[Json]:
    return [_alerts(scope), _reboots(scope), _versions(scope), _actions()]


def _alerts(scope: Scope) -> Json:
    firing = scope.of("ALERTS", 'alertstate="firing"', 'severity!="info"')
    kinds = f"count by (alertname, severity) ({firing})"
    return _drawn("Alerts", "red", kinds, "{{alertname}}", "{{severity}}")


def _reboots(scope: Scope) -> Json:
    # The value is the moment, and draws itself there.
    booted = f"1000 * {scope.of('node_boot_time_seconds')} > $__from < $__to"
    reboots = _drawn("Reboots", "purple", booted, "Started", "{{machine}} {{instance}}")
    return {**reboots, "useValueForTime": "on"}


def _versions(scope: Scope) -> Json:
    # New is what nobody ran ten minutes ago.
    builds = scope.of("", '__name__=~"node_exporter_build_info|hyperion_control_build_info"')
    run, ran = (f"count by (job, version) ({builds} {when})" for when in ("", "offset 10m"))
    return _drawn("New versions", "blue", f"{run} unless {ran}", "{{job}} {{version}}", "installed")


def _actions() -> Json:
    # Of all machines: what was done to one may show at another. An increase would not see the first
    # of its kind. Where nobody asked a minute ago, all that ever was would seem new.
    done = "max by (kind, state) (hyperion_control_actions_total %s)"
    run, ran = (done % when for when in ("", "offset 1m"))
    more = f"({run} - {ran} or {run}) > 0 and on () max(hyperion_control_database_up offset 1m)"
    return _drawn("Actions", "orange", more, "{{kind}}", "{{state}}")


def _drawn(name: str, colour: str, expression: str, title: str, text: str) -> Json:
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": colour,
        "expr": expression,
        "step": "60s",
        "titleFormat": title,
        "textFormat": text,
    }
