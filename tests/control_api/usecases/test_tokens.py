"""Tokens: made, presented, narrowed, rotated, withdrawn."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.people import ACME, GLOBEX, HOME, People, id_of
from hyperion_control.domain import secrets_text
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, Forbidden, NotFound, Unauthorised
from hyperion_control.store import memberships, users
from hyperion_control.store.records import records
from hyperion_control.store.tokens import tokens as table
from hyperion_control.usecases import tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Made, Wanted, authenticate

READING = Wanted("prometheus", ("machines:read", "sd:read"))
HOUR = timedelta(hours=1)


@pytest.fixture
def olgas(parts: Parts, people: People) -> Made:
    return tokens.create(parts, people.actor("olga"), READING)


def reasons(parts: Parts) -> list[str]:
    with parts.database.reading("*") as connection:
        found = connection.execute(
            select(records.c.detail).where(records.c.decision == "refused").order_by(records.c.seq)
        )
        return list(found.scalars())


def test_a_token_speaks_for_its_owner_in_one_organisation(parts: Parts, olgas: Made) -> None:
    actor = authenticate(parts, olgas.secret, HOME)
    assert actor == Actor(
        HOME,
        user_id=id_of("olga"),
        organisation_id=ACME,
        role=Role.OPERATOR,
        token_id=olgas.token.id,
        scopes=frozenset(("machines:read", "sd:read")),
    )
    assert actor.may(Role.OBSERVER, "sd:read")
    assert not actor.may(Role.OBSERVER, "audit:read")
    assert olgas.token.expires_at - olgas.token.created_at == timedelta(days=90)


def test_the_secret_is_not_in_the_database(parts: Parts, olgas: Made) -> None:
    assert secrets_text.is_one(secrets_text.TOKEN, olgas.secret)
    with parts.database.reading("*") as connection:
        row = connection.execute(select(table)).one()
    assert olgas.secret not in str(row)
    assert olgas.secret not in repr(olgas)


def test_the_role_is_that_of_the_owner_now(parts: Parts, olgas: Made) -> None:
    with parts.database.writing(ACME) as connection:
        memberships.set_role(connection, ACME, id_of("olga"), Role.OBSERVER)
    assert authenticate(parts, olgas.secret, HOME).role == Role.OBSERVER


def test_the_platforms_rights_do_not_come_along_in_a_token(parts: Parts, people: People) -> None:
    petra = replace(people.actor("petra"), organisation_id=ACME, role=Role.ADMIN)
    actor = authenticate(parts, tokens.create(parts, petra, READING).secret, HOME)
    assert (actor.role, actor.platform_admin) == (Role.ADMIN, False)


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7"])
def test_a_token_is_good_from_its_networks(parts: Parts, people: People, address: str) -> None:
    wanted = replace(READING, addresses=("192.0.2.0/24", "2001:db8::/32"))
    made = tokens.create(parts, people.actor("olga"), wanted)
    assert authenticate(parts, made.secret, replace(HOME, address=address)).token_id
    for elsewhere in ("198.51.100.1", "2001:db9::1", "", "nonsense"):
        with pytest.raises(Unauthorised):
            authenticate(parts, made.secret, replace(HOME, address=elsewhere))


def test_use_is_noted_at_most_once_a_minute(parts: Parts, olgas: Made, clock: Clock) -> None:
    def last_used() -> object:
        with parts.database.reading("*") as connection:
            return connection.execute(select(table.c.last_used_at, table.c.last_used_from)).one()

    first = clock.now
    authenticate(parts, olgas.secret, HOME)
    assert last_used() == (first, HOME.address)
    clock.forward(59)
    authenticate(parts, olgas.secret, replace(HOME, address="192.0.2.8"))
    assert last_used() == (first, HOME.address)
    clock.forward(1)
    authenticate(parts, olgas.secret, replace(HOME, address="192.0.2.8"))
    assert last_used() == (clock.now, "192.0.2.8")


def test_after_a_rotation_both_secrets_are_good_until_the_overlap_ends(
    parts: Parts, people: People, olgas: Made, clock: Clock
) -> None:
    new = tokens.rotate(parts, people.actor("olga"), olgas.token.id, HOUR)
    assert new.secret != olgas.secret
    clock.forward(3599)
    assert authenticate(parts, olgas.secret, HOME) == authenticate(parts, new.secret, HOME)
    clock.forward(1)
    with pytest.raises(Unauthorised):
        authenticate(parts, olgas.secret, HOME)
    assert authenticate(parts, new.secret, HOME).token_id == olgas.token.id


def test_a_second_rotation_ends_the_first_secret_at_once(
    parts: Parts, people: People, olgas: Made
) -> None:
    olga = people.actor("olga")
    second = tokens.rotate(parts, olga, olgas.token.id, HOUR)
    third = tokens.rotate(parts, olga, olgas.token.id, HOUR)
    with pytest.raises(Unauthorised):
        authenticate(parts, olgas.secret, HOME)
    assert authenticate(parts, second.secret, HOME) == authenticate(parts, third.secret, HOME)


def test_only_a_person_prolongs_a_token(
    parts: Parts, people: People, olgas: Made, clock: Clock
) -> None:
    clock.forward(86_400)
    itself = authenticate(parts, olgas.secret, HOME)
    rotated = tokens.rotate(parts, itself, olgas.token.id, timedelta(0))
    assert rotated.token.expires_at == olgas.token.expires_at
    olga = people.actor("olga")
    prolonged = tokens.rotate(parts, olga, olgas.token.id, timedelta(0), days=90)
    assert prolonged.token.expires_at == clock.now + timedelta(days=90)
    assert tokens.look(parts, olga, olgas.token.id) == prolonged.token


@pytest.mark.parametrize(
    "secret", ["", "hyp_t_", "hyp_t_x_y", "eyJhbGciOiJub25lIn0.e30.", "hyp_l_" + "0" * 27]
)
def test_what_is_no_token_is_refused(parts: Parts, people: People, secret: str) -> None:
    with pytest.raises(Unauthorised, match="not good"):
        authenticate(parts, secret, HOME)
    with pytest.raises(Unauthorised, match="not good"):
        authenticate(parts, secrets_text.new(secrets_text.TOKEN), HOME)


def test_whatever_is_wrong_is_the_same_refusal_and_the_record_knows_why(
    parts: Parts, people: People, clock: Clock
) -> None:
    olga, ada = people.actor("olga"), people.actor("ada")
    secrets = [tokens.create(parts, olga, READING) for _ in range(2)]
    narrow = tokens.create(parts, olga, replace(READING, addresses=("198.51.100.0/24",)))
    short = tokens.create(parts, olga, replace(READING, days=1))
    tokens.revoke(parts, ada, secrets[0].token.id)
    clock.forward(86_400)
    said = set()

    def refused(made: Made) -> None:
        with pytest.raises(Unauthorised) as refusal:
            authenticate(parts, made.secret, HOME)
        said.add((refusal.value.code, str(refusal.value)))

    for made in (secrets[0], narrow, short):
        refused(made)
    with parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"disabled_at": clock.now})
    refused(secrets[1])
    with parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"disabled_at": None})
        memberships.remove(connection, ACME, id_of("olga"))
    refused(secrets[1])
    assert said == {("unauthorised", tokens.REFUSED)}
    why = [
        f'{{"why":"{word}"}}' for word in ("revoked", "address", "expired", "disabled", "no member")
    ]
    assert reasons(parts) == why


@pytest.mark.parametrize(
    ("name", "scope"), [("otto", "commands:run"), ("olga", "audit:read"), ("olga", "admin")]
)
def test_nobody_gives_a_token_more_than_they_may(
    parts: Parts, people: People, name: str, scope: str
) -> None:
    with pytest.raises(Forbidden, match=scope):
        tokens.create(parts, people.actor(name), Wanted("more", ("sd:read", scope)))


def test_others_tokens_are_seen_and_ended_by_admins_only(
    parts: Parts, people: People, olgas: Made
) -> None:
    otto, ada, eve = (people.actor(name) for name in ("otto", "ada", "eve"))
    for stranger in (otto, eve):
        for act in (tokens.look, tokens.revoke):
            with pytest.raises(NotFound):
                act(parts, stranger, olgas.token.id)
    assert tokens.page(parts, otto, "mine", "", 50).items == []
    assert tokens.page(parts, eve, "all", "", 50).items == []
    with pytest.raises(Forbidden):
        tokens.page(parts, otto, "all", "", 50)
    assert tokens.page(parts, ada, "all", "", 50).items == [olgas.token]
    with pytest.raises(Forbidden, match="only its owner"):
        tokens.rotate(parts, ada, olgas.token.id, HOUR)
    tokens.revoke(parts, ada, olgas.token.id)
    with pytest.raises(Unauthorised):
        authenticate(parts, olgas.secret, HOME)


def test_an_ended_token_is_not_rotated(parts: Parts, people: People, olgas: Made) -> None:
    olga = people.actor("olga")
    tokens.revoke(parts, olga, olgas.token.id)
    with pytest.raises(Conflict, match="has ended"):
        tokens.rotate(parts, olga, olgas.token.id, HOUR)


def test_a_token_is_found_in_its_own_organisation_only(
    parts: Parts, people: People, olgas: Made
) -> None:
    elsewhere = replace(people.actor("olga"), organisation_id=GLOBEX)
    with pytest.raises(NotFound):
        tokens.look(parts, elsewhere, olgas.token.id)
