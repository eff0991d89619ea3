"""What rules know a process by, each trait read only when a rule asks for it."""

import pwd
from functools import cached_property
from pathlib import PurePosixPath

from hyperion_exporter.process import Process, unit


class Traits:
    def __init__(self, process: Process) -> None:
        self.number = process.number
        self.name = process.stat.name
        self._process = process

    @cached_property
    def argv(self) -> list[str]:
        return self._process.command_line()

    @cached_property
    def command_line(self) -> str:
        return " ".join(self.argv)

    @property
    def exe_full(self) -> str:
        return self.argv[0] if self.argv else self.name

    @property
    def exe_base(self) -> str:
        # The kernel's own have no command line, and may have strokes in their names.
        return PurePosixPath(self.argv[0]).name if self.argv else self.name

    @cached_property
    def cgroups(self) -> list[str]:
        return self._process.cgroups()

    @property
    def unit(self) -> str:
        return unit(self.cgroups)

    @cached_property
    def user(self) -> str:
        uid = self._process.status().uid
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return str(uid)
