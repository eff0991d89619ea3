"""Policies: which commands each role may run, decided by the admins of an organisation."""

from collections.abc import Sequence

from hyperion_control.domain import ids
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.pages import Page, cut
from hyperion_control.domain.policies import Effect
from hyperion_control.domain.roles import Role
from hyperion_control.errors import NotFound
from hyperion_control.store import policies
from hyperion_control.store.policies import Policy
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry


def create(
    parts: Parts, actor: Actor, role: Role, effect: Effect, words: Sequence[str], note: str
) -> Policy:
    made = Policy(
        ids.new("pol"),
        actor.organisation_id or "",
        role,
        effect,
        tuple(words),
        note,
        actor.user_id,
        parts.clock(),
    )
    detail = {"role": str(role), "effect": str(effect)}
    with (
        parts.audit.acting(Entry(actor, "policy:create", made.id, detail)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        policies.add(connection, made)
    return made


def page(parts: Parts, actor: Actor, after: str, limit: int) -> Page[Policy]:
    with parts.database.reading(actor.organisation_id) as connection:
        found = policies.page(connection, actor.organisation_id or "", after, limit + 1)
    return cut(found, limit, lambda policy: policy.id)


def look(parts: Parts, actor: Actor, policy_id: str) -> Policy:
    with parts.database.reading(actor.organisation_id) as connection:
        found = policies.get(connection, actor.organisation_id or "", policy_id)
    if found is None:
        raise NotFound("there is no such policy")
    return found


def delete(parts: Parts, actor: Actor, policy_id: str) -> None:
    """There is no change of one: delete it and make another, so that the audit tells of both."""
    found = look(parts, actor, policy_id)
    with (
        parts.audit.acting(Entry(actor, "policy:delete", found.id)),
        parts.database.writing(actor.organisation_id) as connection,
    ):
        policies.remove(connection, found.id)
