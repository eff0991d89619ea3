"""Letters to people: links that they asked for, and notices of what was changed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.people import HOME, People, id_of
from hyperion_control.notifying import Smtp
from hyperion_control.store import users
from hyperion_control.store.notifications import notifications
from hyperion_control.store.users import User
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import letters, passwords, second_factor, telling
from hyperion_control.usecases.parts import Parts
from lab.smtp import Post, post

WORKER = Worker("wrk_1", "test", None)  # type: ignore[arg-type]
NEW = "a goat, a ladder and a drum"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Post]:
    with post(tmp_path, "plain") as server:
        yield server


@pytest.fixture
def parts(parts: Parts, server: Post) -> Parts:
    smtp = Smtp("127.0.0.1", server.port, False, "hyperion@example.org")
    told = replace(parts.settings.notifying, smtp=smtp)
    return replace(parts, settings=replace(parts.settings, notifying=told))


def queued(parts: Parts) -> int:
    with parts.database.reading("*") as connection:
        return len(connection.execute(select(notifications)).all())


def test_who_asks_gets_a_link_that_works_and_a_notice_that_it_was_used(
    parts: Parts, people: People, server: Post
) -> None:
    passwords.ask_reset(parts, HOME, "olga")
    telling.tell(parts, WORKER)
    (asked,) = server.mails
    assert asked.recipients == ("olga@example.org",)
    assert asked.message["Subject"] == "Choose a new password"
    link = re.findall(r"http://127.0.0.1:8080/password/(\S+)", asked.part("plain"))
    passwords.reset(parts, HOME, link[0], NEW)
    telling.tell(parts, WORKER)
    assert server.mails[1].message["Subject"] == "Your password was changed"
    assert link[0] not in server.mails[1].part("plain")


def test_the_language_is_the_persons(parts: Parts, people: People, server: Post) -> None:
    with parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"language": "fr"})
    passwords.ask_reset(parts, HOME, "olga")
    telling.tell(parts, WORKER)
    assert server.mails[0].message["Subject"] == "Choisissez un nouveau mot de passe"
    assert "Bonjour Olga" in server.mails[0].part("plain")


def test_a_changed_factor_is_told_each_time(parts: Parts, people: People, server: Post) -> None:
    for _ in range(2):
        second_factor.take_away(parts, people.actor("ada"), id_of("otto"))
    telling.tell(parts, WORKER)
    subjects = [mail.message["Subject"] for mail in server.mails]
    assert subjects == ["Your second factor was removed"] * 2


def test_the_same_is_done_for_a_name_that_nobody_has(
    parts: Parts, people: People, server: Post
) -> None:
    for number, name in enumerate(("olga", "nobody", "nobody@example.org"), 1):
        passwords.ask_reset(parts, HOME, name)
        assert queued(parts) == number
    telling.tell(parts, WORKER)
    assert [mail.recipients for mail in server.mails] == [("olga@example.org",)]


def test_nobodys_letter_box_is_filled_by_asking(
    parts: Parts, people: People, server: Post, clock: Clock
) -> None:
    for _ in range(5):
        passwords.ask_reset(parts, HOME, "olga")
        telling.tell(parts, WORKER)
    assert len(server.mails) == 1
    clock.forward(1800)
    passwords.ask_reset(parts, HOME, "olga")
    telling.tell(parts, WORKER)
    assert len(server.mails) == 2


@pytest.mark.parametrize("change", [{"email": None}, {"disabled_at": ...}])
def test_who_has_no_address_or_may_not_sign_in_gets_none(
    parts: Parts, people: People, server: Post, clock: Clock, change: dict[str, object]
) -> None:
    passwords.ask_reset(parts, HOME, "olga")
    with parts.database.writing("*") as connection:
        values = {name: clock() if value is ... else value for name, value in change.items()}
        users.change(connection, id_of("olga"), values)
    telling.tell(parts, WORKER)
    assert server.mails == []


def test_without_a_mail_server_nothing_waits(parts: Parts, people: People) -> None:
    none = replace(parts.settings, notifying=replace(parts.settings.notifying, smtp=None))
    passwords.ask_reset(replace(parts, settings=none), HOME, "olga")
    assert queued(parts) == 0


@pytest.mark.parametrize("kind", letters.LETTERS)
def test_every_letter_is_there_in_french_with_the_same_gaps(kind: str) -> None:
    letter, said = letters.LETTERS[kind], letters.translate("fr")
    for text in (letter.subject, letter.text, letters.SIGNED):
        assert said(text) != text
        assert re.findall(r"{\w+}", said(text)) == re.findall(r"{\w+}", text)
    user = User(1, "usr_1", "ada", None, language="fr")  # type: ignore[arg-type]
    assert "{" not in "".join(letters.written(kind, user, "https://h", "https://h/password/x"))
