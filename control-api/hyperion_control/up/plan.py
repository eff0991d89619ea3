"""What `hyperion up` runs: each program's command, environment, address, health and log."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

# Enough for the dashboards' longest window; a machine that only tries this needs no more.
RETENTION = "15d"


@dataclass(frozen=True)
class Ports:
    exporter: int = 9100
    control: int = 8080
    prometheus: int = 9090
    alertmanager: int = 9093
    grafana: int = 3000

    def named(self) -> dict[str, int]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class Settings:
    house: Path  # the checkout: prometheus/, alertmanager/, grafana/
    commands: Path  # the folder of hyperion-exporter and hyperion-control
    var: Path
    ports: Ports = field(default_factory=Ports)


@dataclass(frozen=True)
class Found:
    """What this machine has of the programs that are not ours."""

    prometheus: Path | None = None
    alertmanager: Path | None = None
    grafana: Path | None = None


@dataclass(frozen=True)
class Program:
    name: str
    argv: tuple[str, ...]
    log: Path
    address: str = ""
    health: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    private: bool = False  # what it prints is for the person here and for no log


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def programs(settings: Settings, found: Found) -> list[Program]:
    ours = (control(settings), worker(settings))
    planned = [exporter(settings), *(_with_amtool(each, found) for each in ours)]
    if found.prometheus:
        planned.append(prometheus(settings, found.prometheus))
    if found.alertmanager:
        planned.append(alertmanager(settings, found.alertmanager))
    if found.grafana:
        planned.append(grafana(settings, found.grafana))
    return planned


def exporter(settings: Settings) -> Program:
    address = url(settings.ports.exporter)
    return Program(
        "exporter",
        (
            str(settings.commands / "hyperion-exporter"),
            f"--web.listen-address=127.0.0.1:{settings.ports.exporter}",
            f"--collector.events.state-folder={exporter_state(settings)}",
        ),
        _log(settings, "exporter"),
        address,
        f"{address}/healthz",
    )


def control_init(settings: Settings) -> Program:
    """Ends by itself, before the two that need its database."""
    return replace(_control(settings, "control-init", "init"), private=True)


def control(settings: Settings) -> Program:
    address = url(settings.ports.control)
    listen = f"127.0.0.1:{settings.ports.control}"
    return _control(
        settings, "control-api", "serve", "--listen", listen, address=address, health="/healthz"
    )


def worker(settings: Settings) -> Program:
    # It listens nowhere: the API tells whether it was seen.
    return _control(settings, "worker", "worker", health="/readyz")


def prometheus(settings: Settings, binary: Path) -> Program:
    address, folder = url(settings.ports.prometheus), settings.var / "prometheus"
    return Program(
        "prometheus",
        (
            str(binary),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--web.listen-address=127.0.0.1:{settings.ports.prometheus}",
            f"--web.external-url={address}/",
            *_own_pages(binary, "--web.local-assets", "web"),
        ),
        _log(settings, "prometheus"),
        address,
        f"{address}/-/ready",
    )


def alertmanager(settings: Settings, binary: Path) -> Program:
    address, folder = url(settings.ports.alertmanager), settings.var / "alertmanager"
    return Program(
        "alertmanager",
        (
            str(binary),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{settings.ports.alertmanager}",
            f"--web.external-url={address}/",
            "--cluster.listen-address=",  # one alone gossips with nobody
            *_own_pages(binary, "--web.ui-path", "alertmanager/no-ui"),
        ),
        _log(settings, "alertmanager"),
        address,
        f"{address}/-/ready",
        # Where an unpacked one looks for its templates, see found.py.
        cwd=_share(binary, "alertmanager"),
    )


def grafana(settings: Settings, binary: Path) -> Program:
    address, folder = url(settings.ports.grafana), settings.var / "grafana"
    home = _grafana_home(binary)
    return Program(
        "grafana",
        (
            str(binary),
            *(["server"] if binary.name == "grafana" else []),
            *([f"--homepath={home}"] if home else []),
        ),
        _log(settings, "grafana"),
        address,
        f"{address}/api/health",
        {
            "GF_SERVER_HTTP_ADDR": "127.0.0.1",
            "GF_SERVER_HTTP_PORT": str(settings.ports.grafana),
            "GF_SERVER_ROOT_URL": f"{address}/",
            "GF_PATHS_DATA": str(folder / "data"),
            "GF_PATHS_LOGS": str(folder / "logs"),
            "GF_PATHS_PLUGINS": str(folder / "plugins"),
            "GF_PATHS_PROVISIONING": str(settings.house / "grafana/provisioning"),
            "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(
                settings.house / "grafana/dashboards/hyperion-fleet.json"
            ),
            "GF_LOG_MODE": "console",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
            "HYPERION_PROMETHEUS_URL": url(settings.ports.prometheus),
            "HYPERION_ALERTMANAGER_URL": url(settings.ports.alertmanager),
            "HYPERION_DASHBOARDS": str(settings.house / "grafana/dashboards"),
        },
    )


def _control(
    settings: Settings, name: str, *arguments: str, address: str = "", health: str = ""
) -> Program:
    api = url(settings.ports.control)
    return Program(
        name,
        (str(settings.commands / "hyperion-control"), *arguments),
        _log(settings, name),
        address,
        f"{api}{health}" if health else "",
        {
            "HYPERION_DATA": str(settings.var / "control"),
            "HYPERION_LISTEN": f"127.0.0.1:{settings.ports.control}",
            "HYPERION_PROMETHEUS_URL": url(settings.ports.prometheus),
            "HYPERION_ALERTMANAGER_URL": url(settings.ports.alertmanager),
            "HYPERION_ALERTMANAGER_CONFIG": str(settings.var / "alertmanager/alertmanager.yml"),
            "HYPERION_PROMETHEUS_TOKEN": str(prometheus_token(settings)),
        },
    )


def _with_amtool(program: Program, found: Found) -> Program:
    """The one that came with Alertmanager, which need not be on PATH."""
    amtool = found.alertmanager and found.alertmanager.with_name("amtool")
    if not amtool or not amtool.exists():
        return program
    return replace(program, env={**program.env, "HYPERION_AMTOOL": str(amtool)})


def exporter_state(settings: Settings) -> Path:
    """A folder that must be there: the exporter makes none."""
    return settings.var / "exporter"


def prometheus_token(settings: Settings) -> Path:
    """The worker keeps it there."""
    return settings.var / "prometheus/sd_token"


def _log(settings: Settings, name: str) -> Path:
    return settings.var / "log" / f"{name}.log"


def _share(binary: Path, folder: str) -> Path | None:
    """A Debian program's own files, where it is unpacked and not installed."""
    share = binary.parent.parent / "share/prometheus" / folder
    installed = binary.is_relative_to("/usr/bin") or not share.is_dir()
    return None if installed else share


def _own_pages(binary: Path, flag: str, folder: str) -> list[str]:
    """Debian's programs read their web pages from disk, by a flag that others do not have."""
    pages = _share(binary, folder)
    return [f"{flag}={pages}{os.sep}"] if pages else []


def _grafana_home(binary: Path) -> Path | None:
    """Grafana refuses to start away from its own files: beside it, or where packages put them."""
    prefix = binary.resolve().parent.parent
    places = (prefix, prefix / "share/grafana", Path("/usr/share/grafana"))
    return next((place for place in places if (place / "conf/defaults.ini").is_file()), None)
