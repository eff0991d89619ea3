"""Alerts as Prometheus fired them, and the groups in which Alertmanager tells of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

UNKNOWN = "unknown"
WATCHDOG = "Watchdog"
LONGEST_VALUE = 2000


@dataclass(frozen=True)
class Alert:
    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None = None  # None: it fires

    @property
    def firing(self) -> bool:
        return self.ends_at is None

    @property
    def name(self) -> str:
        return self.labels.get("alertname", UNKNOWN)

    @property
    def severity(self) -> str:
        return self.labels.get("severity", UNKNOWN)

    @property
    def org(self) -> str:
        return self.labels.get("org", "")

    @property
    def machine(self) -> str:
        """As discovery named it."""
        return self.labels.get("machine", "")

    @property
    def what(self) -> str:
        """That is wrong: a machine, or a part of Hyperion."""
        labels = self.labels
        return self.machine or labels.get("instance") or labels.get("job") or "Hyperion"

    @property
    def same(self) -> tuple[str, datetime]:
        """What names it, for as long as it goes on."""
        return self.fingerprint, self.starts_at


@dataclass(frozen=True)
class Group:
    """What one notification tells of; `more` are those that were too many to be named."""

    alerts: tuple[Alert, ...]
    more: int = 0

    @property
    def firing(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert.firing]

    @property
    def resolved(self) -> list[Alert]:
        return [alert for alert in self.alerts if not alert.firing]

    @property
    def severity(self) -> str:
        """Of those that fire; of several, the worst that we have a word for."""
        found = {alert.severity for alert in self.firing or self.alerts}
        worst = (each for each in ("critical", "warning", "info") if each in found)
        return next(worst, UNKNOWN)

    def of(self, org: str) -> "Group":
        return replace(self, alerts=tuple(alert for alert in self.alerts if alert.org == org))

    def common(self, annotation: str) -> str:
        """Empty when they do not agree."""
        found = {alert.annotations.get(annotation, "") for alert in self.alerts}
        return found.pop() if len(found) == 1 else ""


def clean(texts: Mapping[str, str]) -> dict[str, str]:
    """As a database and a message can hold them."""
    return {_clean(name): _clean(text) for name, text in texts.items()}


def dump(group: Group) -> dict[str, Any]:
    """As JSON can hold it."""
    return {"alerts": [_dump(alert) for alert in group.alerts], "more": group.more}


def load(kept: Mapping[str, Any]) -> Group:
    return Group(tuple(_load(each) for each in kept["alerts"]), kept["more"])


def _clean(text: str) -> str:
    return text.replace("\0", "")[:LONGEST_VALUE]


def _dump(alert: Alert) -> dict[str, Any]:
    ends_at = alert.ends_at.isoformat() if alert.ends_at else None
    return {**vars(alert), "starts_at": alert.starts_at.isoformat(), "ends_at": ends_at}


def _load(kept: Mapping[str, Any]) -> Alert:
    ends_at = datetime.fromisoformat(kept["ends_at"]) if kept["ends_at"] else None
    return Alert(
        **{**kept, "starts_at": datetime.fromisoformat(kept["starts_at"]), "ends_at": ends_at}
    )


def same_for(alerts: Sequence[Alert]) -> str:
    """One text for the same alerts in the same state, in whatever order they come."""
    return "\n".join(
        sorted(f"{a.fingerprint} {a.starts_at.isoformat()} {a.firing}" for a in alerts)
    )
