"""Statistics, and whether somebody may open another session today."""

from dataclasses import replace

import pytest

from control_api.conftest import Clock
from control_api.people import ACME, HOME, People, id_of
from hyperion_control.domain.roles import Role
from hyperion_control.errors import NotFound
from hyperion_control.store import memberships, users
from hyperion_control.store.memberships import Membership
from hyperion_control.usecases import logins, statistics
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.recorder import Entry
from hyperion_control.usecases.statistics import Quota


@pytest.fixture(autouse=True)
def _olga_consents(parts: Parts, people: People) -> None:
    change(parts, consented_at=parts.clock())


def change(parts: Parts, **values: object) -> None:
    with parts.database.writing("*") as connection:
        users.change(connection, id_of("olga"), values)


def open_session(parts: Parts, people: People, name: str = "olga") -> None:
    with parts.audit.acting(Entry(people.actor(name), "session:start", "mch_1")):
        pass


def quota(parts: Parts, people: People) -> Quota:
    return statistics.quota(parts, people.actor("olga"), id_of("olga"))


def test_three_sessions_a_day(parts: Parts, people: People) -> None:
    assert quota(parts, people) == Quota(0, 3, True, "")
    for _ in range(3):
        open_session(parts, people)
    open_session(parts, people, "otto")
    assert quota(parts, people) == Quota(3, 0, False, "all 3 sessions of today are used")
    change(parts, sessions_per_day=4)
    assert quota(parts, people) == Quota(3, 1, True, "")
    change(parts, sessions_per_day=0)
    assert quota(parts, people) == Quota(3, 0, False, "all 0 sessions of today are used")


def test_a_session_that_did_not_start_is_not_counted(parts: Parts, people: People) -> None:
    entry = Entry(people.actor("olga"), "session:start", "mch_1")
    with pytest.raises(NotFound), parts.audit.acting(entry):
        raise NotFound("there is no such machine")
    parts.audit.note(replace(entry, decision="refused"))
    assert quota(parts, people).used == 0


def test_the_day_is_the_users_own(parts: Parts, people: People, clock: Clock) -> None:
    # It is 03:00 in UTC: in Auckland the same afternoon, in New York the evening before.
    open_session(parts, people)
    for zone, hours, used in (("UTC", 20, 1), ("UTC", 21, 0), ("America/New_York", 2, 0)):
        change(parts, time_zone=zone)
        before = clock.now
        clock.forward(hours * 3600)
        assert quota(parts, people).used == used, (zone, hours)
        clock.now = before
    change(parts, time_zone="Pacific/Auckland")
    clock.forward(7 * 3600)
    assert quota(parts, people).used == 1
    clock.forward(2 * 3600)
    assert quota(parts, people).used == 0


def test_without_consent_or_when_disabled_there_is_no_session(parts: Parts, people: People) -> None:
    change(parts, consent_revoked_at=parts.clock())
    assert quota(parts, people) == Quota(0, 3, False, "the user has not consented")
    change(parts, disabled_at=parts.clock())
    assert quota(parts, people).why == "the user is disabled"


def test_people_are_counted_once_and_only_ours(parts: Parts, people: People) -> None:
    for name in ("olga", "olga", "eve"):
        people.login(name)
    change(parts, totp_seed=None, disabled_at=parts.clock())
    counted = statistics.people(parts, people.actor("ada"))
    assert (counted.users, counted.second_factor, counted.disabled) == (3, 2, 1)
    assert (counted.consented, counted.signed_in) == (1, 1)
    assert counted.roles == {"observer": 1, "operator": 1, "admin": 1}


def test_a_login_that_has_run_out_is_not_living(parts: Parts, people: People, clock: Clock) -> None:
    people.login("olga")
    ada = people.actor("ada")
    assert statistics.of_user(parts, ada, id_of("olga")).living_logins == 1
    begun = clock.now
    clock.forward(1800)
    activity = statistics.of_user(parts, ada, id_of("olga"))
    assert (activity.living_logins, activity.last_login_at) == (0, begun)
    assert statistics.people(parts, ada).signed_in == 0


def test_a_login_elsewhere_does_not_make_one_a_member(parts: Parts, people: People) -> None:
    with parts.database.writing(ACME) as connection:
        memberships.add(connection, Membership(ACME, id_of("eve"), Role.OBSERVER, parts.clock()))
    logins.start(parts, id_of("eve"), "api", HOME, second_factor=True)
    assert statistics.people(parts, people.actor("ada")).signed_in == 1
    with pytest.raises(NotFound):
        statistics.of_user(parts, people.actor("eve"), id_of("olga"))
