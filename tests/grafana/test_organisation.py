"""The dashboards of one organisation show it alone, and its groups in their colours."""

import json
import shutil
import subprocess
from pathlib import Path

import promql_parser
import pytest

from lab import promql
from lab.dashboards import content, generated, problems_of_dashboards
from lab.house import ROOT

DASHBOARDS = ROOT / "grafana/dashboards"
CONTROL = "https://control.example.org"
ACME = ("--organisation=acme", f"--control={CONTROL}")
# About Hyperion, which is not the organisation's.
NOT_THEIRS = {"hyperion-control", "hyperion-itself"}
# What tells of Prometheus and Alertmanager has no organisation.
OF_OTHERS = ("alertmanager_", "prometheus_", "hyperion_control_")


def test_they_are_whole_and_lead_nowhere_else(tmp_path: Path) -> None:
    made = {Path(name).stem for name in generated(tmp_path, *ACME)}
    all_of_them = {Path(name).stem for name in content(DASHBOARDS)}
    assert made == {f"{uid}-acme" for uid in all_of_them - NOT_THEIRS}
    shutil.copy(DASHBOARDS / ".lint", tmp_path)
    assert problems_of_dashboards(tmp_path) == []


def test_nobody_can_choose_another_organisation(tmp_path: Path) -> None:
    for text in generated(tmp_path, *ACME).values():
        listed = json.loads(text)["templating"]["list"]
        fixed = {one["name"]: one["query"] for one in listed if one["type"] == "constant"}
        assert fixed == {"org": "acme", "hyperion_url": CONTROL}


def test_every_question_about_machines_names_the_organisation(tmp_path: Path) -> None:
    generated(tmp_path, *ACME)
    without = [
        where
        for where, expression in promql.expressions_of_dashboards(tmp_path)
        for selector in promql.parts(promql_parser.parse(expression), promql_parser.VectorSelector)
        if "org" not in {matcher.name for matcher in selector.matchers.matchers}
        and not promql.names(selector)[0].startswith(OF_OTHERS)
    ]
    # The jobs of the data source; which machines they have is asked with the organisation.
    assert [where for where in without if not where.endswith(": $job")] == []


def test_groups_have_their_colours_in_tables(tmp_path: Path) -> None:
    fleet = generated(tmp_path, *ACME, "--group=web=#2f6fde")["hyperion-fleet-acme.json"]
    overrides = [
        override
        for panel in promql.each_panel(json.loads(fleet))
        for override in panel.get("fieldConfig", {}).get("overrides", ())
        if override["matcher"]["options"] == "Group"
    ]
    options = {"web": {"text": "web", "color": "#2f6fde"}}
    mapping = {"id": "mappings", "value": [{"type": "value", "options": options}]}
    assert [mapping in override["properties"] for override in overrides] == [True]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((f"--organisation={'a' * 40}", f"--control={CONTROL}"), "longer than the 40 characters"),
        (("--organisation=acme",), "needs --control"),
        ((*ACME, "--group=web"), "--group is written NAME=COLOUR, such as web=#2f6fde"),
    ],
    ids=["a name too long for Grafana", "no address", "no colour"],
)
def test_what_cannot_be_made_is_refused_with_a_sentence(
    words: tuple[str, ...], said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        generated(tmp_path, *words)
    shown = capfd.readouterr().err
    assert said in shown
    assert "Traceback" not in shown
    assert content(tmp_path) == {}
