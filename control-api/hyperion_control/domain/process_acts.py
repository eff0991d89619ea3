"""What became of processes that a machine was told to signal, to end or to renice."""

from dataclasses import dataclass

from hyperion_control.domain import sections
from hyperion_control.domain.excerpts import Excerpt
from hyperion_control.domain.process_orders import REFUSED, SURVIVED
from hyperion_control.domain.processes import shown
from hyperion_control.errors import Conflict, Problem, Unavailable

PROTECTED = {
    "first": "it is the first process of the machine",
    "kernel": "it belongs to the kernel",
    "sshd": "it is the way in for everybody",
    "hyperion": "it is part of Hyperion",
    "way": "this order itself comes by way of it",
}


@dataclass(frozen=True)
class Fate:
    pid: int
    start: str
    name: str
    result: str  # gone, survived, protected or denied


def fates(boot: str, code: int | None, stdout: Excerpt, stderr: Excerpt) -> list[Fate]:
    """Of each process that the script met; refused when it did not act."""
    lines = done(code, stdout, stderr).head.split(b"\n")
    told = [line.split(b" ", 3) for line in lines if line]
    with sections.understood():
        results = {words[1]: shown(words[0]) for words in told if words[0] != b"found"}
        return [
            Fate(int(words[1]), f"{int(words[2])}-{boot}", shown(words[3]), results[words[1]])
            for words in told
            if words[0] == b"found"
        ]


def done(code: int | None, stdout: Excerpt, stderr: Excerpt) -> Excerpt:
    """What was said of what was done; refused when it was not done."""
    if code == REFUSED:
        raise _refusal(shown(stdout.head).strip().partition(" "), shown(stderr.head).strip())
    if code not in (0, SURVIVED):
        last = shown(stderr.head).strip().rpartition("\n")[2]
        raise _failed(last or f"exit status {code}")
    return stdout


def _refusal(words: tuple[str, str, str], said: str) -> Problem:
    why, _, protection = words
    if why == "changed":
        return Conflict(
            "it has ended, or its number belongs to another process now: list them again",
            code="process-changed",
        )
    if why == "protected":
        because = PROTECTED.get(protection, protection)
        return Conflict(f"this process is protected: {because}", code="process-protected")
    because = f": {said}" if said else ""
    return Conflict(f"the machine's login may not do this{because}", code="process-denied")


def _failed(why: str) -> Unavailable:
    return Unavailable(f"the machine could not do it: {why}", code="machine-failed")
