"""Services of a real machine, acted on through the API, a worker and sshd."""

import itertools
import json
import signal
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE
from lab.errands import recorded
from lab.fleet import Fleet, Machine
from lab.wait import wait_for

pytestmark = ON_SQLITE

SLEEP = "ExecStart=/bin/sleep 9999"
UNITS = {
    "hyt-web": f"[Unit]\nDescription=A site\n[Service]\nExecReload=/bin/true\n{SLEEP}\n"
    "[Install]\nWantedBy=multi-user.target",
    "hyt-app": f"[Unit]\nRequires=hyt-web.service\nAfter=hyt-web.service\n[Service]\n{SLEEP}",
    "hyt-queue": f"[Unit]\nBindsTo=hyt-app.service\nAfter=hyt-app.service\n[Service]\n{SLEEP}",
    "hyt-dies": "[Service]\nExecStart=/bin/sh -c 'sleep 0.3; echo out of memory; exit 3'",
    "hyt-loops": "[Service]\nRestart=always\nRestartSec=100ms\nExecStart=/bin/false",
    "hyt-once": "[Service]\nType=oneshot\nExecStart=/bin/true",
    "hyt-wrong": "[Service]\nType=oneshot\nExecStart=/bin/false",
    "hyt-base": f"[Service]\n{SLEEP}",
    "hyperion-hyt": f"[Unit]\nRequires=hyt-base.service\n[Service]\n{SLEEP}",
    "hyt-says": "[Service]\nExecStart=/usr/bin/tail -n0 -f /run/hyt-says",
}
Do = Callable[..., Any]


@pytest.fixture(scope="module")
def machine(fleet: Fleet) -> Iterator[Machine]:
    """With units of every kind of fate."""
    written = (
        f"cat >/run/systemd/system/{name}.service <<'END'\n{text}\nEND\n"
        for name, text in UNITS.items()
    )
    script = f"touch /run/hyt-says\n{''.join(written)}systemctl daemon-reload"
    assert fleet[0].ssh("sh", "-ec", script).returncode == 0
    yield fleet[0]
    fleet[0].ssh("systemctl", "stop", "hyt-*", "hyperion-hyt")
    fleet[0].ssh("sh", "-c", "rm -f /run/hyt-says /run/systemd/system/hy*; systemctl daemon-reload")


@pytest.fixture
def path(reached: str, machine: Machine) -> str:
    """Of its services, as the API has them."""
    return f"/api/machines/{reached}/services"


@pytest.fixture
def olga(as_: As) -> FlaskClient:
    return as_("olga")


@pytest.fixture
def do(olga: FlaskClient, path: str) -> Do:
    def act(verb: str, unit: str, **body: Any) -> Any:
        return olga.post(f"{path}/{unit}.service/{verb}", json=body)

    return act


def is_active(machine: Machine, unit: str) -> bool:
    return machine.ssh("systemctl", "is-active", "--quiet", unit).returncode == 0


def test_services_are_listed_and_looked_at(olga: FlaskClient, path: str) -> None:
    found = {each["unit"]: each for each in answered(olga.get(f"{path}?limit=500"))["data"]}
    ssh, web = found["ssh.service"], found["hyt-web.service"]
    assert (ssh["active"], ssh["sub"], ssh["enabled"]) == ("active", "running", "enabled")
    assert (web["active"], web["description"]) == ("inactive", "")
    assert "hwclock.service" in found and "getty@.service" not in found
    one = answered(olga.get(f"{path}/sshd.service"))
    assert (one["unit"], one["main_pid"]) == ("ssh.service", ssh["main_pid"])
    assert one["since"] and len(one["invocation_id"]) == 32


def test_lists_are_narrowed_and_come_in_pages(olga: FlaskClient, path: str) -> None:
    everything = answered(olga.get(f"{path}?state=active&limit=500"))["data"]
    assert {each["active"] for each in everything} == {"active"}
    first = answered(olga.get(f"{path}?state=active&limit=7"))
    rest = answered(olga.get(f"{path}?state=active&cursor={first['next_cursor']}"))
    names = [each["unit"] for each in first["data"] + rest["data"]]
    assert names == [each["unit"] for each in everything]
    for kind, name in (("timer", "systemd-tmpfiles-clean"), ("socket", "systemd-journald")):
        [found] = answered(olga.get(f"{path}?type={kind}&search={name}.{kind}"))["data"]
        assert f"{name}.service" in found["triggers"]


def test_each_verb_does_what_it_says(do: Do, machine: Machine) -> None:
    def states(verb: str) -> tuple[Any, ...]:
        acted = answered(do(verb, "hyt-web"))
        assert acted["result"] == "succeeded", acted
        return acted["after"]["active"], acted["after"]["enabled"], acted["after"]["load"]

    assert states("start") == ("active", "disabled", "loaded")
    assert states("reload") == ("active", "disabled", "loaded")
    assert states("enable")[1].startswith("enabled")
    assert states("disable")[1] == "disabled"
    assert is_active(machine, "hyt-web")
    assert states("stop") == ("inactive", "disabled", "loaded")
    assert states("mask")[2] == "masked"
    refused = answered(do("start", "hyt-web"))
    assert (refused["result"], "masked" in refused["said"]) == ("failed", True)
    assert states("unmask")[2] == "loaded"


def test_a_restart_is_a_new_start_and_both_are_on_record(
    do: Do, parts: Parts, machine: Machine
) -> None:
    answered(do("start", "hyt-web"))
    acted = answered(do("restart", "hyt-web", reason="new certificate"))
    before, after = acted["before"], acted["after"]
    assert acted["result"] == "succeeded"
    assert before["invocation_id"] != after["invocation_id"]
    assert before["main_pid"] != after["main_pid"]
    assert any("Started" in line["message"] for line in acted["log"])
    records = recorded(parts, "service:restart")
    assert [record.phase for record in records] == ["intent", "outcome"]
    assert json.loads(records[0].detail)["unit"] == "hyt-web.service"


@pytest.mark.parametrize(
    ("unit", "result", "active", "word"),
    [
        ("hyt-dies", "failed", "failed", "out of memory"),
        ("hyt-wrong", "failed", "failed", "status=1"),
        ("hyt-once", "succeeded", "inactive", "Finished"),
    ],
)
def test_what_does_not_stay_up_is_told_with_its_last_words(
    do: Do, unit: str, result: str, active: str, word: str
) -> None:
    acted = answered(do("restart", unit))
    assert (acted["result"], acted["after"]["active"]) == (result, active)
    assert any(word in line["message"] for line in acted["log"]), acted["log"]


def test_what_falls_and_comes_back_has_not_been_started(do: Do) -> None:
    assert answered(do("start", "hyt-loops"))["result"] == "failed"


def test_what_falls_with_it_is_shown_and_must_be_what_was_expected(
    olga: FlaskClient, path: str, do: Do, machine: Machine
) -> None:
    answered(do("start", "hyt-queue"))
    impact = answered(olga.get(f"{path}/hyt-web.service/impact?verb=stop"))
    falls = [each["unit"] for each in impact["falls"]]
    assert (falls, impact["protected"]) == (["hyt-app.service", "hyt-queue.service"], "")
    for wrong in ([], falls[:1], [*falls, "ssh.service"]):
        assert code(do("stop", "hyt-web", expected_impact=wrong)) == (409, "impact")
    dry = answered(do("stop", "hyt-web", dry_run=True, expected_impact=falls))
    assert (dry["result"], dry["after"]) == ("dry_run", None)
    assert is_active(machine, "hyt-queue")
    acted = answered(do("stop", "hyt-web", expected_impact=falls))
    assert (acted["result"], [each["unit"] for each in acted["falls"]]) == ("succeeded", falls)
    assert not is_active(machine, "hyt-queue")
    # With nothing, as nothing is left.
    assert answered(do("stop", "hyt-web", expected_impact=[]))["result"] == "succeeded"


def test_what_the_machine_is_run_by_is_not_taken_away_with_something_else(
    olga: FlaskClient, path: str, do: Do, machine: Machine
) -> None:
    assert machine.ssh("systemctl", "start", "hyperion-hyt").returncode == 0
    for unit, name in (("hyt-base", "hyperion-hyt"), ("ssh", "ssh"), ("sshd", "sshd")):
        refused = do("stop", unit)
        assert code(refused) == (409, "protected")
        assert refused.json["unit"] == f"{name}.service"
    impact = answered(olga.get(f"{path}/hyt-base.service/impact"))
    assert impact["protected"] == "hyperion-hyt.service"
    assert is_active(machine, "hyt-base")
    assert answered(do("restart", "hyt-base"))["result"] == "succeeded"
    assert answered(do("restart", "ssh"))["result"] == "succeeded"


def test_a_unit_that_is_not_there_is_not_found(olga: FlaskClient, path: str, do: Do) -> None:
    assert code(olga.get(f"{path}/nonesuch.service")) == (404, "no-unit")
    assert code(do("start", "nonesuch")) == (404, "no-unit")


def says(machine: Machine, *lines: str) -> None:
    """And all of it is in the journal."""
    script = 'printf "%b\\n" "$@" end >>/run/hyt-says'
    assert machine.ssh("sh", "-c", script, "sh", *lines).returncode == 0
    look = ("journalctl", "--unit=hyt-says", "--output=cat", "--lines=1")
    wait_for(lambda: machine.ssh(*look).stdout == "end\n", 10, "the journal to have it")


def test_a_log_is_read(olga: FlaskClient, path: str, do: Do, machine: Machine) -> None:
    answered(do("restart", "hyt-says"))
    says(machine, "one", "\\033[2Jtwo\\0377", "three")
    log = f"{path}/hyt-says.service/logs"
    found = answered(olga.get(f"{log}?lines=3&priority=info"))["data"]
    assert [line["message"] for line in found] == ["\x1b[2Jtwo\\xff", "three", "end"]
    assert (found[0]["identifier"], found[0]["priority"]) == ("tail", "info")
    assert answered(olga.get(log, query_string={"since": "2100-01-01T00:00:00Z"}))["data"] == []
    assert answered(olga.get(f"{log}?priority=emerg"))["data"] == []


@pytest.fixture
def patience() -> Iterator[None]:
    """A stream that brings nothing fails the test, which would otherwise wait for ever."""

    def give_up(*_: object) -> None:
        pytest.fail("waited 60 s for a line")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def events(answer: Any) -> Iterator[tuple[str, str]]:
    """Id and message of each."""
    text = ""
    for piece in answer.iter_encoded():
        text += str(piece, "utf-8")
        while "\n\n" in text:
            event, _, text = text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in event.splitlines())
            yield fields["id"], json.loads(fields["data"])["message"]


@pytest.mark.usefixtures("patience")
def test_a_log_is_followed_and_goes_on_where_it_was_left(
    olga: FlaskClient, path: str, do: Do, machine: Machine
) -> None:
    answered(do("restart", "hyt-says"))
    says(machine, "first")
    log, accept = f"{path}/hyt-says.service/logs", {"Accept": "text/event-stream"}
    answer = olga.get(f"{log}?lines=1", headers=accept)
    assert answer.mimetype == "text/event-stream"
    seen = events(answer)
    assert next(seen)[1] == "end"
    says(machine, "second", "third")
    (_, second), (last, third) = itertools.islice(seen, 2)
    assert (second, third) == ("second", "third")
    answer.close()
    says(machine, "while nobody looked")
    again = olga.get(f"{log}?lines=5", headers={**accept, "Last-Event-ID": last})
    found = [message for _, message in itertools.islice(events(again), 3)]
    assert found == ["end", "while nobody looked", "end"]
    again.close()


@pytest.mark.usefixtures("patience")
def test_a_log_is_followed_from_nothing(olga: FlaskClient, path: str, machine: Machine) -> None:
    """As curl -N shows it; there is no line yet to go on from."""
    assert machine.ssh("systemctl", "start", "hyt-says").returncode == 0
    log = f"{path}/hyt-says.service/logs?since=2100-01-01T00:00:00Z"
    follow = ("pgrep", "-f", "[j]ournalctl .*--since=.* --follow")

    def says_when_followed() -> None:
        wait_for(lambda: machine.ssh(*follow).returncode == 0, 20, "the log to be followed")
        says(machine, "\\033[31malarm")

    # The client of the tests hands the answer over with its first piece.
    later = Thread(target=says_when_followed)
    later.start()
    answer = olga.get(log, headers={"Accept": "text/plain"})
    pieces, text = answer.iter_encoded(), ""
    while "end\n" not in text:
        text += str(next(pieces), "utf-8")
    answer.close()
    later.join()
    assert "]: \\x1b[31malarm\n" in text
