"""Processes of a machine on pages: listed, signalled, and ended."""

import json

import pytest

from control_api.conftest import Clock
from control_api.people import People
from control_api.web.conftest import Visit
from control_api.web.shop import START, Shop
from hyperion_control.domain.process_orders import REFUSED, SURVIVED
from lab.errands import recorded
from lab.markup import faults, read

PID = "36"
SIGNAL = {"start": START, "what": "TERM"}
KILL = {"start": START, "what": "kill"}


@pytest.fixture
def path(shop: Shop) -> str:
    """Of one of them."""
    return f"{shop.path}/processes/{PID}"


def shown(page: str) -> list[str]:
    """The numbers of those that the page lists."""
    found = read(page).elements
    told = (each.get("aria-label", "") for tag, each in found if tag == "a")
    return [label.rpartition(" ")[2] for label in told if label.startswith("Signal or end")]


@pytest.mark.parametrize(
    ("query", "pids"),
    [
        ("sort=pid", ["1", "35", "36", "45"]),
        ("sort=pid&unit=ssh.service", ["36", "45"]),
        ("sort=pid&search=listener", ["36"]),
        ("pid=36&unit=ssh.service", ["36"]),
        ("pid=36&unit=nginx.service", []),
        ("pid=one", []),
        ("sort=pid&pid=&unit=&search=", ["1", "35", "36", "45"]),
    ],
)
def test_processes_are_sought(visit: Visit, shop: Shop, query: str, pids: list[str]) -> None:
    page = visit("olga").get(f"{shop.path}/processes?{query}").text
    assert [pid for pid in shown(page) if pid in ("1", "35", "36", "45")] == pids
    assert faults(page) == []


def test_an_unknown_order_is_the_busiest_first(visit: Visit, shop: Shop) -> None:
    olga = visit("olga")
    busiest = olga.get(f"{shop.path}/processes").text
    assert shown(olga.get(f"{shop.path}/processes?sort=name").text) == shown(busiest)
    assert '<option value="-cpu" selected>' in busiest


@pytest.mark.parametrize(
    ("form", "action", "word"),
    [
        (SIGNAL, "process:signal", ("signal", "TERM")),
        (KILL, "process:kill", ("tree", False)),
        ({**KILL, "what": "kill-tree"}, "process:kill", ("tree", True)),
    ],
)
def test_the_very_process_is_met_and_its_fate_is_shown(
    visit: Visit,
    shop: Shop,
    path: str,
    people: People,
    form: dict[str, str],
    action: str,
    word: str,
) -> None:
    olga = visit("olga")
    answer = olga.post(path, data={**form, "reason": "it leaks"})
    page = olga.get(answer.location).text
    assert '36 sshd <span class="state good">gone</span>' in page
    assert faults(page) == []
    detail = json.loads(recorded(people.parts, action)[0].detail)
    assert (detail["pid"], detail["start"]) == (36, START)
    assert detail[word[0]] == word[1]


def test_one_that_would_not_go_is_told_so(visit: Visit, shop: Shop, path: str) -> None:
    shop.says["process:kill"] = b"found 36 900 sshd\nsurvived 36\n"
    shop.ends["process:kill"] = ("failed", SURVIVED)
    olga = visit("olga")
    page = olga.get(olga.post(path, data=KILL).location).text
    assert '<span class="state bad">still there</span>' in page


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"changed\n", "belongs to another process now"),
        (b"protected sshd\n", "the way in for everybody"),
        (b"denied\n", "login may not do this"),
    ],
)
def test_what_was_not_done_is_said_in_words(
    visit: Visit, shop: Shop, path: str, said: bytes, sentence: str
) -> None:
    shop.says["process:signal"], shop.ends["process:signal"] = said, ("failed", REFUSED)
    olga = visit("olga")
    answer = olga.get(olga.post(path, data=SIGNAL).location)
    assert (answer.status_code, sentence in answer.text) == (409, True), answer.text


def test_while_the_machine_is_at_it_the_page_asks_again(
    visit: Visit, shop: Shop, path: str
) -> None:
    del shop.says["process:kill"]
    olga = visit("olga")
    page = olga.get(olga.post(path, data=KILL).location).text
    assert '<meta http-equiv="refresh" content="2">' in page
    assert "36: what became of it" in page


def test_to_end_one_takes_a_fresh_code_and_to_signal_it_does_not(
    visit: Visit, shop: Shop, path: str, clock: Clock, people: People
) -> None:
    olga = visit("olga")
    clock.forward(301)
    assert olga.post(path, data=SIGNAL).status_code == 303
    for code in ("", "000000"):
        answer = olga.post(path, data={**KILL, "code": code})
        assert answer.status_code == 401
        assert read(answer.text).fields()["start"]["value"] == START
        assert 'name="code"' in answer.text
        assert faults(answer.text) == []
    assert [kind for kind, _ in shop.asked] == ["process:signal"]
    assert olga.post(path, data={**KILL, "code": people.code()}).status_code == 303


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({**SIGNAL, "what": "KILL"}, 400),
        ({**SIGNAL, "what": "TERM; reboot"}, 400),
        ({**SIGNAL, "what": ""}, 400),
        ({"start": START}, 400),
        ({"what": "TERM"}, 400),
        ({**SIGNAL, "start": "$(reboot)"}, 422),
        ({**KILL, "start": "900"}, 422),
        ({**SIGNAL, "reason": "a\nb"}, 422),
        ({**SIGNAL, "reason": "x" * 101}, 422),
    ],
)
def test_what_makes_no_sense_reaches_no_machine(
    visit: Visit, shop: Shop, path: str, form: dict[str, str], status: int
) -> None:
    assert visit("olga").post(path, data=form).status_code == status
    assert shop.asked == []


@pytest.mark.parametrize("pid", ["0", "-1", "x", "٣", "9999999999", "1.5"])
def test_what_is_no_number_of_a_process_is_not_found(visit: Visit, shop: Shop, pid: str) -> None:
    olga = visit("olga")
    assert olga.get(f"{shop.path}/processes/{pid}").status_code == 404
    assert olga.post(f"{shop.path}/processes/{pid}", data=SIGNAL).status_code == 404


def test_who_only_looks_touches_nothing_and_a_neighbour_finds_nothing(
    visit: Visit, shop: Shop, path: str
) -> None:
    otto, eve = visit("otto"), visit("eve")
    assert shown(otto.get(f"{shop.path}/processes").text) == []
    shop.asked.clear()
    assert [otto.get(path).status_code, otto.post(path, data=KILL).status_code] == [403, 403]
    assert [eve.get(path).status_code, eve.post(path, data=KILL).status_code] == [404, 404]
    assert eve.get(f"{shop.path}/processes").status_code == 404
    assert shop.asked == []
