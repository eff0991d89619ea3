"""/runbooks/<AlertName>: the page that an alert links to."""

import pytest
from flask.testing import FlaskClient

from hyperion_control.settings import Settings


def test_a_runbook_is_given_as_it_was_written(client: FlaskClient, settings: Settings) -> None:
    (settings.runbooks / "WorkerMissing.md").write_text("# WorkerMissing\n\nÀ la main.\n")
    answer = client.get("/runbooks/WorkerMissing")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text == "# WorkerMissing\n\nÀ la main.\n"


def test_an_alert_without_a_runbook_is_named(client: FlaskClient) -> None:
    answer = client.get("/runbooks/Nothing")
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["detail"] == "there is no runbook for an alert named Nothing"


@pytest.mark.parametrize(
    "name",
    ["..", "../secret", "%2e%2e%2fsecret", "a.b", "secret.md", "a%00", "a%0a", "é", "a" * 101],
)
def test_nothing_but_runbooks_can_be_read(
    client: FlaskClient, settings: Settings, name: str
) -> None:
    (settings.data / "secret.md").write_text("secret")
    (settings.runbooks / "secret.md").write_text("fine")
    answer = client.get(f"/runbooks/{name}")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
