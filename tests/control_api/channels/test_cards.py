"""What each service is sent: in its own form, within its limits, with a note of what was cut."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hyperion_control.channels import discord, mail_cards, slack, teams, webhook
from hyperion_control.domain.alerts import Alert, Group, dump, load

URL = "https://hyperion.example.org"
BEGIN = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
NASTY = "a_b*c|`[x](http://evil) <!channel> @everyone & \\ > #"


def alert(number: int = 1, *, said: str = "", end: datetime | None = None, **labels: str) -> Alert:
    machine = f"web-{number}"
    return Alert(
        f"{number:x}",
        {"alertname": "MachineDown", "severity": "critical", "org": "acme", "machine": machine}
        | labels,
        {
            "summary": "A machine does not answer.",
            "description": said or f"{machine} has not answered for 5 minutes.",
            "runbook_url": f"{URL}/runbooks/MachineDown",
            "dashboard_url": f"https://grafana.example.org/d/m?var-instance={machine}",
            "action_url": f"{URL}/act?machine={machine}&org=acme",
        },
        BEGIN,
        end,
    )


def many(number: int, said: str = "", more: int = 0) -> Group:
    return Group(tuple(alert(each, said=said) for each in range(number)), more)


ONE, ENDED = Group((alert(),)), Group((alert(end=BEGIN + timedelta(minutes=15)),))
LINKS = {
    "Act": f"{URL}/act?machine=web-1&org=acme",
    "Dashboard": "https://grafana.example.org/d/m?var-instance=web-1",
    "What to do": f"{URL}/runbooks/MachineDown",
    "Silence": f"{URL}/act?machine=web-1&org=acme&action=maintenance",
}


def test_teams_gets_a_card_with_facts_and_buttons() -> None:
    message = teams.payload(ONE, URL)
    (attachment,) = message["attachments"]
    assert message["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    card = attachment["content"]
    assert (card["type"], card["version"], card["msteams"]) == (
        "AdaptiveCard",
        "1.4",
        {"width": "Full"},
    )
    title, summary, facts = card["body"]
    assert title["text"] == "CRITICAL MachineDown: web-1 \\(acme\\)"
    assert (title["color"], title["wrap"]) == ("Attention", True)
    assert summary["text"] == "A machine does not answer."
    assert facts["facts"] == [
        {
            "title": "web-1 \\(acme\\)",
            "value": "web-1 has not answered for 5 minutes. (since 21 Nov 03:00 UTC)",
        }
    ]
    assert {each["title"]: each["url"] for each in card["actions"]} == LINKS
    assert {each["type"] for each in card["actions"]} == {"Action.OpenUrl"}


def test_discord_gets_an_embed_that_calls_nobody() -> None:
    message = discord.payload(ONE, URL)
    assert message["allowed_mentions"] == {"parse": []}
    (embed,) = message["embeds"]
    assert embed["title"] == "CRITICAL MachineDown: web-1 (acme)"
    assert embed["color"] == 0xB3261E
    lines = embed["description"].splitlines()
    assert lines[0] == "**A machine does not answer.**"
    assert lines[1].startswith("**web-1 \\(acme\\)**: web-1 has not answered")
    assert "since 21 Nov 03:00 UTC" in lines[1]
    assert dict(re.findall(r"\[([^]]+)\]\(([^)]+)\)", lines[2])) == LINKS
    assert "footer" not in embed


def test_slack_gets_an_attachment() -> None:
    (told,) = slack.payload(ONE, URL)["attachments"]
    assert (told["title"], told["color"]) == ("CRITICAL MachineDown: web-1 (acme)", "danger")
    assert told["text"].splitlines()[1].endswith("_since 21 Nov 03:00 UTC_")
    assert f"<{LINKS['Act'].replace('&', '&amp;')}|Act>" in told["text"]


def test_a_mail_says_it_twice() -> None:
    subject, text, html = mail_cards.written(ONE, URL)
    assert subject == "CRITICAL MachineDown: web-1 (acme)"
    for name, address in LINKS.items():
        assert f"  {name}: {address}" in text
        assert f'<a href="{address.replace("&", "&amp;")}">{name}</a>' in html


def test_a_webhook_gets_what_alertmanager_said() -> None:
    told = webhook.payload(Group(ENDED.alerts, 3), URL)
    assert (told["version"], told["status"], told["truncatedAlerts"]) == ("4", "resolved", 3)
    assert told["alerts"][0]["endsAt"] == "2026-11-21T03:15:00+00:00"


@pytest.mark.parametrize(
    ("payload", "colour"),
    [
        (
            lambda: teams.payload(ENDED, URL)["attachments"][0]["content"]["body"][0]["color"],
            "Good",
        ),
        (lambda: discord.payload(ENDED, URL)["embeds"][0]["color"], 0x2E7D32),
        (lambda: slack.payload(ENDED, URL)["attachments"][0]["color"], "good"),
    ],
)
def test_the_end_is_green(payload: Callable[[], Any], colour: object) -> None:
    assert payload() == colour


@pytest.mark.parametrize("payload", [teams.payload, discord.payload, slack.payload])
def test_the_end_says_from_when_to_when_and_offers_no_silence(payload: Any) -> None:
    text = json.dumps(payload(ENDED, URL), ensure_ascii=False)
    assert "RESOLVED MachineDown: web-1" in text
    assert "21 Nov 03:00 to 21 Nov 03:15 UTC" in text
    assert "Silence" not in text


@pytest.mark.parametrize("said", ["", "é" * 3000, NASTY * 100])
def test_fifty_alerts_fit_and_what_is_cut_is_counted(said: str) -> None:
    group = many(50, said, more=7)
    card = teams.payload(group, URL)
    assert len(json.dumps(card).encode()) <= 28_672, "Teams takes no more"
    body = card["attachments"][0]["content"]["body"]
    named = len(body[2]["facts"])
    assert named >= 5
    assert body[-1]["text"] == f"{57 - named} more not shown"
    (embed,) = discord.payload(group, URL)["embeds"]
    assert len(embed["title"]) <= 256
    assert len(embed["description"]) <= 4096
    assert len(embed["title"]) + len(embed["description"]) < 6000
    named = embed["description"].count("**web-")
    assert (named >= 2, embed["footer"]["text"]) == (True, f"{57 - named} more not shown")
    (told,) = slack.payload(group, URL)["attachments"]
    assert (told["text"].count("•"), told["footer"]) == (10, "47 more not shown")
    assert "47 more" not in mail_cards.written(group, URL)[1]


def test_a_name_as_long_as_can_be_fits_everywhere() -> None:
    group = Group((alert(alertname="A" * 2000, machine="m" * 2000),))
    assert len(discord.payload(group, URL)["embeds"][0]["title"]) <= 256
    assert len(json.dumps(teams.payload(group, URL)).encode()) <= 28_672


def test_labels_cannot_speak_to_a_service() -> None:
    group = Group((alert(said=NASTY, machine=NASTY),))
    assert "<!channel>" not in slack.payload(group, URL)["attachments"][0]["text"]
    assert "[x](http" not in discord.payload(group, URL)["embeds"][0]["description"]
    assert "[x](http" not in json.dumps(
        teams.payload(group, URL)["attachments"][0]["content"]["body"]
    )
    assert "<!channel>" not in mail_cards.written(group, URL)[2]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://", "https://[", "/x", "https://é"])
def test_a_link_that_is_none_is_left_out(link: str) -> None:
    """Services refuse the whole message for one of them."""
    bad = alert()
    group = Group((Alert(bad.fingerprint, bad.labels, {"runbook_url": link}, BEGIN),))
    card = teams.payload(group, URL)["attachments"][0]["content"]
    assert [each["title"] for each in card["actions"]] == ["Silence"]


def test_a_group_says_what_its_alerts_share_and_each_what_it_has() -> None:
    group = Group((alert(1), alert(2, end=BEGIN), alert(3, severity="warning")))
    card = teams.payload(group, URL)["attachments"][0]["content"]
    assert card["body"][0]["text"] == "CRITICAL MachineDown: 2 firing, 1 resolved"
    assert [each["title"] for each in card["actions"]] == ["What to do"]
    values = [fact["value"] for fact in card["body"][2]["facts"]]
    assert [value.count("[Act](") for value in values] == [1, 1, 1]
    assert [fact["title"][:1] for fact in card["body"][2]["facts"]] == ["w", "w", "✅"]


def test_a_group_comes_out_of_the_database_as_it_went_in() -> None:
    group = Group((alert(), *ENDED.alerts), more=2)
    assert load(json.loads(json.dumps(dump(group)))) == group
