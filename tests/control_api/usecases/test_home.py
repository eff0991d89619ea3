"""What a person sees of themselves: name and keys, and the organisations to work in."""

from control_api.people import ACME, GLOBEX, People, id_of
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.roles import Role
from hyperion_control.store import memberships, users
from hyperion_control.store.memberships import Membership
from hyperion_control.usecases import home
from hyperion_control.usecases.home import Person, Place


def test_a_person_sees_their_name_and_whether_they_have_a_second_factor(people: People) -> None:
    seen = home.person(people.parts, people.actor("olga"))
    assert seen == Person("olga", "Olga", "en", "UTC", enrolled=True)
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), {"totp_seed": None})
    without = home.person(people.parts, people.actor("olga"))
    assert without and not without.enrolled


def test_a_person_sees_their_own_places_by_name(people: People) -> None:
    with people.parts.database.writing("*") as connection:
        joined = Membership(GLOBEX, id_of("olga"), Role.OBSERVER, people.parts.clock())
        memberships.add(connection, joined)
    assert home.places(people.parts, people.actor("olga")) == [
        Place(ACME, "acme", Role.OPERATOR, current=True),
        Place(GLOBEX, "globex", Role.OBSERVER, current=False),
    ]


def test_who_runs_the_platform_is_admin_everywhere(people: People) -> None:
    found = home.places(people.parts, people.actor("petra"))
    assert [(place.name, place.role) for place in found] == [
        ("acme", Role.ADMIN),
        ("globex", Role.ADMIN),
    ]


def test_a_neighbours_place_is_not_seen(people: People) -> None:
    assert [place.name for place in home.places(people.parts, people.actor("eve"))] == ["globex"]


def test_nobody_is_nobody(people: People) -> None:
    assert home.person(people.parts, Actor(Origin())) is None
