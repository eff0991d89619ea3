"""The whole under Docker Compose, as docs/deploy.md has it; `make compose-test` runs this."""

import json
import re
import shutil
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest

from lab.engine import Engine, engine
from lab.house import ROOT
from lab.images import provide
from lab.wait import wait_for

TREE = (
    *("LICENSE", "README.md", "pyproject.toml", "docker-compose.yml", ".dockerignore"),
    *("alertmanager", "control-api", "exporter", "grafana", "prometheus"),
)
# Grafana cannot be had from Debian: it is checked as a file only.
STARTED = ("alertmanager", "blackbox", "caddy", "control-api", "exporter", "prometheus", "worker")
PASSWORD = "a heron stands in cold water"
STEP = 30  # seconds that a code is good
MOST_EXPORTER_BYTES = 90_000_000
AUTHORITY = "/var/lib/caddy/pki/authorities/local/root.crt"
EXPORTER = "docker.io/hyperion/exporter:0.1.0"
# Fires as soon as Prometheus sees a machine of the inventory.
BELL = """
groups:
  - name: bell
    rules:
      - {alert: DoorBell, expr: 'up{machine="self"} == 1', labels: {severity: warning}}
"""
SECRET_FILES = (
    ("control-api", "/var/lib/hyperion/secret.key"),
    ("control-api", "/etc/alertmanager/secrets/bridge_token"),
    ("prometheus", "/etc/prometheus/secrets/sd_token"),
)


@dataclass
class Site:
    engine: Engine
    folder: Path
    root: Path  # Caddy's own certificate, by which it is known
    welcome: dict[str, str]
    token: str = ""
    step: int = 0  # of the last code

    def compose(self, *argv: object, stdin: bytes | None = None) -> str:
        return self.engine.compose(self.folder, *argv, stdin=stdin)

    def up(self) -> None:
        self.compose("up", "--detach", "--wait", *STARTED)

    def exec(self, service: str, *argv: object) -> str:
        return self.compose("exec", "-T", service, *argv)

    def ask(self, method: str, path: str, body: object = None, otp: str = "") -> Any:
        """As a person's program would: over TLS, the certificate checked."""
        argv = ["curl", "--silent", "--show-error", "--fail-with-body", "--cacert", self.root]
        argv += ["--request", method, "--header", "Content-Type: application/json"]
        argv += ["--header", f"Authorization: Bearer {self.token}"] if self.token else []
        argv += ["--header", f"X-OTP: {otp}"] if otp else []
        argv += [] if body is None else ["--data", json.dumps(body)]
        said = self.engine.here(*argv, f"https://localhost{path}")
        return json.loads(said) if said else None

    def code(self) -> str:
        """This half minute's or the one's before, for each is taken once only."""
        self.step = max(int(time.time()) // STEP - 1, self.step + 1)
        wait_for(lambda: time.time() // STEP >= self.step, STEP, "the next code")
        return pyotp.TOTP(self.welcome["secret"]).generate_otp(self.step)

    def sign_in(self, password: str) -> None:
        body = {"username": "admin", "password": password, "code": self.code()}
        self.token = ""
        self.token = self.ask("POST", "/api/auth/token", body)["access_token"]

    def query(self, expression: str) -> list[Any]:
        argv = ["promtool", "query", "instant", "--format=json", "http://127.0.0.1:9090"]
        return list(json.loads(self.exec("prometheus", *argv, expression)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    tree = folder / "hyperion"
    tree.mkdir()
    for name in TREE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tree / name)
    (tree / "prometheus/rules/bell.yml").write_text(BELL)
    with engine() as daemon:
        provide(daemon, tree / "docker-compose.yml", folder)
        daemon.compose(tree, "build", "init", "exporter")
        said = daemon.compose(tree, "run", "--rm", "init")
        welcome = dict(re.findall(r"(?m)^  (password|secret) +(\S+)", said))
        site = Site(daemon, tree, folder / "root.crt", welcome)
        site.up()
        site.root.write_text(site.exec("caddy", "cat", AUTHORITY))
        yield site


def logs(site: Site) -> str:
    return site.compose("logs", "--no-color")


def secrets(site: Site) -> list[str]:
    found = [*site.welcome.values(), PASSWORD, site.token]
    found += [site.exec(service, "cat", file).strip() for service, file in SECRET_FILES]
    assert all(len(secret) > 15 for secret in found)
    return found


def machines(site: Site) -> list[str]:
    return [each["name"] for each in site.ask("GET", "/api/machines")["data"]]


def test_the_exporters_image_is_small_and_holds_no_shell(site: Site) -> None:
    size = site.engine.docker("image", "inspect", "--format={{.Size}}", EXPORTER)
    assert int(size) <= MOST_EXPORTER_BYTES
    site.engine.docker("create", "--name=looked-at", EXPORTER)
    site.engine.docker("export", "--output", site.folder / "image.tar", "looked-at")
    site.engine.docker("rm", "looked-at")
    with tarfile.open(site.folder / "image.tar") as image:
        names = {Path(name).name for name in image.getnames()}
    assert not names & {"sh", "bash", "gcc", "cc", "pip", "apt-get"}


def test_a_person_signs_in_with_two_factors_over_tls(site: Site) -> None:
    site.sign_in(site.welcome["password"])
    site.ask("PUT", "/api/me/password", {"new": PASSWORD})
    assert site.ask("GET", "/api/me")["username"] == "admin"


def test_prometheus_sees_our_own_machine_and_those_of_the_inventory(site: Site) -> None:
    wait_for(lambda: site.query('up{instance="exporter:9100"} == 1'), 60, "our own machine")
    where = {"ips": ["172.30.213.1"], "runner": "local", "labels": {"role": "self"}}
    site.ask("POST", "/api/machines", {"name": "self", **where})
    found = 'up{instance="172.30.213.1:9100", machine="self"} == 1'
    wait_for(lambda: site.query(found), 120, "Prometheus to discover the machine")


def test_an_alert_comes_to_whom_it_is_for(site: Site) -> None:
    fired = "/api/alerts?name=DoorBell&state=firing&machine=self"
    wait_for(lambda: site.ask("GET", fired)["data"], 120, "the alert in the feed")


def test_what_alertmanager_is_given_its_own_amtool_checked(site: Site) -> None:
    said = "took its configuration; amtool: /opt/hyperion/venv/bin/amtool;"
    wait_for(lambda: said in logs(site), 60, "the configuration to be taken")


def test_who_was_told_acts_and_it_is_on_record(site: Site) -> None:
    order = {"argv": ["id", "-u"], "selector": "role=self"}
    made = site.ask("POST", "/api/commands", order, otp=site.code())
    tasks = f"/api/commands/{made['id']}/tasks"

    def ended() -> list[Any]:
        items = site.ask("GET", tasks)["data"]
        return [each for each in items if each["state"] == "succeeded"]

    wait_for(ended, 60, "the command to succeed")
    records = site.ask("GET", "/api/audit?action=command:run")["data"]
    assert any(made["id"] in json.dumps(record) for record in records)


@pytest.mark.parametrize("service", STARTED)
def test_each_may_be_restarted_and_all_goes_on(site: Site, service: str) -> None:
    site.compose("restart", service)
    site.up()
    assert machines(site) == ["self"]


def test_no_secret_is_in_any_log(site: Site) -> None:
    said = logs(site)
    assert "worker" in said and "prometheus" in said
    assert [secret for secret in secrets(site) if secret in said] == []


def test_what_was_down_comes_up_with_all_it_had(site: Site) -> None:
    site.compose("down")
    site.up()
    assert machines(site) == ["self"]
    assert site.query("count_over_time(up{machine='self'}[10m]) > 1")


def test_a_backup_brings_all_back_after_a_disaster(site: Site) -> None:
    copy = "/var/lib/hyperion/copy"
    site.exec("control-api", "hyperion-control", "backup", copy)
    kept = {name: site.folder / name for name in ("copy", "secret.key")}
    for name, file in kept.items():
        site.compose("cp", f"control-api:/var/lib/hyperion/{name}", file)
    site.compose("down", "--volumes")
    shell = ("run", "--rm", "-T", "--no-deps", "--entrypoint=sh", "init", "-c")
    key = "umask 077; cat >/var/lib/hyperion/secret.key"
    site.compose(*shell, key, stdin=kept["secret.key"].read_bytes())
    back = "umask 077; cat >/tmp/copy; exec hyperion-control restore /tmp/copy"
    site.compose(*shell, back, stdin=kept["copy"].read_bytes())
    site.up()
    verdict = site.exec("control-api", "hyperion-control", "audit", "verify")
    assert "are as recorded" in verdict
    site.root.write_text(site.exec("caddy", "cat", AUTHORITY))
    assert machines(site) == ["self"]
