"""The second factor: set up, replaced, removed, and its recovery codes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.people import HOME, PASSWORD, SEED, People, id_of
from hyperion_control.domain.actors import Actor
from hyperion_control.errors import Conflict, Forbidden, Problem, Unauthorised
from hyperion_control.store import users
from hyperion_control.store.recovery_codes import recovery_codes
from hyperion_control.store.sealing import Sealer
from hyperion_control.usecases import logins, second_factor
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.second_factor import Enrolment


@pytest.fixture
def otto(parts: Parts, people: People) -> Actor:
    """Without a second factor, as an observer may be."""
    with parts.database.writing("*") as connection:
        users.change(connection, id_of("otto"), {"totp_seed": None})
    secret = logins.start(parts, id_of("otto"), "api", HOME, second_factor=False)
    return logins.authenticate(parts, secret, HOME)


@pytest.fixture
def ada(parts: Parts, people: People) -> Actor:
    return logins.authenticate(parts, people.login("ada"), HOME)


def shown(enrolment: Enrolment, clock: Clock) -> str:
    return pyotp.TOTP(enrolment.secret).at(clock())


def enrolled(parts: Parts, actor: Actor, clock: Clock) -> list[str]:
    """Returns the recovery codes."""
    enrolment = second_factor.begin(parts, actor, PASSWORD, None)
    return second_factor.confirm(parts, actor, shown(enrolment, clock))


def test_it_counts_once_a_code_of_it_has_come_back(parts: Parts, otto: Actor, clock: Clock) -> None:
    enrolment = second_factor.begin(parts, otto, PASSWORD, None)
    assert not second_factor.state(parts, otto).enrolled
    codes = second_factor.confirm(parts, otto, shown(enrolment, clock))
    assert len(set(codes)) == 10
    state = second_factor.state(parts, otto)
    assert (state.enrolled, state.recovery_codes_left) == (True, 10)


def test_what_is_shown_is_one_secret_in_four_forms(parts: Parts, otto: Actor) -> None:
    enrolment = second_factor.begin(parts, otto, PASSWORD, None)
    assert f"secret={enrolment.secret}" in enrolment.uri
    assert enrolment.svg.startswith("<svg")
    assert enrolment.text.count("\n") > 10
    assert enrolment.secret not in repr(enrolment)


def test_the_login_that_set_it_up_stays_and_all_others_end(
    parts: Parts, otto: Actor, clock: Clock
) -> None:
    other = logins.start(parts, otto.user_id, "api", HOME, second_factor=False)
    enrolled(parts, otto, clock)
    assert [login.id for login in logins.own(parts, otto)] == [otto.login_id]
    assert logins.own(parts, otto)[0].second_factor_at == clock()
    with pytest.raises(Unauthorised):
        logins.authenticate(parts, other, HOME)


def test_the_code_that_confirmed_it_is_used_up(parts: Parts, otto: Actor, clock: Clock) -> None:
    enrolment = second_factor.begin(parts, otto, PASSWORD, None)
    code = shown(enrolment, clock)
    second_factor.confirm(parts, otto, code)
    with pytest.raises(Unauthorised):
        second_factor.step_up(parts, otto, code)


def test_a_step_up_is_good_for_the_login_that_gave_it(
    parts: Parts, people: People, ada: Actor, clock: Clock
) -> None:
    other = people.login("ada")
    clock.forward(600)
    second_factor.step_up(parts, ada, people.code())
    [fresh] = [login for login in logins.own(parts, ada) if login.id == ada.login_id]
    assert fresh.second_factor_at == clock()
    stale = logins.authenticate(parts, other, HOME).second_factor_at
    assert stale == clock() - timedelta(seconds=600)


def test_a_recovery_code_stands_in_once_and_however_it_is_typed(
    parts: Parts, otto: Actor, clock: Clock
) -> None:
    first, second, *_ = enrolled(parts, otto, clock)
    second_factor.step_up(parts, otto, first)
    with pytest.raises(Unauthorised):
        second_factor.step_up(parts, otto, first)
    second_factor.step_up(parts, otto, f" {second.upper().replace('-', ' ')} ")
    assert second_factor.codes_left(parts, otto) == 8


def test_a_recovery_code_is_good_once_for_however_many_at_once(
    parts: Parts, otto: Actor, clock: Clock
) -> None:
    code, *_ = enrolled(parts, otto, clock)

    def step_up(_number: int) -> bool:
        try:
            second_factor.step_up(parts, otto, code)
        except Problem:
            return False
        return True

    with ThreadPoolExecutor(8) as crew:
        assert sum(crew.map(step_up, range(16))) == 1


def test_recovery_codes_are_kept_as_keyed_hashes(parts: Parts, otto: Actor, clock: Clock) -> None:
    codes = enrolled(parts, otto, clock)
    with parts.database.reading("*") as connection:
        kept = str(connection.execute(select(recovery_codes)).all())
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_new_recovery_codes_take_a_code_and_void_those_before(
    parts: Parts, people: People, otto: Actor, clock: Clock
) -> None:
    before = enrolled(parts, otto, clock)
    with pytest.raises(Unauthorised):
        second_factor.renew_codes(parts, otto, "000000")
    after = second_factor.renew_codes(parts, otto, before[0])
    assert second_factor.codes_left(parts, otto) == 10
    with pytest.raises(Unauthorised):
        second_factor.step_up(parts, otto, before[1])
    second_factor.step_up(parts, otto, after[1])


def test_a_stolen_login_sets_up_nothing(parts: Parts, otto: Actor, ada: Actor) -> None:
    with pytest.raises(Unauthorised):
        second_factor.begin(parts, otto, "wrong", None)
    for code in (None, "000000"):
        with pytest.raises(Unauthorised):
            second_factor.begin(parts, ada, PASSWORD, code)


def test_the_one_before_is_good_until_the_new_one_is_confirmed(
    parts: Parts, people: People, ada: Actor, clock: Clock
) -> None:
    enrolment = second_factor.begin(parts, ada, PASSWORD, people.code())
    clock.forward(30)
    second_factor.step_up(parts, ada, people.code())
    second_factor.confirm(parts, ada, shown(enrolment, clock))
    clock.forward(30)
    with pytest.raises(Unauthorised):
        second_factor.step_up(parts, ada, pyotp.TOTP(SEED).at(clock()))
    second_factor.step_up(parts, ada, shown(enrolment, clock))


def test_only_the_last_that_was_begun_can_be_confirmed(
    parts: Parts, otto: Actor, clock: Clock
) -> None:
    first = second_factor.begin(parts, otto, PASSWORD, None)
    second_factor.begin(parts, otto, PASSWORD, None)
    with pytest.raises(Unauthorised):
        second_factor.confirm(parts, otto, shown(first, clock))


def test_also_when_another_is_begun_while_it_is_confirmed(
    parts: Parts, otto: Actor, clock: Clock
) -> None:
    class Interrupted(Sealer):
        def open(self, sealed: bytes, context: str) -> bytes:
            return parts.sealer.open(sealed, context)

        def seal(self, text: bytes, context: str) -> bytes:
            second_factor.begin(parts, otto, PASSWORD, None)
            return parts.sealer.seal(text, context)

    enrolment = second_factor.begin(parts, otto, PASSWORD, None)
    meanwhile = replace(parts, sealer=Interrupted(parts.database, clock, None))
    with pytest.raises(Conflict, match="begin again"):
        second_factor.confirm(meanwhile, otto, shown(enrolment, clock))
    assert not second_factor.state(parts, otto).enrolled


def test_there_is_nothing_to_confirm_before_it_is_begun(parts: Parts, otto: Actor) -> None:
    with pytest.raises(Conflict, match="begin again"):
        second_factor.confirm(parts, otto, "000000")


def test_confirming_is_limited_as_every_code_is(parts: Parts, otto: Actor, clock: Clock) -> None:
    enrolment = second_factor.begin(parts, otto, PASSWORD, None)
    for _ in range(5):
        with pytest.raises(Unauthorised):
            second_factor.confirm(parts, otto, "000000")
    with pytest.raises(Problem) as refusal:
        second_factor.confirm(parts, otto, shown(enrolment, clock))
    assert refusal.value.status == 429


def test_an_observer_may_do_without_it_again(parts: Parts, otto: Actor, clock: Clock) -> None:
    code, *_ = enrolled(parts, otto, clock)
    with pytest.raises(Unauthorised):
        second_factor.remove(parts, otto, "wrong", code)
    with pytest.raises(Unauthorised):
        second_factor.remove(parts, otto, PASSWORD, "000000")
    second_factor.remove(parts, otto, PASSWORD, code)
    state = second_factor.state(parts, otto)
    assert (state.enrolled, state.recovery_codes_left) == (False, 0)


@pytest.mark.parametrize("name", ["olga", "ada", "petra"])
def test_who_may_act_may_not(parts: Parts, people: People, name: str) -> None:
    with pytest.raises(Forbidden, match="replace it"):
        second_factor.remove(parts, people.actor(name), PASSWORD, people.code())


def test_nor_anybody_where_all_must_have_one(parts: Parts, otto: Actor, clock: Clock) -> None:
    code, *_ = enrolled(parts, otto, clock)
    strict = replace(parts, settings=replace(parts.settings, second_factor_for_all=True))
    with pytest.raises(Forbidden):
        second_factor.remove(strict, otto, PASSWORD, code)


def test_a_seed_that_was_moved_to_another_user_does_not_open(
    parts: Parts, people: People, ada: Actor
) -> None:
    with parts.database.writing("*") as connection:
        olga = users.get(connection, id_of("olga"))
        assert olga
        users.change(connection, id_of("ada"), {"totp_seed": olga.totp_seed})
    with pytest.raises(Problem) as refusal:
        second_factor.step_up(parts, ada, people.code())
    assert refusal.value.status == 503
