"""Rules that name groups of processes, out of the file that process-exporter reads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import yaml

from hyperion_exporter.collectors.process_groups.template import Template
from hyperion_exporter.collectors.process_groups.traits import Traits

TOP = "process_names"
SELECTORS = ("comm", "exe", "cmdline", "unit", "cgroup")
# Go's regular expressions have these, Python's have not.
GO_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "digit": "0-9", "lower": "a-z", "space": r"\s",
    "upper": "A-Z", "word": r"\w", "xdigit": "0-9a-fA-F",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """All the selectors that are there must fit; None is one that is not."""

    name: Template
    comm: frozenset[str] | None
    exe: tuple[str, ...] | None
    cmdline: tuple[re.Pattern[str], ...]
    unit: tuple[str, ...] | None
    cgroup: tuple[re.Pattern[str], ...] | None

    def group(self, traits: Traits) -> str | None:
        """The group that a process belongs to by this rule, if any."""
        # In the order of what it costs to know.
        if self.comm is not None and traits.name not in self.comm:
            return None
        if self.exe is not None and not any(_is_exe(exe, traits) for exe in self.exe):
            return None
        found = [pattern.search(traits.command_line) for pattern in self.cmdline]
        if not all(found):
            return None
        if self.unit is not None and not any(fnmatchcase(traits.unit, u) for u in self.unit):
            return None
        if self.cgroup is not None and not any(
            pattern.search(path) for pattern in self.cgroup for path in traits.cgroups
        ):
            return None
        matches = {name: text for match in found if match for name, text in _named(match)}
        return self.name.fill(traits, matches)


def _is_exe(exe: str, traits: Traits) -> bool:
    """By the whole path where the rule gives one, or else by its last part."""
    if not traits.argv:
        return False
    return exe == (traits.argv[0] if "/" in exe else traits.exe_base)


def _named(match: re.Match[str]) -> list[tuple[str, str]]:
    return [(name, text or "") for name, text in match.groupdict().items()]


def group(rules: Sequence[Rule], traits: Traits) -> str | None:
    """By the first rule that fits."""
    return next((name for rule in rules if (name := rule.group(traits)) is not None), None)


def read(text: str) -> list[Rule]:
    """ValueError names the rule that cannot be obeyed, and what is wrong with it."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ValueError(f"this is no YAML: {' '.join(str(fault).split())}") from None
    if not isinstance(given, dict) or set(given) != {TOP} or not isinstance(given[TOP], list):
        raise ValueError(f"write a list of rules below {TOP}, and nothing beside it")
    rules = []
    for number, item in enumerate(given[TOP], 1):
        try:
            rules.append(_rule(item))
        except ValueError as fault:
            raise ValueError(f"rule {number}: {fault}") from None
    return rules


def _rule(item: Any) -> Rule:
    if not isinstance(item, dict):
        raise ValueError(f"write name and one or more of {', '.join(SELECTORS)}")
    if unknown := set(map(str, item)) - {"name", *SELECTORS}:
        raise ValueError(f"unknown key {min(unknown)}; there are name, {', '.join(SELECTORS)}")
    texts = {key: _texts(key, item[key]) for key in SELECTORS if item.get(key) is not None}
    if not texts:
        raise ValueError(f"no process is chosen; write one or more of {', '.join(SELECTORS)}")
    comm, cgroup = texts.get("comm"), texts.get("cgroup")
    return Rule(
        Template(str(item.get("name") or "{{.ExeBase}}")),
        None if comm is None else frozenset(comm),
        texts.get("exe"),
        tuple(map(pattern, texts.get("cmdline", ()))),
        texts.get("unit"),
        None if cgroup is None else tuple(map(pattern, cgroup)),
    )


def _texts(key: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(text, str | int) for text in given):
        raise ValueError(f"{key}: write a list of texts, such as ['one', 'other']")
    return tuple(map(str, given))


def pattern(text: str) -> re.Pattern[str]:
    """A regular expression in Go's spelling."""
    python = re.sub(r"\[:(\w+):\]", partial(_go_class, text), text)
    python = re.sub(r"\(\?<(?![=!])", "(?P<", python).replace(r"\z", r"\Z")
    try:
        return re.compile(python, re.ASCII)
    except re.error as fault:
        raise ValueError(f"{text!r} is no regular expression: {fault}") from None


def _go_class(text: str, found: re.Match[str]) -> str:
    if found[1] not in GO_CLASSES:
        raise ValueError(f"{text!r}: there is no class {found[0]}")
    return GO_CLASSES[found[1]]
