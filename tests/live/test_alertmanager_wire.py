"""What each Alertmanager puts on the wire: every field, firing, resolved, and fifty at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hyperion_control.notifying import Notifying, Smtp
from lab import messenger
from lab.messenger import Fired
from lab.receiver import Receiver, receiver
from lab.servers import Server, alertmanager
from lab.smtp import Mail, Post, post
from lab.wait import wait_for

pytestmark = pytest.mark.live

ORG = "Ada & <Söhne>"
BEGIN = datetime.now(UTC) - timedelta(minutes=15)


@dataclass(frozen=True)
class World:
    """One Alertmanager, and whom it tells."""

    server: Server
    slack: Receiver
    bridge: Receiver
    post: Post


@pytest.fixture(scope="module", params=messenger.VERSIONS)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("wire")
    with receiver() as slack, receiver() as bridge, post(folder, "starttls") as mails:
        slack.answer = b'{"ok": true}'  # nothing else counts as taken from 0.26 on
        smtp = Smtp("localhost", mails.port, False, "hyperion@example.org", "ada", "pass word")
        notifying = Notifying(
            smtp, "ops@example.org", slack_url=f"{slack.url}/services/x", teams_url="https://t"
        )
        config = messenger.hastened(messenger.config(folder, bridge.url, notifying))
        trust_mails(config, folder)
        file = messenger.written(folder, config)
        with alertmanager(file, folder, request.param) as server:
            yield World(server, slack, bridge, mails)


def trust_mails(config: dict[str, Any], folder: Path) -> None:
    """On loopback we ask for no TLS, and get it all the same when it is asked for."""
    (people,) = (each for each in config["receivers"] if each["name"] == "people")
    people["email_configs"][0]["tls_config"] = {"ca_file": str(folder / "smtp.cert.pem")}
    config["global"]["smtp_require_tls"] = True


def full(name: str, machine: str, end: datetime | None = None, severity: str = "critical") -> Fired:
    return Fired(
        {
            "alertname": name,
            "severity": severity,
            "org": ORG,
            "group": "web",
            "machine": machine,
            "instance": f"{machine}:9100",
        },
        {
            "summary": "A filesystem is almost full.",
            "description": f"/var on {machine} has 2% <left> & falling.",
            "runbook_url": f"https://hyperion.example.org/runbooks/{name}",
            "dashboard_url": f"https://grafana.example.org/d/hyperion-machine?var-instance={machine}",
            "action_url": f"https://hyperion.example.org/act?machine={machine}&org=x",
        },
        BEGIN,
        end,
    )


def said(at: datetime) -> str:
    return f"{at.day} {at:%b %H:%M}"


def to_slack(world: World, name: str, words: str) -> dict[str, Any]:
    """The one attachment of the message about this alert that says this."""

    def came() -> Any:
        found = (request.body["attachments"][0] for request in world.slack.requests)
        return next(
            (each for each in found if name in each["title"] and words in each["title"]), None
        )

    return dict(wait_for(came, 20, f"the message about {name}"))


def to_people(world: World, name: str, words: str) -> Mail:
    def came() -> Mail | None:
        found = (mail for mail in world.post.mails if name in mail.message["Subject"])
        return next((mail for mail in found if words in mail.message["Subject"]), None)

    return wait_for(came, 20, f"the mail about {name}") or pytest.fail("no mail")


def test_slack_is_told_all_of_one_alert_and_of_its_end(world: World) -> None:
    messenger.send(world.server.url, [full("SlackOne", "web-1")])
    fired = to_slack(world, "SlackOne", "CRITICAL")
    assert fired["title"] == f"CRITICAL SlackOne: web-1 ({ORG})"
    assert fired["fallback"] == fired["title"]
    assert fired["title_link"] == "https://hyperion.example.org/act?machine=web-1&org=x"
    assert (fired["color"], fired["footer"]) == ("danger", "1 firing")
    assert fired["mrkdwn_in"]
    assert fired["text"].splitlines()[0] == "*A filesystem is almost full.*"
    assert (
        "web-1 (Ada &amp; &lt;Söhne&gt;): /var on web-1 has 2% &lt;left&gt; &amp; fall"
        in fired["text"]
    )
    assert f"_since {said(BEGIN)} UTC_" in fired["text"]
    for name, address in {
        "Act": "https://hyperion.example.org/act?machine=web-1&org=x",
        "Dashboard": "https://grafana.example.org/d/hyperion-machine?var-instance=web-1",
        "What to do": "https://hyperion.example.org/runbooks/SlackOne",
    }.items():
        assert f"<{address}|{name}>" in fired["text"]
    end = datetime.now(UTC)
    messenger.send(world.server.url, [full("SlackOne", "web-1", end)])
    ended = to_slack(world, "SlackOne", "RESOLVED")
    assert (ended["color"], ended["footer"]) == ("good", "1 resolved")
    assert f"{said(BEGIN)} to {said(end)} UTC" in ended["text"]


def test_a_mail_has_two_parts_that_say_all_of_it(world: World) -> None:
    messenger.send(world.server.url, [full("MailOne", "web-1")])
    mail = to_people(world, "MailOne", "CRITICAL")
    assert (mail.sender, mail.recipients) == ("hyperion@example.org", ("ops@example.org",))
    assert (mail.secure, mail.login) == (True, "ada:pass word")
    assert mail.message["Subject"] == f"CRITICAL MailOne: web-1 ({ORG})"
    assert mail.message["Message-Id"] and mail.message["Date"]
    assert mail.message.get_content_type() == "multipart/alternative"
    text, html = mail.part("plain"), mail.part("html")
    for words in (f"web-1 ({ORG})", "2% <left> & falling", f"since {said(BEGIN)} UTC", "1 firing"):
        assert words in text
    assert "Act: https://hyperion.example.org/act?machine=web-1&org=x" in text
    assert "2% &lt;left&gt; &amp; falling" in html
    assert 'href="https://hyperion.example.org/act?machine=web-1&amp;org=x"' in html
    assert 'href="https://hyperion.example.org/runbooks/MailOne"' in html
    assert 'name="viewport"' in html
    end = datetime.now(UTC)
    messenger.send(world.server.url, [full("MailOne", "web-1", end)])
    ended = to_people(world, "MailOne", "RESOLVED")
    assert f"{said(BEGIN)} to {said(end)} UTC" in ended.part("plain")


def test_fifty_alerts_are_one_message_that_can_be_read(world: World) -> None:
    fifty = [full("Fifty", f"web-{number:02}") for number in range(50)]
    messenger.send(world.server.url, fifty)
    told = to_slack(world, "Fifty", "50 firing")
    assert told["title"] == "CRITICAL Fifty: 50 firing"
    assert told["text"].count("•") == 10
    assert "… the first 10 of 50" in told["text"]
    assert len(told["text"]) < 5000
    mail = to_people(world, "Fifty", "50 firing")
    assert mail.part("plain").count("* web-") == mail.part("html").count("<strong>") == 50


def test_the_bridge_is_told_all_of_it_with_the_token(world: World) -> None:
    messenger.send(world.server.url, [full("Bridged", "web-1")])

    def came(name: str) -> Any:
        asked = (each for each in world.bridge.requests if each.body["receiver"] == name)
        return next(
            (a for a in asked if a.body["commonLabels"].get("alertname") == "Bridged"), None
        )

    for name in ("feed", "people"):
        request = wait_for(lambda name=name: came(name), 20, f"the message to {name}")
        assert request.path == "/api/alerts/webhook"
        assert request.headers["authorization"] == "Bearer hyp_t_of_the_test"
        assert request.body["version"] == "4"
        (alert,) = request.body["alerts"]
        assert alert["labels"] == full("Bridged", "web-1").labels
        assert alert["annotations"] == full("Bridged", "web-1").annotations


def test_who_fails_hangs_or_is_cut_off_is_told_all_the_same(world: World) -> None:
    def tried(name: str) -> int:
        return sum(name.encode() in request.raw for request in world.slack.requests)

    world.slack.cuts = 1
    messenger.send(world.server.url, [full("CutOff", "web-1")])
    wait_for(lambda: tried("CutOff") >= 2, 20, "a second try at a server that was cut off")
    world.slack.status, world.post.refuse = 500, "451 later"
    messenger.send(world.server.url, [full("Failing", "web-1")])
    wait_for(lambda: tried("Failing") >= 2, 20, "a second try at a server that fails")
    world.slack.status, world.post.refuse = 200, ""
    to_people(world, "Failing", "CRITICAL")
    world.slack.may_answer.clear()
    messenger.send(world.server.url, [full("Hanging", "web-1")])
    wait_for(lambda: tried("Hanging") >= 2, 20, "a second try at a server that hangs")
    world.slack.may_answer.set()


def test_info_wakes_nobody(world: World) -> None:
    messenger.send(world.server.url, [full("OnlyInfo", "web-1", severity="info")])
    messenger.send(world.server.url, [full("AfterInfo", "web-1")])
    to_slack(world, "AfterInfo", "CRITICAL")
    to_people(world, "AfterInfo", "CRITICAL")
    assert not [mail for mail in world.post.mails if "OnlyInfo" in mail.message["Subject"]]
    told = [request.raw for request in world.slack.requests]
    assert not [raw for raw in told if b"OnlyInfo" in raw]
