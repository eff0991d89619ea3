"""Alerts: told by Alertmanager, looked at by people."""

from datetime import datetime
from typing import Any, Literal

from flask_openapi3 import APIBlueprint
from pydantic import AwareDatetime, ConfigDict, Field

from hyperion_control.api.answers import NOTHING
from hyperion_control.border import bodies, pages
from hyperion_control.border.context import actor, parts, requires
from hyperion_control.border.fields import Moment
from hyperion_control.border.models import Answer, Body, Model, Path
from hyperion_control.border.pages import PageQuery
from hyperion_control.border.repeatable import repeatable
from hyperion_control.domain.alerts import Alert, Group, clean
from hyperion_control.domain.roles import Role
from hyperion_control.store.alerts import Kept, Wanted
from hyperion_control.usecases import alerts

bp = APIBlueprint("alerts", __name__, url_prefix="/api/alerts")
may_read = requires(Role.OBSERVER, scope="machines:read")

MOST_AT_ONCE = 5000
# A group of that many, each with its texts.
MOST_BYTES = 5 * 1024 * 1024


class AlertPath(Path):
    alert_id: str


class AlertsQuery(PageQuery):
    state: Literal["", "firing", "resolved"] = ""
    severity: str = Field("", max_length=20, description="Such as critical.")
    machine: str = Field("", max_length=63, description="As discovery names it.")
    name: str = Field("", max_length=200, description="Such as MachineDown.")
    since: Moment | None = Field(None, description="What was firing then or later.")


class ToldAlert(Model):
    """As Alertmanager's webhook writes it; later versions add fields."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    status: Literal["firing", "resolved"]
    labels: dict[str, str] = Field(max_length=100)
    annotations: dict[str, str] = Field({}, max_length=100)
    startsAt: AwareDatetime
    endsAt: AwareDatetime
    fingerprint: str = Field(pattern="^[0-9a-f]{1,32}$")

    def read(self) -> Alert:
        ends_at = None if self.status == "firing" else self.endsAt
        labels, said = clean(self.labels), clean(self.annotations)
        return Alert(self.fingerprint, labels, said, self.startsAt, ends_at)


class ToldBody(Body):
    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal["4"]
    receiver: str = Field(max_length=200)
    truncatedAlerts: int = Field(0, ge=0)
    alerts: tuple[ToldAlert, ...] = Field(max_length=MOST_AT_ONCE)


class AlertAnswer(Answer):
    id: str
    state: str
    name: str
    severity: str
    machine: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None
    received_at: datetime


@bp.get("", summary="List the alerts")
@repeatable
@may_read
def page(query: AlertsQuery) -> Any:
    """List the alerts of the organisation, the newest first; ended ones are kept for 90 days."""
    firing = {"": None, "firing": True, "resolved": False}[query.state]
    wanted = Wanted(firing, query.severity, query.machine, query.name, query.since)
    return pages.answer(alerts.page(parts(), actor(), wanted, query.after, query.limit), _show)


@bp.post("/webhook", summary="Tell of alerts", responses=NOTHING)
@requires(Role.ADMIN, scope="alerts:write")
@bodies.up_to(MOST_BYTES)
def receive(body: ToldBody) -> Any:
    """Take what Alertmanager's webhook tells, keep it, and tell those whose channel asks for it."""
    group = Group(tuple(alert.read() for alert in body.alerts), body.truncatedAlerts)
    alerts.receive(parts(), actor(), body.receiver, group)
    return "", 204


@bp.get("/<alert_id>", summary="Look at an alert", responses={200: AlertAnswer})
@repeatable
@may_read
def look(path: AlertPath) -> Any:
    """Look at an alert with all its labels and annotations."""
    return _show(alerts.look(parts(), actor(), path.alert_id))


def _show(found: Kept) -> dict[str, Any]:
    alert = found.alert
    shown = AlertAnswer(
        id=found.id,
        state="firing" if alert.firing else "resolved",
        name=alert.name,
        severity=alert.severity,
        machine=alert.machine,
        labels=dict(alert.labels),
        annotations=dict(alert.annotations),
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        received_at=found.received_at,
    )
    return shown.model_dump(mode="json")
