"""/api/me: what people see and decide of themselves."""

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from control_api.answers import As, answered, code
from control_api.conftest import Clock
from control_api.people import ACME, PASSWORD, People, id_of
from hyperion_control.store.personal import OWNED, SECRET
from hyperion_control.store.records import records
from hyperion_control.store.tables import catalogue
from hyperion_control.store.users import users
from hyperion_control.usecases import audit, tokens
from hyperion_control.usecases.parts import Parts
from hyperion_control.usecases.tokens import Wanted


def picture(form: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, form)
    return written.getvalue()


def rows(parts: Parts) -> str:
    """The whole database but the audit, as text."""
    with parts.database.reading("*") as connection:
        return "\n".join(
            str(row)
            for table in catalogue.sorted_tables
            if table.name not in ("records", "segments")
            for row in connection.execute(select(table))
        )


def test_one_sees_who_one_is(as_: As) -> None:
    olga = answered(as_("olga").get("/api/me"))
    assert olga["username"] == "olga"
    assert olga["role"] == "operator"
    assert olga["organisation_id"] == ACME
    assert [joined["role"] for joined in olga["memberships"]] == ["operator"]
    assert olga["duties"] == []


def test_one_changes_the_own_profile_but_not_the_own_rights(as_: As) -> None:
    olga = as_("olga")
    seen = {"If-Match": olga.get("/api/me").headers["ETag"]}
    changed = olga.patch("/api/me", json={"name": "Olga Ø", "language": "fr"}, headers=seen)
    assert (answered(changed)["name"], changed.json["language"]) == ("Olga Ø", "fr")
    assert code(olga.patch("/api/me", json={"name": "X"}, headers=seen)) == (412, "stale")
    for more in ("role", "platform_admin", "sessions_per_day", "email", "username", "totp_seed"):
        wrong = olga.patch("/api/me", json={more: 1}, headers={"If-Match": "*"})
        assert [error["pointer"] for error in wrong.json["errors"]] == [f"/{more}"]


def test_one_signs_in_with_the_new_address(as_: As, client: FlaskClient, clock: Clock) -> None:
    olga = as_("olga")
    assert (
        answered(olga.put("/api/me/email", json={"email": "O@New.example"}))["email"]
        == "O@New.example"
    )
    known = {"username": "o@new.example", "password": PASSWORD}
    assert code(client.post("/api/auth/token", json=known)) == (401, "code-needed")
    clock.forward(301)
    assert code(olga.put("/api/me/email", json={"email": None})) == (401, "step-up-needed")


def test_consent_is_given_and_taken_back(as_: As, clock: Clock) -> None:
    otto = as_("otto")
    assert answered(otto.put("/api/me/consent"))["consented_at"] == "2026-11-21T03:00:00Z"
    clock.forward(60)
    revoked = answered(otto.delete("/api/me/consent"))
    assert revoked["consented_at"] == "2026-11-21T03:00:00Z"
    assert revoked["consent_revoked_at"] == "2026-11-21T03:01:00Z"
    assert answered(otto.put("/api/me/consent"))["consent_revoked_at"] is None


def test_the_copy_holds_all_that_is_kept_of_oneself_and_nothing_of_others(as_: As) -> None:
    olga, ada = as_("olga"), as_("ada")
    olga.put("/api/me/photo", data=picture(), content_type="image/png")
    answered(olga.post("/api/tokens", json={"name": "mine", "scopes": ["sd:read"]}), 201)
    answered(ada.post("/api/tokens", json={"name": "hers", "scopes": ["sd:read"]}), 201)
    answer = olga.get("/api/me/export")
    copy = answered(answer)
    assert copy["users"][0]["username"] == "olga"
    assert [token["name"] for token in copy["tokens"]] == ["mine"]
    assert [login["user_id"] for login in copy["logins"]] == [id_of("olga")]
    assert copy["photos"][0]["image"].startswith("/9j/")
    actions = [record["action"] for record in copy["records"]]
    assert {"login:create", "token:create", "user:export"} <= set(actions)
    assert id_of("ada") not in answer.text
    assert copy.keys() >= {owner.table.name for owner in OWNED}
    assert not [
        name for table in copy.values() for row in table for name in row if name in SECRET[1:]
    ]


def test_every_table_that_names_a_user_is_erased_with_them() -> None:
    named = {
        column
        for table in catalogue.tables.values()
        for column in table.columns
        if any(key.column is users.c.id for key in column.foreign_keys)
    }
    assert named <= set(OWNED)


def test_who_erases_themselves_leaves_nothing_but_a_pseudonym(
    as_: As, parts: Parts, people: People, clock: Clock
) -> None:
    olga = as_("olga")
    olga.put("/api/me/photo", data=picture(), content_type="image/png")
    olga.put("/api/me/consent")
    tokens.create(parts, people.actor("olga"), Wanted("mine", ("sd:read",)))
    invited = {"role": "observer", "email": "OLGA@example.org"}
    answered(as_("eve").post("/api/invitations", json=invited), 201)
    assert "Olga" in rows(parts)
    clock.forward(30)
    proof = {"password": PASSWORD, "code": people.code()}
    assert olga.delete("/api/me", json=proof).status_code == 204
    assert "olga" not in rows(parts).replace(id_of("olga"), "").lower()
    with parts.database.reading("*") as connection:
        left = connection.execute(select(users).where(users.c.id == id_of("olga"))).one()
    assert left.username.startswith("erased-")
    assert len(left.username) == len("erased-") + 8
    assert (left.erased_at, left.disabled_at) == (clock.now, clock.now)
    assert olga.get("/api/me").status_code == 401


def test_the_audit_still_proves_itself_and_names_nobody(
    as_: As, parts: Parts, people: People, clock: Clock
) -> None:
    olga = as_("olga")
    olga.patch("/api/me", json={"name": "Olga Ø"}, headers={"If-Match": "*"})
    clock.forward(30)
    olga.delete("/api/me", json={"password": PASSWORD, "code": people.code()})
    verdict = audit.verify(parts.database)
    assert not verdict.broken
    assert verdict.rows > 4
    with parts.database.reading("*") as connection:
        text = str(connection.execute(select(records)).all()).replace(id_of("olga"), "")
    assert "olga" not in text.lower()


@pytest.mark.parametrize(
    ("proof", "wanted"),
    [
        ({"password": "wrong", "code": "right"}, (401, "wrong-credentials")),
        ({"password": PASSWORD, "code": "000000"}, (401, "wrong-code")),
        ({"password": PASSWORD}, (401, "wrong-code")),
        ({}, (422, "invalid")),
    ],
)
def test_a_stolen_login_erases_nobody(
    as_: As, people: People, clock: Clock, proof: dict[str, str], wanted: tuple[int, str]
) -> None:
    olga = as_("olga")
    clock.forward(30)
    given = {**proof, "code": people.code()} if proof.get("code") == "right" else proof
    status, said = code(olga.delete("/api/me", json=given))
    assert status == wanted[0], said
    assert answered(olga.get("/api/me"))["username"] == "olga"


def test_the_last_admin_is_not_erased_while_others_are_left(
    as_: As, people: People, clock: Clock
) -> None:
    ada, eve, petra = as_("ada"), as_("eve"), as_("petra")
    clock.forward(30)
    proof = {"password": PASSWORD, "code": people.code()}
    assert code(ada.delete("/api/me", json=proof)) == (409, "last-admin")
    assert code(petra.delete("/api/me", json=proof)) == (409, "last-admin")
    assert eve.delete("/api/me", json=proof).status_code == 204, "nobody else is in globex"


def test_a_token_is_no_person(as_: As) -> None:
    ada = as_("ada")
    wanted = {"name": "all", "scopes": ["users:read", "users:write", "admin"]}
    secret = answered(ada.post("/api/tokens", json=wanted), 201)["secret"]
    ada.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    for method, path in (("GET", "/api/me"), ("DELETE", "/api/me"), ("GET", "/api/me/export")):
        assert code(ada.open(path, method=method, json={})) == (403, "token-not-allowed")


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_photo_is_shown_as_a_jpeg_of_ours(as_: As, form: str) -> None:
    olga, path = as_("olga"), f"/api/users/{id_of('olga')}/photo"
    assert code(olga.get(path)) == (404, "not-found")
    sent = picture(form, (1200, 600))
    assert olga.put("/api/me/photo", data=sent, content_type="text/html").status_code == 204
    shown = as_("otto").get(path)
    assert shown.content_type == "image/jpeg"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    with Image.open(io.BytesIO(shown.data)) as image:
        assert (image.format, image.size) == ("JPEG", (512, 256))
    again = olga.get(path, headers={"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert olga.delete("/api/me/photo").status_code == 204
    assert olga.get(path).status_code == 404


def test_a_photo_may_be_larger_than_other_bodies(as_: As) -> None:
    sent = picture() + b"\0" * (4 * 1024 * 1024)
    assert as_("olga").put("/api/me/photo", data=sent).status_code == 204


def test_a_photo_over_five_megabytes_is_refused_unread(as_: As) -> None:
    answer = as_("olga").put("/api/me/photo", data=b"x" * (5 * 1024 * 1024 + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("sent", [b"", b"<script>alert(1)</script>", b"GIF89a", b"\xff\xd8\xff"])
def test_what_is_no_photo_is_refused(as_: As, sent: bytes) -> None:
    answer = as_("olga").put("/api/me/photo", data=sent, content_type="image/png")
    assert code(answer) == (422, "invalid")
