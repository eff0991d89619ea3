"""Mail on the wire: TLS wherever it leaves this machine, and what a server does not take."""

import ssl
from pathlib import Path

import pytest

from hyperion_control.channels import mail
from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.notifying import Smtp
from lab.servers import free_port
from lab.smtp import Kind, post


class Elsewhere(Smtp):
    """Where a mail leaves this machine, though here it does not."""

    local = False  # type: ignore[assignment]


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=folder / "smtp.cert.pem")


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_it_is_sent_over_tls_by_who_signs_in(kind: Kind, tmp_path: Path) -> None:
    with post(tmp_path, kind) as server:
        smtp = Elsewhere("localhost", server.port, kind == "tls", "h@example.org", "ada", "s e c")
        mail.send(
            smtp,
            ["a@x.org", "b@x.org"],
            "One\r\nBcc: eve@x.org",
            "é",
            "<p>é</p>",
            trusting(tmp_path),
        )
    (sent,) = server.mails
    assert (sent.sender, sent.recipients) == ("h@example.org", ("a@x.org", "b@x.org"))
    assert (sent.secure, sent.login) == (True, "ada:s e c")
    assert sent.message["Subject"] == "One Bcc: eve@x.org"
    assert sent.message["Bcc"] is None
    assert (sent.part("plain").strip(), sent.part("html").strip()) == ("é", "<p>é</p>")


def test_a_relay_on_this_machine_needs_no_tls(tmp_path: Path) -> None:
    with post(tmp_path, "plain") as server:
        mail.send(Smtp("127.0.0.1", server.port, False, "h@example.org"), ["a@x.org"], "One", "two")
    assert [(sent.secure, sent.login) for sent in server.mails] == [(False, "")]


def test_no_password_and_no_mail_leave_this_machine_in_the_open(tmp_path: Path) -> None:
    with post(tmp_path, "plain") as server:
        smtp = Elsewhere("localhost", server.port, False, "h@example.org", "ada", "secret")
        with pytest.raises(Unanswered, match="offers no TLS"):
            mail.send(smtp, ["a@x.org"], "One", "two")
    assert server.mails == []


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_a_server_that_shows_a_certificate_of_its_own_gets_nothing(
    kind: Kind, tmp_path: Path
) -> None:
    with post(tmp_path, kind) as server:
        smtp = Elsewhere("localhost", server.port, kind == "tls", "h@example.org", "ada", "secret")
        with pytest.raises(Unanswered, match="no certificate that we trust"):
            mail.send(smtp, ["a@x.org"], "One", "two")
    assert server.mails == []


def test_who_is_away_or_busy_may_take_it_later(tmp_path: Path) -> None:
    away = Smtp("127.0.0.1", free_port(), False, "h@example.org")
    with pytest.raises(Unanswered, match="does not take this mail"):
        mail.send(away, ["a@x.org"], "One", "two")
    with post(tmp_path, "plain") as server:
        server.refuse = "451 later"
        smtp = Smtp("127.0.0.1", server.port, False, "h@example.org")
        with pytest.raises(Unanswered, match="does not take the addresses") as refusal:
            mail.send(smtp, ["a@x.org"], "One", "two")
        assert not isinstance(refusal.value, Rejected)
        server.refuse = "550 never"
        with pytest.raises(Rejected, match="does not take the addresses"):
            mail.send(smtp, ["a@x.org"], "One", "two")
