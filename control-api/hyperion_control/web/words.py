"""States as people read them: a word in their language, and whether it is good news."""

from dataclasses import dataclass

from flask_babel import lazy_gettext

# What is not here is a word of systemd's, the same in every language.
WORDS = {
    "available": lazy_gettext("available"),
    "busy": lazy_gettext("busy"),
    "maintenance": lazy_gettext("in maintenance"),
    "offline": lazy_gettext("offline"),
    "unknown": lazy_gettext("never met"),
    "pending": lazy_gettext("waits for an approval"),
    "pinned": lazy_gettext("approved"),
    "changed": lazy_gettext("another one than the approved"),
    "pending_approval": lazy_gettext("waits for an approval"),
    "queued": lazy_gettext("waits"),
    "running": lazy_gettext("runs"),
    "canceling": lazy_gettext("is being canceled"),
    "succeeded": lazy_gettext("succeeded"),
    "failed": lazy_gettext("failed"),
    "partially_failed": lazy_gettext("failed in part"),
    "timed_out": lazy_gettext("took too long"),
    "canceled": lazy_gettext("canceled"),
    "unreachable": lazy_gettext("out of reach"),
    "skipped": lazy_gettext("skipped"),
    "expired": lazy_gettext("never begun"),
    "lost": lazy_gettext("lost: its end is not known"),
    "gone": lazy_gettext("gone"),
    "survived": lazy_gettext("still there"),
    "protected": lazy_gettext("protected"),
    "denied": lazy_gettext("not permitted"),
}
GOOD = {"available", "active", "pinned", "succeeded", "gone"}
BAD = {
    *("offline", "changed", "failed", "partially_failed", "timed_out", "unreachable", "expired"),
    *("lost", "survived", "protected", "denied"),
}


@dataclass(frozen=True)
class Shown:
    word: str
    tone: str  # good, bad, plain


def state(name: str) -> Shown:
    tone = "good" if name in GOOD else "bad" if name in BAD else "plain"
    return Shown(str(WORDS.get(name, name)), tone)
