"""Mail over TLS from the first byte, as each Alertmanager speaks it with what we render."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import randbelow

import pytest

from hyperion_control.notifying import Notifying
from lab import messenger, programs
from lab.messenger import VERSIONS, Fired
from lab.servers import Server, alertmanager
from lab.smtp import Post, post
from lab.wait import wait_for

pytestmark = pytest.mark.live


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[Post]:
    """On the one port where every version begins with TLS, so at an address of its own."""
    host = "127." + ".".join(str(1 + randbelow(254)) for _ in range(3))
    try:
        with post(tmp_path, "tls", host, 465) as server:
            yield server
    except PermissionError:
        programs.missing("port 465: only root may listen there")


@contextmanager
def told(folder: Path, mails: Post, version: str) -> Iterator[Server]:
    """An Alertmanager as the settings make it, with something to tell."""
    settings = {
        "HYPERION_SMTP_URL": "smtps://ada:pass%20word@mail.example.org",
        "HYPERION_MAIL_FROM": "hyperion@example.org",
        "HYPERION_ALARM_MAIL": "ops@example.org",
    }
    config = messenger.config(folder, "http://127.0.0.1:9", Notifying.from_env(settings))
    # Rendered as for a far one: one on this machine is asked for less.
    assert config["global"]["smtp_smarthost"] == "mail.example.org:465"
    config["global"]["smtp_smarthost"] = f"{mails.host}:465"
    file = messenger.written(folder, messenger.hastened(config))
    with alertmanager(file, folder, version) as server:
        labels = {"alertname": "MachineDown", "severity": "critical", "machine": "web-1"}
        messenger.send(server.url, [Fired(labels, {"summary": "A machine is down."})])
        yield server


@pytest.mark.parametrize("version", VERSIONS)
def test_a_mail_comes_over_tls_from_the_first_byte(
    version: str, mails: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "smtp.cert.pem"))
    with told(tmp_path, mails, version):
        wait_for(lambda: mails.mails, 30, "the mail")
    mail = mails.mails[0]
    assert (mail.sender, mail.recipients) == ("hyperion@example.org", ("ops@example.org",))
    assert (mail.secure, mail.login) == (True, "ada:pass word")
    assert mail.message["Subject"] == "CRITICAL MachineDown: web-1"
    for part in ("plain", "html"):
        assert "A machine is down." in mail.part(part)


@pytest.mark.parametrize("version", VERSIONS)
def test_who_cannot_prove_to_be_the_mail_server_gets_nothing(
    version: str, mails: Post, tmp_path: Path
) -> None:
    with told(tmp_path, mails, version) as server:
        wait_for(lambda: b"certificate signed by unknown" in server.log.read_bytes(), 30, "why")
    assert mails.mails == []
