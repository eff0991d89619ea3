"""A machine of acme's that answers at once with what real machines have said, or not at all."""

from dataclasses import dataclass, field
from pathlib import Path

from control_api.domain import test_unit_answers as units
from control_api.hands import Hands
from control_api.people import ACME
from hyperion_control.store import commands
from hyperion_control.usecases.parts import Parts
from lab.errands import add_machine

LOOKS = Path(__file__).parents[1] / "domain/looks"
UNIT = "nginx.service"
START = "900-95adb6e8-bf20-48cc-91a0-0dbe8e055a39"
FAILED = units.FALLEN.replace("ActiveState=active", "ActiveState=failed")


def look(name: str) -> bytes:
    return (LOOKS / f"debian12-{name}.txt").read_bytes()


SAYS = {
    "command:run": b"up 3 days\n",
    "network:interfaces": look("interfaces"),
    "network:sockets": look("sockets"),
    "process:kill": b"found 36 900 sshd\ngone 36\n",
    "process:signal": b"found 36 900 sshd\ngone 36\n",
    "processes:list": look("processes"),
    "service:logs": f"1795260400\n{units.LOG}".encode(),
    "service:restart": units.DONE.encode(),
    "service:stop": units.DONE.encode(),
    "services:impact": f"{units.MET}= end\n".encode(),
    "services:list": f"= read\n{units.UNIT}\n{FAILED}= files\n= end\n".encode(),
}


@dataclass
class Shop:
    """`says` by the kind of what is asked: a kind without words is never answered."""

    parts: Parts
    says: dict[str, bytes] = field(default_factory=SAYS.copy)
    ends: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = add_machine(self.parts, "shop-1", labels={"env": "prod"})
        self.path = f"/machines/{self.id}"
        self.parts.bell.subscribe(self._work)

    def _work(self, topic: str) -> None:
        if topic != "tasks":
            return
        with self.parts.database.reading(ACME) as connection:
            found = commands.ready(connection, self.parts.clock())
        for command in found:
            self.asked.append((command.kind, dict(command.order)))
            if command.kind in self.says:
                self._answer(command.id, command.kind)

    def _answer(self, command_id: str, kind: str) -> None:
        hands, said = Hands(self.parts), self.says[kind]
        state, code = self.ends.get(kind, ("succeeded", 0))
        for task in hands.tasks(command_id):
            hands.say(task, said)
            hands.end(task, state, code, size=len(said))
