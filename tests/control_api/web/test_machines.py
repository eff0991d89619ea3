"""The list of machines and a machine's own page."""

from datetime import timedelta
from typing import Any

import pytest

from control_api.conftest import Clock
from control_api.people import ACME, People, id_of
from control_api.web.conftest import Visit
from control_api.web.shop import Shop
from control_api.world import HOST_KEY
from hyperion_control.domain import ids
from hyperion_control.domain.host_keys import fingerprint
from hyperion_control.store import groups, machines, users
from hyperion_control.store.groups import Group
from hyperion_control.web import pieces
from lab.errands import add_machine
from lab.markup import faults


def change(shop: Shop, **values: Any) -> None:
    with shop.parts.database.writing(ACME) as connection:
        machine = machines.get(connection, ACME, shop.id)
        assert machine
        machines.change(connection, machine, values)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"db-1", "shop-1"}),
        ("search=shop", {"shop-1"}),
        ("selector=env%3Dprod", {"shop-1"}),
        ("selector=group%3Ddb", {"db-1"}),
        ("selector=env%21%3Dprod&search=-1", {"db-1"}),
        ("search=%3Cb%3E", set()),
    ],
)
def test_machines_are_listed_by_name_and_labels(
    visit: Visit, shop: Shop, query: str, shown: set[str]
) -> None:
    group = Group(ids.new("grp"), ACME, "db", "#ff0000", shop.parts.clock())
    with shop.parts.database.writing(ACME) as connection:
        groups.add(connection, group)
    add_machine(shop.parts, "db-1", group_id=group.id)
    page = visit("otto").get(f"/machines?{query}").text
    assert {name for name in ("db-1", "shop-1") if f"<strong>{name}</strong>" in page} == shown
    assert faults(page) == []


def test_a_long_list_goes_on(visit: Visit, shop: Shop) -> None:
    for number in range(pieces.LIMIT):
        add_machine(shop.parts, f"a-{number:02}", labels={"env": "prod"})
    otto = visit("otto")
    page = otto.get("/machines?selector=env%3Dprod").text
    assert "shop-1" not in page
    cursor = pieces.cursor(f"a-{pieces.LIMIT - 1}")
    assert f"/machines?selector=env%3Dprod&amp;search=&amp;cursor={cursor}" in page
    assert "shop-1" in otto.get(f"/machines?selector=env%3Dprod&cursor={cursor}").text


@pytest.mark.parametrize(
    ("values", "word", "tone"),
    [
        ({"online": True}, "available", "good"),
        ({"online": False}, "offline", "bad"),
        ({"online": True, "session_id": "ses_1"}, "busy", "plain"),
    ],
)
def test_a_state_is_a_word_and_not_a_colour_alone(
    visit: Visit, shop: Shop, values: dict[str, Any], word: str, tone: str
) -> None:
    change(shop, **values)
    otto = visit("otto")
    for path in ("/machines", shop.path):
        assert f'<span class="state {tone}">{word}</span>' in otto.get(path).text


def test_a_machine_tells_what_is_known_of_it(visit: Visit, shop: Shop, clock: Clock) -> None:
    until = clock() + timedelta(hours=1)
    told = {"ips": ("10.0.0.7",), "notes": "in the cellar\n<b>left</b>", "runner": "ssh"}
    change(shop, **told, hostname="shop.example", maintenance_until=until)
    page = visit("otto").get(shop.path).text
    for text in ("env=prod", "shop.example, 10.0.0.7", "in maintenance", "4:00:00\u202fAM UTC"):
        assert text in page
    assert "in the cellar\n&lt;b&gt;left&lt;/b&gt;" in page
    assert faults(page) == []


def test_times_are_in_the_zone_of_who_reads(visit: Visit, shop: Shop, clock: Clock) -> None:
    with shop.parts.database.writing("*") as connection:
        there = {"time_zone": "Europe/Paris", "language": "fr"}
        users.change(connection, id_of("otto"), there)
    change(shop, seen_at=clock())
    page = visit("otto").get(shop.path).text
    assert "04:00:00 CET" in page


def test_what_was_done_on_it_is_told_with_who_and_what_became_of_it(
    visit: Visit, shop: Shop
) -> None:
    olga = visit("olga")
    olga.post(f"{shop.path}/services/nginx.service/restart", data={"reason": "it hangs"})
    olga.get(f"{shop.path}/services")
    page = olga.get(shop.path).text
    assert "service:restart" in page
    assert '<span class="state good">succeeded</span>' in page
    assert "it hangs" in page
    assert "Olga" in page
    assert "services:list" not in page  # a look is no action


@pytest.mark.parametrize(
    ("who", "links"),
    [
        ("otto", {"services", "processes", "network", "maintenance"}),
        ("olga", {"services", "processes", "network", "maintenance", "run"}),
        ("ada", {"services", "processes", "network", "maintenance", "run", "host-key"}),
    ],
)
def test_one_is_led_only_to_what_one_may(
    visit: Visit, shop: Shop, who: str, links: set[str]
) -> None:
    change(shop, runner="ssh", host_key_offered=HOST_KEY)
    page = visit(who).get(shop.path).text
    pages = ("services", "processes", "network", "maintenance", "run", "host-key")
    assert {name for name in pages if f'href="{shop.path}/{name}"' in page} == links


def test_of_a_deleted_machine_the_history_is_left(visit: Visit, shop: Shop, clock: Clock) -> None:
    change(shop, deleted_at=clock())
    ada = visit("ada")
    page = ada.get(shop.path).text
    assert "nothing but its history is left" in page
    assert f"{shop.path}/run" not in page
    assert "shop-1" not in ada.get("/machines").text


def test_to_approve_an_offered_key_takes_a_fresh_code(
    visit: Visit, shop: Shop, clock: Clock, people: People
) -> None:
    change(shop, runner="ssh", host_key_offered=HOST_KEY)
    ada, path = visit("ada"), f"{shop.path}/host-key"
    page = ada.get(path).text
    assert fingerprint(HOST_KEY) in page
    assert 'name="code"' not in page
    clock.forward(301)
    page = ada.get(path).text
    assert 'name="code"' in page
    assert faults(page) == []
    form = {"fingerprint": fingerprint(HOST_KEY)}
    for code in ("", "000000"):
        answer = ada.post(path, data={**form, "code": code})
        assert answer.status_code == 401
        assert fingerprint(HOST_KEY) in answer.text
    assert ada.post(path, data={**form, "code": people.code()}).location == shop.path


def test_a_key_that_was_not_compared_is_not_approved(visit: Visit, shop: Shop) -> None:
    change(shop, runner="ssh", host_key_offered=HOST_KEY)
    ada, path = visit("ada"), f"{shop.path}/host-key"
    assert ada.post(path, data={"fingerprint": "SHA256:other"}).status_code == 409
    assert ada.post(path, data={"fingerprint": fingerprint(HOST_KEY)}).location == shop.path
    assert '<span class="state good">approved</span>' in ada.get(shop.path).text


@pytest.mark.parametrize("query", ["selector=a%3D%3D%3D", "cursor=zz", "cursor=00"])
def test_what_cannot_be_read_is_refused_in_words(visit: Visit, shop: Shop, query: str) -> None:
    answer = visit("otto").get(f"/machines?{query}")
    assert answer.status_code == 422
    assert faults(answer.text) == []
