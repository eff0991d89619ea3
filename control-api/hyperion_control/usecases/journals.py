"""The journal of a unit as it goes on: followed by short looks, each from where the last one ended.

So nothing needs to be told that a reader has gone, be it that they left or that we died.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from hyperion_control.domain import journal, unit_answers, unit_orders
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.journal import Line, Wanted
from hyperion_control.domain.unit_answers import Said
from hyperion_control.store import outputs, tasks
from hyperion_control.usecases import acts
from hyperion_control.usecases.acts import Act
from hyperion_control.usecases.parts import Parts

KIND = "service:logs"
PIECE_BYTES = 256 * 1024


@dataclass
class Following:
    machine_id: str
    unit: str
    wanted: Wanted
    task_id: str = ""  # of the look that goes on; empty: none
    offset: int = 0  # up to which its output was read
    rest: bytes = b""  # of a line that is still on its way

    def news(self, parts: Parts, actor: Actor) -> list[Line]:
        if not self.task_id:
            order = unit_orders.follow(self.unit, self.wanted)
            self.task_id = acts.begin(parts, actor, self.machine_id, Act(KIND, order, passing=True))
            self.offset, self.rest = 0, b""
            return []
        data, ended = self._read(parts, actor)
        whole, _, self.rest = (self.rest + data).rpartition(b"\n")
        found = journal.lines(whole.decode(errors="replace"))
        if found:
            self.wanted = replace(self.wanted, after=found[-1].cursor, since=None)
        if ended and not data:
            self._end(parts, actor)
        return found

    def _read(self, parts: Parts, actor: Actor) -> tuple[bytes, bool]:
        with parts.database.reading(actor.organisation_id) as connection:
            # Before its output: what has ended by now has said all that is there.
            task = tasks.get(connection, self.task_id)
            what = self.task_id, "stdout", self.offset, PIECE_BYTES
            _, data = outputs.read(connection, *what)
        self.offset += len(data)
        return data, task is None or task.ended

    def _end(self, parts: Parts, actor: Actor) -> None:
        """Of a look, after which the next one begins; refused when it did not end well."""
        outcome = acts.outcome(parts, actor, self.task_id)
        if outcome:
            unit_answers.refuse_failed(Said(outcome.code, outcome.stdout, outcome.stderr))
        self.task_id = ""


def following(
    machine_id: str, unit: str, wanted: Wanted, told: list[Line], at: datetime | None
) -> Following:
    """From behind what was told at that time."""
    if told:
        wanted = replace(wanted, after=told[-1].cursor, since=None)
    elif not wanted.after:
        wanted = replace(wanted, since=at)
    return Following(machine_id, unit, replace(wanted, lines=None))
