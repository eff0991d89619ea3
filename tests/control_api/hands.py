"""What a worker writes of the tasks of a command, without a machine that would do them."""

from dataclasses import dataclass
from datetime import timedelta

from control_api.people import ACME
from hyperion_control.domain.commands import TaskState
from hyperion_control.store import commands, outputs, tasks
from hyperion_control.store.tasks import Result, Task
from hyperion_control.usecases import issuing
from hyperion_control.usecases.parts import Parts


@dataclass(frozen=True)
class Hands:
    parts: Parts

    def tasks(self, command_id: str) -> list[Task]:
        with self.parts.database.reading(ACME) as connection:
            return tasks.of_command(connection, command_id)

    def begin(self, task: Task) -> None:
        now = self.parts.clock()
        with self.parts.database.writing(ACME) as connection:
            assert issuing.claim(connection, task, "wrk_1", now + timedelta(seconds=30), now)

    def say(self, task: Task, data: bytes, stream: str = "stdout", start: int = 0) -> None:
        with self.parts.database.writing(ACME) as connection:
            command = commands.get(connection, task.command_id)
            assert command
            head, tail = command.order["head"], command.order["tail"]
            outputs.append(connection, task, stream, start, data, head, tail)
        issuing.ring(self.parts, task.command_id, [task.id])

    def end(
        self,
        task: Task,
        state: str = "succeeded",
        code: int | None = 0,
        size: int = 0,
        digest: str = "",
    ) -> bool:
        result = Result(TaskState(state), code=code, seconds=0.5, stdout_size=size, digest=digest)
        with self.parts.database.writing(ACME) as connection:
            ended = issuing.end(connection, task, result, self.parts.clock())
        issuing.ring(self.parts, task.command_id, [task.id])
        return ended

    def do(self, command_id: str, said: bytes = b"ok\n") -> None:
        """All of it, well."""
        for task in self.tasks(command_id):
            self.begin(task)
            self.say(task, said)
            assert self.end(task, size=len(said))
