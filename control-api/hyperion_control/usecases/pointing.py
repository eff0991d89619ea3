"""What an alert points at: a machine, by its name and by that of its organisation."""

from dataclasses import dataclass

from hyperion_control.domain.actors import Actor
from hyperion_control.errors import NotFound
from hyperion_control.store import machines
from hyperion_control.usecases import home
from hyperion_control.usecases.home import Place
from hyperion_control.usecases.parts import Parts


@dataclass(frozen=True)
class Pointed:
    place: Place
    machine_id: str


def find(parts: Parts, actor: Actor, organisation: str, machine: str) -> Pointed:
    """In any organisation of who asks, by its name or id; empty: where they work now."""
    place = next((each for each in home.places(parts, actor) if _is(each, organisation)), None)
    if place is None:
        raise NotFound("there is no such machine")
    with parts.database.reading(place.id) as connection:
        found = machines.named(connection, place.id, machine)
    if found is None:
        raise NotFound("there is no such machine")
    return Pointed(place, found.id)


def _is(place: Place, organisation: str) -> bool:
    return organisation in (place.id, place.name) if organisation else place.current
