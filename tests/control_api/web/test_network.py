"""The network of a machine on a page: its interfaces, who listens and who is connected."""

import pytest

from control_api.web.conftest import Visit
from control_api.web.shop import Shop
from lab.markup import faults

LISTENS, CONNECTED = "<code>0.0.0.0 22</code>", "<code>10.213.3.1 "


@pytest.mark.parametrize(
    ("query", "listens"),
    [("", True), ("?state=listen", True), ("?state=x", True), ("?state=established", False)],
)
def test_sockets_are_told_with_who_holds_them(
    visit: Visit, shop: Shop, query: str, listens: bool
) -> None:
    page = visit("otto").get(f"{shop.path}/network{query}").text
    assert (LISTENS in page, CONNECTED in page) == (listens, not listens)
    assert f'{shop.path}/processes?pid={36 if listens else 45}"' in page
    assert "We are not root there" not in page
    assert faults(page) == []


def test_interfaces_are_told_with_what_went_wrong(visit: Visit, shop: Shop) -> None:
    page = visit("otto").get(f"{shop.path}/network").text
    for text in ("<strong>lo</strong>", "127.0.0.1/8", "errors: 0, dropped: 0"):
        assert text in page


def test_where_we_are_not_root_it_is_said_what_is_missing(visit: Visit, shop: Shop) -> None:
    shop.says["network:sockets"] = shop.says["network:sockets"].replace(b"= end 0", b"= end 33")
    assert "We are not root there" in visit("otto").get(f"{shop.path}/network").text


def test_a_machine_that_does_not_answer_and_a_neighbour_learn_nothing(
    visit: Visit, shop: Shop
) -> None:
    shop.says.clear()
    assert visit("otto").get(f"{shop.path}/network").status_code == 503
    assert visit("eve").get(f"{shop.path}/network").status_code == 404
