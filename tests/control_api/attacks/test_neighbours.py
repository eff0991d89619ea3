"""Eve of globex looks for what is acme's in everything that she may ask for."""

import pytest

from control_api.answers import As, answered, code
from control_api.people import ACME, People, id_of
from control_api.test_matrix import MATRIX, shut
from hyperion_control.domain.roles import Role
from hyperion_control.store import memberships
from hyperion_control.usecases import invitations, tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted

# What only acme's rows hold.
THEIRS = (ACME, "olga", "otto", id_of("ada"), "deploy of acme", "invited@example.org")


@pytest.fixture
def _acme_is_busy(people: People, parts: Parts, as_: As) -> None:
    ada = people.actor("ada")
    tokens.create(parts, ada, Wanted("deploy of acme", ("users:read",)))
    invitations.create(parts, ada, Role.OBSERVER, "invited@example.org")
    path = f"/api/organisations/{ACME}/members/{id_of('otto')}"
    answered(as_("ada").patch(path, json={"role": "observer"}))


def readable(who: str) -> list[str]:
    """All that such a person is shown, without the name of a thing in the address."""
    looking = [route for route in shut(MATRIX) if route.startswith("GET ")]
    return [route[4:] for route in looking if MATRIX[route][who] == "200"]


@pytest.mark.usefixtures("_acme_is_busy")
def test_no_list_export_or_count_shows_a_neighbour_anything(as_: As) -> None:
    eve, ada = as_("eve"), as_("ada")
    lists = [path for path in readable("neighbour") if "<" not in path]
    assert len(lists) > 15
    leaks = {path for path in lists for theirs in THEIRS if theirs in eve.get(path).text}
    assert leaks == set()
    shown = {theirs for path in lists for theirs in THEIRS if theirs in ada.get(path).text}
    assert shown >= {"olga", ACME, "deploy of acme", "invited@example.org"}, "the search works"


@pytest.mark.usefixtures("_acme_is_busy")
@pytest.mark.parametrize(
    "query",
    [
        {"actor": "olga"},
        {"actor": id_of("ada")},
        {"target": id_of("otto")},
        {"text": "observer"},
        {"action": "*"},
        {"action": "%"},
        {"text": "%"},
        {"limit": "500"},
    ],
)
def test_no_search_of_the_audit_reaches_over(as_: As, query: dict[str, str]) -> None:
    eve = as_("eve")
    for path in ("/api/audit", "/api/audit/errors", "/api/audit/export"):
        found = eve.get(path, query_string=query)
        assert found.status_code in (200, 422), found.text
        told = found.text.replace(id_of("eve"), "")
        assert [theirs for theirs in THEIRS if theirs in told] == []


def test_a_cursor_of_acme_shows_a_neighbour_nothing(as_: As) -> None:
    cursor = answered(as_("ada").get("/api/users?limit=1"))["next_cursor"]
    page = answered(as_("eve").get("/api/users", query_string={"cursor": cursor}))
    assert [user["username"] for user in page["data"]] == ["eve"]


def test_who_is_nowhere_any_more_sees_nothing(as_: As, parts: Parts) -> None:
    """No membership is no right, not all of them."""
    otto = as_("otto")
    with parts.database.writing("*") as connection:
        memberships.remove(connection, ACME, id_of("otto"))
    for path in ("/api/users", "/api/tokens", "/api/audit", "/api/invitations"):
        assert code(otto.get(path)) == (403, "organisation-needed")
        assert otto.get(path, headers={"X-Organisation": ACME}).status_code == 404
    assert answered(otto.get("/api/me"))["memberships"] == []
