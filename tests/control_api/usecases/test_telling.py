"""Notifications on their way: again with pauses, none lost, none twice, none held up by another."""

import threading
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.people import ACME
from hyperion_control.domain.alerts import Alert, Group
from hyperion_control.notifying import Smtp
from hyperion_control.store import receivers, sealed
from hyperion_control.store.notifications import notifications
from hyperion_control.store.receivers import Receiver
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import notifications as queue
from hyperion_control.usecases import telling
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE
from lab.receiver import receiver
from lab.servers import free_port
from lab.smtp import post
from lab.wait import wait_for

pytestmark = pytest.mark.usefixtures("people")
WORKER = Worker("wrk_1", "test", None)  # type: ignore[arg-type]


@pytest.fixture
def parts(parts: Parts) -> Parts:
    allowed = replace(parts.settings.notifying, receiver_networks=(ip_network("127.0.0.0/8"),))
    return replace(parts, settings=replace(parts.settings, notifying=allowed))


def add(parts: Parts, url: str, kind: str = "webhook", number: int = 1) -> Receiver:
    receiver_id = f"rcv_{number}"
    address = parts.sealer.seal(url.encode(), sealed.RECEIVER.context(receiver_id))
    made = Receiver(receiver_id, ACME, f"to-{number}", kind, address, "chat", parts.clock())
    with parts.database.writing("*") as connection:
        receivers.add(connection, made)
    return made


def tell_of(parts: Parts, found: Receiver, name: str = "MachineDown") -> None:
    alert = Alert("1f", {"alertname": name, "org": "acme", "machine": "web-1"}, {}, parts.clock())
    with parts.database.writing("*") as connection:
        queue.add(connection, [queue.draft(parts, found, Group((alert,)))])


def tell(parts: Parts) -> None:
    telling.tell(parts, WORKER)


def waiting(parts: Parts) -> list[Any]:
    with parts.database.reading("*") as connection:
        return list(connection.execute(select(notifications).where(notifications.c.due_at != None)))  # noqa: E711


def fault_of(parts: Parts, found: Receiver) -> str:
    with parts.database.reading("*") as connection:
        known = receivers.find(connection, found.id)
    return known.fault if known else "gone"


def test_it_is_told_once(parts: Parts) -> None:
    with receiver() as chat:
        tell_of(parts, add(parts, chat.url))
        for _ in range(2):
            tell(parts)
    (request,) = chat.requests
    assert request.body["alerts"][0]["labels"]["machine"] == "web-1"
    assert waiting(parts) == []


def test_who_fails_is_told_again_until_it_is_taken(parts: Parts, clock: Clock) -> None:
    with receiver() as chat:
        found = add(parts, chat.url)
        tell_of(parts, found)
        chat.status, chat.answer = 500, b"try later"
        tell(parts)
        assert fault_of(parts, found) == "127.0.0.1 refuses with 500: try later"
        tell(parts)
        assert len(chat.requests) == 1, "not before the pause is over"
        clock.forward(5)
        chat.status, chat.cuts = 200, 1
        tell(parts)
        assert fault_of(parts, found) == "127.0.0.1 does not answer"
        clock.forward(15)
        tell(parts)
    assert (len(chat.requests), waiting(parts), fault_of(parts, found)) == (3, [], "")


def test_nobody_there_is_waited_for_a_day(
    parts: Parts, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    found = add(parts, f"http://127.0.0.1:{free_port()}/")
    tell_of(parts, found)
    tries = 0
    while rows := waiting(parts):
        clock.now = max(clock.now, rows[0].due_at)
        tell(parts)
        tries += 1
    assert 40 < tries < 60
    assert "is given up: 127.0.0.1 does not answer" in caplog.text


@ON_SQLITE
@pytest.mark.parametrize("status", [400, 404, 410])
def test_what_is_refused_for_good_is_told_once_and_shown(parts: Parts, status: int) -> None:
    with receiver() as chat:
        chat.status = status
        found = add(parts, chat.url)
        tell_of(parts, found)
        tell(parts)
    assert (len(chat.requests), waiting(parts)) == (1, [])
    assert f"refuses with {status}" in fault_of(parts, found)


def test_one_that_hangs_holds_up_no_other(parts: Parts) -> None:
    with receiver() as hung, receiver() as chat:
        hung.may_answer.clear()
        tell_of(parts, add(parts, hung.url, number=1))
        tell_of(parts, add(parts, chat.url, number=2))
        telling_all = threading.Thread(target=tell, args=(parts,))
        telling_all.start()
        wait_for(lambda: chat.requests and hung.requests, 10, "both to be told")
        assert telling_all.is_alive()
        hung.may_answer.set()
        telling_all.join()
    assert waiting(parts) == []


def test_two_workers_tell_it_once_and_a_dead_ones_is_told_again(parts: Parts, clock: Clock) -> None:
    with receiver() as chat:
        tell_of(parts, add(parts, chat.url))
        chat.may_answer.clear()
        first = threading.Thread(target=tell, args=(parts,))
        first.start()
        wait_for(lambda: chat.requests, 10, "the first")
        tell(parts)
        assert len(chat.requests) == 1, "it is claimed"
        clock.forward(timedelta(minutes=1).total_seconds())
        second = threading.Thread(target=tell, args=(parts,))
        second.start()
        wait_for(lambda: len(chat.requests) == 2, 10, "the second")
        chat.may_answer.set()
        first.join()
        second.join()


def test_who_was_removed_or_may_not_be_where_it_leads_is_told_nothing(parts: Parts) -> None:
    told = replace(parts.settings.notifying, receiver_networks=())
    ours = replace(parts.settings, notifying=told)
    with receiver() as chat:
        found, switched_off = add(parts, chat.url, number=1), add(parts, chat.url, number=2)
        tell_of(parts, found)
        tell_of(parts, switched_off)
        with parts.database.writing("*") as connection:
            receivers.change(connection, switched_off.id, {"enabled": False}, None)
        tell(replace(parts, settings=ours))
    assert chat.requests == []
    assert "in a network that receivers must not be in" in fault_of(parts, found)


@ON_SQLITE
def test_a_mail_goes_to_each_address(parts: Parts, tmp_path: Path) -> None:
    with post(tmp_path, "plain") as server:
        smtp = Smtp("127.0.0.1", server.port, False, "hyperion@example.org")
        told = replace(parts.settings.notifying, smtp=smtp)
        parts = replace(parts, settings=replace(parts.settings, notifying=told))
        tell_of(parts, add(parts, "ops@example.org ada@example.org", "mail"))
        tell(parts)
    (sent,) = server.mails
    assert sent.recipients == ("ops@example.org", "ada@example.org")
    assert "web-1" in sent.message["Subject"]


def test_old_ones_are_forgotten_and_waiting_ones_are_not(parts: Parts, clock: Clock) -> None:
    with receiver() as chat:
        tell_of(parts, add(parts, chat.url))
        tell(parts)
        tell_of(parts, add(parts, chat.url, number=2), "Other")
        clock.forward(timedelta(days=8).total_seconds())
        telling.forget(parts, WORKER)
    with parts.database.reading("*") as connection:
        assert connection.execute(select(notifications.c.channel)).scalars().all() == ["rcv_2"]
