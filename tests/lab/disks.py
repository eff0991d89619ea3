"""A smartctl with made-up disks, which answer, sleep, hang, lie and vanish at a test's word."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from lab.house import ROOT
from lab.programs import missing
from lab.wait import wait_for

# Answers of real disks, from smartctl_exporter's own tests.
CAPTURES = ROOT.parent / "shared/data/smart"

# What is refused here, the real one refuses: an option it does not know ends it before any disk.
SCRIPT = """#!{python} -IS
import json, os, re, sys, time

HOME = {home!r}
OPTIONS = re.compile(
    r"--(json(=c)?|info|health|attributes|all|scan|tolerance=verypermissive|format=brief"
    r"|log=(error|selftest|devstat|scttempsts|scterc|background)|nocheck=\\w+(,\\d+)?|device=\\S+"
    r"|test=(short|long)|abort)"
)

def disks():
    for file in sorted(os.listdir(HOME + "/disks")):
        with open(HOME + "/disks/" + file) as disk:
            yield json.load(disk)

def say(text, status):
    sys.stdout.write(text)
    sys.stdout.flush()
    os._exit(status)

argv = sys.argv[1:]
with open(HOME + "/calls", "a") as calls:
    calls.write(json.dumps(argv) + "\\n")
options = [word for word in argv if word.startswith("-")]
old = os.path.exists(HOME + "/old")
unknown = [word for word in options if not OPTIONS.fullmatch(word) or old and "json" in word]
if unknown:
    say("=======> UNRECOGNIZED OPTION: " + unknown[0].lstrip("-") + "\\n", 1)
if "--scan" in options:
    if os.path.exists(HOME + "/scan hangs"):
        time.sleep(60)
    listed = [{{"name": disk["name"], "type": disk["kind"]}} for disk in disks()]
    if old:
        lines = ["{{name}} -d {{type}} # {{name}}, a device\\n".format(**disk) for disk in listed]
        say("".join(lines), 0)
    say(json.dumps({{"smartctl": {{"exit_status": 0}}, "devices": listed}}), 0)
given = dict(word.lstrip("-").split("=", 1) for word in options if "=" in word)
mode, _, status = given.get("nocheck", "never").partition(",")
asked = [disk for disk in disks() if disk["name"] == argv[-1]]
# Behind a controller all disks have one name.
own = [disk for disk in asked if disk["kind"] == given.get("device")] or asked
if not own:
    fault = {{"string": "Smartctl open device: %s failed: No such device" % argv[-1]}}
    fault["severity"] = "error"
    if "--json=c" not in options and "--json" not in options:
        say(fault["string"] + "\\n", 2)
    say(json.dumps({{"smartctl": {{"exit_status": 2, "messages": [fault]}}}}), 2)
disk = own[0]
if disk["mood"] == "hung":
    # With a part of it that would hold the pipe open after its end.
    os.fork()
    with open(HOME + "/hung", "a") as pids:
        pids.write("%d\\n" % os.getpid())
    time.sleep(60)
if any(word.startswith("--test=") for word in options):
    say("Testing has begun.\\nTest will complete after Sat Nov 21 09:00:00 2026\\n", 0)
if "--abort" in options:
    say("Self-testing aborted!\\n", 0)
asleep = {{"standby": ("standby", "idle"), "idle": ("idle",)}}.get(disk["mood"], ())
if mode in asleep:
    number = int(status or 2)
    line = "Device is in %s mode, exit(%d)" % (disk["mood"].upper(), number)
    told = {{"string": line, "severity": "information"}}
    said = {{"version": [7, 3], "exit_status": number, "messages": [told]}}
    say(line + "\\n" if old else json.dumps({{"smartctl": said}}), number)
say(disk["answer"], disk["status"])
"""


class Disks:
    """Those of a folder; `folder / "bin"` is where the smartctl lies that knows them."""

    def __init__(self, folder: Path) -> None:
        self._home = folder
        self.bin = folder / "bin"
        for name in ("bin", "disks"):
            (folder / name).mkdir(parents=True)
        self.program = self.bin / "smartctl"
        self.program.write_text(SCRIPT.format(python=sys.executable, home=str(folder)))
        self.program.chmod(0o755)
        self._numbers: dict[tuple[str, str], int] = {}

    def put(
        self,
        name: str,
        answer: dict[str, Any] | str,
        kind: str = "nvme",
        status: int = 0,
        mood: str = "awake",
    ) -> None:
        """A disk, or another state of it: awake, idle, standby or hung. A text is said as it is."""
        number = self._numbers.setdefault((name, kind), len(self._numbers))
        if isinstance(answer, dict):
            device = {"type": kind} | answer.get("device", {}) | {"name": name}
            answer = json.dumps(answer | {"device": device})
        disk = {"name": name, "kind": kind, "answer": answer, "status": status, "mood": mood}
        fresh = self._home / "fresh"
        fresh.write_text(json.dumps(disk))
        # Whole or not at all: smartctl may look at any moment.
        fresh.rename(self._file(number))

    def remove(self, name: str, kind: str = "nvme") -> None:
        self._file(self._numbers[name, kind]).unlink()

    def grow_old(self) -> None:
        """From now on it is a smartctl of before 7.0, which knows no JSON."""
        (self._home / "old").touch()

    def hang_the_scan(self) -> None:
        (self._home / "scan hangs").touch()

    def calls(self, word: str = "") -> list[list[str]]:
        """How it was called so far; of a disk alone where its name is given."""
        file = self._home / "calls"
        calls = (
            [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        )
        return [call for call in calls if not word or call[-1] == word]

    def hung(self) -> list[int]:
        """The processes that hang or did."""
        file = self._home / "hung"
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def let_go(self) -> None:
        """End those that hang."""
        for pid in filter(runs, self.hung()):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(map(runs, self.hung())), 10, "those that hung to be gone")

    def _file(self, number: int) -> Path:
        return self._home / "disks" / f"{number:03}"


def captures() -> list[Path]:
    return sorted(CAPTURES.glob("*.json"))


def capture(name: str) -> dict[str, Any]:
    """The answer of a real disk."""
    file = CAPTURES / f"{name}.json"
    if not file.exists():
        missing(f"the answers of real disks in {CAPTURES}")
    answer: dict[str, Any] = json.loads(file.read_text())
    return answer


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that is gone, but whose parent has not asked yet.
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
