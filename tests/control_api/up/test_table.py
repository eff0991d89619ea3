"""What a person sees once the system runs."""

from pathlib import Path

from hyperion_control.up.plan import Ports, Program
from hyperion_control.up.table import page

HERE = Path("/home/ada/hyperion")
PROGRAMS = [
    Program("control-api", ("x",), HERE / "var/log/control-api.log", "http://127.0.0.1:8080"),
    Program("prometheus", ("x",), HERE / "var/log/prometheus.log", "http://127.0.0.1:9090"),
]
NO_GRAFANA = (
    "no grafana: no dashboards. To have it, put it on PATH: https://grafana.com/grafana/download"
)


def shown(states: dict[str, str], missing: list[str]) -> list[str]:
    programs = [each for each in PROGRAMS if each.name in states]
    return page(programs, states, missing, Ports(), 2.04, HERE)


def test_it_says_what_runs_where_what_is_missing_and_what_to_try() -> None:
    lines = shown({"control-api": "ready", "prometheus": "ready"}, [NO_GRAFANA])
    text = "\n".join(lines)
    assert "Ready, after 2.0 s." in lines
    assert "http://127.0.0.1:8080  ready     var/log/control-api.log" in text
    assert " ".join(NO_GRAFANA.split()) in " ".join(text.split())
    assert "curl -s 'http://127.0.0.1:9090/api/v1/query?query=node_load1'" in text
    assert lines[-1] == "Ctrl-C stops all of it."
    assert max(map(len, lines)) <= 80


def test_without_prometheus_the_exporter_is_what_to_try() -> None:
    assert "  curl -s 'http://127.0.0.1:9100/metrics'" in shown({"control-api": "ready"}, [])


def test_a_failing_program_is_not_called_ready() -> None:
    text = "\n".join(shown({"control-api": "failing", "prometheus": "ready"}, []))
    assert "Not all is ready, after 2.0 s." in text
    assert "http://127.0.0.1:8080  failing" in text


def test_the_first_admin_is_shown_before_the_last_line() -> None:
    ports, states = Ports(), {"control-api": "ready"}
    lines = page(PROGRAMS[:1], states, [], ports, 2.04, HERE, ["", "The first admin"])
    assert lines[-4:] == ["", "The first admin", "", "Ctrl-C stops all of it."]
