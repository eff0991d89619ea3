"""Maintenance on a page: begun, given another end, and ended."""

from datetime import timedelta

import pytest

from control_api.conftest import Clock
from control_api.people import ACME, People
from control_api.web.conftest import Visit
from control_api.web.shop import Shop
from hyperion_control.store import maintenances
from lab.errands import recorded
from lab.markup import faults

BEGIN = {"what": "begin", "minutes": "60", "reason": "new disk"}


@pytest.fixture
def path(shop: Shop) -> str:
    return f"{shop.path}/maintenance"


def test_one_is_begun_moved_and_ended(visit: Visit, path: str, people: People) -> None:
    olga = visit("olga")
    assert "It is not in maintenance." in olga.get(path).text
    assert olga.post(path, data=BEGIN).location == path
    page = olga.get(path).text
    for text in ("In maintenance until", "new disk", "4:00:00"):
        assert text in page
    assert faults(page) == []
    assert olga.post(path, data={"what": "extend", "minutes": "120"}).location == path
    assert "5:00:00" in olga.get(path).text
    assert olga.post(path, data={"what": "end"}).location == path
    page = olga.get(path).text
    assert "It is not in maintenance." in page
    assert page.index("<h2>Before</h2>") < page.index("new disk")
    for word in ("begin", "extend", "end"):
        assert recorded(people.parts, f"maintenance:{word}")[-1].outcome == "succeeded"


def test_whether_alerts_are_silent_is_told(visit: Visit, path: str, shop: Shop) -> None:
    """No Alertmanager answers here, so at first it does not know."""
    olga = visit("olga")
    olga.post(path, data=BEGIN)
    assert "Alertmanager does not know of it yet" in olga.get(path).text
    with shop.parts.database.writing(ACME) as connection:
        running = maintenances.current(connection, shop.id, shop.parts.clock())
        assert running
        maintenances.mark_silenced(connection, running.id, running.until)
    assert "Its alerts are silent until then." in olga.get(path).text


def test_it_ends_by_itself(visit: Visit, path: str, clock: Clock) -> None:
    olga = visit("olga")
    olga.post(path, data=BEGIN)
    clock.forward(timedelta(minutes=60).total_seconds())
    assert "It is not in maintenance." in visit("olga").get(path).text


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({**BEGIN, "reason": ""}, 422, "Say why"),
        ({**BEGIN, "reason": " "}, 422, "Say why"),
        ({**BEGIN, "reason": "x" * 101}, 422, "at most 100 characters"),
        ({**BEGIN, "minutes": "61"}, 400, "cannot be right"),
        ({**BEGIN, "minutes": "-60"}, 400, "cannot be right"),
        ({**BEGIN, "what": "pause"}, 400, "cannot be right"),
        ({}, 400, "cannot be right"),
        ({"what": "end"}, 409, "is not in maintenance"),
        ({"what": "extend", "minutes": "60"}, 409, "is not in maintenance"),
    ],
)
def test_what_cannot_be_is_said_and_the_form_shown_again(
    visit: Visit, path: str, form: dict[str, str], status: int, said: str
) -> None:
    answer = visit("olga").post(path, data=form)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert '<button name="what" value="begin">' in answer.text
    assert faults(answer.text) == []


def test_who_only_looks_has_no_form_and_a_neighbour_nothing(visit: Visit, path: str) -> None:
    otto, eve = visit("otto"), visit("eve")
    assert "<button name" not in otto.get(path).text
    assert otto.post(path, data=BEGIN).status_code == 403
    assert [eve.get(path).status_code, eve.post(path, data=BEGIN).status_code] == [404, 404]
    assert "It is not in maintenance." in otto.get(path).text
