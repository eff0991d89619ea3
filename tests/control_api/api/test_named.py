"""Machines by their names over the API: found as metrics call them, acted on as by their ids."""

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.api.test_machines import added
from control_api.people import GLOBEX, People, id_of
from hyperion_control.domain.roles import Role
from hyperion_control.store import memberships
from hyperion_control.store.memberships import Membership
from hyperion_control.usecases.parts import Parts
from lab.databases import ON_SQLITE
from lab.errands import recorded

pytestmark = ON_SQLITE

HOUR = {"minutes": 60, "reason": "by a button"}
WEB = "/api/named/acme/web-1"


@pytest.fixture
def olga(as_: As) -> FlaskClient:
    return as_("olga")


def test_a_maintenance_begins_by_names_and_is_on_record(olga: FlaskClient, parts: Parts) -> None:
    machine_id = added(olga, "web-1")["id"]
    begun = answered(olga.post(f"{WEB}/maintenance", json=HOUR), 201)
    assert (begun["machine_id"], begun["begun_by"]) == (machine_id, id_of("olga"))
    intent, _ = recorded(parts, "maintenance:begin")
    assert (intent.actor_id, intent.target) == (id_of("olga"), machine_id)


def test_a_hostile_name_of_a_service_reaches_no_machine(olga: FlaskClient) -> None:
    added(olga, "web-1")
    for unit in ("-H.service", "$(id).service", "a b.service"):
        assert code(olga.post(f"{WEB}/services/{unit}/restart", json={})) == (422, "invalid")


@pytest.mark.parametrize("place", ["acme/web-2", "globex/web-1", "nobody/web-1"])
def test_what_is_not_there_or_not_hers_is_not_found(olga: FlaskClient, place: str) -> None:
    added(olga, "web-1")
    assert code(olga.post(f"/api/named/{place}/maintenance", json=HOUR)) == (404, "not-found")


def test_a_machine_of_the_same_name_where_she_works_now_is_not_taken_for_it(
    as_: As, people: People, parts: Parts
) -> None:
    """She is in both, each has a web-1, and her login works in acme."""
    member = Membership(GLOBEX, id_of("olga"), Role.OPERATOR, parts.clock())
    with parts.database.writing("*") as connection:
        memberships.add(connection, member)
    olga, eve = as_("olga"), as_("eve")
    added(olga, "web-1"), added(eve, "web-1")
    asked = olga.post("/api/named/globex/web-1/maintenance", json=HOUR)
    assert code(asked) == (409, "other-organisation")
    assert recorded(parts, "maintenance:begin") == []
