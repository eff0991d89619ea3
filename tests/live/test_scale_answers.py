"""What the profile scale answers and tells of, beside what Prometheus alone does with the same."""

import json
import math
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from hyperion_control.usecases import scale, stack
from lab import history, promql
from lab.dashboards import read
from lab.history import Machine
from lab.house import ROOT
from lab.questions import Question, distinct, questions
from lab.servers import Server, alertmanager, free_port, prometheus
from lab.victoria import agent, program, victoriametrics, vmalert
from lab.wait import wait_for

pytestmark = pytest.mark.live

Json = dict[str, Any]
RULES, CASES = ROOT / "prometheus/rules", ROOT / "tests/prometheus"
DASHBOARDS = read(ROOT / "grafana/dashboards")
PUBLIC = "https://watch.example.org"
LINKS = {"hyperion_url": PUBLIC, "grafana_url": f"{PUBLIC}/grafana"}
PAGE = (ROOT / "tests/exporter/expected.prom").read_text()
ALDER = {"job": "node", "org": "acme", "group": "web", "machine": "alder", "instance": "alder:9100"}
BIRCH = {"job": "node", "org": "acme", "machine": "birch", "instance": "birch:9100"}
VAULT = {"job": "node", "org": "globex", "machine": "vault", "instance": "vault:9100"}
MACHINES = (
    Machine(ALDER, f"up 1\n{PAGE}"),
    Machine(BIRCH, "up 0\n"),
    # It suffered before it came in, which was after what dashboards are asked for.
    Machine(VAULT, 'up 1\nhyperion_events_total{source="kernel",class="disk"} 3\n', 1, 20),
)
# Whose own cases are tried here as well.
TRIED = ("MachineDown", "FilesystemAlmostFull", "StorageErrorLogged")
SECONDS = 30.0


@dataclass(frozen=True)
class Both:
    scaled: Server
    single: Server
    judge: Server
    messenger: Server
    at: int  # when all was seen last


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder, at = tmp_path_factory.mktemp("answers"), int(time.time()) - history.LATE
    routes = folder / "alertmanager.yml"
    routes.write_text("{route: {receiver: nobody}, receivers: [{name: nobody}]}")
    history.into_prometheus(MACHINES, at, folder / "prometheus")
    with ExitStack() as started:
        judging_at = f"127.0.0.1:{free_port()}"
        store = started.enter_context(victoriametrics(folder, f"http://{judging_at}"))
        history.into_victoriametrics(MACHINES, at, store)
        messenger = started.enter_context(alertmanager(routes, folder))
        single = started.enter_context(prometheus(judging(folder), folder, "3.5"))
        judge = started.enter_context(
            vmalert(folder / "vmalert", store, messenger, folder, judging_at)
        )
        started.enter_context(agent(sending(folder, store, judging_at), folder))
        yield Both(store, single, judge, messenger, at)


def judging(folder: Path) -> Path:
    """The same rules for both, each at its own place, and all looked at each second."""
    for name in ("rules", "vmalert"):
        (folder / name).mkdir()
    for file in RULES.glob("*.yml"):
        text = re.sub(r"\binterval: \w+", "interval: 1s", file.read_text())
        (folder / "rules" / file.name).write_text(text)
        (folder / "vmalert" / file.name).write_text(scale.rules(text, PUBLIC))
    every = {"evaluation_interval": "1s", "external_labels": LINKS}
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump({"global": every, "rule_files": ["rules/*.yml"]}))
    return config


def sending(folder: Path, store: Server, judge: str) -> Path:
    """What init writes for the agent, but that it scrapes vmalert alone."""
    whole = stack.prometheus(yaml.safe_load(stack.BASE.read_text()), PUBLIC, 1)
    often = {"scrape_configs": [], "global": whole["global"] | {"scrape_interval": "1s"}}
    text = yaml.safe_dump(scale.agent(whole | often))
    for there, here in {"http://prometheus:9090": store.url, "vmalert:8880": judge}.items():
        text = text.replace(there, here)
    config = folder / "agent.yml"
    config.write_text(text)
    return config


def get(server: Server, path: str, **asked: object) -> Any:
    url = f"{server.url}{path}?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return json.load(answer)


def answered(server: Server, asked: Question, at: int) -> dict[str, list[float]]:
    """Numbers by their labels: at once, or over time where it is drawn so."""
    path, when = "query", {"time": at}
    if asked.over_time:
        path, when = "query_range", {"start": at - 300, "end": at, "step": 60}
    found = get(server, f"/api/v1/{path}", query=asked.chosen(), **when)["data"]["result"]
    values: dict[str, list[float]] = {}
    for one in found:
        numbers = [float(text) for _, text in one.get("values", [one.get("value")])]
        # Prometheus also says that a value is no number, where VictoriaMetrics is silent.
        if told := [number for number in numbers if not math.isnan(number)]:
            values[json.dumps(one["metric"])] = told
    if "topk(" in asked.expression:
        # Which of two equal ones is the tenth, nobody has promised.
        return {"": sorted(number for numbers in values.values() for number in numbers)}
    return values


def test_dashboards_are_answered_as_by_prometheus(both: Both) -> None:
    recorded, many = promql.recorded(RULES), 0
    for asked in distinct(one for each in DASHBOARDS.values() for one in questions(each)):
        # What rules record depends on when they looked.
        if promql.metrics(asked.chosen()) & recorded:
            continue
        wanted = answered(both.single, asked, both.at)
        found = answered(both.scaled, asked, both.at)
        many += bool(wanted)
        near = {labels: pytest.approx(numbers, rel=1e-6) for labels, numbers in wanted.items()}
        assert found == near, asked.where
    assert many > 100


def alerts(server: Server) -> set[str]:
    """All that is said of each, but the numbers: they are taken at another moment."""
    found = get(server, "/api/v1/alerts")["data"]["alerts"]
    return {told(each["labels"] | {"state": each["state"]}, each["annotations"]) for each in found}


def told(labels: Json, annotations: Json) -> str:
    text = json.dumps([labels, annotations], sort_keys=True)
    return re.sub(r"\d+(\.\d+)?[a-z%]*", "0", text)


def test_the_same_alerts_come_of_the_same_rules(both: Both) -> None:
    wait_for(lambda: len(alerts(both.single)) > 100, SECONDS, "alerts of Prometheus")
    wait_for(lambda: alerts(both.judge) == alerts(both.single), SECONDS, "the same of vmalert")
    down = [each for each in alerts(both.judge) if "MachineDown" in each]
    assert len(down) == 1 and "birch" in down[0]


def test_alertmanager_hears_of_them_in_the_same_words(both: Both) -> None:
    def heard() -> bool:
        firing = {each for each in alerts(both.single) if '"state": "firing"' in each}
        found = get(both.messenger, "/api/v2/alerts")
        known = {told(each["labels"] | {"state": "firing"}, each["annotations"]) for each in found}
        return len(firing) > 5 and known == firing

    wait_for(heard, SECONDS, "Alertmanager to hear of all that fire")


def test_grafana_finds_the_rules_where_it_asks_for_metrics(both: Both) -> None:
    groups = get(both.scaled, "/api/v1/rules")["data"]["groups"]
    assert {group["name"] for group in groups} == {
        group["name"]
        for file in RULES.glob("*.yml")
        for group in promql.read(file.read_text())["groups"]
    }


def test_cases_of_alerts_hold_as_under_promtool(tmp_path: Path) -> None:
    files = []
    for file in sorted(CASES.glob("*.yml")):
        # As texts, for 0x20 is twenty zeros and no number.
        cases = yaml.load(file.read_text(), yaml.CBaseLoader)  # noqa: S506
        cases["tests"] = [case for case in cases["tests"] if case["name"].startswith(TRIED)]
        if cases["tests"]:
            files.append(tmp_path / file.name)
            files[-1].write_text(yaml.safe_dump(as_vmalert_has_it(cases, file, tmp_path)))
    argv = [program("vmalert-tool"), "unittest", "--disableAlertgroupLabel"]
    argv += [f"--files={file}" for file in files]
    said = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert said.returncode == 0, said.stdout + said.stderr
    assert len(files) == len(TRIED)


def as_vmalert_has_it(cases: Json, file: Path, folder: Path) -> Json:
    """Its tool knows no external labels, and ours are in the rules by then."""
    (folder / "rules").mkdir(exist_ok=True)
    written = [folder / "rules" / Path(name).name for name in cases["rule_files"]]
    for name, rules in zip(cases["rule_files"], written, strict=True):
        rules.write_text(scale.rules((file.parent / name).read_text(), PUBLIC))
    for case in cases["tests"]:
        case.pop("promql_expr_test", None)
        there = case.pop("external_labels", {})
        for asked in case.get("alert_rule_test", ()):
            for alert in asked["exp_alerts"]:
                for key, text in alert["exp_annotations"].items():
                    for name, link in LINKS.items():
                        text = text.replace(there.get(name, link), link)
                    alert["exp_annotations"][key] = text
    return cases | {"rule_files": [str(rules) for rules in written]}


def test_the_agent_hands_on_what_it_scraped_as_it_was(both: Both) -> None:
    found = wait_for(
        lambda: get(both.scaled, "/api/v1/series", **{"match[]": 'up{job="vmalert"}'})["data"],
        SECONDS,
        "what the agent scraped",
    )
    own = urlsplit(both.judge.url).netloc
    assert found == [{"__name__": "up", "instance": own, "job": "vmalert"}]
