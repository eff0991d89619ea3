"""An agent as the API hears it, without the program."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from control_api.answers import answered

PRINT = 64 * "a"
BEAT = {
    "run": "first",
    "at": "2026-11-21T03:00:00Z",
    "hostname": "web-1.example.org",
    "addresses": ["192.168.1.2"],
    "uptime_seconds": 12.5,
    "versions": {"agent": "0.1.0"},
}


@dataclass
class Caller:
    """Who came in by an enrolment, and speaks with the secret that it got."""

    client: FlaskClient
    secret: str
    machine_id: str
    machine: str
    fingerprint: str = PRINT

    def post(self, path: str, **more: Any) -> Any:
        headers = {
            "Authorization": f"Bearer {self.secret}",
            "X-Machine-Fingerprint": self.fingerprint,
            **more.pop("headers", {}),
        }
        return self.client.post(f"/api/agents/{path}", headers=headers, **more)

    def news(self, **body: Any) -> Any:
        return answered(self.post("tasks", json=body))


def handed(asker: FlaskClient, **wanted: Any) -> str:
    """The token of a new enrolment."""
    secret: str = answered(asker.post("/api/enrolments", json=wanted), 201)["secret"]
    return secret


def trade(client: FlaskClient, token: str, name: str = "web-1", fingerprint: str = PRINT) -> Any:
    body = {"token": token, "fingerprint": fingerprint, "name": name}
    return client.post("/api/agents/enrol", json=body)


def caller(
    client: FlaskClient, token: str, name: str = "web-1", fingerprint: str = PRINT
) -> Caller:
    made = answered(trade(client, token, name, fingerprint), 201)
    return Caller(client, made["secret"], made["machine_id"], made["machine"], fingerprint)
