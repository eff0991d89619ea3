"""Writes the audit: what was asked and decided, and what came of it, each before the next step."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from prometheus_client import CollectorRegistry

from hyperion_control.domain import ids
from hyperion_control.domain.actions import Action
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.chain import Record
from hyperion_control.errors import AuditUnavailable, Problem
from hyperion_control.store.database import Database
from hyperion_control.store.records import records
from hyperion_control.usecases.scribe import PATIENCE_SECONDS, Scribe
from hyperion_control.usecases.tally import Tally

log = logging.getLogger(__name__)

_json = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
LENGTHS = {column.name: getattr(column.type, "length", None) for column in records.columns}


@dataclass(frozen=True)
class Entry:
    """Ids only, never personal data: erasing a person must leave the chain as it is."""

    actor: Actor
    action: Action
    target: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)
    organisation_id: str | None = ""  # empty: the actor's
    decision: Literal["allowed", "refused"] = "allowed"
    session_id: str = ""


class Recorder:
    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        registry: CollectorRegistry,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._clock = clock
        self._tally = Tally(registry)
        self._scribe = Scribe(database, self._disown, self._tally.count, patience)

    def note(self, entry: Entry) -> str:
        """Record what is complete in itself; returns the record's id once it is durable."""
        return self._write(self._draft(entry, "note"))

    @contextmanager
    def acting(self, entry: Entry) -> Iterator[str]:
        """Record the intent, then let the body run, then record how it ended.

        Not to be used inside a transaction: SQLite has one writer, and the body would wait for it.
        """
        intent = self._draft(entry, "intent")
        self._write(intent)
        try:
            yield intent.id
        except BaseException as fault:  # noted and raised again, whatever it is
            self._end(intent, "failed", fault.code if isinstance(fault, Problem) else _name(fault))
            raise
        self._end(intent, "succeeded")

    def close(self) -> None:
        self._scribe.close()

    def _write(self, draft: Record) -> str:
        if fault := self._tell(draft):
            raise AuditUnavailable(f"nothing was done, since it cannot be recorded: {fault}")
        return draft.id

    def _end(self, intent: Record, outcome: str, code: str = "") -> None:
        if fault := self._tell(self._outcome(intent, outcome, code)):
            # It has happened, and who asked must know. At worst the worker records it as unknown.
            what = intent.id, intent.action, outcome
            log.error("%s %s %s, which could not be recorded in time: %s", *what, fault)

    def _tell(self, draft: Record) -> str:
        begun = time.perf_counter()
        fault = self._scribe.write(draft)
        self._tally.asked(time.perf_counter() - begun, bool(fault))
        return fault

    def _draft(self, entry: Entry, phase: str) -> Record:
        actor, whose = entry.actor, entry.organisation_id
        return Record(
            seq=0,
            id=ids.new("aud"),
            at=moment(self._clock()),
            organisation_id=actor.organisation_id if whose == "" else whose,
            phase=phase,
            of="",
            actor_id=actor.user_id,
            via=actor.via,
            address=_fit("address", actor.origin.address),
            user_agent=_fit("user_agent", actor.origin.user_agent),
            action=entry.action,
            target=_fit("target", entry.target),
            session_id=_fit("session_id", entry.session_id),
            request_id=_fit("request_id", actor.origin.request_id),
            decision=entry.decision,
            outcome="",
            detail=_json(dict(entry.detail)),
            organisation_hash="",
            hash="",
        )

    def _outcome(self, intent: Record, outcome: str, code: str = "") -> Record:
        return outcome_of(intent, self._clock(), outcome, code)

    def _disown(self, record: Record) -> Record:
        return self._outcome(record, "failed", AuditUnavailable.code)


def outcome_of(record: Record, now: datetime, outcome: str, code: str = "") -> Record:
    """The record that says how another one ended."""
    return record._replace(
        id=ids.new("aud"),
        at=moment(now),
        phase="outcome",
        of=record.id,
        outcome=outcome,
        detail=_json({"code": code} if code else {}),
    )


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _fit(column: str, text: str) -> str:
    """What a client sent must not make the database refuse the records of all who wait with it."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "")[: LENGTHS[column]]


def _name(fault: BaseException) -> str:
    return type(fault).__name__
