"""What a machine's health is: nothing but what was found, held against one table of rules."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Rule(NamedTuple):
    """What a symptom costs its component: nothing up to `well`, `most` of it from `worst` on."""

    component: str
    symptom: str
    well: float
    worst: float
    most: float = 1.0

    def loss(self, value: float) -> float:
        """0 to 1; of what is no number, nothing."""
        share = (value - self.well) / (self.worst - self.well)
        return self.most * min(max(share, 0.0), 1.0) if share == share else 0.0


# Each number grows as things get worse.
RULES = (
    # Share of the last minute that the processors were busy. To use them is no illness.
    Rule("cpu", "processors are busy", 0.85, 1.0),
    # Share that is not available. The kernel kills when all is used.
    Rule("memory", "memory is nearly used up", 0.85, 0.98),
    # Shares of the space for ordinary users, and of the inodes.
    Rule("disk_space", "filesystem is nearly full", 0.85, 0.98),
    Rule("disk_space", "inodes are nearly used up", 0.85, 0.98),
    # Of what is left, the share that went in an hour: full in four days, or in four hours.
    Rule("disk_space", "filesystem will be full soon", 1 / 96, 1 / 4, 0.8),
    # A far one, mostly: who needs it waits, the others do not notice.
    Rule("disk_space", "filesystem does not answer", 0, 1, 0.5),
    # The verdict: 1 watch, 2 warn, 3 fail. A watch is hardly worth a look.
    Rule("disk_health", "disk is failing", 0.7, 3),
    # Disks that the array lacks; most bear the loss of one.
    Rule("disk_health", "array lacks disks", 0, 2),
    # Kelvins over the limit, so mostly below 0: ten under it, machines slow themselves down.
    Rule("temperature", "too hot", -10, 0),
    # Grave ones in a quarter of an hour. The kernel may tell of one fault in five lines.
    Rule("events", "grave events", 0, 10),
    Rule("failed_units", "units failed", 0, 5),
    Rule("time_sync", "clock is not kept", 0, 1, 0.6),
    # Seconds. Logs of several machines can no longer be compared; logins with codes fail at 30.
    Rule("time_sync", "clock is wrong", 0.05, 1),
    # Shares of the last minute in which all tasks, or of the processor some, had to wait.
    Rule("pressure", "all wait for memory", 0.02, 0.2),
    Rule("pressure", "all wait for disks", 0.3, 0.9),
    Rule("pressure", "some wait for processors", 0.6, 1.0, 0.6),
    # For security. One may wait until the night, thirty have waited for weeks.
    Rule("updates", "security updates wait", 0, 30),
    Rule("updates", "reboot waits", 0, 1, 0.3),
)
COMPONENTS = tuple(dict.fromkeys(rule.component for rule in RULES))
_BY_SYMPTOM = {rule.symptom: rule for rule in RULES}


class Finding(NamedTuple):
    symptom: str
    value: float
    # Of several, the one it was found at.
    at: str = ""


class Reason(NamedTuple):
    component: str
    symptom: str
    at: str
    loss: float


class Judged(NamedTuple):
    """Shares of 1. A component of which nothing is known has no state and takes nothing away."""

    score: float
    confidence: float
    components: Mapping[str, float]
    reasons: tuple[Reason, ...]


def judge(findings: Iterable[Finding], weights: Mapping[str, float]) -> Judged:
    """A component at its worst takes its weight's share of the score; several, one of the rest.

    So one that is grave is not lost among nine that are well, as it would be in a mean.
    """
    worst: dict[str, Reason] = {}
    for symptom, value, at in findings:
        rule = _BY_SYMPTOM[symptom]
        loss = rule.loss(value)
        if symptom not in worst or loss > worst[symptom].loss:
            worst[symptom] = Reason(rule.component, symptom, at, loss)
    states: dict[str, float] = {}
    for reason in worst.values():
        states[reason.component] = min(states.get(reason.component, 1.0), 1 - reason.loss)
    score = 1.0
    for component, state in states.items():
        score *= 1 - weights[component] * (1 - state)
    known = sum(weights[component] for component in states)
    return Judged(
        score,
        known / (sum(weights.values()) or 1),
        states,
        tuple(reason for reason in worst.values() if reason.loss > 0),
    )
