"""What who runs the machine does with accounts, by name."""

import pytest

from control_api.people import HOME, PASSWORD, People
from hyperion_control.domain.actors import Actor
from hyperion_control.domain.roles import Role
from hyperion_control.errors import Conflict, NotFound, Unauthorised
from hyperion_control.usecases import caretaker, logins, passwords, signing_in
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.signing_in import API, Passed, Wish

NEW = "a goat, a ladder and a drum"


def sign_in(parts: Parts, name: str, password: str) -> Passed:
    return signing_in.with_password(parts, Actor(HOME), Wish(API), name, password)


def test_who_is_created_chooses_a_password_by_a_link(parts: Parts, people: People) -> None:
    link = caretaker.create(parts, "acme", "nora", Role.OPERATOR)
    passwords.reset(parts, HOME, link.secret, NEW)
    assert sign_in(parts, "nora", NEW).duties == ("second-factor",)
    assert "nora" in [member.user.username for member in caretaker.members(parts, "acme")]


def test_who_is_disabled_is_out_and_back_in_when_enabled(parts: Parts, people: People) -> None:
    secret = people.login("olga")
    caretaker.disable(parts, "olga")
    with pytest.raises(Unauthorised):
        logins.authenticate(parts, secret, HOME)
    with pytest.raises(Unauthorised):
        sign_in(parts, "olga", PASSWORD)
    caretaker.enable(parts, "olga@example.org")
    assert sign_in(parts, "olga", PASSWORD).challenge


def test_a_reset_of_the_password_leaves_the_second_factor(parts: Parts, people: People) -> None:
    passwords.reset(parts, HOME, caretaker.reset_password(parts, "olga").secret, NEW)
    assert sign_in(parts, "olga", NEW).challenge


def test_who_has_lost_everything_sets_up_another_second_factor(
    parts: Parts, people: People
) -> None:
    secret = people.login("olga")
    caretaker.reset_second_factor(parts, "olga")
    with pytest.raises(Unauthorised):
        logins.authenticate(parts, secret, HOME)
    assert sign_in(parts, "olga", PASSWORD).duties == ("second-factor",)


def test_names_that_nobody_has_are_said(parts: Parts, people: People) -> None:
    with pytest.raises(NotFound, match="there is no user named nobody"):
        caretaker.disable(parts, "nobody")
    with pytest.raises(NotFound, match="there is no organisation named nowhere"):
        caretaker.members(parts, "nowhere")


def test_the_last_who_decides_stays(parts: Parts, people: People) -> None:
    for name in ("petra", "ada"):
        with pytest.raises(Conflict):
            caretaker.disable(parts, name)
