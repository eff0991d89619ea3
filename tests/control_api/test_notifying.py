"""Settings of who is told: what is read, and what refuses to start without showing a secret."""

from pathlib import Path

import pytest

from hyperion_control.errors import StartRefused
from hyperion_control.notifying import Notifying, Quiet, Smtp

MAIL = {"HYPERION_MAIL_FROM": "hyperion@example.org"}


def test_nothing_set_tells_nobody() -> None:
    assert Notifying.from_env({}) == Notifying()


def test_each_variable_is_read(tmp_path: Path) -> None:
    (tmp_path / "slack").write_text("https://slack.example.org/x\n")
    found = Notifying.from_env(
        MAIL
        | {
            "HYPERION_SMTP_URL": "smtps://ada%40example.org:p%3Aw@mail.example.org",
            "HYPERION_ALARM_MAIL": "ops@example.org",
            "HYPERION_SLACK_URL_FILE": str(tmp_path / "slack"),
            "HYPERION_TEAMS_URL": "https://teams.example.org/x",
            "HYPERION_QUIET_HOURS": "22:00-07:00 Europe/Paris",
            "HYPERION_ALERTMANAGER_CONFIG": str(tmp_path / "am.yml"),
            "HYPERION_RECEIVER_NETWORKS": "10.0.0.0/8",
            "HYPERION_AMTOOL": "/bin/sh",
        }
    )
    sender = MAIL["HYPERION_MAIL_FROM"]
    assert found.smtp == Smtp("mail.example.org", 465, True, sender, "ada@example.org", "p:w")
    assert (found.alarm_mail, found.slack_url) == ("ops@example.org", "https://slack.example.org/x")
    assert (found.teams_url, found.discord_url) == ("https://teams.example.org/x", "")
    assert found.quiet == Quiet("22:00", "07:00", "Europe/Paris")
    assert found.alertmanager_config == tmp_path / "am.yml"
    assert found.amtool == Path("/bin/sh")
    assert str(found.receiver_networks[0]) == "10.0.0.0/8"
    assert "p:w" not in repr(found)
    assert "example.org/x" not in repr(found)


def test_amtool_is_the_one_on_path_unless_another_is_named(tmp_path: Path) -> None:
    (tmp_path / "amtool").touch(0o755)
    path = {"PATH": str(tmp_path)}
    assert Notifying.from_env(path).amtool == tmp_path / "amtool"
    assert Notifying.from_env(path | {"HYPERION_AMTOOL": "/bin/sh"}).amtool == Path("/bin/sh")
    assert Notifying.from_env({"PATH": "/nowhere"}).amtool is None


@pytest.mark.parametrize(
    ("url", "port", "tls", "local"),
    [
        ("smtp://mail.example.org", 587, False, False),
        ("smtp://mail.example.org:25", 25, False, False),
        ("smtp://localhost:25", 25, False, True),
        ("smtp://[::1]:25", 25, False, True),
        ("smtps://127.0.0.1", 465, True, True),
    ],
)
def test_a_mail_server_is_asked_for_tls_unless_it_is_here(
    url: str, port: int, tls: bool, local: bool
) -> None:
    smtp = Notifying.from_env(MAIL | {"HYPERION_SMTP_URL": url}).smtp
    assert smtp is not None
    assert (smtp.port, smtp.tls, smtp.local) == (port, tls, local)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"HYPERION_SMTP_URL": "smtp://mail.example.org"}, "HYPERION_MAIL_FROM is missing"),
        (MAIL | {"HYPERION_SMTP_URL": "http://u:secret@m"}, "HYPERION_SMTP_URL is no address"),
        (MAIL | {"HYPERION_SMTP_URL": "smtp://u:secret@m:x"}, "HYPERION_SMTP_URL is no address"),
        (MAIL | {"HYPERION_SMTP_URL": "smtp://m/secret"}, "HYPERION_SMTP_URL is no address"),
        ({"HYPERION_MAIL_FROM": "nobody"}, "HYPERION_MAIL_FROM is 'nobody': write an e-mail"),
        ({"HYPERION_ALARM_MAIL": "a@b, c@d"}, "HYPERION_ALARM_MAIL is 'a@b, c@d'"),
        ({"HYPERION_TEAMS_URL": "secret"}, "HYPERION_TEAMS_URL is no address"),
        ({"HYPERION_SLACK_URL": "https://u:secret@x"}, "HYPERION_SLACK_URL is no address"),
        ({"HYPERION_QUIET_HOURS": "night"}, "HYPERION_QUIET_HOURS: 'night' are no hours"),
        ({"HYPERION_QUIET_HOURS": "22:00-07:00 x"}, "there is no time zone 'x'"),
        ({"HYPERION_AMTOOL": "/no/amtool"}, "HYPERION_AMTOOL is '/no/amtool', which is no program"),
        ({"HYPERION_RECEIVER_NETWORKS": "here"}, "HYPERION_RECEIVER_NETWORKS has 'here'"),
    ],
)
def test_what_makes_no_sense_refuses_to_start(env: dict[str, str], said: str) -> None:
    with pytest.raises(StartRefused) as refusal:
        Notifying.from_env(env)
    assert said in str(refusal.value)
    assert "secret" not in str(refusal.value)
