"""/api/users: the members of an organisation, for its admins."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from control_api.answers import As, answered, code
from control_api.conftest import Clock
from control_api.people import ACME, PASSWORD, People, id_of
from hyperion_control.app import create_app
from hyperion_control.domain.roles import Role
from hyperion_control.errors import AuditUnavailable
from hyperion_control.store import memberships, users
from hyperion_control.store.memberships import Membership
from hyperion_control.usecases.parts import Parts

NINA = {"username": "nina", "name": "Nina Nova", "role": "observer"}


def test_an_admin_creates_a_user_who_chooses_a_password_by_the_link(
    as_: As, client: FlaskClient
) -> None:
    made = answered(as_("ada").post("/api/users", json={**NINA, "email": "Nina@Example.org"}), 201)
    assert made["user"]["role"] == "observer"
    assert made["user"]["email"] == "Nina@Example.org"
    secret = made["link"]["secret"]
    assert made["link"]["url"].endswith(f"/password/{secret}")
    chosen = client.post(f"/api/auth/password-reset/{secret}", json={"password": PASSWORD})
    assert chosen.status_code in (200, 204), chosen.text
    signed_in = client.post(
        "/api/auth/token", json={"username": "nina@example.org", "password": PASSWORD}
    )
    assert answered(signed_in, 201)["user"]["id"] == made["user"]["id"]


def etag(client: FlaskClient, name: str) -> dict[str, str]:
    return {"If-Match": client.get(f"/api/users/{id_of(name)}").headers["ETag"]}


def test_members_are_listed_by_name_in_pages(as_: As) -> None:
    ada = as_("ada")
    first = ada.get("/api/users?limit=2")
    assert [user["username"] for user in answered(first)["data"]] == ["ada", "olga"]
    onward = first.headers["Link"].removeprefix("<").partition(">")[0]
    assert onward == f"/api/users?limit=2&cursor={first.json['next_cursor']}"
    second = answered(ada.get(onward))
    assert [user["username"] for user in second["data"]] == ["otto"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("OLG", ["olga"]),
        ("example.org", ["ada", "olga", "otto"]),
        ("%", []),
        ("_", []),
        ("eve", []),
    ],
)
def test_members_are_searched_by_a_part(as_: As, search: str, found: list[str]) -> None:
    page = answered(as_("ada").get("/api/users", query_string={"search": search}))
    assert [user["username"] for user in page["data"]] == found


def test_a_member_shows_no_secret(as_: As) -> None:
    olga = answered(as_("ada").get(f"/api/users/{id_of('olga')}"))
    assert olga["role"] == "operator"
    assert olga["second_factor"] is True
    assert olga["created_at"] == "2026-11-21T03:00:00Z"
    assert not {"password_hash", "totp_seed", "login_email", "version"} & olga.keys()


def test_a_profile_is_changed_by_who_has_seen_it(as_: As) -> None:
    ada, path = as_("ada"), f"/api/users/{id_of('olga')}"
    seen = etag(ada, "olga")
    changes = {"name": "Olga Ø", "time_zone": "Europe/Paris", "sessions_per_day": 0}
    changed = ada.patch(path, json=changes, headers=seen)
    assert changes.items() <= answered(changed).items()
    assert changed.json["language"] == "en"
    assert code(ada.patch(path, json={"name": "X"}, headers=seen)) == (412, "stale")
    assert code(ada.patch(path, json={"name": "X"})) == (428, "version-needed")
    assert ada.patch(path, json={"language": "fr"}, headers={"If-Match": "*"}).status_code == 200


def test_nobody_learns_by_an_address_whether_it_has_an_account(
    as_: As, client: FlaskClient
) -> None:
    ada, eves = as_("ada"), "eve@example.org"
    shown = [
        answered(ada.post("/api/users", json={**NINA, "username": name, "email": email}), 201)
        for name, email in (("nina", "new@example.org"), ("mina", eves))
    ]
    for made, email in zip(shown, ("new@example.org", eves), strict=True):
        assert made["user"]["email"] == email
        assert answered(ada.get(f"/api/users/{made['user']['id']}"))["email"] == email
    assert shown[0].keys() == shown[1].keys()
    path = f"/api/users/{id_of('olga')}"
    changed = ada.patch(path, json={"email": eves}, headers=etag(ada, "olga"))
    assert answered(changed)["email"] == eves
    # The address goes on signing in whose it was first.
    by_address = {"username": eves, "password": PASSWORD}
    assert client.post("/api/auth/api-login/", json=by_address).status_code in (200, 401)


def test_who_has_an_account_joins_with_it_by_the_link(as_: As, people: People) -> None:
    ada, eve = as_("ada"), as_("eve")
    wanted = {**NINA, "email": "eve@example.org", "role": "operator"}
    made = answered(ada.post("/api/users", json=wanted), 201)
    secret = made["link"]["secret"]
    joined = answered(eve.post("/api/invitations/accept", json={"secret": secret}))
    assert (joined["user_id"], joined["role"]) == (id_of("eve"), "operator")
    assert ada.get(f"/api/users/{made['user']['id']}").status_code == 404
    assert answered(ada.get(f"/api/users/{id_of('eve')}"))["role"] == "operator"
    assert code(eve.post("/api/invitations/accept", json={"secret": secret})) == (404, "not-found")


def test_a_disabled_user_is_out_at_the_next_request(as_: As) -> None:
    ada, olga, path = as_("ada"), as_("olga"), f"/api/users/{id_of('olga')}"
    assert olga.get("/api/me").status_code == 200
    assert answered(ada.post(f"{path}/disable"))["disabled_at"] is not None
    assert olga.get("/api/me").status_code == 401
    assert answered(ada.post(f"{path}/enable"))["disabled_at"] is None
    assert olga.get("/api/me").status_code == 401, "the logins have ended for good"


def test_a_reset_makes_a_link_and_ends_the_one_before(as_: As, client: FlaskClient) -> None:
    ada, path = as_("ada"), f"/api/users/{id_of('olga')}/reset"
    first, second = (answered(ada.post(path), 201) for _ in range(2))
    assert second["expires_at"] == "2026-11-21T04:00:00Z"
    new = {"password": "wet mossy lighthouse pianos"}
    for made, status in ((first, 401), (second, 204), (second, 401)):
        choose = client.post(f"/api/auth/password-reset/{made['secret']}", json=new)
        assert choose.status_code == status, choose.text


def test_an_erased_user_is_gone(as_: As, parts: Parts) -> None:
    ada, path = as_("ada"), f"/api/users/{id_of('olga')}"
    assert ada.delete(path).status_code == 428
    assert code(ada.delete(path, headers={"If-Match": '"9"'})) == (412, "stale")
    assert ada.delete(path, headers=etag(ada, "olga")).status_code == 204
    assert ada.get(path).status_code == 404


def test_members_are_counted(as_: As) -> None:
    ada = as_("ada")
    as_("olga").put("/api/me/consent")
    assert answered(ada.get("/api/users/statistics")) == {
        "users": 3,
        "roles": {"observer": 1, "operator": 1, "admin": 1},
        "second_factor": 3,
        "consented": 1,
        "disabled": 0,
        "signed_in": 2,
    }


def test_anybody_may_register_where_the_settings_say_so(
    client: FlaskClient, people: People, open_doors: FlaskClient
) -> None:
    wanted = {
        "username": "rosa",
        "name": "Rosa",
        "password": "seven lamps under the bridge",
        "organisation": "Rosa & Co",
    }
    assert code(client.post("/api/users/register", json=wanted)) == (403, "closed")
    made = answered(open_doors.post("/api/users/register", json=wanted), 201)
    assert (made["username"], made["role"]) == ("rosa", "admin")
    assert made["number"] > 0
    again = {**wanted, "username": "rosb"}
    assert code(open_doors.post("/api/users/register", json=again)) == (409, "conflict")
    again = {**wanted, "organisation": "Other"}
    assert code(open_doors.post("/api/users/register", json=again)) == (409, "username-taken")
    weak = {**wanted, "username": "rosc", "organisation": "C", "password": "rosarosarosa"}
    assert code(open_doors.post("/api/users/register", json=weak)) == (422, "weak-password")


@pytest.fixture
def open_doors(parts: Parts) -> FlaskClient:
    """To the same database, with registration open."""
    registry = CollectorRegistry()
    settings = replace(parts.settings, open_registration=True)
    return create_app(replace(parts, settings=settings, registry=registry)).test_client()


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"username": "a b"}, "/username"),
        ({"name": "a\u202eb"}, "/name"),
        ({"name": "a\u0000b"}, "/name"),
        ({"role": "root"}, "/role"),
        ({"role": 3}, "/role"),
        ({"email": "nobody"}, "/email"),
        ({"language": "tlh"}, "/language"),
        ({"time_zone": "Mars/Base"}, "/time_zone"),
        ({"sessions_per_day": 101}, "/sessions_per_day"),
        ({"sessions_per_day": "3"}, "/sessions_per_day"),
        ({"platform_admin": True}, "/platform_admin"),
        ({"totp_secret": "x"}, "/totp_secret"),
        ({"organisation_id": "org_globex00000000000000"}, "/organisation_id"),
    ],
)
def test_a_field_that_does_not_fit_is_named(as_: As, wrong: Any, pointer: str) -> None:
    answer = as_("ada").post("/api/users", json={**NINA, **wrong})
    assert code(answer) == (422, "invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_taken_user_name_is_refused(as_: As) -> None:
    answer = as_("ada").post("/api/users", json={**NINA, "username": "EVE"})
    assert code(answer) == (409, "username-taken")


@pytest.mark.parametrize("cursor", ["!", "ff", "00"])
def test_a_cursor_that_is_not_ours_is_refused(as_: As, cursor: str) -> None:
    answer = as_("ada").get("/api/users", query_string={"cursor": cursor})
    assert code(answer) == (422, "invalid")


@pytest.mark.parametrize("name", ["olga", "otto"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/users"),
        ("POST", "/api/users"),
        ("GET", "/api/users/statistics"),
        ("GET", f"/api/users/{id_of('ada')}"),
        ("PATCH", f"/api/users/{id_of('ada')}"),
        ("DELETE", f"/api/users/{id_of('ada')}"),
        ("POST", f"/api/users/{id_of('ada')}/disable"),
        ("POST", f"/api/users/{id_of('ada')}/reset"),
    ],
)
def test_users_are_the_admins_affair(as_: As, name: str, method: str, path: str) -> None:
    assert code(as_(name).open(path, method=method, json={})) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "end"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/reset"),
        ("GET", "/statistics"),
        ("GET", "/session-quota"),
        ("GET", "/photo"),
    ],
)
def test_a_neighbour_finds_nobody(as_: As, method: str, end: str) -> None:
    for name in ("olga", "nobody"):
        path = f"/api/users/{id_of(name)}{end}"
        answer = as_("eve").open(path, method=method, json={}, headers={"If-Match": "*"})
        assert code(answer) == (404, "not-found")


def test_an_account_that_is_also_elsewhere_is_not_ours_to_change(as_: As) -> None:
    ada, eve = as_("ada"), as_("eve")
    link = answered(ada.post("/api/invitations", json={"role": "admin"}), 201)
    answered(eve.post("/api/invitations/accept", json={"secret": link["secret"]}))
    path, any_version = f"/api/users/{id_of('eve')}", {"If-Match": "*"}
    for method, end in (("PATCH", ""), ("DELETE", ""), ("POST", "/disable"), ("POST", "/reset")):
        answer = ada.open(path + end, method=method, json={}, headers=any_version)
        assert code(answer) == (403, "not-in-charge")
    # Eve is admin of both, Ada of one: the other way round it works.
    here = {"X-Organisation": ACME, **any_version}
    assert eve.patch(f"/api/users/{id_of('ada')}", json={}, headers=here).status_code == 200
    here = {"X-Organisation": ACME, **any_version}
    assert as_("petra").patch(path, json={}, headers=here).status_code == 200


def test_who_runs_the_platform_is_not_touched_by_an_admin(as_: As, parts: Parts) -> None:
    with parts.database.writing(ACME) as connection:
        petra = Membership(ACME, id_of("petra"), Role.OBSERVER, parts.clock())
        memberships.add(connection, petra)
    ada, path = as_("ada"), f"/api/users/{id_of('petra')}"
    assert code(ada.post(f"{path}/disable")) == (403, "not-in-charge")
    assert code(ada.post(f"{path}/reset")) == (403, "not-in-charge")


def test_the_last_admin_is_neither_disabled_nor_erased(as_: As) -> None:
    ada, path = as_("ada"), f"/api/users/{id_of('ada')}"
    assert code(ada.post(f"{path}/disable")) == (409, "last-admin")
    assert code(ada.delete(path, headers={"If-Match": "*"})) == (409, "last-admin")
    assert ada.get("/api/me").status_code == 200


def test_an_old_code_is_not_enough(as_: As, clock: Clock) -> None:
    ada = as_("ada")
    clock.forward(301)
    assert code(ada.post("/api/users", json=NINA)) == (401, "step-up-needed")
    assert ada.get("/api/users").status_code == 200


def test_without_the_audit_nothing_happens(as_: As, parts: Parts) -> None:
    ada = as_("ada")
    assert parts.audit is not None

    def unavailable(*_: object) -> None:
        raise AuditUnavailable("the audit cannot be written")

    parts.audit._scribe.write = unavailable  # type: ignore[method-assign]
    assert code(ada.post("/api/users", json=NINA)) == (503, "audit-unavailable")
    with parts.database.reading() as connection:
        assert users.named(connection, "nina") is None
