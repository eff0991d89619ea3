"""What is recorded, and that nothing happens which is not."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from hyperion_control.domain.actors import SYSTEM, Actor, Origin
from hyperion_control.domain.chain import Chain, Record, check
from hyperion_control.errors import AuditUnavailable, Conflict
from hyperion_control.store import records
from hyperion_control.store.database import Database
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry, Recorder
from lab.databases import ON_SQLITE
from lab.wait import wait_for

ADA = Actor(
    Origin("192.0.2.7", "req_1", "curl/8"),
    user_id="usr_ada",
    organisation_id="org_acme",
    login_id="lgn_1",
)


def recorded(parts: Parts) -> list[Record]:
    with parts.database.reading("*") as connection:
        found = list(records.walk(connection))
    assert check(Chain(), found) == len(found)
    return found


def recorder(parts: Parts, patience: float) -> Recorder:
    return Recorder(parts.database, parts.clock, CollectorRegistry(), patience)


def test_a_note_says_who_from_where_with_what_on_what_and_when(parts: Parts) -> None:
    given = parts.audit.note(
        Entry(ADA, "user:read", "usr_olga", {"b": 1, "a": ["x"]}, session_id="ses_1")
    )
    (found,) = recorded(parts)
    assert found[1:-2] == (
        given,
        "2026-11-21T03:00:00.000000Z",
        "org_acme",
        "note",
        "",
        "usr_ada",
        "lgn_1",
        "192.0.2.7",
        "curl/8",
        "user:read",
        "usr_olga",
        "ses_1",
        "req_1",
        "allowed",
        "",
        '{"a":["x"],"b":1}',
    )


def test_the_intent_is_there_before_the_body_runs_and_the_outcome_after(parts: Parts) -> None:
    with parts.audit.acting(Entry(ADA, "user:create", "usr_olga")) as intent:
        assert [(record.id, record.phase) for record in recorded(parts)] == [(intent, "intent")]
    begin, end = recorded(parts)
    assert (end.phase, end.of, end.outcome, end.detail) == ("outcome", intent, "succeeded", "{}")
    assert (end.actor_id, end.action, end.target) == (begin.actor_id, begin.action, begin.target)


def test_what_failed_is_recorded_with_its_code_and_raised_again(parts: Parts) -> None:
    with pytest.raises(Conflict), parts.audit.acting(Entry(ADA, "user:create")):
        raise Conflict("the last admin stays", code="last-admin")
    with pytest.raises(ZeroDivisionError), parts.audit.acting(Entry(ADA, "user:create")):
        raise ZeroDivisionError
    ends = [record for record in recorded(parts) if record.phase == "outcome"]
    assert [(end.outcome, json.loads(end.detail)) for end in ends] == [
        ("failed", {"code": "last-admin"}),
        ("failed", {"code": "ZeroDivisionError"}),
    ]


def test_an_entry_may_belong_to_another_organisation_or_to_none(parts: Parts) -> None:
    parts.audit.note(Entry(ADA, "user:read", organisation_id="org_globex"))
    parts.audit.note(Entry(ADA, "user:read", organisation_id=None))
    assert [record.organisation_id for record in recorded(parts)] == ["org_globex", None]


@pytest.mark.parametrize("odd", ["\0", "\ud800", "x" * 5000, "é" * 5000, "\r\n\x1b[31m"])
def test_whatever_a_client_sends_is_recorded_and_harms_no_other(parts: Parts, odd: str) -> None:
    stranger = Actor(Origin(odd, odd, odd))
    parts.audit.note(Entry(stranger, "user:read", odd, {odd: odd}, session_id=odd))
    (found,) = recorded(parts)
    assert json.loads(found.detail) == {odd: odd}


def test_32_at_once_are_all_recorded_each_once(parts: Parts) -> None:
    ids: list[str] = []

    def ask() -> None:
        ids.extend(parts.audit.note(Entry(ADA, "user:read")) for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(record.id for record in recorded(parts)) == sorted(ids)
    assert len(ids) == 640
    rows = {"phase": "note", "decision": "allowed"}
    assert parts.registry.get_sample_value("hyperion_control_audit_rows_total", rows) == 640


def test_two_processes_share_one_chain(parts: Parts) -> None:
    other = Database(parts.settings.database_url)
    with closing(other), closing(Recorder(other, parts.clock, CollectorRegistry())) as second:
        for _ in range(3):
            parts.audit.note(Entry(ADA, "user:read"))
            second.note(Entry(SYSTEM, "user:read"))
            second.note(Entry(ADA, "user:read"))
    assert len(recorded(parts)) == 9


def test_the_metrics_tell_of_rows_and_of_the_head(parts: Parts) -> None:
    parts.audit.note(Entry(ADA, "user:read", decision="refused"))
    with parts.audit.acting(Entry(ADA, "user:create")):
        pass
    (*_, last) = recorded(parts)
    value = parts.registry.get_sample_value
    rows = "hyperion_control_audit_rows_total"
    assert value(rows, {"phase": "note", "decision": "refused"}) == 1
    assert value(rows, {"phase": "intent", "decision": "allowed"}) == 1
    assert value("hyperion_control_audit_head_seq") == 3
    assert value("hyperion_control_audit_head_hash") == int(last.hash[:12], 16)
    assert value("hyperion_control_audit_write_seconds_count") == 3
    assert value("hyperion_control_audit_failures_total") == 0


def later(audit: Recorder) -> str:
    return audit.note(Entry(ADA, "user:read", "usr_later"))


class Late(Database):
    """Commits only once the gate is open."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.gate = threading.Event()

    @contextmanager
    def writing(self, organisation: str | None = None, *, alone: str = "") -> Iterator[Connection]:
        with super().writing(organisation, alone=alone) as connection:
            yield connection
            self.gate.wait(10)


def test_while_another_holds_the_database_nothing_is_done_and_nothing_recorded_later(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []
    with closing(recorder(parts, patience=0.2)) as audit:
        refused = pytest.raises(AuditUnavailable, match="has not taken it for 0.2 s")
        entry = Entry(ADA, "user:create", "usr_never")
        with parts.database.writing("*", alone=records.ALONE), refused as found:  # noqa: SIM117
            with audit.acting(entry):
                ran.append("body")
        assert (found.value.status, ran) == (503, [])
        wait_for(lambda: later(audit), 10, "the audit to be written again")
    assert {record.target for record in recorded(parts)} == {"usr_later"}
    assert "cannot write to the audit" not in caplog.text


class Slow(Database):
    """Begins to write once it may, and then is told when it has committed."""

    def __init__(self, url: str, committed: Callable[[], None]) -> None:
        super().__init__(url)
        self.may = threading.Event()
        self.committed = committed

    @contextmanager
    def writing(self, organisation: str | None = None, *, alone: str = "") -> Iterator[Connection]:
        self.may.wait(10)
        with super().writing(organisation, alone=alone) as connection:
            yield connection
        self.committed()


def test_who_comes_as_nobody_was_left_to_write_for_is_written_too(parts: Parts) -> None:
    asking: list[threading.Thread] = []

    def another_comes() -> None:
        if not asking:
            asking.append(threading.Thread(target=later, args=(audit,)))
            asking[0].start()
            wait_for(lambda: audit._scribe._queue, 10, "somebody to wait")

    slow = Slow(parts.settings.database_url, another_comes)
    with closing(slow), closing(Recorder(slow, parts.clock, CollectorRegistry(), 1)) as audit:
        with pytest.raises(AuditUnavailable):
            audit.note(Entry(ADA, "user:create", "usr_never"))
        audit._scribe._patience = 10
        slow.may.set()
        wait_for(lambda: asking and not asking[0].is_alive(), 10, "the other to be answered")
    assert [record.target for record in recorded(parts)] == ["usr_later"]


def test_an_intent_that_is_committed_too_late_is_followed_by_its_failure(parts: Parts) -> None:
    ran: list[str] = []
    late = Late(parts.settings.database_url)
    with closing(late), closing(Recorder(late, parts.clock, CollectorRegistry(), 0.2)) as audit:
        with pytest.raises(AuditUnavailable), audit.acting(Entry(ADA, "user:create")):
            ran.append("body")
        late.gate.set()
        wait_for(lambda: len(recorded(parts)) == 2, 10, "the failure to be recorded")
    begin, end = recorded(parts)
    assert (ran, end.of, end.outcome) == ([], begin.id, "failed")
    assert json.loads(end.detail) == {"code": "audit-unavailable"}


@ON_SQLITE
def test_a_database_that_can_only_be_read_lets_nothing_happen(parts: Parts) -> None:
    with parts.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    ran: list[str] = []
    refused = pytest.raises(AuditUnavailable, match="can only be read")
    with refused as found, parts.audit.acting(Entry(ADA, "user:create")):
        ran.append("body")
    assert (found.value.status, ran) == (503, [])


def test_a_database_that_is_gone_lets_nothing_happen(parts: Parts, tmp_path: Path) -> None:
    gone = Database(f"sqlite:///{tmp_path}/none/control.sqlite")
    refused = pytest.raises(AuditUnavailable, match="cannot be opened")
    with (
        closing(gone),
        closing(Recorder(gone, parts.clock, CollectorRegistry())) as audit,
        refused,
    ):
        audit.note(Entry(ADA, "user:read"))


def test_an_outcome_that_comes_too_late_leaves_the_answer_as_it_is_and_is_recorded_yet(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    entry = Entry(ADA, "user:create")
    with closing(recorder(parts, 10)) as audit, ExitStack() as held, audit.acting(entry):
        audit._scribe._patience = 0.2
        # Left after the action, so that its outcome finds the database taken.
        held.enter_context(parts.database.writing("*", alone=records.ALONE))
    assert "user:create succeeded, which could not be recorded in time" in caplog.text
    assert [record.outcome for record in recorded(parts)] == ["", "succeeded"]
