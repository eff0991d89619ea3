"""Services of a machine on pages: listed, looked at, and told what to do."""

from typing import Any

import pytest

from control_api.conftest import Clock
from control_api.domain import test_unit_answers as units
from control_api.people import People
from control_api.web.conftest import Visit
from control_api.web.shop import UNIT, Shop
from hyperion_control.domain.unit_orders import NO_SYSTEMD, NO_UNIT, PROTECTED
from lab.errands import add_machine, recorded
from lab.markup import faults, read

EASY = ("restart", "start", "reload", "enable", "unmask")
TAKING_AWAY = ("stop", "disable", "mask")


@pytest.fixture
def path(shop: Shop) -> str:
    return f"{shop.path}/services/{UNIT}"


def buttons(page: str) -> set[str]:
    """The orders that the page offers."""
    told = (each["formaction"] for _, each in read(page).elements if "formaction" in each)
    return {address.rpartition("/")[2] for address in told}


def test_those_that_failed_come_first(visit: Visit, shop: Shop) -> None:
    page = visit("otto").get(f"{shop.path}/services").text
    assert page.index("php.service") < page.index(UNIT)
    assert '<span class="state bad">failed</span>' in page
    assert faults(page) == []


@pytest.mark.parametrize(
    ("query", "kind", "shown"),
    [
        ("search=php", "service", {"php.service"}),
        ("search=Secure+Shell", "service", {"php.service", UNIT}),
        ("search=%2A", "service", set()),
        ("type=timer", "timer", {"php.service", UNIT}),
        ("type=slice", "service", {"php.service", UNIT}),
    ],
)
def test_services_are_sought(
    visit: Visit, shop: Shop, query: str, kind: str, shown: set[str]
) -> None:
    page = visit("otto").get(f"{shop.path}/services?{query}").text
    assert {unit for unit in ("php.service", UNIT) if f">{unit}</a>" in page} == shown
    assert kind in shop.asked[-1][1]["argv"]  # type: ignore[operator]


def test_a_service_tells_its_state_its_log_and_what_falls_with_it(visit: Visit, path: str) -> None:
    page = visit("olga").get(path).text
    for text in ("OpenBSD = Secure Shell server", "running", "enabled", "up"):
        assert text in page
    assert "these go with it: php.service" in page
    assert faults(page) == []


def test_an_order_is_given_and_before_and_after_are_shown(
    visit: Visit, path: str, people: People
) -> None:
    olga = visit("olga")
    answer = olga.post(f"{path}/restart", data={"reason": "it hangs"})
    assert answer.location.startswith(f"{path}?task=tsk_")
    page = olga.get(answer.location).text
    assert 'Restart: <span class="state good">succeeded</span>' in page
    assert page.index("<h3>Before</h3>") < page.index("<h3>After</h3>")
    assert "With it: php.service" in page
    assert faults(page) == []
    assert [each.phase for each in recorded(people.parts, "service:restart")] == [
        "intent",
        "outcome",
    ]


def test_an_order_that_was_carried_out_and_failed_says_so(
    visit: Visit, path: str, shop: Shop
) -> None:
    shop.ends["service:restart"] = ("failed", 1)
    olga = visit("olga")
    page = olga.get(olga.post(f"{path}/restart").location).text
    assert 'Restart: <span class="state bad">failed</span>' in page


def test_a_page_that_waits_for_the_machine_asks_again_by_itself(
    visit: Visit, path: str, shop: Shop
) -> None:
    del shop.says["service:restart"]
    olga = visit("olga")
    page = olga.get(olga.post(f"{path}/restart").location).text
    assert '<meta http-equiv="refresh" content="2">' in page
    assert faults(page) == []


@pytest.mark.parametrize(("who", "offered"), [("otto", set()), ("olga", {*EASY, *TAKING_AWAY})])
def test_who_only_looks_has_no_buttons(
    visit: Visit, path: str, who: str, offered: set[str]
) -> None:
    assert buttons(visit(who).get(path).text) == offered


@pytest.mark.parametrize("verb", [*EASY, *TAKING_AWAY])
def test_who_only_looks_gives_no_orders(visit: Visit, path: str, verb: str, shop: Shop) -> None:
    answer = visit("otto").post(f"{path}/{verb}")
    assert answer.status_code == 403
    assert "You may not do this." in answer.text
    assert shop.asked == []


def test_a_neighbour_finds_nothing(visit: Visit, path: str, shop: Shop) -> None:
    eve = visit("eve")
    assert [eve.get(path).status_code, eve.post(f"{path}/restart").status_code] == [404, 404]
    assert shop.asked == []


def test_what_is_protected_is_not_offered(visit: Visit, path: str, shop: Shop) -> None:
    shop.says["services:impact"] = f"{units.MET}= protected php.service\n= end\n".encode()
    shop.ends["services:impact"] = ("failed", PROTECTED)
    page = visit("olga").get(path).text
    assert buttons(page) == set(EASY)
    assert "the machine is reached and run by php.service" in page


def test_to_take_one_away_needs_a_fresh_code(
    visit: Visit, path: str, clock: Clock, people: People, shop: Shop
) -> None:
    olga = visit("olga")
    assert 'name="code"' not in olga.get(path).text
    clock.forward(301)
    assert 'name="code"' in olga.get(path).text
    assert olga.post(f"{path}/restart").status_code == 303
    shop.asked.clear()
    for code in ("", "000000"):
        answer = olga.post(f"{path}/stop", data={"code": code, "reason": "leaks"})
        assert answer.status_code == 401
        assert read(answer.text).fields()["reason"]["value"] == "leaks"
        assert faults(answer.text) == []
    assert shop.asked == []
    answer = olga.post(f"{path}/stop", data={"code": people.code()})
    assert olga.get(answer.location).text.count("Stop: ") == 1
    assert 'name="code"' not in olga.get(path).text


@pytest.mark.parametrize(
    ("kind", "end", "status", "said"),
    [
        ("services:list", ("failed", NO_SYSTEMD), 409, "does not run systemd"),
        ("services:impact", ("failed", NO_UNIT), 404, "no such service"),
        ("services:impact", ("failed", 127), 503, "could not tell"),
        ("services:impact", ("timed_out", None), 503, "took too long"),
        ("services:list", ("expired", None), 503, "Is one running?"),
    ],
)
def test_what_a_machine_cannot_tell_is_said_in_words(
    visit: Visit, path: str, shop: Shop, kind: str, end: Any, status: int, said: str
) -> None:
    shop.ends[kind] = end
    page = path if kind == "services:impact" else f"{shop.path}/services"
    answer = visit("otto").get(page)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert f'href="{shop.path}"' in answer.text or status == 404
    assert faults(answer.text) == []


def test_a_machine_that_does_not_answer_keeps_nobody_waiting(visit: Visit, shop: Shop) -> None:
    shop.says.clear()
    answer = visit("otto").get(f"{shop.path}/services")
    assert answer.status_code == 503
    assert "The machine has not answered yet." in answer.text


@pytest.mark.parametrize("unit", ["a b.service", "$(id).service", "-H.service", "x@.timer", "a"])
def test_a_hostile_name_reaches_no_machine(visit: Visit, shop: Shop, unit: str) -> None:
    olga = visit("olga")
    assert olga.get(f"{shop.path}/services/{unit}").status_code == 422
    assert olga.post(f"{shop.path}/services/{unit}/restart").status_code == 422
    assert shop.asked == []


def test_an_order_that_is_none_is_not_found(visit: Visit, path: str, shop: Shop) -> None:
    olga = visit("olga")
    for verb in ("kill", "restart%0A", "isolate"):
        assert olga.post(f"{path}/{verb}").status_code == 404
        assert olga.get(f"{path}/{verb}").status_code == 404
    assert shop.asked == []


def test_a_task_of_another_machine_is_not_shown_here(
    visit: Visit, path: str, people: People
) -> None:
    olga, other = visit("olga"), add_machine(people.parts, "other")
    task = olga.post(f"{path}/restart").location.partition("?")[2]
    assert "Restart:" in olga.get(f"{path}?{task}").text
    for address in (f"/machines/{other}/services/{UNIT}?{task}", f"{path}?{task}x"):
        assert olga.get(address).status_code == 404
