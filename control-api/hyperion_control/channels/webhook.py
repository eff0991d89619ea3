"""A webhook of somebody's own: the alerts as JSON, in the words of Alertmanager's."""

from typing import Any

from hyperion_control.domain.alerts import Alert, Group


def payload(group: Group, _url: str) -> dict[str, Any]:
    return {
        "version": "4",
        "status": "firing" if group.firing else "resolved",
        "truncatedAlerts": group.more,
        "alerts": [_alert(alert) for alert in group.alerts],
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "status": "firing" if alert.firing else "resolved",
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": alert.starts_at.isoformat(),
        "endsAt": alert.ends_at and alert.ends_at.isoformat(),
        "fingerprint": alert.fingerprint,
    }
