"""A request that is made twice under one key is done once, and answered twice."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Conflict, Invalid
from hyperion_control.store import replays
from hyperion_control.store.database import EVERY_ORGANISATION
from hyperion_control.store.replays import Replay
from hyperion_control.store.workers import Worker
from hyperion_control.usecases.parts import Parts

KEPT = timedelta(hours=24)
CONTEXT = "replays.answer"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str = field(repr=False)


def name(actor: Actor, method: str, path: str, key: str) -> str:
    """The same person under the same key of another address, or another person, is another one."""
    who = actor.token_id or actor.user_id
    return _hash([who, actor.organisation_id or "", method, path, key])


def begin(parts: Parts, actor: Actor, replay_id: str, request: Sequence[str]) -> Answer | None:
    """The answer that was given before; None when this is the first time."""
    now, request_hash = parts.clock(), _hash(request)
    with parts.database.writing(EVERY_ORGANISATION, alone=f"replay {replay_id}") as connection:
        found = replays.get(connection, replay_id, now - KEPT)
        if found is None:
            made = Replay(replay_id, actor.organisation_id, request_hash, now)
            replays.put(connection, made)
            return None
    if found.request_hash != request_hash:
        said = "this Idempotency-Key was used for another request: take a new one"
        raise Invalid(said, code="idempotency-key-reused")
    if found.answer is None:
        raise Conflict(
            "the request with this Idempotency-Key has not been answered yet: ask again, and look"
            " whether it was done before you take another key",
            code="idempotency-in-flight",
        )
    return Answer(**json.loads(parts.sealer.open(found.answer, f"{CONTEXT}:{replay_id}")))


def keep(parts: Parts, replay_id: str, answer: Answer) -> None:
    sealed = parts.sealer.seal(json.dumps(vars(answer)).encode(), f"{CONTEXT}:{replay_id}")
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        replays.answer(connection, replay_id, sealed)


def drop(parts: Parts, replay_id: str) -> None:
    """Nothing was done, so that it may be tried again under the same key."""
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        replays.remove(connection, replay_id)


def forget(parts: Parts, _worker: Worker) -> None:
    """A chore."""
    with parts.database.writing(EVERY_ORGANISATION) as connection:
        replays.forget(connection, parts.clock() - KEPT)


def _hash(texts: Sequence[str]) -> str:
    return sha256(json.dumps(list(texts)).encode()).hexdigest()
