"""Which commands a role may run: patterns over their words, kept by the admins."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

MOST_WORDS = 50
LONGEST_WORD = 200
# As the last word of a pattern: whatever follows, also nothing.
REST = "**"


class Effect(StrEnum):
    ALLOW = "allow"  # where a role has one of these, it may run nothing that none of them allows
    DENY = "deny"  # wins over all others
    APPROVE = "approve"  # a second person must agree


class Verdict(StrEnum):
    ALLOWED = "allowed"
    DENIED = "denied"
    NEEDS_APPROVAL = "needs_approval"


@dataclass(frozen=True)
class Rule:
    id: str
    effect: Effect
    words: tuple[str, ...]


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    rule_id: str = ""  # that decided it
    why: str = ""  # a sentence


def judge(rules: Sequence[Rule], argv: Sequence[str], env: Mapping[str, str]) -> Judgement:
    """`rules` of the role that asks; without any, everything is allowed."""
    met = {rule.effect: rule for rule in rules if _matches(rule, argv)}
    if denied := met.get(Effect.DENY):
        return Judgement(Verdict.DENIED, denied.id, "a policy denies this command to your role")
    if any(rule.effect is Effect.ALLOW for rule in rules):
        if Effect.ALLOW not in met:
            return Judgement(Verdict.DENIED, why="no policy allows this command to your role")
        if env:  # such as PATH or LD_PRELOAD, which makes another program of an allowed one
            return Judgement(Verdict.DENIED, why="your role may run it without env only")
    if approved := met.get(Effect.APPROVE):
        said = "a policy asks for the approval of a second person"
        return Judgement(Verdict.NEEDS_APPROVAL, approved.id, said)
    return Judgement(Verdict.ALLOWED)


def words(given: Sequence[str]) -> tuple[str, ...]:
    """Checked, as an admin writes them."""
    if REST in given[:-1]:
        raise ValueError(f"{REST} stands for all further words, so only at the end")
    return tuple(given)


def _matches(rule: Rule, argv: Sequence[str]) -> bool:
    patterns = rule.words
    if patterns[-1] == REST:
        patterns = patterns[:-1]
        argv = argv[: len(patterns)]
    if len(argv) != len(patterns):
        return False
    if not patterns:
        return True
    program = _is_program(argv[0], patterns[0], rule.effect)
    return program and all(map(fnmatchcase, argv[1:], patterns[1:]))


def _is_program(word: str, pattern: str, effect: Effect) -> bool:
    """Denied as rm is /bin/rm as well; allowed as systemctl is not /tmp/systemctl."""
    if word.startswith("/"):
        word = posixpath.normpath(word)
    if "/" in word and "/" not in pattern:
        return effect is not Effect.ALLOW and fnmatchcase(posixpath.basename(word), pattern)
    return fnmatchcase(word, pattern)
