"""The control API as it runs, with Ada and the others living in its database."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from control_api.people import People
from hyperion_control.settings import Settings
from hyperion_control.usecases.parts import Parts
from lab.ours import control_api
from lab.servers import Server


@dataclass(frozen=True)
class Inhabited:
    server: Server
    people: People

    @property
    def database(self) -> Path:
        file = self.people.parts.database.file
        assert file
        return file


@contextmanager
def inhabited(folder: Path) -> Iterator[Inhabited]:
    with control_api(folder) as server:
        settings = Settings.from_env({"HYPERION_DATA": str(folder / "control")})
        with closing(Parts.build(settings)) as parts:
            people = People(parts)
            people.move_in()
            yield Inhabited(server, people)
