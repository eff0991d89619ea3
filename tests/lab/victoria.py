"""The programs of the profile scale, Debian's, with the flags that Compose gives them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from hyperion_control.up import packages
from lab import programs
from lab.house import ROOT
from lab.servers import Server, answers, free_port, running

PACKAGE = "victoria-metrics"
RETENTION = "${HYPERION_RETENTION:-30d}"


def program(name: str) -> Path:
    try:
        return packages.fetch([PACKAGE], programs.folder() / PACKAGE, "sid") / "usr/bin" / name
    except packages.PackageError as error:
        programs.missing(str(error))


def flags(service: str, places: Mapping[str, str]) -> list[str]:
    """The command of a service, with what is here in the place of what is there."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    found = list(services[service]["command"])
    for there, here in places.items():
        assert any(there in flag for flag in found), f"{service} has no {there}"
        found = [flag.replace(there, here) for flag in found]
    return found


@contextmanager
def victoriametrics(folder: Path, alerting: str = "http://127.0.0.1:9") -> Iterator[Server]:
    """`alerting` is where vmalert will be."""
    address = f"127.0.0.1:{free_port()}"
    places = {
        "=/victoriametrics": f"={folder / 'victoriametrics'}",
        "=:9090": f"={address}",
        "http://vmalert:8880": alerting,
        RETENTION: "30d",
    }
    argv = [program("victoria-metrics"), *flags("victoriametrics", places)]
    with _started(argv, address, address, folder / "victoriametrics.log") as server:
        yield server


@contextmanager
def vmauth(config: Path, folder: Path) -> Iterator[Server]:
    door, inner = (f"127.0.0.1:{free_port()}" for _ in range(2))
    places = {
        "/etc/vmauth/vmauth.yml": str(config),
        "=:8427": f"={door}",
        "=:8426": f"={inner}",
        "=10s": "=1s",  # nobody waits for it as long here
    }
    argv = [program("vmauth"), *flags("vmauth", places)]
    with _started(argv, door, inner, folder / "vmauth.log") as server:
        yield server


@contextmanager
def vmalert(
    rules: Path, store: Server, messenger: Server, folder: Path, address: str
) -> Iterator[Server]:
    places = {
        "/etc/vmalert/": f"{rules}/",
        "http://prometheus:9090": store.url,
        "http://alertmanager:9093": messenger.url,
        "-evaluationInterval=15s": "-evaluationInterval=1s",
    }
    argv = [program("vmalert"), *flags("vmalert", places), f"-httpListenAddr={address}"]
    with _started(argv, address, address, folder / "vmalert.log") as server:
        yield server


@contextmanager
def agent(config: Path, folder: Path) -> Iterator[Server]:
    """Prometheus in agent mode."""
    address = f"127.0.0.1:{free_port()}"
    places = {"/etc/prometheus/agent.yml": str(config), "=/prometheus": f"={folder / 'agent'}"}
    argv = [programs.program("prometheus", "3.5"), *flags("prometheus-agent", places)]
    argv.append(f"--web.listen-address={address}")
    with _started(argv, address, address, folder / "agent.log", "/-/healthy") as server:
        yield server


@contextmanager
def _started(
    argv: Sequence[object], address: str, inner: str, log: Path, health: str = "/health"
) -> Iterator[Server]:
    with running(argv, log, lambda: answers(f"http://{inner}{health}")) as program:
        yield Server(program.process, program.log, f"http://{address}")
