"""Alertmanager's configuration: no alert of one organisation reaches another's receiver."""

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hyperion_control.domain.routes import SEVERITIES, Tenant, Way, left_out, matcher, rendered
from hyperion_control.notifying import Notifying, Quiet, Smtp
from lab.house import ROOT

BASE = yaml.safe_load((ROOT / "alertmanager/alertmanager.yml").read_text())
# Names that people give, and those that try to be more than a name.
ORGS = (
    *("acme", "acme2", "Acme", "acme ", "é", "a|b", ".*", "acme|globex", 'a",severity!="x'),
    *('"', "\\", '\\"', "a\\nb", "{org}", "acme,globex", "org=acme", "(?i)acme", "$", "\u202e"),
)
GROUPS = ("", "web", "web.eu", "webXeu", "web|db", ".*", ".+")
CLASSES = ("", "disk", "disks", "filesystem")
NIGHT = Quiet.parse("22:00-07:00 Europe/Paris")


NOTHING = Notifying()


def render(*tenants: Tenant, notifying: Notifying = NOTHING) -> dict[str, Any]:
    return rendered(BASE, "/f", "http://a", notifying, tenants)


def receivers(route: dict[str, Any], labels: dict[str, str]) -> Iterator[str]:
    """As Alertmanager walks its tree."""
    told = False
    for child in route.get("routes", []):
        if all(matches(each, labels) for each in child.get("matchers", [])):
            told = True
            yield from receivers(child, labels)
            if not child.get("continue"):
                break
    if not told:
        yield route["receiver"]


def matches(matcher: str, labels: dict[str, str]) -> bool:
    found = re.fullmatch(r'(\w+)\s*(=~|=)\s*("?)(.*?)\3', matcher, re.DOTALL)
    assert found, matcher
    name, how, quote, value = found.groups()
    if quote:
        value = re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), value)
    if how == "=":
        return labels.get(name, "") == value
    return re.fullmatch(value, labels.get(name, "")) is not None


def any_tenants(chance: random.Random) -> list[Tenant]:
    numbers = iter(range(1000))
    return [
        Tenant(
            org,
            tuple(
                Way(
                    f"rcv_{ORGS.index(org)}_{next(numbers)}",
                    tuple(chance.sample(SEVERITIES, chance.randint(1, 3))),
                    tuple(chance.sample(CLASSES[1:], chance.randint(0, 2))),
                    tuple(chance.sample(GROUPS[1:], chance.randint(0, 3))),
                    {"env": "prod"} if chance.random() < 0.2 else {},
                    NIGHT if chance.random() < 0.3 else None,
                )
                for _ in range(chance.randint(0, 4))
            ),
        )
        for org in chance.sample(ORGS, 6)
    ]


def any_labels(chance: random.Random) -> dict[str, str]:
    labels = {
        "alertname": chance.choice(["MachineDown", "Watchdog", "X"]),
        "org": chance.choice(["", *ORGS]),
        "severity": chance.choice(["", "unknown", *SEVERITIES]),
        "group": chance.choice(GROUPS),
        "class": chance.choice(CLASSES),
        "env": chance.choice(["", "prod"]),
    }
    return {name: value for name, value in labels.items() if value}


@pytest.mark.parametrize("seed", range(40))
def test_no_labels_of_one_organisation_reach_a_receiver_of_another(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  must come out the same each time
    tenants = any_tenants(chance)
    config = render(*tenants)
    reached = 0
    for _ in range(300):
        labels = any_labels(chance)
        for receiver in receivers(config["route"], labels):
            if receiver.startswith("rcv_"):
                reached += 1
                assert ORGS[int(receiver.split("_")[1])] == labels.get("org")
    assert reached


@pytest.mark.parametrize("seed", range(10))
def test_each_way_takes_what_it_names_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    tenants = any_tenants(chance)
    config = render(*tenants)
    for _ in range(300):
        labels = any_labels(chance)
        wanted = {
            way.receiver
            for tenant in tenants
            for way in tenant.ways
            if tenant.org == labels.get("org") and takes(way, labels)
        }
        if labels["alertname"] != "Watchdog":
            told = set(receivers(config["route"], labels))
            assert {each for each in told if each.startswith("rcv_")} == wanted


def takes(way: Way, labels: dict[str, str]) -> bool:
    return (
        labels.get("severity") in way.severities
        and (not way.classes or labels.get("class") in way.classes)
        and (not way.groups or labels.get("group") in way.groups)
        and all(labels.get(name) == value for name, value in way.labels.items())
    )


def test_whoever_has_routes_is_told_by_these_and_the_others_by_who_runs_it() -> None:
    config = render(Tenant("acme", (Way("rcv_1", ("critical",)),)), Tenant("globex", ()))
    down = {"alertname": "MachineDown", "severity": "warning"}
    assert list(receivers(config["route"], {**down, "org": "acme"})) == ["feed", "console"]
    assert list(receivers(config["route"], {**down, "org": "globex"})) == ["feed", "people"]


def test_quiet_hours_hold_back_all_but_what_is_critical() -> None:
    config = render(Tenant("acme", (Way("rcv_1", SEVERITIES, quiet=NIGHT),)))
    (tenant,) = (each for each in config["route"]["routes"] if "routes" in each)
    held = {each["matchers"][0]: each.get("mute_time_intervals") for each in tenant["routes"]}
    assert held == {'severity="critical"': None, 'severity=~"warning|info"': [str(NIGHT)]}
    (interval,) = config["time_intervals"]
    assert interval["name"] == str(NIGHT)
    assert interval["time_intervals"][0]["location"] == "Europe/Paris"


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22:00-07:00 UTC", [("22:00", "24:00"), ("00:00", "07:00")]),
        ("12:00-13:30 UTC", [("12:00", "13:30")]),
        ("22:00-00:00 UTC", [("22:00", "24:00")]),
        ("00:00-06:00 UTC", [("00:00", "06:00")]),
    ],
)
def test_hours_may_go_over_midnight(text: str, hours: list[tuple[str, str]]) -> None:
    config = render(notifying=Notifying(quiet=Quiet.parse(text)))
    found = config["time_intervals"][0]["time_intervals"][0]["times"]
    assert [(each["start_time"], each["end_time"]) for each in found] == hours


@pytest.mark.parametrize(
    "text", ["", "22-7 UTC", "22:00-22:00 UTC", "22:00-25:00 UTC", "22:00-07:00"]
)
def test_what_are_no_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write such as 22:00-07:00 Europe/Paris"):
        Quiet.parse(text)
    with pytest.raises(ValueError, match="there is no time zone"):
        Quiet.parse("22:00-07:00 Middle/Earth")


def test_channels_that_nobody_set_up_are_left_out_and_named() -> None:
    people = {each["name"]: each for each in render()["receivers"]}["people"]
    assert people == {"name": "people"}
    assert "time_intervals" not in render()
    assert render()["global"] == {}
    assert len(left_out(Notifying())) == 4


def test_each_channel_that_is_set_up_is_there() -> None:
    smtp = Smtp("::1", 25, False, "hyperion@example.org")
    told = Notifying(smtp, "ops@example.org", slack_url="x", discord_url="y", teams_url="z")
    config = render(notifying=told)
    people = {each["name"]: each for each in config["receivers"]}["people"]
    assert people["slack_configs"][0]["api_url_file"] == "/f/secrets/slack_url"
    assert people["email_configs"][0]["to"] == "ops@example.org"
    assert people["webhook_configs"][0]["url"] == "http://a/api/alerts/webhook"
    assert config["global"] == {
        "smtp_smarthost": "[::1]:25",
        "smtp_from": "hyperion@example.org",
        "smtp_require_tls": False,
    }
    assert left_out(told) == []


def test_a_value_is_only_ever_a_value() -> None:
    for value in ORGS:
        for other in ORGS:
            one, two = matcher("org", [value]), matcher("org", [value, "no such"])
            assert matches(one, {"org": other}) == matches(two, {"org": other}) == (value == other)
