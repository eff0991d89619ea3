"""Of what class an event is: this table says it, and the tests have real messages for each row."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from hyperion_exporter.sources.event_log import Event

# The words of syslog(3) as journalctl spells them.
LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
OTHER = "other"


class Rule(NamedTuple):
    """What programs, or the kernel, write of a class, and the level at which they usually do."""

    name: str
    programs: tuple[str, ...]
    level: str
    pattern: str


KERNEL = ("kernel",)
# Since version 9.8 sshd has a program of its own for each connection.
SSHD = ("sshd", "sshd-session")

# Of lines that say the same of one thing, the one that always comes is here. The first row that
# fits is right.
RULES = (
    Rule("oom_kill", KERNEL, "err", r"^(?:Memory cgroup o|O)ut of memory: Kill"),
    Rule("oom_kill", ("systemd-oomd",), "notice", r"^Killed .* due to "),
    Rule("io_error", KERNEL, "err", r"(?:I/O error|critical \w+ error), dev |^Buffer I/O error on"),
    Rule("io_error", KERNEL, "err", r"^nvme\w+: .* \(sct 0x\w+ / sc 0x\w+\)"),
    Rule("filesystem_error", KERNEL, "crit", r"^EXT[234]-fs error|^BTRFS (?:error|critical) "),
    Rule("filesystem_error", KERNEL, "alert", r"^XFS \(.*\): .*(?:[Cc]orruption|hut ?down)"),
    Rule("filesystem_error", KERNEL, "err", r"^(?:FAT|F2FS)-fs \(.*\): .*[Ee]rror"),
    Rule("thermal", KERNEL, "crit", r"temperature above threshold|critical temperature reached"),
    Rule("hardware_error", KERNEL, "err", r"\[Hardware Error\]|: AER: .*error"),
    Rule("hardware_error", KERNEL, "warning", r"^EDAC .*: \d+ [CU]E "),
    Rule("hung_task", KERNEL, "err", r"^INFO: task .* blocked for more than \d+ seconds"),
    Rule("hung_task", KERNEL, "emerg", r"BUG: soft lockup - |BUG: workqueue lockup - "),
    Rule("hung_task", KERNEL, "err", r"^rcu: INFO: \w+ (?:self-)?detected (?:expedited )?stall"),
    Rule("segfault", KERNEL, "info", r"\]: segfault at |^traps: "),
    Rule("link_down", KERNEL, "info", r"(?i:link is down)|: Link down$|status definitely down"),
    Rule("link_up", KERNEL, "info", r"(?i:link is up)|: Link up\b|status definitely up"),
    Rule("disk", KERNEL, "crit", r"^md/raid.*: Disk failure on "),
    Rule("disk", KERNEL, "err", r"^ata[\d.]+: exception Emask|^sd .*: rejecting I/O to "),
    Rule("disk", KERNEL, "warning", r"^nvme nvme\d+: (?:I/O .* timeout|controller is down)"),
    Rule("disk", ("mdadm",), "crit", r"^(?:Fail|FailSpare|DegradedArray|DeviceDisappeared) event "),
    Rule("disk", ("smartd",), "crit", r"FAILED SMART self-check|unreadable \(pending\) sectors"),
    Rule("time_jump", KERNEL, "warning", r"Marking clocksource .* as unstable"),
    Rule("time_jump", ("systemd-journald",), "notice", r"^Time jumped backwards"),
    Rule("time_jump", ("chronyd",), "warning", r"^System clock was stepped by "),
    Rule("time_jump", ("ntpd",), "notice", r"time (?:reset|stepped by) "),
    Rule("time_jump", ("systemd-timesyncd",), "info", r"^System time changed"),
    Rule("authentication_failure", SSHD, "info", r"^Failed [\w/-]+ for "),
    Rule("authentication_failure", SSHD, "info", r"^Connection .*(?:authenticating|invalid) user "),
    Rule("authentication_failure", ("sudo",), "alert", r"incorrect password attempt"),
    Rule("authentication_failure", ("su",), "notice", r"^FAILED SU "),
    Rule("authentication_failure", ("login",), "notice", r"^FAILED LOGIN "),
    Rule("unit_failure", ("systemd",), "warning", r": Failed with result '"),
)  # fmt: skip

CLASSES = (*dict.fromkeys(rule.name for rule in RULES), OTHER)


def _by_program() -> Mapping[bytes, tuple[re.Pattern[bytes], list[str]]]:
    """One pattern for a program, whose groups are its rules, and the class that each means."""
    rules: dict[str, list[Rule]] = {}
    for rule in RULES:
        for program in rule.programs:
            rules.setdefault(program, []).append(rule)
    return {
        program.encode(): (
            re.compile("|".join(f"({rule.pattern})" for rule in own).encode()),
            [rule.name for rule in own],
        )
        for program, own in rules.items()
    }


BY_PROGRAM = _by_program()


def of(event: Event) -> str:
    if (known := BY_PROGRAM.get(event.program)) is None:
        return OTHER
    pattern, names = known
    found = pattern.search(event.message)
    return names[(found.lastindex or 1) - 1] if found else OTHER
