"""Which machines somebody reaches: the organisation's, narrowed by the selector of a token."""

from contextlib import AbstractContextManager

from sqlalchemy import Connection

from hyperion_control.domain import selectors
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.selectors import Selector
from hyperion_control.errors import Conflict, Forbidden, NotFound
from hyperion_control.store import machines
from hyperion_control.store.machines import Machine
from hyperion_control.usecases.parts import Parts


def deciding(parts: Parts, actor: Actor) -> AbstractContextManager[Connection]:
    """No two look for a free name or address at once."""
    alone = f"machines of {actor.organisation_id}"
    return parts.database.writing(actor.organisation_id, alone=alone)


def selector(actor: Actor) -> Selector:
    try:
        return selectors.parse(actor.machines)
    except ValueError:
        said = "the selector of this token cannot be read: make a new token"
        raise Forbidden(said, code="selector-unreadable") from None


def known(connection: Connection, actor: Actor, machine_id: str) -> Machine:
    """Also one that was deleted, for its history."""
    found = machines.get(connection, actor.organisation_id or "", machine_id)
    if found is None or not selector(actor).matches(found.all_labels):
        raise NotFound("there is no such machine")
    return found


def living(connection: Connection, actor: Actor, machine_id: str) -> Machine:
    found = known(connection, actor, machine_id)
    if found.deleted_at is not None:
        raise Conflict("this machine was deleted: nothing but its history is left", code="deleted")
    return found


def kept(connection: Connection, actor: Actor, machine_id: str) -> Machine:
    """As it was just written; nobody writes a machine into or out of what their token reaches."""
    found = machines.get(connection, actor.organisation_id or "", machine_id)
    if found is None or not selector(actor).matches(found.all_labels):
        raise Forbidden(
            "this token is for other machines: give it labels that the token's selector selects",
            code="beyond-selector",
        )
    return found


def refuse_narrowed(actor: Actor) -> None:
    """Groups change what a selector selects."""
    if actor.machines:
        raise Forbidden("a token for some machines cannot change groups", code="beyond-selector")
