"""The first page: who one is, where, what is owed, and the way to the rest."""

from flask.testing import FlaskClient

from control_api.people import ACME, GLOBEX, People, id_of
from control_api.web.conftest import Visit
from hyperion_control.domain.roles import Role
from hyperion_control.store import memberships, users
from hyperion_control.store.memberships import Membership
from lab.markup import read


def join(people: People, name: str, organisation: str) -> None:
    with people.parts.database.writing("*") as connection:
        joined = Membership(organisation, id_of(name), Role.OBSERVER, people.parts.clock())
        memberships.add(connection, joined)


def test_it_says_who_one_is_and_where(visit: Visit) -> None:
    page = visit("olga").get("/").text
    assert "<h1>Hello, Olga</h1>" in page
    assert "<dd>acme</dd>" in page
    assert "<dd>Operator: acts on machines</dd>" in page
    assert "Second factor: on" in page
    assert "0 recovery codes left" in page
    assert "Signed in at 1 place<" in page


def test_who_is_nowhere_yet_is_told_so(visit: Visit) -> None:
    page = visit("petra").get("/").text
    assert "<dd>Runs the platform</dd>" in page


def test_who_is_in_two_organisations_can_go_to_the_other(visit: Visit, people: People) -> None:
    join(people, "olga", GLOBEX)
    browser = visit("olga")
    browser.post("/organisation", data={"organisation": ACME})
    page = browser.get("/").text
    assert "<dd>acme</dd>" in page
    assert f'<option value="{GLOBEX}">globex</option>' in page
    answer = browser.post("/organisation", data={"organisation": GLOBEX})
    assert (answer.status_code, answer.location) == (303, "/")
    page = browser.get("/").text
    assert "<dd>globex</dd>" in page
    assert "<dd>Observer: looks</dd>" in page


def test_who_is_in_one_organisation_is_not_asked(visit: Visit) -> None:
    assert "organisation" not in read(visit("olga").get("/").text).fields()


def test_a_name_cannot_become_part_of_the_page(visit: Visit, people: People) -> None:
    with people.parts.database.writing("*") as connection:
        users.change(connection, id_of("ada"), {"name": "<script>alert(1)</script>"})
    page = visit("ada").get("/").text
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_who_is_not_signed_in_goes_to_the_sign_in_page(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (303, "/login")


def test_another_organisation_is_nothing_one_can_go_to(visit: Visit) -> None:
    answer = visit("olga").post("/organisation", data={"organisation": GLOBEX})
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
