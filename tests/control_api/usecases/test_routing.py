"""The configuration as a real Alertmanager takes it over, or refuses it and goes on as before."""

import shutil
import stat
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from control_api.conftest import Clock
from control_api.people import HOME, People
from hyperion_control.channels.http import Rejected, Unanswered
from hyperion_control.notifying import Notifying, Quiet, Smtp
from hyperion_control.store import tokens as table
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import own_tokens, receivers, routes, routing, tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.receivers import NewReceiver
from lab import messenger, programs
from lab.databases import ON_SQLITE
from lab.servers import Server, alertmanager, free_port

pytestmark = [pytest.mark.live, ON_SQLITE, pytest.mark.usefixtures("people")]
WORKER = Worker("wrk_1", "test", None)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "alertmanager"


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[Server]:
    folder.mkdir()
    file = messenger.written(folder, messenger.config(folder, "http://127.0.0.1:9", Notifying()))
    with alertmanager(file, tmp_path) as started:
        yield started


@pytest.fixture
def parts(parts: Parts, folder: Path, server: Server) -> Parts:
    told = Notifying(
        Smtp("127.0.0.1", 25, False, "hyperion@example.org", "ada", "pass word"),
        "ops@example.org",
        slack_url="https://slack.example.org/secret",
        quiet=Quiet.parse("22:00-07:00 Europe/Paris"),
        alertmanager_config=folder / "alertmanager.yml",
    )
    settings = replace(parts.settings, notifying=told, alertmanager_url=server.url)
    return replace(parts, settings=settings)


def running(server: Server) -> str:
    """What Alertmanager itself says that it runs with."""
    with urllib.request.urlopen(f"{server.url}/api/v2/status", timeout=5) as answer:
        return str(yaml.safe_load(answer.read())["config"]["original"])


def reloads_well(server: Server) -> bool:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as answer:
        return b"\nalertmanager_config_last_reload_successful 1\n" in answer.read()


def checking(parts: Parts, amtool: Path) -> Parts:
    told = replace(parts.settings.notifying, amtool=amtool)
    return replace(parts, settings=replace(parts.settings, notifying=told))


def lead(parts: Parts, people: People, name: str = "ada") -> str:
    """A route to a receiver of their organisation."""
    actor = people.actor(name)
    made = receivers.create(parts, actor, NewReceiver("ops", "mail", "ops@example.org"))
    applied = routes.create(
        parts, actor, {"receiver_id": made.receiver.id, "severities": ("critical",)}
    )
    assert applied.warning == ""
    return made.receiver.id


def test_a_route_is_followed_at_once_and_no_more_when_it_is_switched_off(
    parts: Parts, people: People, server: Server
) -> None:
    ada, receiver_id = people.actor("ada"), lead(parts, people)
    assert receiver_id in running(server)
    (route,) = routes.page(parts, ada, "", 10).items
    routes.change(parts, ada, route.id, {"enabled": False}, None)
    assert receiver_id not in running(server)
    routes.change(parts, ada, route.id, {"enabled": True}, None)
    receivers.change(parts, ada, receiver_id, {"enabled": False}, None)
    assert receiver_id not in running(server)
    receivers.change(parts, ada, receiver_id, {"enabled": True}, None)
    assert receiver_id in running(server)
    receivers.delete(parts, ada, receiver_id, None)
    assert receiver_id not in running(server)
    assert routes.page(parts, ada, "", 10).items == []


def test_the_folder_is_all_that_alertmanager_needs_and_secrets_are_files(
    parts: Parts, folder: Path, server: Server
) -> None:
    routing.keep(parts, WORKER)
    secrets = {file.name: file for file in (folder / "secrets").iterdir()}
    assert secrets["slack_url"].read_text() == "https://slack.example.org/secret"
    assert secrets["smtp_password"].read_text() == "pass word"
    for file in secrets.values():
        assert not stat.S_IMODE(file.stat().st_mode) & stat.S_IRWXO
    assert {file.name for file in (folder / "templates").iterdir()} == {
        file.name for file in (messenger.BASE / "templates").iterdir()
    }
    written = (folder / "alertmanager.yml").read_text()
    for secret in ("slack.example.org", "pass word", secrets["bridge_token"].read_text()):
        assert secret not in written
    assert "people" in running(server)


def test_the_token_of_the_bridge_is_good_for_telling_and_is_renewed_in_time(
    parts: Parts, folder: Path, clock: Clock
) -> None:
    file = folder / "secrets/bridge_token"
    routing.keep(parts, WORKER)
    first = file.read_text()
    actor = tokens.authenticate(parts, first, HOME)
    assert actor.scopes == frozenset({"alerts:write"})
    routing.keep(parts, WORKER)
    assert file.read_text() == first
    clock.forward(timedelta(days=336).total_seconds())
    routing.keep(parts, WORKER)
    second = file.read_text()
    assert second != first
    used = tokens.authenticate(parts, second, HOME).token_id
    with parts.database.writing("*") as connection:
        table.revoke(connection, used, clock())
    routing.keep(parts, WORKER)
    assert file.read_text() not in (first, second)


def test_the_token_of_prometheus_is_kept_where_it_is_named(parts: Parts, tmp_path: Path) -> None:
    own_tokens.keep_of_prometheus(parts, WORKER)
    file = tmp_path / "sd_token"
    named = replace(parts, settings=replace(parts.settings, prometheus_token=file))
    own_tokens.keep_of_prometheus(named, WORKER)
    first = file.read_text()
    assert tokens.authenticate(parts, first, HOME).scopes == frozenset({"sd:read"})
    assert not stat.S_IMODE(file.stat().st_mode) & stat.S_IRWXO
    own_tokens.keep_of_prometheus(named, WORKER)
    assert file.read_text() == first
    file.write_text("something else")
    own_tokens.keep_of_prometheus(named, WORKER)
    assert file.read_text() not in (first, "something else")
    away = replace(parts.settings, prometheus_token=tmp_path / "gone/sd_token")
    with pytest.raises(Unanswered, match=r"cannot write .*: No such file"):
        own_tokens.keep_of_prometheus(replace(parts, settings=away), WORKER)


@pytest.mark.parametrize(
    ("asked", "said", "logged"),
    [
        (False, "refuses with 500.*no_such_field", "; amtool: none (HYPERION_AMTOOL);"),
        (True, "amtool refuses the configuration.*no_such_field", "/amtool; left out: "),
    ],
)
def test_what_is_refused_is_put_back_and_said(
    parts: Parts,
    people: People,
    folder: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    asked: bool,
    said: str,
    logged: str,
) -> None:
    caplog.set_level("INFO")
    parts = checking(parts, programs.program("amtool") if asked else folder / "gone")
    routing.keep(parts, WORKER)
    assert logged in caplog.text
    before, ran = (folder / "alertmanager.yml").read_text(), running(server)
    broken = folder / "base"
    shutil.copytree(messenger.BASE, broken)
    base = messenger.base() | {"route": {"receiver": "people", "routes": [{"receiver": "console"}]}}
    (broken / "alertmanager.yml").write_text(yaml.safe_dump(base | {"no_such_field": 1}))
    monkeypatch.setattr(routing, "BASE", broken)
    with pytest.raises(Rejected, match=said):
        routing.keep(parts, WORKER)
    assert "no_such_field" in routing.apply_now(parts)
    assert ((folder / "alertmanager.yml").read_text(), running(server)) == (before, ran)
    assert reloads_well(server) is asked, "what amtool refuses, Alertmanager never sees"
    monkeypatch.undo()
    assert lead(parts, people) in running(server), "and the next is taken"


def test_while_alertmanager_is_away_the_file_waits_for_it(
    parts: Parts, people: People, folder: Path, server: Server
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    gone = replace(parts, settings=replace(parts.settings, alertmanager_url=away))
    ada = people.actor("ada")
    made = receivers.create(gone, ada, NewReceiver("ops", "mail", "ops@example.org"))
    wanted = {"receiver_id": made.receiver.id, "severities": ("critical",)}
    assert "does not answer" in routes.create(gone, ada, wanted).warning
    assert made.receiver.id in (folder / "alertmanager.yml").read_text()
    assert made.receiver.id not in running(server)
    routing.keep(parts, WORKER)
    assert made.receiver.id in running(server)


def test_a_folder_that_cannot_be_written_is_named(parts: Parts, folder: Path) -> None:
    shutil.rmtree(folder / "secrets")
    (folder / "secrets").write_text("a file where a folder must be")
    with pytest.raises(Unanswered, match=r"cannot write .*secrets: "):
        routing.keep(parts, WORKER)


def test_nothing_is_written_where_somebody_else_sets_alertmanager_up(
    parts: Parts, folder: Path
) -> None:
    before = sorted(folder.iterdir())
    none = replace(parts.settings.notifying, alertmanager_config=None)
    routing.keep(replace(parts, settings=replace(parts.settings, notifying=none)), WORKER)
    assert sorted(folder.iterdir()) == before


def test_each_organisation_has_a_branch_of_its_own(
    parts: Parts, people: People, folder: Path
) -> None:
    mine, theirs = lead(parts, people, "ada"), lead(parts, people, "eve")
    config = yaml.safe_load((folder / "alertmanager.yml").read_text())
    branches = [each for each in config["route"]["routes"] if "routes" in each]
    found = {each["matchers"][0]: each["routes"][0]["receiver"] for each in branches}
    assert found == {'org="acme"': mine, 'org="globex"': theirs}
