"""What a token may be given, and from where it is good."""

import pytest

from hyperion_control.domain import tokens
from hyperion_control.domain.roles import SCOPES, Role


def test_every_scope_has_a_least_role() -> None:
    assert set(tokens.LEAST_ROLE) == set(SCOPES)
    assert tokens.beyond(Role.ADMIN, SCOPES) == []
    assert tokens.beyond(Role.OBSERVER, ("sd:read", "commands:run")) == ["commands:run"]


def test_scopes_come_once_and_in_order() -> None:
    assert tokens.scopes(["sd:read", "machines:read", "sd:read"]) == ("machines:read", "sd:read")
    with pytest.raises(ValueError, match="no scope 'root'"):
        tokens.scopes(["root"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:DB8::/32", "2001:db8::/32"),
    ],
)
def test_networks_are_kept_in_one_form(text: str, kept: str) -> None:
    assert tokens.network(text) == kept


@pytest.mark.parametrize("text", ["", "192.0.2.7/24", "example.org", "192.0.2.0/33", "0x7f.1"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no network"):
        tokens.network(text)


def test_no_networks_are_all() -> None:
    assert tokens.good_from((), "198.51.100.1")
    assert tokens.good_from(("192.0.2.0/24",), "192.0.2.9")
    assert not tokens.good_from(("192.0.2.0/24",), "198.51.100.1")


@pytest.mark.parametrize(
    "text", ["", "env=prod", "env=prod, role!=db", "tier in (a,b), !spare", " "]
)
def test_selectors_of_machines(text: str) -> None:
    assert tokens.selector(text) == text.strip()


@pytest.mark.parametrize(
    "text", ["example.org/tier=", "=prod", "env=prod,", "env=a b=c,", "env~x", "é=1"]
)
def test_what_selects_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="selects no machines"):
        tokens.selector(text)
