"""Which machines are meant: selectors over labels, as Kubernetes writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

LABEL = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
VALUE = r"[A-Za-z0-9_.:/@+-]{0,63}"
# env=prod, role!=db, tier in (a,b), tier notin (a,b), gpu, !gpu
TERM = re.compile(
    rf"(?P<absent>!\s*)?(?P<label>{LABEL})"
    rf"(\s*(?P<sign>==?|!=)\s*(?P<value>{VALUE})|\s+(?P<word>in|notin)\s*\((?P<values>[^()]*)\))?"
)
COMMA_OUTSIDE_BRACKETS = re.compile(r",(?![^()]*\))")
LONGEST = 500


@dataclass(frozen=True)
class Term:
    label: str
    values: frozenset[str] | None  # None: any but none
    wanted: bool

    def matches(self, labels: Mapping[str, str]) -> bool:
        """A label that is missing counts as empty, as it does in Prometheus."""
        found = labels.get(self.label, "")
        within = found != "" if self.values is None else found in self.values
        return within == self.wanted


@dataclass(frozen=True)
class Selector:
    """All of its terms must match; without any, every machine does."""

    terms: tuple[Term, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(term.matches(labels) for term in self.terms)


def parse(text: str) -> Selector:
    if not text.strip():
        return Selector()
    if len(text) > LONGEST:
        raise ValueError(f"a selector has at most {LONGEST} characters")
    return Selector(tuple(_term(part) for part in COMMA_OUTSIDE_BRACKETS.split(text)))


def _term(text: str) -> Term:
    found = TERM.fullmatch(text.strip())
    if found is None or (found["absent"] and (found["sign"] or found["word"])):
        raise ValueError(
            f"{text.strip()!r} selects no machines:"
            " write such as env=prod, role!=db, tier in (a,b) or !spare"
        )
    if found["sign"]:
        return Term(found["label"], frozenset({found["value"]}), found["sign"] != "!=")
    if found["word"]:
        return Term(found["label"], _values(found["values"]), found["word"] == "in")
    return Term(found["label"], None, not found["absent"])


def _values(text: str) -> frozenset[str]:
    values = [value.strip() for value in text.split(",")]
    if wrong := [value for value in values if not re.fullmatch(VALUE, value)]:
        raise ValueError(f"{wrong[0]!r} is no value of a label")
    return frozenset(values)
