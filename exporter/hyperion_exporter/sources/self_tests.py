"""Self-tests of a disk by way of pySMART, which knows what smartctl says of them to people."""

from pathlib import Path
from typing import Any

from hyperion_exporter.sources import old_smartctl
from hyperion_exporter.sources.program import Failed, run

# A disk that slept has to wake up first.
SECONDS = 60.0
# The call was wrong, or the disk could not be opened.
NOT_OPENED = 0b11


class _Smartctl:
    """To pySMART a smartctl whose calls end in time, and that knows of what kind the disk is."""

    def __init__(self, program: Path, kind: str) -> None:
        self._program = program
        self._kind = kind

    def all(self, name: str, *_: object) -> list[str]:
        return self._call("--all", name)[0]

    def test_start(self, _: object, test: str, name: str) -> tuple[list[str], int]:
        return self._call(f"--test={test}", name)

    def test_stop(self, _: object, name: str) -> int:
        return self._call("--abort", name)[1]

    def generic_call(self, *_: object) -> tuple[list[str], int]:
        return [], 1

    try_generic_call = generic_call

    def _call(self, option: str, name: str) -> tuple[list[str], int]:
        output = run([self._program, option, f"--device={self._kind}", name], SECONDS)
        lines = output.words().splitlines()
        if output.status & NOT_OPENED:
            raise Failed(next((line for line in lines if name in line), "smartctl cannot open it"))
        return lines, output.status


class SelfTests:
    """Those of one disk; Failed says what went wrong."""

    def __init__(self, program: Path, name: str, kind: str) -> None:
        # Like the tests themselves, it is needed once in a long while.
        from pySMART import Device

        smartctl = _Smartctl(program, kind)
        protocol = old_smartctl.protocol("\n".join(smartctl.all(name)))
        self._device: Any = Device(name, interface=protocol.lower(), smartctl=smartctl)

    def start(self, test: str) -> str:
        code, words, until = self._device.run_selftest(test)
        if code:
            raise Failed(words.strip().rstrip("."))
        return f"the {test} test has begun" + (f"; it ends about {until}" if until else "")

    def abort(self) -> str:
        if self._device.abort_selftest():
            raise Failed("smartctl could not break the test off")
        return "no test runs any more"

    def report(self) -> str:
        """The running one, and those of the disk's log, the youngest first."""
        code, _, done = self._device.get_selftest_result()
        running = [f"a test runs, {done or 0} % are done"] if code == 1 else []
        ended = [
            f"{test.type}, at {test.hours} h switched on: {test.status}"
            for test in self._device.tests
        ]
        return "\n".join([*running, *ended]) or "no test was ever made"
