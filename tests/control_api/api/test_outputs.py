"""Output of commands: by place, as events that lose nothing, as lines for curl, and grouped."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.api.test_commands import UPTIME, added, run
from control_api.hands import Hands
from hyperion_control.store.tasks import Task
from hyperion_control.usecases.parts import Parts

EVENTS, LINES = {"Accept": "text/event-stream"}, {"Accept": "text/plain"}


@pytest.fixture
def hands(parts: Parts) -> Hands:
    return Hands(parts)


@pytest.fixture
def olga(as_: As) -> FlaskClient:
    return as_("olga")


def begun(client: FlaskClient, hands: Hands, *names: str, **more: Any) -> tuple[str, list[Task]]:
    """Where its output is, and its tasks, which run."""
    ids = [added(client, name)["id"] for name in names]
    command_id = answered(run(client, {**UPTIME, "machines": ids, **more}), 202)["id"]
    for task in hands.tasks(command_id):
        hands.begin(task)
    return f"/api/commands/{command_id}/output", hands.tasks(command_id)


def events(text: str) -> Iterator[tuple[str, str, Any]]:
    """Id, kind and data of each."""
    for event in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in event.splitlines() if line[0] != ":")
        yield fields.get("id", ""), fields["event"], json.loads(fields["data"])


def test_output_is_read_by_place(olga: FlaskClient, hands: Hands) -> None:
    path, [task] = begun(olga, hands, "web-1")
    hands.say(task, b"hell\xff")
    first = answered(olga.get(path))
    assert (first["text"], base64.b64decode(first["base64"])) == ("hell\ufffd", b"hell\xff")
    assert (first["offset"], first["next_offset"], first["completed"]) == (0, 5, False)
    hands.say(task, b"o\n", start=5)
    hands.say(task, b"oh", "stderr")
    hands.end(task, size=7)
    second = answered(olga.get(f"{path}?offset=5&limit=1"))
    assert (second["text"], second["completed"]) == ("o", False)
    third = answered(olga.get(f"{path}?offset=6&machine=web-1"))
    assert (third["text"], third["completed"]) == ("\n", True)
    assert answered(olga.get(f"{path}?stream=stderr"))["text"] == "oh"


def test_who_waits_hears_of_what_comes(olga: FlaskClient, hands: Hands) -> None:
    path, [task] = begun(olga, hands, "web-1")
    said: list[str] = []

    def say_once(topic: str) -> None:
        if topic == "news" and not said:
            said.append(topic)
            hands.say(task, b"now")

    hands.parts.bell.subscribe(say_once)
    hands.parts.bell.ring("news")
    assert answered(olga.get(f"{path}?wait=30"))["text"] == "now"
    hands.end(task, size=3)
    assert answered(olga.get(f"{path}?wait=30&offset=3"))["completed"] is True


def test_events_go_on_where_the_reader_was(olga: FlaskClient, hands: Hands) -> None:
    path, [one, two] = begun(olga, hands, "web-1", "web-2")
    for at in range(3):
        hands.say(one, b"ab", start=2 * at)
        hands.say(two, b"\xff", "stderr", start=at)
    hands.end(one, size=6)
    hands.end(two, "failed", 3)
    whole = list(events(olga.get(path, headers=EVENTS).text))
    assert [kind for _, kind, _ in whole] == 6 * ["output"] + ["task", "task", "end"]
    assert [(each["machine"], each["offset"]) for _, _, each in whole[:4]] == [
        ("web-1", 0),
        ("web-2", 0),
        ("web-1", 2),
        ("web-2", 1),
    ]
    assert base64.b64decode(whole[1][2]["base64"]) == b"\xff"
    assert [(each["machine"], each["code"]) for _, _, each in whole[6:8]] == [
        ("web-1", 0),
        ("web-2", 3),
    ]
    for place, (last, _, _) in enumerate(whole[:6]):
        rest = olga.get(path, headers={**EVENTS, "Last-Event-ID": last}).text
        assert list(events(rest)) == whole[place + 1 :], "nothing lost, nothing twice"
    only = olga.get(f"{path}?machine=web-2&stream=stderr", headers=EVENTS).text
    assert [each["task_id"] for _, kind, each in events(only) if kind == "output"] == 3 * [two.id]


def test_lines_name_their_machine_and_the_end(olga: FlaskClient, hands: Hands) -> None:
    path, [one, two] = begun(olga, hands, "web-1", "web-2")
    hands.say(one, b"up\nno end")
    hands.say(two, b"broken\n", "stderr")
    hands.end(one, size=9)
    hands.end(two, "failed", 3)
    answer = olga.get(path, headers=LINES)
    assert answer.text == (
        "web-1 | up\nweb-2 ! broken\nweb-1 | no end\nweb-2 = failed, exit code 3\n"
    )
    assert olga.get(f"{path}?machine=web-1", headers=LINES).data == b"up\nno end"


def test_a_stream_lasts_until_the_end(olga: FlaskClient, hands: Hands) -> None:
    path, [task] = begun(olga, hands, "web-1")
    hands.say(task, b"one\n")
    reading = iter(olga.get(path, headers=LINES, buffered=False).response)
    assert next(reading) == b"web-1 | one\n"
    hands.say(task, b"two\n", start=4)
    assert next(reading) == b"web-1 | two\n"
    hands.end(task, size=8)
    assert b"".join(reading) == b""


def test_what_was_not_kept_is_told(olga: FlaskClient, hands: Hands) -> None:
    path, [task] = begun(olga, hands, "web-1", head=4, tail=4)
    hands.say(task, b"head")
    hands.say(task, b"tail", start=1004)
    hands.end(task, size=1008)
    behind = answered(olga.get(f"{path}?offset=4"))
    assert (behind["offset"], behind["text"], behind["completed"]) == (1004, "tail", True)
    shown = answered(olga.get(path.replace("output", "tasks")))["data"][0]["stdout"]
    assert shown == {"size": 1008, "kept": 8, "truncated": True}
    lines = olga.get(path, headers=LINES).text.splitlines()
    assert lines == ["web-1 | head", "web-1 | [1000 bytes are not kept]", "web-1 | tail"]


def test_what_is_alike_is_shown_once(olga: FlaskClient, hands: Hands) -> None:
    path, tasks = begun(olga, hands, "a", "b", "c")
    for task, said in zip(tasks, (b"11", b"12", b"12"), strict=True):
        hands.say(task, said)
        hands.end(task, size=2, digest=said.decode())
    groups = answered(olga.get(f"{path}?group=identical"))["data"]
    assert [(each["machines"], each["stdout"]) for each in groups] == [
        (["b", "c"], "12"),
        (["a"], "11"),
    ]


def test_what_cannot_be_read_is_refused(olga: FlaskClient, hands: Hands) -> None:
    path, _ = begun(olga, hands, "web-1", "web-2")
    assert code(olga.get(path)) == (422, "invalid"), "JSON is of one machine"
    assert code(olga.get(f"{path}?machine=db-1")) == (404, "not-found")
    assert code(olga.get(f"{path}?offset=-1")) == (422, "invalid")
    wrong = {**EVENTS, "Last-Event-ID": "x"}
    assert code(olga.get(path, headers=wrong)) == (422, "invalid")
