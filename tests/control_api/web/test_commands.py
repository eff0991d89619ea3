"""Commands on pages: run on a machine, followed to their end, canceled, and found again."""

import pytest
from flask.testing import FlaskClient

from control_api.conftest import Clock
from control_api.people import ACME, People
from control_api.web.conftest import Visit
from control_api.web.shop import Shop
from hyperion_control.domain import ids
from hyperion_control.domain.orders import Order
from hyperion_control.domain.policies import Effect
from hyperion_control.domain.roles import Role
from hyperion_control.store import policies
from hyperion_control.store.policies import Policy
from hyperion_control.usecases import commands, plans
from hyperion_control.usecases.plans import Asked, Selection
from hyperion_control.web import pieces
from lab.errands import add_machine, ask, recorded
from lab.markup import faults

REFRESH = '<meta http-equiv="refresh" content="3">'
UPTIME = {"words": "uptime\r\n-p", "reason": "a look"}


def test_each_line_is_a_word_and_no_shell_reads_it(visit: Visit, shop: Shop) -> None:
    hostile = 'sh\r\n-c\r\necho "$0"\r\n\r\n$(reboot); `id` && é\r\n'
    answer = visit("olga").post(f"{shop.path}/run", data={"words": hostile})
    assert answer.status_code == 303
    [(kind, order)] = shop.asked
    assert (kind, order["argv"]) == (
        "command:run",
        ["sh", "-c", 'echo "$0"', "$(reboot); `id` && é"],
    )


def test_a_command_is_followed_to_what_it_said(visit: Visit, shop: Shop) -> None:
    olga = visit("olga")
    page = olga.get(olga.post(f"{shop.path}/run", data=UPTIME).location).text
    for text in ("up 3 days", "shop-1", "exit code 0", "a look", "Olga"):
        assert text in page
    assert '<dd role="status"><span class="state good">succeeded</span>' in page.replace("\n", "")
    assert REFRESH not in page
    assert faults(page) == []


def test_while_it_runs_the_page_asks_again_and_it_can_be_canceled(visit: Visit, shop: Shop) -> None:
    del shop.says["command:run"]
    olga = visit("olga")
    path = olga.post(f"{shop.path}/run", data=UPTIME).location
    page = olga.get(path).text
    assert REFRESH in page
    assert "Cancel it" in page
    assert faults(page) == []
    assert olga.post(f"{path}/cancel").location == path
    page = olga.get(path).text
    assert "canceled</span>" in page
    assert (REFRESH in page, "Cancel it" in page) == (False, False)
    assert olga.post(f"{path}/cancel").location == path


def test_what_a_program_says_cannot_become_part_of_the_page(visit: Visit, shop: Shop) -> None:
    shop.says["command:run"] = b"<script>alert(1)</script>\xff\x00\x1b[31mred"
    olga = visit("olga")
    page = olga.get(olga.post(f"{shop.path}/run", data=UPTIME).location).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\N{REPLACEMENT CHARACTER}" in page
    assert faults(page) == []


def test_what_machines_said_alike_is_told_once(visit: Visit, shop: Shop, people: People) -> None:
    other = add_machine(shop.parts, "shop-2")
    command = ask(people, [shop.id, other], "uptime")
    page = visit("olga").get(f"/commands/{command.id}").text
    assert page.count("up 3 days") == 1
    assert "<h3>shop-1, shop-2</h3>" in page
    assert "2 machines" in visit("otto").get("/commands").text


def test_who_only_looks_sees_that_it_was_done_and_not_what_it_said(
    visit: Visit, shop: Shop, people: People
) -> None:
    path = f"/commands/{ask(people, [shop.id], 'uptime').id}"
    otto = visit("otto")
    page = otto.get(path).text
    assert "succeeded" in page
    assert ("up 3 days" in page, "Cancel it" in page) == (False, False)
    assert otto.post(f"{path}/cancel").status_code == 403
    assert otto.get(f"{shop.path}/run").status_code == 403
    refused = otto.post(f"{shop.path}/run", data=UPTIME)
    assert (refused.status_code, "<form class=" in refused.text) == (403, False)
    assert len(shop.asked) == 1


def test_a_neighbour_finds_nothing(visit: Visit, shop: Shop, people: People) -> None:
    path, eve = f"/commands/{ask(people, [shop.id], 'uptime').id}", visit("eve")
    answers = [eve.get(path), eve.post(f"{path}/cancel"), eve.get(f"{shop.path}/run")]
    answers.append(eve.post(f"{shop.path}/run", data=UPTIME))
    assert {answer.status_code for answer in answers} == {404}
    assert "None yet." in eve.get("/commands").text


def test_to_run_one_takes_a_fresh_code_and_keeps_what_was_typed(
    visit: Visit, shop: Shop, clock: Clock, people: People
) -> None:
    olga, path = visit("olga"), f"{shop.path}/run"
    clock.forward(301)
    for code in ("", "000000"):
        answer = olga.post(path, data={**UPTIME, "code": code})
        assert answer.status_code == 401
        assert "uptime\r\n-p</textarea>" in answer.text
        assert faults(answer.text) == []
    assert shop.asked == []
    assert olga.post(path, data={**UPTIME, "code": people.code()}).status_code == 303


@pytest.mark.parametrize("words", ["", "\r\n\r\n", "a\0b", "x" * 1025])
def test_what_is_no_command_reaches_no_machine(visit: Visit, shop: Shop, words: str) -> None:
    answer = visit("olga").post(f"{shop.path}/run", data={"words": words})
    assert answer.status_code in (400, 422)
    assert faults(answer.text) == []
    assert shop.asked == []


def rule(shop: Shop, effect: Effect) -> None:
    made = ids.new("pol"), ACME, Role.OPERATOR, effect, ("uptime", "-p"), "", "usr_1"
    with shop.parts.database.writing(ACME) as connection:
        policies.add(connection, Policy(*made, shop.parts.clock()))


def test_what_a_rule_denies_is_not_run(visit: Visit, shop: Shop) -> None:
    rule(shop, Effect.DENY)
    answer = visit("olga").post(f"{shop.path}/run", data=UPTIME)
    assert answer.status_code == 403
    assert "A policy denies this command to your role." in answer.text
    assert shop.asked == []


def test_what_a_rule_wants_approved_waits_and_can_be_canceled(visit: Visit, shop: Shop) -> None:
    rule(shop, Effect.APPROVE)
    olga = visit("olga")
    path = olga.post(f"{shop.path}/run", data=UPTIME).location
    assert "waits for an approval" in olga.get(path).text
    assert olga.post(f"{path}/cancel").location == path
    assert "waits for an approval" not in olga.get(path).text
    assert shop.asked == []


def waiting(shop: Shop, olga: FlaskClient) -> str:
    """The address of a command of hers that needs a second person."""
    rule(shop, Effect.APPROVE)
    return olga.post(f"{shop.path}/run", data=UPTIME).location


def decision(page: str, what: str) -> dict[str, str]:
    return {"hash": page.partition('name="hash" value="')[2].partition('"')[0], "what": what}


def test_a_second_person_looks_at_all_of_it_and_approves(visit: Visit, shop: Shop) -> None:
    path, ada = waiting(shop, visit("olga")), visit("ada")
    assert f'href="{path}/approval"' in ada.get(path).text
    page = ada.get(f"{path}/approval").text
    for text in ("uptime", "-p", "shop-1", "a look", "Olga"):
        assert text in page
    assert faults(page) == []
    assert ada.post(f"{path}/approval", data=decision(page, "approve")).location == path
    assert "succeeded" in ada.get(path).text
    [(_, order)] = shop.asked
    assert order["argv"] == ["uptime", "-p"]
    assert "It waits for nobody." in ada.get(f"{path}/approval").text


def test_all_that_it_would_do_is_shown(visit: Visit, shop: Shop, people: People) -> None:
    rule(shop, Effect.APPROVE)
    order = Order(("uptime", "-p"), b"echo '<b>'\n", {"LANG": "C"}, folder="/srv", user="postgres")
    planned = plans.plan(shop.parts, people.actor("olga"), Asked(order, Selection((shop.id,))))
    command = commands.run(shop.parts, people.actor("olga"), planned)
    page = visit("ada").get(f"/commands/{command.id}/approval").text
    for text in ('value="approve"', "LANG=C", "/srv", "postgres", "echo &#39;&lt;b&gt;&#39;"):
        assert text in page
    assert faults(page) == []


def test_what_is_not_approved_never_begins(visit: Visit, shop: Shop) -> None:
    path, ada = waiting(shop, visit("olga")), visit("ada")
    data = decision(ada.get(f"{path}/approval").text, "reject")
    assert ada.post(f"{path}/approval", data=data).location == path
    assert "canceled" in ada.get(path).text
    assert shop.asked == []


def test_the_other_page_of_a_command_that_changed_decides_nothing(visit: Visit, shop: Shop) -> None:
    path, ada = waiting(shop, visit("olga")), visit("ada")
    for data in ({"hash": "0" * 64, "what": "approve"}, {"hash": "0" * 64, "what": "run"}, {}):
        assert ada.post(f"{path}/approval", data=data).status_code in (400, 409)
    assert "waits for an approval" in ada.get(path).text


def test_nobody_approves_a_command_of_their_own(visit: Visit, shop: Shop) -> None:
    olga = visit("olga")
    path = waiting(shop, olga)
    page = olga.get(f"{path}/approval").text
    assert "somebody else must approve it" in page
    assert "Approve it" not in page.partition("<form")[2]
    answer = olga.post(f"{path}/approval", data=decision(page, "approve"))
    assert answer.status_code == 403
    assert "Nobody approves a command of their own." in answer.text
    assert shop.asked == []


def test_to_approve_takes_a_fresh_code(
    visit: Visit, shop: Shop, people: People, clock: Clock
) -> None:
    path, ada = waiting(shop, visit("olga")), visit("ada")
    clock.forward(301)
    data = decision(ada.get(f"{path}/approval").text, "approve")
    answer = ada.post(f"{path}/approval", data=data)
    assert (answer.status_code, shop.asked) == (401, [])
    assert faults(answer.text) == []
    data["code"] = people.code()
    assert ada.post(f"{path}/approval", data=data).location == path


@pytest.mark.parametrize(
    ("query", "shown"),
    [("", {"uptime", "df"}), ("machine=shop-1", {"uptime"}), ("machine=<id>", {"uptime"})],
)
def test_commands_are_found_by_machine(
    visit: Visit, shop: Shop, people: People, query: str, shown: set[str]
) -> None:
    ask(people, [shop.id], "uptime")
    ask(people, [add_machine(shop.parts, "db-1")], "df", "-h")
    page = visit("otto").get(f"/commands?{query.replace('<id>', shop.id)}").text
    assert {word for word in ("uptime", "df") if f"<code>{word}" in page} == shown
    assert faults(page) == []


def test_a_long_list_goes_on(visit: Visit, shop: Shop, people: People, clock: Clock) -> None:
    for number in range(pieces.LIMIT + 1):
        clock.forward(1)
        ask(people, [shop.id], f"echo{number}.")
    otto = visit("otto")
    page = otto.get("/commands?machine=shop-1").text
    assert ("echo50." in page, "echo0." in page) == (True, False)
    onward = page.partition('href="/commands?')[2].partition('"')[0].replace("&amp;", "&")
    assert "machine=shop-1" in onward
    assert "echo0." in otto.get(f"/commands?{onward}").text


def test_it_is_on_record(visit: Visit, shop: Shop, people: People) -> None:
    visit("olga").post(f"{shop.path}/run", data=UPTIME)
    assert [each.phase for each in recorded(people.parts, "command:run")] == ["intent", "outcome"]
