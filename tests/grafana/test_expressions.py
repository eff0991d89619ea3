"""What the less obvious questions answer, by Prometheus' own promtool, over a made-up past."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from lab.dashboards import read
from lab.house import ROOT
from lab.programs import program
from lab.questions import questions

Json = dict[str, Any]
ASKED = {
    question.where: question.chosen()
    for dashboard in read(ROOT / "grafana/dashboards").values()
    for question in questions(dashboard)
}
OF = 'job="node", instance="a:9100", machine="a", org="acme"'
OTHER = OF.replace("a:9100", "b:9100")
API = 'hyperion_control_database_up{job="control-api"}'
DONE = 'hyperion_control_actions_total{kind="services:stop", state="succeeded"}'
BUILD = "node_exporter_build_info"
LEFT = "instance_mountpoint:node_filesystem_avail_bytes:min5m"
FULL = "Anomalies and capacity: Days until full: Days"


def case(where: str, series: dict[str, str], minute: int, **answers: float) -> Json:
    """What the question answers in that minute, by the labels of each answer."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                # Slopes are a hair off.
                "expr": f"round({ASKED[where]}, 0.001)",
                "eval_time": f"{minute}m",
                "exp_samples": [
                    {"labels": name, "value": value} for name, value in answers.items()
                ],
            }
        ],
    }


ACTIONS, VERSIONS = "Fleet: annotation Actions", "Fleet: annotation New versions"
STOPPED = '{kind="services:stop", state="succeeded"}'
CASES = {
    "the first action of its kind is marked": case(
        ACTIONS, {API: "1x9", DONE: "_x5 1x4"}, 5, **{STOPPED: 1}
    ),
    "an action is marked for a minute and not longer": case(
        ACTIONS, {API: "1x9", DONE: "3 3 4 4 4"}, 4
    ),
    "what was done before the API was watched is not marked": case(
        ACTIONS, {API: "_x5 1x4", DONE: "_x5 7x4"}, 5
    ),
    "a version that nobody ran is marked": case(
        VERSIONS,
        {f'{BUILD}{{{OF}, version="1"}}': "1x14 _x9", f'{BUILD}{{{OF}, version="2"}}': "_x14 1x9"},
        15,
        **{'{job="node", version="2"}': 1},
    ),
    "one more machine with a known version is not": case(
        VERSIONS,
        {f'{BUILD}{{{OF}, version="1"}}': "1x24", f'{BUILD}{{{OTHER}, version="1"}}': "_x14 1x9"},
        15,
    ),
    "who does not answer is worst of all": case(
        "Fleet: Machines, worst first: Health",
        {f"up{{{OF}}}": "1 1 0", f"hyperion_health_score{{{OF}}}": "90 90 stale"},
        2,
        **{'{org="acme", machine="a", instance="a:9100"}': 0},
    ),
    "a filesystem that loses a tenth of what is left in a day has ten days": case(
        FULL,
        {f'{LEFT}{{{OF}, mountpoint="/", device="sda"}}': "11000-0.694444444444444x1440"},
        1440,
        **{'{org="acme", machine="a", instance="a:9100", mountpoint="/", device="sda"}': 10.0},
    ),
    "one that grows emptier is not listed": case(
        FULL, {f'{LEFT}{{{OF}, mountpoint="/", device="sda"}}': "1000+1x1440"}, 1440
    ),
}


def test_the_questions_answer_what_they_promise(tmp_path: Path) -> None:
    """All in one run of promtool: it takes longer to start than to answer."""
    tests = tmp_path / "tests.yml"
    tests.write_text(
        yaml.safe_dump({"tests": [{"name": name, **one} for name, one in CASES.items()]})
    )
    run = subprocess.run(
        [program("promtool"), "test", "rules", tests], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
