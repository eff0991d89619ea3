"""/api/ssh-keys: what we log in to machines with, and by which way they are reached."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.people import ACME
from hyperion_control.store import ssh_keys
from hyperion_control.usecases import keys
from hyperion_control.usecases.parts import Parts
from lab.programs import program
from lab.sshd import make_key

ANY = {"If-Match": "*"}


def keygen(*words: object) -> None:
    subprocess.run([program("ssh-keygen"), "-q", *words], check=True)


def made(client: FlaskClient, name: str = "fleet", **more: str) -> dict[str, Any]:
    found: dict[str, Any] = answered(client.post("/api/ssh-keys", json={"name": name, **more}), 201)
    return found


def machine(client: FlaskClient, name: str, **more: Any) -> str:
    return str(answered(client.post("/api/machines", json={"name": name, **more}), 201)["id"])


def change(client: FlaskClient, machine_id: str, **values: Any) -> Any:
    return client.patch(f"/api/machines/{machine_id}", json=values, headers=ANY)


def test_a_key_is_made_and_only_its_public_half_is_shown(as_: As) -> None:
    ada = as_("ada")
    key = made(ada)
    assert key["public_key"].startswith("ssh-ed25519 AAAA")
    assert key["public_key"].endswith(" fleet")
    assert key["fingerprint"].startswith("SHA256:")
    assert answered(ada.get("/api/ssh-keys"))["data"] == [key]
    assert answered(as_("otto").get(f"/api/ssh-keys/{key['id']}")) == key
    assert "PRIVATE" not in ada.get("/api/ssh-keys").text


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_key_comes_in_with_its_passphrase_and_is_kept_sealed(
    as_: As, parts: Parts, tmp_path: Path, kind: str
) -> None:
    keygen("-t", kind, "-N", "open sesame", "-f", tmp_path / "key")
    private = (tmp_path / "key").read_text()
    key = made(as_("ada"), private_key=private, passphrase="open sesame")
    line = (tmp_path / "key.pub").read_text().split()
    assert key["public_key"].split() == [*line[:2], "fleet"]
    keys.rotate(parts)
    with parts.database.reading("*") as connection:
        [kept] = ssh_keys.page(connection, ACME, "", 9)
    assert b"PRIVATE" not in kept.private
    assert b"PRIVATE" in parts.sealer.open(kept.private, ssh_keys.context(kept.id))


def test_a_certificate_of_the_key_is_taken_with_its_end(as_: As, tmp_path: Path) -> None:
    ada = as_("ada")
    key = made(ada)
    make_key(tmp_path / "authority")
    (tmp_path / "own.pub").write_text(key["public_key"])
    sign = ("-s", tmp_path / "authority", "-I", "test", "-n", "root")
    keygen(*sign, "-V", "20260101000000Z:20270101000000Z", tmp_path / "own.pub")
    line = (tmp_path / "own-cert.pub").read_text()
    address = f"/api/ssh-keys/{key['id']}/certificate"
    found = answered(ada.put(address, json={"certificate": line}))
    assert found["certificate_until"] == "2027-01-01T00:00:00Z"
    assert found["certificate"] == " ".join(line.split()[:2])
    assert answered(ada.put(address, json={"certificate": ""}))["certificate"] == ""


def another(folder: Path) -> str:
    make_key(folder / "authority")
    make_key(folder / "own")
    keygen("-s", folder / "authority", "-I", "test", "-n", "root", folder / "own.pub")
    return (folder / "own-cert.pub").read_text()


def of_a_host(folder: Path) -> str:
    make_key(folder / "authority")
    make_key(folder / "own")
    keygen("-s", folder / "authority", "-I", "test", "-h", "-n", "web", folder / "own.pub")
    return (folder / "own-cert.pub").read_text()


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        (another, "this certificate is of another key"),
        (of_a_host, "this is no user certificate"),
        (lambda _: "ssh-ed25519 AAAA", "this is no user certificate"),
    ],
)
def test_a_certificate_that_does_not_fit_is_refused(
    as_: As, tmp_path: Path, certificate: Callable[[Path], str], said: str
) -> None:
    ada = as_("ada")
    address = f"/api/ssh-keys/{made(ada)['id']}/certificate"
    answer = ada.put(address, json={"certificate": certificate(tmp_path)})
    assert answer.status_code == 422
    assert answer.json["detail"].startswith(said)


def test_a_key_that_cannot_be_read_or_is_weak_is_refused(as_: As, tmp_path: Path) -> None:
    ada = as_("ada")
    keygen("-t", "rsa", "-b", "1024", "-N", "", "-f", tmp_path / "weak")
    keygen("-t", "ed25519", "-N", "open sesame", "-f", tmp_path / "locked")
    for file, said in (("weak", "at least 2048 bits"), ("locked", "look at its passphrase")):
        body = {"name": "fleet", "private_key": (tmp_path / file).read_text()}
        answer = ada.post("/api/ssh-keys", json=body)
        assert (answer.status_code, said in answer.json["detail"]) == (422, True), answer.text
    half = {"name": "fleet", "private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA"}
    assert ada.post("/api/ssh-keys", json=half).status_code == 422


def test_a_key_that_is_used_stays(as_: As) -> None:
    ada = as_("ada")
    key = made(ada)
    web = machine(ada, "web-1", ssh_key_id=key["id"])
    assert code(ada.delete(f"/api/ssh-keys/{key['id']}")) == (409, "key-in-use")
    assert code(ada.post("/api/ssh-keys", json={"name": "fleet"})) == (409, "name-taken")
    assert ada.delete(f"/api/machines/{web}", headers=ANY).status_code == 204
    assert ada.delete(f"/api/ssh-keys/{key['id']}").status_code == 204
    assert answered(ada.get(f"/api/machines/{web}"))["ssh_key_id"] is None


def test_a_machine_is_reached_through_another_but_never_through_itself(as_: As) -> None:
    ada, eve = as_("ada"), as_("eve")
    jump = machine(ada, "jump")
    web = machine(ada, "web-1", jump_id=jump)
    assert answered(ada.get(f"/api/machines/{web}"))["jump_id"] == jump
    circle = "jump would be reached through itself"
    for through in (web, jump):
        refused = change(ada, jump, jump_id=through)
        assert (refused.status_code, refused.json["detail"]) == (422, circle)
    foreign = {"name": "web-1", "jump_id": jump}
    assert code(eve.post("/api/machines", json=foreign)) == (422, "invalid")
    assert code(ada.delete(f"/api/machines/{jump}", headers=ANY)) == (409, "jump-in-use")


def test_only_who_runs_the_platform_lets_us_act_on_our_own_machine(as_: As) -> None:
    ada, petra = as_("ada"), as_("petra")
    body = {"name": "here", "runner": "local"}
    assert code(ada.post("/api/machines", json=body)) == (403, "forbidden")
    table = ada.post(
        "/api/machines/import", data="name,runner\nhere,local\n", content_type="text/csv"
    )
    assert table.status_code == 422
    petra.environ_base["HTTP_X_ORGANISATION"] = ACME
    here = machine(petra, **body)
    assert answered(change(ada, here, notes="the one with the worker"))["runner"] == "local"
    jump = machine(ada, "jump")
    machine(ada, "web-1", jump_id=jump)
    refused = change(petra, jump, runner="local")
    behind = "web-1 is reached through this machine by SSH"
    assert (refused.status_code, refused.json["detail"]) == (422, behind)


def test_ways_go_out_and_come_in_with_the_machines(as_: As) -> None:
    ada, eve = as_("ada"), as_("eve")
    for who in (ada, eve):
        made(who, "fleet")
    key = made(ada, "other")
    machine(ada, "a-web", jump_id=machine(ada, "jump", ssh_key_id=key["id"]), runner="ssh")
    exported = ada.get("/api/machines/export?form=csv").text
    sent = eve.post("/api/machines/import", data=exported, content_type="text/csv")
    assert [each["detail"] for each in sent.json["errors"]] == ["there is no SSH key called other"]
    sent = eve.post(
        "/api/machines/import", data=exported.replace("other", "fleet"), content_type="text/csv"
    )
    assert answered(sent) == {"created": 2, "changed": 0}
    web, jump = answered(eve.get("/api/machines"))["data"]
    assert (web["jump_id"], jump["ssh_key_id"] is None) == (jump["id"], False)
