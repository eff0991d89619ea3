"""The program for self-tests of disks: starts one, breaks one off, tells how they ended.

It is for who is root at the machine. The exporter itself only looks.
"""

import argparse
import sys
from collections.abc import Sequence

from hyperion_exporter.sources import smartctl
from hyperion_exporter.sources.program import Failed
from hyperion_exporter.sources.self_tests import SelfTests

TESTS = {
    "short": "start a test of minutes",
    "long": "start a test of hours",
    "conveyance": "start a test for damage on the way here (SATA alone)",
}


def main(argv: Sequence[str] | None = None, folders: Sequence[str] = smartctl.FOLDERS) -> int:
    wanted = _parser().parse_args(argv)
    try:
        said = _done(wanted.what, wanted.disk, wanted.kind, folders)
    except Failed as fault:
        sys.stderr.write(f"hyperion-disk-test: {wanted.disk}: {fault}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


def _done(what: str, disk: str, kind: str, folders: Sequence[str]) -> str:
    program = smartctl.find(folders)
    if program is None:
        raise Failed("smartctl is not installed; install smartmontools")
    tests = SelfTests(program, disk, kind)
    match what:
        case "report":
            return tests.report()
        case "abort":
            return tests.abort()
        case _:
            return tests.start(what)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hyperion-disk-test", description="Self-tests of disks, which go on by themselves."
    )
    words = [f"{test}: {help}" for test, help in TESTS.items()]
    words += ["abort: break off the one that runs", "report: how they ended"]
    parser.add_argument("what", choices=(*TESTS, "abort", "report"), help="; ".join(words))
    parser.add_argument("disk", help="such as /dev/sda")
    parser.add_argument("--kind", default="auto", help="what smartctl takes as --device")
    return parser


if __name__ == "__main__":
    sys.exit(main())
