"""What findings make of a machine's health."""

import dataclasses
import random

import pytest

from hyperion_exporter.collectors.health import Options
from hyperion_exporter.collectors.health.score import COMPONENTS, RULES, Finding, Rule, judge

WEIGHTS = {name: percent / 100 for name, percent in dataclasses.asdict(Options()).items()}


def worst(rule: Rule) -> Finding:
    return Finding(rule.symptom, rule.worst, "there")


def well(rule: Rule) -> Finding:
    return Finding(rule.symptom, rule.well, "here")


def test_a_machine_that_is_well_has_all_points() -> None:
    judged = judge(map(well, RULES), WEIGHTS)
    assert (judged.score, judged.confidence, judged.reasons) == (1, 1, ())
    assert judged.components == dict.fromkeys(COMPONENTS, 1)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.symptom)
def test_what_is_wrong_takes_points_and_is_named(rule: Rule) -> None:
    findings = [worst(rule) if other is rule else well(other) for other in RULES]
    judged = judge(findings, WEIGHTS)
    assert judged.score == pytest.approx(1 - WEIGHTS[rule.component] * rule.most)
    assert judged.components[rule.component] == pytest.approx(1 - rule.most)
    assert [reason[:3] for reason in judged.reasons] == [(rule.component, rule.symptom, "there")]


def test_one_failing_disk_is_not_lost_among_all_that_is_well() -> None:
    findings = [well(rule) for rule in RULES] + [Finding("disk is failing", 3, "sdb")]
    assert judge(findings, WEIGHTS).score <= 0.5


def test_of_several_the_worst_counts_and_is_named() -> None:
    disks = [Finding("disk is failing", level, f"sd{level}") for level in (0, 2, 3, 1)]
    judged = judge(disks, WEIGHTS)
    assert judged.components == {"disk_health": 0}
    assert [reason.at for reason in judged.reasons] == ["sd3"]


def test_more_than_the_worst_is_not_worse() -> None:
    units = [judge([Finding("units failed", count)], WEIGHTS).score for count in (5, 5000)]
    assert units[0] == units[1] > 0


def test_what_is_not_known_lowers_the_confidence_and_not_the_score() -> None:
    findings = [well(rule) for rule in RULES]
    findings += [Finding("too hot", 20), Finding("units failed", 2)]
    whole = judge(findings, WEIGHTS)
    for component in COMPONENTS:
        mine = {rule.symptom for rule in RULES if rule.component == component}
        rest = judge([f for f in findings if f.symptom not in mine], WEIGHTS)
        assert rest.score >= whole.score
        assert rest.confidence == pytest.approx(1 - WEIGHTS[component] / sum(WEIGHTS.values()))
        assert component not in rest.components


def test_of_nothing_nothing_is_known() -> None:
    judged = judge([], WEIGHTS)
    assert (judged.score, judged.confidence, judged.components) == (1, 0, {})


def test_a_value_that_is_no_number_says_nothing() -> None:
    assert [rule.loss(float("nan")) for rule in RULES] == [0] * len(RULES)
    assert judge([Finding("clock is wrong", float("inf"))], WEIGHTS).score < 1


def test_a_weight_of_nothing_takes_nothing_and_one_of_all_takes_all() -> None:
    finding = [Finding("units failed", 5)]
    assert judge(finding, WEIGHTS | {"failed_units": 0}).score == 1
    assert judge(finding, WEIGHTS | {"failed_units": 1}).score == 0
    assert judge(finding, dict.fromkeys(COMPONENTS, 0)).confidence == 0


def some_finding(chance: random.Random) -> Finding:
    rule = chance.choice(RULES)
    margin = rule.worst - rule.well
    return Finding(rule.symptom, chance.uniform(rule.well - margin, rule.worst + margin))


@pytest.mark.parametrize("seed", range(20))
def test_to_make_anything_worse_never_raises_the_score(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(100):
        weights = {component: chance.random() for component in COMPONENTS}
        findings = [some_finding(chance) for _ in range(chance.randrange(1, 40))]
        before = judge(findings, weights)
        place = chance.randrange(len(findings))
        more = findings[place].value + chance.expovariate(1)
        after = judge(
            [f._replace(value=more) if n == place else f for n, f in enumerate(findings)], weights
        )
        assert after.score <= before.score
        assert all(state <= before.components[name] for name, state in after.components.items())
        assert judge([*findings, some_finding(chance)], weights).score <= before.score


def test_every_component_has_its_weight_in_the_configuration() -> None:
    assert tuple(WEIGHTS) == COMPONENTS
    assert all(0 < weight < 1 for weight in WEIGHTS.values())
