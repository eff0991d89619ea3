"""What commands say, over connections that break: read on elsewhere, nothing lost or doubled."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from lab.errands import add_machine
from lab.replicas import Replicas, replicas

# In bursts, so that a reader meets it half-way.
BURSTS = "for burst in 1 2 3 4 5 6 7 8; do seq 3000; sleep 0.15; done; echo done >&2"
SAID = 8 * b"".join(b"%d\n" % number for number in range(1, 3001))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    with replicas(tmp_path_factory.mktemp("streams")) as site, site.worker():
        yield site


@pytest.fixture(scope="module")
def machines(site: Replicas) -> list[str]:
    return [add_machine(site.parts, name) for name in ("here-1", "here-2")]


def run(site: Replicas, machine_ids: list[str], script: str, **headers: str) -> Any:
    body = {"argv": ["sh", "-c", script], "machines": machine_ids, "head": 1 << 20}
    return site.ask("POST", "commands", json=body, **headers)


def streamed(site: Replicas, path: str, api: int, **headers: str) -> requests.Response:
    signed = {"Authorization": f"Bearer {site.people.login('olga')}", **headers}
    url = f"{site.apis[api].url}/api/{path}"
    answer = requests.get(url, headers=signed, stream=True, timeout=30)
    assert answer.ok, answer.text
    return answer


def events(site: Replicas, path: str, api: int, last: str) -> Iterator[dict[str, Any]]:
    """As an EventSource reads them."""
    event: dict[str, Any] = {}
    wanted = {"Accept": "text/event-stream", "Last-Event-ID": last}
    with streamed(site, path, api, **wanted) as answer:
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            name, _, value = line.partition(": ")
            if line and name:
                event[name] = value
            elif event:
                yield {**event, **json.loads(event["data"])}
                event = {}


def test_a_reader_whose_connection_breaks_goes_on_through_the_other_process(
    site: Replicas, machines: list[str]
) -> None:
    command = run(site, machines, BURSTS)
    path, last, connections = f"commands/{command['id']}/output", "0", 0
    said: dict[tuple[str, str], bytearray] = {}
    while connections < 1000:
        connections += 1
        # Three events, then the line is cut.
        for number, event in enumerate(events(site, path, connections % 2, last)):
            if event["event"] == "output":
                last = event["id"]
                whole = said.setdefault((event["machine"], event["stream"]), bytearray())
                assert event["offset"] == len(whole)
                whole += base64.b64decode(event["base64"])
            if event["event"] == "end" or number == 2:
                break
        if event["event"] == "end":
            break
    assert connections > 2
    assert {whose: bytes(whole) for whose, whole in said.items()} == {
        (machine, stream): data
        for machine in ("here-1", "here-2")
        for stream, data in (("stdout", SAID), ("stderr", b"done\n"))
    }


def test_curl_sees_lines_as_they_come(site: Replicas, machines: list[str]) -> None:
    command = run(site, machines, "echo first; sleep 60")
    path = f"commands/{command['id']}/output"
    with streamed(site, path, 0, Accept="text/plain") as answer:
        lines = answer.iter_lines(chunk_size=1)
        first = {next(lines), next(lines)}
        assert first == {b"here-1 | first", b"here-2 | first"}, "while it runs"
        site.ask("POST", f"commands/{command['id']}/cancel", api=1)
        assert list(lines) == [b"here-1 = canceled, TERM", b"here-2 = canceled, TERM"]


def test_many_who_wait_under_one_key_get_one_command(site: Replicas, machines: list[str]) -> None:
    """Through both processes, put aside and asked again: it is run once."""
    site.people.login("olga")
    site.ask("GET", "me")
    headers = {"Idempotency-Key": "once", "Prefer": "wait=20"}

    def send(number: int) -> requests.Response:
        signed = {"Authorization": f"Bearer {site.logins['olga']}", **headers}
        body = {"argv": ["sleep", "1"], "machines": machines}
        url = f"{site.apis[number % 2].url}/api/commands"
        return requests.post(url, json=body, headers=signed, timeout=30)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    told = [answer for answer in answers if answer.ok]
    refused = {answer.json()["code"] for answer in answers if not answer.ok}
    assert refused <= {"idempotency-in-flight"}
    assert len({answer.json()["id"] for answer in told}) == 1
    assert [a.json()["state"] for a in told if "Idempotency-Replayed" not in a.headers] == [
        "succeeded"
    ]
    again = send(0)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert again.json()["state"] == "succeeded", "how it ended, once that is known"
