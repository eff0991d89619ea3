"""/metrics: what Prometheus learns of the control API."""

import math

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from hyperion_control.settings import Settings
from hyperion_control.usecases import workers
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE

SECONDS = "hyperion_control_http_request_duration_seconds"


def samples(client: FlaskClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def requests(client: FlaskClient, method: str, route: str, status: str) -> float:
    labels = frozenset({"method": method, "route": route, "status": status}.items())
    return samples(client).get((f"{SECONDS}_count", labels), 0)


def test_prometheus_gets_the_form_that_all_its_versions_read(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_requests_are_counted_by_method_route_and_status(client: FlaskClient) -> None:
    client.get("/healthz")
    client.get("/healthz/")
    client.get("/runbooks/Nothing")
    client.post("/healthz")
    assert requests(client, "GET", "/healthz", "200") == 2
    assert requests(client, "GET", "/runbooks/<name>", "404") == 1
    assert requests(client, "POST", "none", "405") == 1


def test_what_clients_make_up_adds_no_series(client: FlaskClient) -> None:
    for number in range(20):
        client.get(f"/made/up/{number}")
        client.open("/healthz", method=f"MADEUP{number}")
    assert requests(client, "GET", "none", "404") == 20
    assert requests(client, "other", "none", "405") == 20


def test_the_process_and_the_version_are_told(client: FlaskClient) -> None:
    names = {name for name, _ in samples(client)}
    assert {"process_resident_memory_bytes", "hyperion_control_build_info"} <= names


def test_the_age_of_the_last_heartbeat_is_told(client: FlaskClient, parts: Parts, clock) -> None:  # type: ignore[no-untyped-def]
    seen = ("hyperion_control_worker_seen_seconds", frozenset[tuple[str, str]]())
    assert math.isinf(samples(client)[seen]), "never seen must be able to fire an alert"
    workers.mark(parts, workers.introduce(parts))
    clock.forward(12)
    assert samples(client)[seen] == 12


@ON_SQLITE
def test_a_database_that_is_away_is_told_and_nothing_is_guessed(
    client: FlaskClient, settings: Settings
) -> None:
    (settings.data / "control.sqlite").unlink()
    found = samples(client)
    assert found["hyperion_control_database_up", frozenset()] == 0
    assert ("hyperion_control_worker_seen_seconds", frozenset()) not in found
