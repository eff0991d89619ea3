"""Passwords: changed, and chosen anew by a link."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.people import ACME, HOME, PASSWORD, People, id_of
from hyperion_control.domain import secrets_text
from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Invalid, Problem, Unauthorised
from hyperion_control.store import links, users
from hyperion_control.store.links import Link
from hyperion_control.store.records import records
from hyperion_control.usecases import logins, passwords, signing_in
from hyperion_control.usecases import users as people_of
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.signing_in import API, Wish

NEW = "a goat, a ladder and a drum"
STRANGER = Actor(HOME)


@pytest.fixture
def ada(parts: Parts, people: People) -> Actor:
    return logins.authenticate(parts, people.login("ada"), HOME)


@pytest.fixture
def link(parts: Parts, people: People) -> str:
    """That an admin handed out for Olga."""
    return people_of.reset(parts, people.actor("ada"), id_of("olga")).secret


def passes(parts: Parts, name: str, password: str) -> bool:
    try:
        return bool(signing_in.with_password(parts, STRANGER, Wish(API), name, password))
    except Problem:
        return False


def test_it_is_changed_with_the_one_before_and_a_code(
    parts: Parts, people: People, ada: Actor
) -> None:
    passwords.change(parts, ada, PASSWORD, NEW, people.code())
    assert passes(parts, "ada", NEW)
    assert not passes(parts, "ada", PASSWORD)


def test_all_other_logins_and_challenges_end(
    parts: Parts, people: People, ada: Actor, clock: Clock
) -> None:
    other = people.login("ada")
    waiting = signing_in.with_password(parts, STRANGER, Wish(API), "ada", PASSWORD).challenge
    passwords.change(parts, ada, PASSWORD, NEW, people.code())
    assert [login.id for login in logins.own(parts, ada)] == [ada.login_id]
    with pytest.raises(Unauthorised):
        logins.authenticate(parts, other, HOME)
    clock.forward(30)
    with pytest.raises(Unauthorised):
        signing_in.with_code(parts, HOME, Wish(API), waiting, people.code())


def test_by_a_link_it_is_chosen_without_the_one_before(parts: Parts, link: str) -> None:
    passwords.reset(parts, HOME, link, NEW)
    assert passes(parts, "olga", NEW)


def test_a_link_ends_all_logins_and_starts_none(parts: Parts, people: People, link: str) -> None:
    before = people.login("olga")
    passwords.reset(parts, HOME, link, NEW)
    with pytest.raises(Unauthorised):
        logins.authenticate(parts, before, HOME)
    assert logins.own(parts, people.actor("olga")) == []


def test_a_link_never_skips_the_second_factor(parts: Parts, link: str) -> None:
    passwords.reset(parts, HOME, link, NEW)
    passed = signing_in.with_password(parts, STRANGER, Wish(API), "olga", NEW)
    assert (passed.login, bool(passed.challenge)) == ("", True)


def test_a_link_opens_an_account_that_was_guessed_at_too_often(parts: Parts, link: str) -> None:
    for _ in range(6):
        passes(parts, "olga", "wrong")
    passwords.reset(parts, HOME, link, NEW)
    assert passes(parts, "olga", NEW)


def test_asking_for_a_reset_is_answered_alike_and_recorded(parts: Parts, people: People) -> None:
    for name in ("olga", "olga@example.org", "nobody"):
        passwords.ask_reset(parts, HOME, name)
    with parts.database.reading("*") as connection:
        wanted = select(records.c.target, records.c.organisation_id)
        found = connection.execute(wanted.where(records.c.action == "password:ask")).all()
    assert {tuple(row) for row in found if row.organisation_id} == {(id_of("olga"), ACME)}
    assert len(found) == 3


def test_asking_has_a_limit_for_each_address(parts: Parts, people: People) -> None:
    for _ in range(20):
        passwords.ask_reset(parts, HOME, "nobody")
    with pytest.raises(Problem) as refusal:
        passwords.ask_reset(parts, HOME, "olga")
    assert refusal.value.status == 429


@pytest.mark.parametrize("new", ["short", "password1234", "Olga-Olga-Olga-1", "x" * 257])
def test_a_weak_one_is_refused_and_uses_no_link_up(parts: Parts, link: str, new: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.reset(parts, HOME, link, new)
    assert refusal.value.code == "weak-password"
    passwords.reset(parts, HOME, link, NEW)


def test_a_stolen_login_changes_nothing(parts: Parts, people: People, ada: Actor) -> None:
    for current, code in (("wrong", people.code()), (PASSWORD, None), (PASSWORD, "000000")):
        with pytest.raises(Unauthorised):
            passwords.change(parts, ada, current, NEW, code)
    assert passes(parts, "ada", PASSWORD)


def test_a_link_is_good_once_for_however_many_at_once(parts: Parts, link: str) -> None:
    def choose(number: int) -> bool:
        try:
            passwords.reset(parts, HOME, link, f"{NEW} {number}")
        except Problem:
            return False
        return True

    with ThreadPoolExecutor(4) as crew:
        assert sum(crew.map(choose, range(4))) == 1


def test_a_link_is_good_for_an_hour(parts: Parts, link: str, clock: Clock) -> None:
    clock.forward(3600)
    with pytest.raises(Unauthorised, match="ask for a new one"):
        passwords.reset(parts, HOME, link, NEW)


def test_an_invitation_is_no_link_to_a_password(parts: Parts, people: People) -> None:
    now, secret = parts.clock(), secrets_text.new(secrets_text.LINK)
    invitation = Link(
        "lnk_1", links.INVITATION, "usr_1", now, now + timedelta(days=1), user_id=id_of("olga")
    )
    with parts.database.writing("*") as connection:
        links.add(connection, invitation, secrets_text.hashed(secret))
    with pytest.raises(Unauthorised):
        passwords.reset(parts, HOME, secret, NEW)


def test_who_is_disabled_is_not_let_in_by_a_link(
    parts: Parts, people: People, link: str, clock: Clock
) -> None:
    with parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"disabled_at": clock()})
    with pytest.raises(Unauthorised):
        passwords.reset(parts, HOME, link, NEW)


def test_links_cannot_be_tried_all_day(parts: Parts, people: People) -> None:
    codes = []
    for number in range(21):
        with pytest.raises(Problem) as refusal:
            passwords.reset(parts, HOME, f"hyp_k_{number}", NEW)
        codes.append(refusal.value.code)
    assert codes == ["link-ended"] * 20 + ["too-many-failures"]
