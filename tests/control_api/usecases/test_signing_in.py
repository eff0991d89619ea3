"""Signing in, and every limit against who only tries."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from control_api.conftest import Clock
from control_api.people import ACME, GLOBEX, HOME, PASSWORD, SEED, People, id_of
from hyperion_control.domain.actors import Actor, Origin
from hyperion_control.domain.roles import Role
from hyperion_control.errors import NotFound, Problem, TooMany, Unauthorised
from hyperion_control.store import attempts, challenges, memberships, users
from hyperion_control.store.attempts import Attempt
from hyperion_control.store.memberships import Membership
from hyperion_control.store.records import records
from hyperion_control.store.sealing import Sealer
from hyperion_control.usecases import logins, passwords, signing_in
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.signing_in import API, BROWSER, Passed, Wish

STRANGER = Actor(HOME)
PROGRAM = Wish(API)


@pytest.fixture(autouse=True)
def _living(people: People) -> None:
    """Ada and the others are there."""


def sign_in(parts: Parts, name: str = "ada", password: str = PASSWORD, **more: Any) -> Passed:
    asker = more.get("asker") or Actor(Origin(more.get("address", HOME.address)))
    code = more.get("code")
    return signing_in.at_once(parts, asker, more.get("wish", PROGRAM), name, password, code)


def change(parts: Parts, name: str, **values: object) -> None:
    with parts.database.writing("*") as connection:
        users.change(connection, id_of(name), values)


def code_at(clock: Clock, step: int = 0) -> str:
    return pyotp.TOTP(SEED).at(clock() + timedelta(seconds=30 * step))


def refused(what: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as refusal:
        what()
    return refusal.value


def fail(parts: Parts, times: int, **more: Any) -> list[str]:
    """The codes of what came of so many wrong passwords."""
    guess = {"password": "wrong", **more}
    return [refused(lambda: sign_in(parts, **guess)).code for _ in range(times)]


def plant(parts: Parts, what: str, account: str, times: int, ago: float, address: str = "") -> None:
    """Failures of some time ago."""
    at = parts.clock() - timedelta(seconds=ago)
    with parts.database.writing("*") as connection:
        for _ in range(times):
            attempts.add(connection, Attempt(what, account, address, at))


def recorded(parts: Parts, action: str) -> list[Any]:
    with parts.database.reading("*") as connection:
        wanted = select(records).where(records.c.action == action).order_by(records.c.seq)
        return list(connection.execute(wanted))


def test_password_and_code_make_a_login(parts: Parts, clock: Clock) -> None:
    passed = sign_in(parts, code=code_at(clock))
    actor = logins.authenticate(parts, passed.login, HOME)
    assert (actor.user_id, actor.organisation_id, actor.role) == (id_of("ada"), ACME, Role.ADMIN)
    assert actor.second_factor_at == clock()
    assert passed.duties == ()
    assert passed.expires_at == clock() + timedelta(hours=12)


def test_the_address_is_as_good_as_the_name(parts: Parts, clock: Clock) -> None:
    assert sign_in(parts, " Ada@Example.ORG ", code=code_at(clock)).user.username == "ada"


def test_a_password_alone_gives_a_challenge_that_a_code_redeems(parts: Parts, clock: Clock) -> None:
    first = signing_in.with_password(parts, STRANGER, Wish(BROWSER), "ada", PASSWORD)
    assert first.login == ""
    second = signing_in.with_code(parts, HOME, Wish(BROWSER), first.challenge, code_at(clock))
    assert logins.authenticate(parts, second.login, HOME).user_id == id_of("ada")


def test_a_challenge_is_no_login_and_good_for_its_own_door_only(parts: Parts, clock: Clock) -> None:
    challenge = signing_in.with_password(parts, STRANGER, PROGRAM, "ada", PASSWORD).challenge
    assert refused(lambda: logins.authenticate(parts, challenge, HOME)).status == 401
    other = Wish(BROWSER)
    told = refused(lambda: signing_in.with_code(parts, HOME, other, challenge, code_at(clock)))
    assert told.code == "challenge-ended"


def test_in_one_call_a_missing_code_is_asked_for_with_a_challenge(
    parts: Parts, clock: Clock
) -> None:
    told = refused(lambda: sign_in(parts))
    assert (told.status, told.code) == (401, "code-needed")
    challenge = str(told.members["challenge"])
    assert signing_in.with_code(parts, HOME, PROGRAM, challenge, code_at(clock)).login


def test_an_observer_without_a_second_factor_needs_no_code(parts: Parts) -> None:
    change(parts, "otto", totp_seed=None)
    assert sign_in(parts, "otto").duties == ()


def test_who_may_act_owes_a_second_factor(parts: Parts) -> None:
    change(parts, "olga", totp_seed=None)
    change(parts, "petra", totp_seed=None)
    assert sign_in(parts, "olga").duties == ("second-factor",)
    assert sign_in(parts, "petra").duties == ("second-factor",)


def test_everybody_owes_one_where_the_settings_say_so(parts: Parts) -> None:
    change(parts, "otto", totp_seed=None)
    strict = replace(parts, settings=replace(parts.settings, second_factor_for_all=True))
    assert sign_in(strict, "otto").duties == ("second-factor",)


def test_a_one_time_password_gives_one_login_in_which_it_is_replaced(parts: Parts) -> None:
    change(parts, "otto", totp_seed=None, password_once=True)
    passed = sign_in(parts, "otto")
    assert passed.duties == ("password",)
    assert refused(lambda: sign_in(parts, "otto")).code == "wrong-credentials"
    actor = logins.authenticate(parts, passed.login, HOME)
    passwords.change(parts, actor, "", "a goat, a ladder and a drum", None)
    assert logins.authenticate(parts, passed.login, HOME).duties == ()
    assert sign_in(parts, "otto", "a goat, a ladder and a drum").duties == ()


def test_who_is_in_two_organisations_says_where_to_work(parts: Parts, clock: Clock) -> None:
    with parts.database.writing("*") as connection:
        member = Membership(GLOBEX, id_of("olga"), Role.OBSERVER, clock())
        memberships.add(connection, member)
    passed = sign_in(parts, "olga", code=code_at(clock))
    assert logins.authenticate(parts, passed.login, HOME).organisation_id is None
    clock.forward(30)
    there = sign_in(parts, "olga", code=code_at(clock), wish=Wish(API, GLOBEX))
    actor = logins.authenticate(parts, there.login, HOME)
    assert (actor.organisation_id, actor.role) == (GLOBEX, Role.OBSERVER)


def test_a_weak_hash_is_made_anew_with_the_password_at_hand(parts: Parts) -> None:
    change(parts, "otto", totp_seed=None)
    before = sign_in(parts, "otto").user.password_hash
    assert before and not parts.hasher.outdated(before)
    assert sign_in(parts, "otto").user.password_hash == before


@pytest.mark.parametrize("name", ["ada", "nobody", "", "x" * 300, "ada'--", "ADA\u200b"])
def test_a_wrong_password_reads_the_same_whether_the_name_is_known(parts: Parts, name: str) -> None:
    told = refused(lambda: sign_in(parts, name, "wrong"))
    assert (told.status, told.code, str(told)) == (
        401,
        "wrong-credentials",
        "wrong user name or password",
    )


@pytest.mark.parametrize("values", [{"disabled_at": True}, {"password_hash": None}])
def test_nor_whether_the_user_may_sign_in(
    parts: Parts, clock: Clock, values: dict[str, object]
) -> None:
    change(parts, "ada", **{key: clock() if value else value for key, value in values.items()})
    assert refused(lambda: sign_in(parts, code=code_at(clock))).code == "wrong-credentials"


def test_limits_read_the_same_for_known_and_unknown_names(parts: Parts) -> None:
    for name in ("ada", "nobody"):
        codes = fail(parts, 7, name=name, address=f"192.0.2.{len(name)}")
        assert codes == ["wrong-credentials"] * 5 + ["too-many-failures"] * 2


def test_an_organisation_that_one_is_not_in_is_none(parts: Parts, clock: Clock) -> None:
    with pytest.raises(NotFound):
        sign_in(parts, code=code_at(clock), wish=Wish(API, GLOBEX))


def test_waits_grow_with_each_failure_and_a_right_password_ends_them(
    parts: Parts, clock: Clock
) -> None:
    fail(parts, 5)
    for wait in (1, 2, 4, 8):
        told = refused(lambda: sign_in(parts, code=code_at(clock)))
        assert (told.status, told.code) == (429, "too-many-failures")
        clock.forward(wait)
        assert fail(parts, 1) == ["wrong-credentials"]
    clock.forward(16)
    assert sign_in(parts, code=code_at(clock)).login
    assert fail(parts, 5, address="198.51.100.1") == ["wrong-credentials"] * 5


def test_after_a_hundred_failures_only_a_new_password_helps(parts: Parts, clock: Clock) -> None:
    plant(parts, "password", id_of("ada"), 99, ago=86_400)
    assert fail(parts, 1) == ["wrong-credentials"]
    clock.forward(86_400)
    told = refused(lambda: sign_in(parts, code=code_at(clock)))
    assert (told.status, str(told)) == (429, "too many failed tries: this account needs a new"
        " password by a link from an admin")  # fmt: skip


def test_failures_are_forgotten_after_thirty_days(parts: Parts, clock: Clock) -> None:
    plant(parts, "password", id_of("ada"), 100, ago=30 * 86_400)
    assert sign_in(parts, code=code_at(clock)).login


def test_an_address_has_twenty_failures_in_a_quarter_of_an_hour(parts: Parts, clock: Clock) -> None:
    for number in range(20):
        assert fail(parts, 1, name=f"nobody{number}") == ["wrong-credentials"]
    assert refused(lambda: sign_in(parts, code=code_at(clock))).code == "too-many-failures"
    assert sign_in(parts, code=code_at(clock), address="198.51.100.1").login
    clock.forward(15 * 60)
    assert sign_in(parts, code=code_at(clock)).login


def test_an_ipv6_neighbourhood_is_one_address(parts: Parts) -> None:
    for number in range(20):
        fail(parts, 1, name=f"nobody{number}", address=f"2001:db8::{number}")
    told = fail(parts, 1, name="someone", address="2001:db8::ffff")
    assert told == ["too-many-failures"]


def test_an_attack_on_all_leaves_unknown_addresses_one_failure(parts: Parts, clock: Clock) -> None:
    sign_in(parts, code=code_at(clock))
    plant(parts, "password", "anybody", 300, ago=1)
    assert fail(parts, 1, name="x1", address="198.51.100.1") == ["wrong-credentials"]
    assert fail(parts, 1, name="x2", address="198.51.100.1") == ["too-many-failures"]
    assert fail(parts, 3, name="x3") == ["wrong-credentials"] * 3  # from HOME, which is known
    assert parts.registry.get_sample_value("hyperion_control_guessing_total") == 5
    lockouts = {"limit": "everywhere"}
    assert parts.registry.get_sample_value("hyperion_control_lockouts_total", lockouts) == 1


def test_strangers_cannot_keep_out_who_is_signed_in(
    parts: Parts, people: People, clock: Clock
) -> None:
    holder = logins.authenticate(parts, people.login("ada"), HOME)
    plant(parts, "password", id_of("ada"), 100, ago=1, address=HOME.address)
    assert refused(lambda: sign_in(parts, code=code_at(clock))).status == 429
    assert sign_in(parts, asker=holder, code=code_at(clock)).login


def test_a_login_of_somebody_else_opens_no_way_around(parts: Parts, people: People) -> None:
    eve = logins.authenticate(parts, people.login("eve"), HOME)
    assert fail(parts, 6, asker=eve)[-1] == "too-many-failures"


def test_a_login_is_no_way_to_guess_its_owners_password_either(
    parts: Parts, people: People
) -> None:
    thief = logins.authenticate(parts, people.login("ada"), HOME)
    assert fail(parts, 6, asker=thief)[-1] == "too-many-failures"


@pytest.mark.parametrize(("tries", "seconds"), [(5, 300), (20, 3600), (50, 86_400)])
def test_codes_have_5_tries_in_5_minutes_20_in_an_hour_50_in_a_day(
    parts: Parts, clock: Clock, tries: int, seconds: int
) -> None:
    plant(parts, "code", id_of("ada"), tries - 1, ago=seconds - 60)
    assert refused(lambda: sign_in(parts, code="000000")).code == "wrong-code"
    told = refused(lambda: sign_in(parts, code=code_at(clock)))
    assert (told.status, told.code) == (429, "too-many-failures")
    clock.forward(61)
    assert sign_in(parts, code=code_at(clock)).login


def test_a_challenge_dies_after_five_tries(parts: Parts, clock: Clock) -> None:
    challenge = signing_in.with_password(parts, STRANGER, PROGRAM, "ada", PASSWORD).challenge
    tried = [
        refused(lambda: signing_in.with_code(parts, HOME, PROGRAM, challenge, "000000")).code
        for _ in range(5)
    ]
    assert tried == ["wrong-code"] * 5
    clock.forward(299)
    right = code_at(clock)
    told = refused(lambda: signing_in.with_code(parts, HOME, PROGRAM, challenge, right))
    assert told.code == "challenge-ended"


def test_a_new_challenge_does_not_begin_anew(parts: Parts, clock: Clock) -> None:
    for _ in range(5):
        challenge = signing_in.with_password(parts, STRANGER, PROGRAM, "ada", PASSWORD).challenge
        refused(lambda c=challenge: signing_in.with_code(parts, HOME, PROGRAM, c, "000000"))
    challenge = signing_in.with_password(parts, STRANGER, PROGRAM, "ada", PASSWORD).challenge
    right = code_at(clock)
    told = refused(lambda: signing_in.with_code(parts, HOME, PROGRAM, challenge, right))
    assert told.code == "too-many-failures"


def test_a_challenge_dies_after_five_minutes(parts: Parts, clock: Clock) -> None:
    challenge = signing_in.with_password(parts, STRANGER, PROGRAM, "ada", PASSWORD).challenge
    clock.forward(300)
    right = code_at(clock)
    told = refused(lambda: signing_in.with_code(parts, HOME, PROGRAM, challenge, right))
    assert told.code == "challenge-ended"


def test_a_challenge_is_redeemed_once(parts: Parts, clock: Clock) -> None:
    challenge = signing_in.with_password(parts, STRANGER, PROGRAM, "ada", PASSWORD).challenge
    signing_in.with_code(parts, HOME, PROGRAM, challenge, code_at(clock))
    clock.forward(30)
    later = code_at(clock)
    told = refused(lambda: signing_in.with_code(parts, HOME, PROGRAM, challenge, later))
    assert told.code == "challenge-ended"


def test_a_challenge_that_ends_while_its_code_is_looked_at_gives_no_login(
    parts: Parts, clock: Clock
) -> None:
    class Interrupted(Sealer):
        def open(self, sealed: bytes, context: str) -> bytes:
            with parts.database.writing("*") as connection:
                challenges.end_all(connection, id_of("ada"))
            return parts.sealer.open(sealed, context)

    challenge = signing_in.with_password(parts, STRANGER, PROGRAM, "ada", PASSWORD).challenge
    changing = replace(parts, sealer=Interrupted(parts.database, clock, None))
    right = code_at(clock)
    told = refused(lambda: signing_in.with_code(changing, HOME, PROGRAM, challenge, right))
    assert told.code == "challenge-ended"


def test_a_code_works_once_and_none_before_it_after(parts: Parts, clock: Clock) -> None:
    sign_in(parts, code=code_at(clock))
    assert refused(lambda: sign_in(parts, code=code_at(clock))).code == "wrong-code"
    assert refused(lambda: sign_in(parts, code=code_at(clock, -1))).code == "wrong-code"
    clock.forward(30)
    assert sign_in(parts, code=code_at(clock)).login


def test_a_wrong_code_does_not_use_the_right_one_up(parts: Parts, clock: Clock) -> None:
    refused(lambda: sign_in(parts, code="000000"))
    assert sign_in(parts, code=code_at(clock, -1)).login


def test_fifty_at_once_with_one_code_are_one_login(parts: Parts, clock: Clock) -> None:
    code = code_at(clock)
    challenges = [
        signing_in.with_password(parts, STRANGER, PROGRAM, "ada", PASSWORD).challenge
        for _ in range(50)
    ]

    def redeem(challenge: str) -> bool:
        try:
            return bool(signing_in.with_code(parts, HOME, PROGRAM, challenge, code).login)
        except (Unauthorised, TooMany):
            return False

    with ThreadPoolExecutor(10) as crew:
        assert sum(crew.map(redeem, challenges)) == 1


def test_many_at_once_do_not_get_past_a_limit(parts: Parts) -> None:
    def guess(number: int) -> str:
        return refused(lambda: sign_in(parts, "otto", f"wrong {number}")).code

    with ThreadPoolExecutor(10) as crew:
        codes = list(crew.map(guess, range(30)))
    assert codes.count("wrong-credentials") == 5


def test_a_storm_that_is_sent_away_costs_nobody_a_try(parts: Parts, clock: Clock) -> None:
    class Full(type(parts.hasher)):  # type: ignore[misc]
        def matches(self, known: str | None, password: str) -> bool:
            raise TooMany("too many", seconds=1)

    busy = replace(parts, hasher=Full())
    for _ in range(20):
        assert refused(lambda: sign_in(busy)).code == "too-many-requests"
    assert sign_in(parts, code=code_at(clock)).login


def test_success_and_refusals_are_on_record_without_names(parts: Parts, clock: Clock) -> None:
    sign_in(parts, code=code_at(clock))
    fail(parts, 1)
    fail(parts, 1, name="otto@nowhere.example", password="oops")
    [made] = recorded(parts, "login:create")
    assert (made.actor_id, made.target, made.decision) == (id_of("ada"), id_of("ada"), "allowed")
    assert made.organisation_id == ACME
    known, unknown = recorded(parts, "password:check")
    assert (known.actor_id, known.target, known.decision) == ("", id_of("ada"), "refused")
    assert known.organisation_id == ACME
    assert "otto" not in str(unknown) and len(unknown.target) == 64


def test_metrics_tell_right_from_wrong(parts: Parts, clock: Clock) -> None:
    fail(parts, 6)
    clock.forward(2)
    sign_in(parts, code=code_at(clock))
    value = parts.registry.get_sample_value
    passwords_, codes = "hyperion_control_passwords_total", "hyperion_control_codes_total"
    assert value(passwords_, {"result": "wrong"}) == 5
    assert value(passwords_, {"result": "limited"}) == 1
    assert value(passwords_, {"result": "right"}) == 1
    assert value(codes, {"result": "right"}) == 1
    assert value("hyperion_control_logins_total", {"kind": "api"}) == 1
    assert value("hyperion_control_lockouts_total", {"limit": "account"}) == 1
