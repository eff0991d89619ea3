"""Logins: recognised, seen, renewed, switched, ended."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from control_api.conftest import Clock
from control_api.people import ACME, GLOBEX, HOME, People, id_of
from hyperion_control.domain import secrets_text
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.roles import Role
from hyperion_control.errors import NotFound, Problem, Unauthorised
from hyperion_control.store import memberships, users
from hyperion_control.store.logins import logins as table
from hyperion_control.store.memberships import Membership
from hyperion_control.store.workers import Worker
from hyperion_control.usecases import logins, signing_in
from hyperion_control.usecases.parts import Parts

ELSEWHERE = Origin("198.51.100.1", "req_2", "curl/8")


def lives(parts: Parts, secret: str) -> bool:
    try:
        return bool(logins.authenticate(parts, secret, HOME).user_id)
    except Unauthorised:
        return False


def join(parts: Parts, name: str, organisation: str, role: Role) -> None:
    with parts.database.writing("*") as connection:
        memberships.add(connection, Membership(organisation, id_of(name), role, parts.clock()))


def test_a_login_is_who_holds_its_secret(parts: Parts, people: People, clock: Clock) -> None:
    secret = people.login("olga")
    actor = logins.authenticate(parts, secret, ELSEWHERE)
    [login] = logins.own(parts, actor)
    assert actor == Actor(
        ELSEWHERE, id_of("olga"), ACME, Role.OPERATOR, login_id=login.id, second_factor_at=clock()
    )
    assert (login.address, login.user_agent) == (HOME.address, HOME.user_agent)


def test_the_database_does_not_hold_the_secret(parts: Parts, people: People) -> None:
    secret = people.login("olga")
    with parts.database.reading("*") as connection:
        row = connection.execute(select(table)).one()
    assert secret not in str(row)
    assert row.secret_hash == secrets_text.hashed(secret)


def test_it_is_seen_at_most_once_a_minute(parts: Parts, people: People, clock: Clock) -> None:
    secret, begun = people.login("olga"), clock()
    for seconds, seen in ((59, 0), (1, 60), (59, 60), (1, 120)):
        clock.forward(seconds)
        actor = logins.authenticate(parts, secret, HOME)
        assert logins.own(parts, actor)[0].seen_at == begun + timedelta(seconds=seen)


def test_it_ends_after_half_an_hour_without_use(parts: Parts, people: People, clock: Clock) -> None:
    secret = people.login("olga")
    clock.forward(29 * 60)
    assert lives(parts, secret)
    clock.forward(30 * 60)
    assert not lives(parts, secret)


def test_it_ends_after_twelve_hours_of_use(parts: Parts, people: People, clock: Clock) -> None:
    secret = people.login("olga")
    for _ in range(47):
        clock.forward(15 * 60)
        assert lives(parts, secret)
    clock.forward(15 * 60)
    assert not lives(parts, secret)


def test_another_secret_takes_its_place(parts: Parts, people: People) -> None:
    secret = people.login("olga")
    renewed = logins.renew(parts, logins.authenticate(parts, secret, HOME), secret)
    assert lives(parts, renewed)
    assert not lives(parts, secret)


def test_of_two_that_renew_it_at_once_one_does(parts: Parts, people: People) -> None:
    secret = people.login("olga")
    actor = logins.authenticate(parts, secret, HOME)

    def renew(_number: int) -> str:
        try:
            return logins.renew(parts, actor, secret)
        except Unauthorised:
            return ""

    with ThreadPoolExecutor(4) as crew:
        assert len([made for made in crew.map(renew, range(4)) if made]) == 1


def test_one_is_in_the_organisation_one_names_or_goes_to(parts: Parts, people: People) -> None:
    join(parts, "olga", GLOBEX, Role.OBSERVER)
    secret = people.login("olga")
    there = logins.authenticate(parts, secret, HOME, GLOBEX)
    assert (there.organisation_id, there.role) == (GLOBEX, Role.OBSERVER)
    actor = logins.authenticate(parts, secret, HOME)
    assert actor.organisation_id == ACME
    logins.switch(parts, actor, GLOBEX)
    assert logins.authenticate(parts, secret, HOME).organisation_id == GLOBEX


def test_who_runs_the_platform_is_admin_wherever_they_name(parts: Parts, people: People) -> None:
    secret = people.login("petra")
    assert logins.authenticate(parts, secret, HOME).role is None
    there = logins.authenticate(parts, secret, HOME, GLOBEX)
    assert (there.organisation_id, there.role) == (GLOBEX, Role.ADMIN)


def test_logins_of_a_member_are_seen_and_ended_by_admins(parts: Parts, people: People) -> None:
    secret = people.login("olga")
    [login] = logins.of_member(parts, people.actor("ada"), id_of("olga"))
    logins.revoke_of_member(parts, people.actor("ada"), id_of("olga"), login.id)
    assert not lives(parts, secret)


def test_but_not_those_in_which_the_member_works_elsewhere(parts: Parts, people: People) -> None:
    join(parts, "olga", GLOBEX, Role.OBSERVER)
    secret = people.login("olga")
    actor = logins.authenticate(parts, secret, HOME)
    assert logins.of_member(parts, people.actor("eve"), id_of("olga")) == []
    with pytest.raises(NotFound):
        logins.revoke_of_member(parts, people.actor("eve"), id_of("olga"), actor.login_id)
    assert lives(parts, secret)


def test_one_ends_one_of_ones_own_or_all_others(parts: Parts, people: People) -> None:
    first, second, third = (people.login("olga") for _ in range(3))
    me = logins.authenticate(parts, first, HOME)
    logins.revoke(parts, me, logins.authenticate(parts, second, HOME).login_id)
    assert [lives(parts, secret) for secret in (first, second, third)] == [True, False, True]
    logins.revoke_others(parts, me)
    assert [lives(parts, secret) for secret in (first, second, third)] == [True, False, False]


def test_signing_out_ends_it_in_the_database(parts: Parts, people: People) -> None:
    secret = people.login("olga")
    logins.end(parts, logins.authenticate(parts, secret, HOME))
    assert not lives(parts, secret)


@pytest.mark.parametrize("secret", ["", "hyp_l_", "hyp_t_x", "a.b.c", "é" * 40, "\0"])
def test_anything_else_is_nobody(parts: Parts, people: People, secret: str) -> None:
    assert not lives(parts, secret)


def test_a_well_formed_secret_that_we_did_not_make_is_nobody(parts: Parts, people: People) -> None:
    assert not lives(parts, secrets_text.new(secrets_text.LOGIN))


@pytest.mark.parametrize("column", ["disabled_at", "erased_at"])
def test_who_is_shut_out_is_so_at_the_next_request(
    parts: Parts, people: People, clock: Clock, column: str
) -> None:
    secret = people.login("olga")
    with parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {column: clock()})
    assert not lives(parts, secret)


def test_a_login_without_the_second_factor_that_its_user_has_is_none(
    parts: Parts, people: People
) -> None:
    secret = logins.start(parts, id_of("ada"), "api", HOME, second_factor=False)
    assert not lives(parts, secret)


def test_a_role_counts_as_it_is_now(parts: Parts, people: People) -> None:
    secret = people.login("ada")
    with parts.database.writing("*") as connection:
        memberships.set_role(connection, ACME, id_of("ada"), Role.OBSERVER)
    assert logins.authenticate(parts, secret, HOME).role == Role.OBSERVER
    with parts.database.writing("*") as connection:
        memberships.remove(connection, ACME, id_of("ada"))
    actor = logins.authenticate(parts, secret, HOME)
    assert (actor.role, actor.organisation_id) == (None, None)


@pytest.mark.parametrize("organisation", [GLOBEX, "org_none", "' OR 1=1"])
def test_an_organisation_that_one_is_not_in_is_not_there(
    parts: Parts, people: People, organisation: str
) -> None:
    secret = people.login("olga")
    with pytest.raises(NotFound):
        logins.authenticate(parts, secret, HOME, organisation)
    with pytest.raises(NotFound):
        logins.switch(parts, people.actor("olga"), organisation)


def test_a_neighbours_login_cannot_be_ended(parts: Parts, people: People) -> None:
    secret = people.login("olga")
    login_id = logins.authenticate(parts, secret, HOME).login_id
    for end in (
        lambda: logins.revoke(parts, people.actor("eve"), login_id),
        lambda: logins.revoke_of_member(parts, people.actor("eve"), id_of("olga"), login_id),
        lambda: logins.revoke(parts, people.actor("ada"), login_id),
    ):
        with pytest.raises(NotFound):
            end()
    assert lives(parts, secret)


def test_logins_that_can_only_be_history_are_forgotten(
    parts: Parts, people: People, clock: Clock
) -> None:
    people.login("olga")
    clock.forward(30 * 86_400 + 1)
    recent = people.login("ada")
    signing_in.forget(parts, Worker("wrk_1", "here", clock()))
    with parts.database.reading("*") as connection:
        kept = connection.execute(select(table.c.user_id)).scalars().all()
    assert kept == [id_of("ada")]
    assert lives(parts, recent)


def test_nobody_is_signed_in_without_a_record(parts: Parts, people: People) -> None:
    with parts.database.writing("*") as connection:
        connection.execute(text("ALTER TABLE records RENAME TO gone"))
    with pytest.raises(Problem) as refusal:
        people.login("olga")
    assert refusal.value.status == 503
    assert logins.own(parts, people.actor("olga")) == []
