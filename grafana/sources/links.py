"""Where a click leads: a machine, disk or unit to its own page and to what can be done there."""

from sources.queries import Json

# What of the present view goes along.
KEPT = "${__url_time_range}&${datasource:queryparam}&${job:queryparam}"


def _to(uid: str, title: str, field: str, **more: str) -> Json:
    """`field` is where the labels of what was clicked are: of a line, or of a row."""
    chosen = {"org": "org", "instance": "instance", **more}
    shown = [f"var-{name}=${{{field}.{label}:percentencode}}" for name, label in chosen.items()]
    return {"title": title, "url": "&".join((f"/d/{uid}?{KEPT}", *shown))}


def _act(title: str, field: str, action: str, **more: str) -> Json:
    """The control API's page, which asks for a login and shows what this machine can be told."""
    labels = {"machine": "machine", "org": "org", **more}
    named = [f"{name}=${{{field}.{label}:percentencode}}" for name, label in labels.items()]
    url = "&".join((f"${{hyperion_url}}/act?action={action}", *named))
    return {"title": title, "url": url, "targetBlank": True}


LINE, ROW = "__field.labels", "__data.fields"

LINE_MACHINE = _to("hyperion-machine", "This machine", LINE)
LINE_DISKS = _to("hyperion-disks", "Disks of this machine", LINE)
LINE_DISK = _to("hyperion-disks", "This disk", LINE, device="device")
LINE_NETWORK = _to("hyperion-network", "Network of this machine", LINE)
LINE_PROCESSES = _to("hyperion-processes", "Processes and services of this machine", LINE)
LINE_EVENTS = _to("hyperion-events", "Events of this machine", LINE)
LINE_ACT = _act("Act on this machine", LINE, "machine")
LINE_ACT_DISK = _act("Act on this disk", LINE, "disk", device="device")
LINE_ACT_UNIT = _act("Act on this service", LINE, "services", unit="name")
LINE_ACT_PROCESS = _act("Act on this process", LINE, "processes", pid="pid", unit="unit")

ROW_MACHINE = _to("hyperion-machine", "This machine", ROW)
ROW_ALERTS = _to("hyperion-alerts", "Alerts of this machine", ROW)
ROW_DISK = _to("hyperion-disks", "This disk", ROW, device="device")
ROW_DISKS = _to("hyperion-disks", "Disks of this machine", ROW)
ROW_PROCESSES = _to("hyperion-processes", "Processes and services of this machine", ROW)
ROW_ACT = _act("Act on this machine", ROW, "machine")
ROW_ACT_DISK = _act("Act on this disk", ROW, "disk", device="device")
ROW_ACT_UNIT = _act("Act on this service", ROW, "services", unit="name")
ROW_ACT_PROCESS = _act("Act on this process", ROW, "processes", pid="pid", unit="unit")
ROW_RUNBOOK: Json = {
    "title": "What to do",
    "url": "${hyperion_url}/runbooks/${__data.fields.alertname:percentencode}",
    "targetBlank": True,
}

OF_MACHINE = (LINE_MACHINE, LINE_ACT)
OF_DISK = (LINE_DISK, LINE_ACT_DISK)


def neighbours(tag: str) -> list[Json]:
    """To all other dashboards, with the time and what is chosen, and to the control API."""
    return [
        {
            "type": "dashboards",
            "title": "Hyperion",
            "tags": [tag],
            "asDropdown": True,
            "includeVars": True,
            "keepTime": True,
        },
        {
            "type": "link",
            "title": "Control",
            "tooltip": "Act, and see who did",
            "icon": "external link",
            "url": "${hyperion_url}",
            "targetBlank": True,
        },
    ]
