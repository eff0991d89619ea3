"""Alertmanager's configuration: the committed base, set up, with each organisation's routes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hyperion_control.notifying import Notifying, Quiet

BASE_FOLDER = "/etc/alertmanager/"
BASE_API = "http://control-api:8080"
SEVERITIES = ("critical", "warning", "info")
QUIET = "quiet-hours"
Config = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """Which alerts of an organisation reach which of its receivers."""

    receiver: str
    severities: tuple[str, ...] = SEVERITIES[:2]
    classes: tuple[str, ...] = ()  # the subjects of their rules; empty: all
    groups: tuple[str, ...] = ()  # of machines; empty: all
    labels: Mapping[str, str] = field(default_factory=dict)
    quiet: Quiet | None = None


@dataclass(frozen=True)
class Tenant:
    org: str
    ways: tuple[Way, ...]


def rendered(
    base: Config, folder: str, api: str, notifying: Notifying, tenants: Iterable[Tenant] = ()
) -> Config:
    """`folder` holds the secrets, `api` is where Alertmanager reaches us; both as in the base."""
    config: Config = _replaced(deepcopy(base), {BASE_FOLDER: f"{folder}/", BASE_API: api})
    _set_up_people(config, notifying)
    _set_quiet(config, notifying.quiet)
    _add_tenants(config, list(tenants))
    return config


def left_out(notifying: Notifying) -> list[str]:
    """The channels of who runs Hyperion that are not there, and why."""
    wanted = {
        "Slack (HYPERION_SLACK_URL)": notifying.slack_url,
        "e-mail (HYPERION_SMTP_URL and HYPERION_ALARM_MAIL)": _mails(notifying),
        "Discord (HYPERION_DISCORD_URL)": notifying.discord_url,
        "Teams (HYPERION_TEAMS_URL)": notifying.teams_url,
    }
    return [name for name, given in wanted.items() if not given]


def matcher(label: str, values: Sequence[str]) -> str:
    """One of these values, each taken as it is."""
    if len(values) == 1:
        return f"{label}={_quoted(values[0])}"
    return f"{label}=~{_quoted('|'.join(_literal(value) for value in values))}"


def _mails(notifying: Notifying) -> bool:
    return bool(notifying.smtp and notifying.alarm_mail)


def _set_up_people(config: Config, notifying: Notifying) -> None:
    people = next(each for each in config["receivers"] if each["name"] == "people")
    if not notifying.slack_url:
        del people["slack_configs"]
    if not (notifying.discord_url or notifying.teams_url):
        del people["webhook_configs"]
    smtp = notifying.smtp
    if smtp is None or not notifying.alarm_mail:
        del people["email_configs"]
        config["global"] = _without(config["global"], "smtp_")
        return
    for mail in people["email_configs"]:
        mail["to"] = notifying.alarm_mail
    config["global"] |= {
        "smtp_smarthost": f"[{smtp.host}]:{smtp.port}"
        if ":" in smtp.host
        else f"{smtp.host}:{smtp.port}",
        "smtp_from": smtp.sender,
        "smtp_auth_username": smtp.user,
        # Port 465 alone makes every version speak TLS from the first byte.
        "smtp_require_tls": not smtp.local and not smtp.tls,
    }
    if not smtp.user:
        config["global"] = _without(config["global"], "smtp_auth_")


def _set_quiet(config: Config, quiet: Quiet | None) -> None:
    if quiet:
        config["time_intervals"] = [_interval(QUIET, quiet)]
        return
    del config["time_intervals"]
    for route in config["route"]["routes"]:
        route.pop("mute_time_intervals", None)


def _add_tenants(config: Config, tenants: list[Tenant]) -> None:
    """Whoever has routes of their own is told by these and by nobody else's."""
    routes = config["route"]["routes"]
    place = next(number for number, each in enumerate(routes) if each.get("receiver") == "console")
    routes[place:place] = [_tenant(tenant) for tenant in tenants if tenant.ways]
    feed = next(each for each in config["receivers"] if each["name"] == "feed")
    told = {way.receiver for tenant in tenants for way in tenant.ways}
    for receiver in sorted(told):
        config["receivers"].append(
            {
                "name": receiver,
                "webhook_configs": [feed["webhook_configs"][0] | {"max_alerts": 100}],
            }
        )
    hours = {way.quiet for tenant in tenants for way in tenant.ways if way.quiet}
    for quiet in sorted(hours, key=str):
        config.setdefault("time_intervals", []).append(_interval(str(quiet), quiet))


def _tenant(tenant: Tenant) -> Config:
    return {
        "matchers": [matcher("org", [tenant.org])],
        # What none of their routes takes is in the feed.
        "receiver": "console",
        "routes": [route for way in tenant.ways for route in _routes(way)],
    }


def _routes(way: Way) -> list[Config]:
    """Quiet hours never hold back what is critical, so that has a route of its own then."""
    if not way.quiet or "critical" not in way.severities:
        return [_route(way, way.severities)]
    others = tuple(each for each in way.severities if each != "critical")
    both = [_route(way, ("critical",), quiet=False)]
    return [*both, _route(way, others)] if others else both


def _route(way: Way, severities: tuple[str, ...], *, quiet: bool = True) -> Config:
    matchers = [matcher("severity", severities)] if severities else []
    if way.classes:
        matchers.append(matcher("class", way.classes))
    if way.groups:
        matchers.append(matcher("group", way.groups))
    matchers += [matcher(name, [value]) for name, value in sorted(way.labels.items())]
    muted = {"mute_time_intervals": [str(way.quiet)]} if way.quiet and quiet else {}
    return {"receiver": way.receiver, "matchers": matchers, "continue": True, **muted}


def _interval(name: str, quiet: Quiet) -> Config:
    """Alertmanager knows no hours over midnight."""
    times = [{"start_time": quiet.begin, "end_time": quiet.end}]
    if quiet.begin > quiet.end:
        times = [
            {"start_time": quiet.begin, "end_time": "24:00"},
            {"start_time": "00:00", "end_time": quiet.end},
        ]
    hours = [each for each in times if each["start_time"] != each["end_time"]]
    return {"name": name, "time_intervals": [{"times": hours, "location": quiet.time_zone}]}


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, names) for each in value]
    if isinstance(value, str):
        for name, put in names.items():
            value = value.replace(name, put)
    return value


def _without(settings: Config, prefix: str) -> Config:
    return {name: value for name, value in settings.items() if not name.startswith(prefix)}


def _literal(text: str) -> str:
    """For Go's regular expressions, which know no escape of a character that needs none."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
