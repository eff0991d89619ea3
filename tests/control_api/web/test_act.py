"""/act: where the links of alerts, dashboards and messages lead to."""

import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from control_api.people import ACME, GLOBEX, People, id_of
from control_api.web.conftest import Visit
from control_api.web.shop import Shop
from hyperion_control.domain.roles import Role
from hyperion_control.store import memberships
from hyperion_control.store.memberships import Membership
from lab.house import ROOT
from lab.markup import faults, read

# By the query of a link, where it leads to; @ is the machine's own page.
PLACES = {
    "": "@",
    "action=commands": "/commands?machine=<id>",
    "action=disk": "@/processes?sort=-write_bytes",
    "action=disk&device=sda": "@/processes?sort=-write_bytes",
    "action=logs": "@/services",
    "action=logs&unit=nginx.service": "@/services/nginx.service#log",
    "action=machine": "@",
    "action=maintenance": "@/maintenance",
    "action=network": "@/network",
    "action=processes": "@/processes",
    "action=processes&unit=nginx.service": "@/processes?unit=nginx.service",
    "action=processes&unit=&pid=7": "@/processes?pid=7",
    "action=reboot": "@",
    "action=services": "@/services",
    "action=services&unit=": "@/services",
    "action=services&unit=a%20%26b": "@/services/a%20&b",
    "action=services&unit=nginx.service": "@/services/nginx.service",
    "action=updates": "@",
}
LINKING = ("prometheus/rules", "grafana/sources", "control-api/hyperion_control/domain/cards.py")
WORD = re.compile(r"""/act\?.*?action=(\w+)|_act\("[^"]+", \w+, "(\w+)"|"action": "(\w+)\"""")


def link(machine: str, org: str = "acme") -> str:
    return "/act?" + urlencode({"machine": machine, "org": org, "action": "services"})


@pytest.mark.parametrize("query", PLACES)
def test_a_link_leads_to_what_helps(visit: Visit, shop: Shop, query: str) -> None:
    answer = visit("otto").get(f"/act?machine=shop-1&org=acme&{query}")
    place = PLACES[query].replace("@", shop.path).replace("<id>", shop.id)
    assert (answer.status_code, answer.location) == (303, place)


def test_every_word_that_anything_links_with_is_among_those() -> None:
    files = [file for where in LINKING for file in (*(ROOT / where).rglob("*.*"), ROOT / where)]
    texts = [file.read_text() for file in files if file.suffix in (".py", ".yml")]
    words = {"".join(found) for text in texts for found in WORD.findall(text)}
    assert {"disk", "maintenance", "processes", "services", "updates"} <= words
    assert {f"action={word}" for word in words} - set(PLACES) == set()


@pytest.mark.parametrize("org", ["acme", ACME, ""])
def test_an_organisation_is_named_by_name_or_id_or_not_at_all(
    visit: Visit, shop: Shop, org: str
) -> None:
    assert visit("otto").get(link("shop-1", org)).location == f"{shop.path}/services"


def test_in_another_organisation_of_ones_own_one_is_asked_to_go_there(
    visit: Visit, shop: Shop, people: People
) -> None:
    with people.parts.database.writing("*") as connection:
        joined = Membership(ACME, id_of("eve"), Role.OBSERVER, people.parts.clock())
        memberships.add(connection, joined)
    eve = visit("eve")
    eve.post("/organisation", data={"organisation": GLOBEX})
    page = eve.get(link("shop-1"))
    assert "shop-1 is a machine of acme." in page.text
    assert faults(page.text) == []
    form = {name: told["value"] for name, told in read(page.text).fields().items()}
    then = eve.post("/organisation", data=form).location
    assert eve.get(then).location == f"{shop.path}/services"


@pytest.mark.parametrize(
    ("machine", "org"), [("shop-1", "acme"), ("shop-1", ACME), ("shop-1", ""), ("shop-2", "globex")]
)
def test_what_is_not_ones_own_is_not_told_from_what_is_not_there(
    visit: Visit, shop: Shop, machine: str, org: str
) -> None:
    answer = visit("eve").get(link(machine, org))
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "shop" not in answer.text


def test_who_is_not_signed_in_comes_there_by_the_login(
    client: FlaskClient, shop: Shop, people: People
) -> None:
    assert client.get(link("shop-1")).location == "/login"
    client.post("/login", data={"username": "otto", "password": "a horse, a staple and a pump"})
    answer = client.post("/login/code", data={"code": people.code()})
    assert answer.location == link("shop-1")
    assert client.get(answer.location).location == f"{shop.path}/services"
