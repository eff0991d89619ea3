"""Import and export: all machines of a file or none, and what is exported comes in again."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from control_api.answers import As, answered, code
from control_api.api.test_machines import WEB, added, by_token, names
from control_api.people import People
from hyperion_control.domain.inventory import MOST
from hyperion_control.usecases.parts import Parts

CSV = """\
name,ips,macs,port,group,labels,notes
web-1,192.0.2.1 2001:db8::1,00:1a:2b:3c:4d:5e,9200,green,env=prod role=web,"in the cellar, left"
web-2,192.0.2.2,,,green,,
"""
YAML = """\
- name: web-1
  ips: [192.0.2.1]
  labels: {env: prod}
- name: web-2
  port: 9200
  group: green
"""
ANY = {"If-Match": "*"}


def sent(client: FlaskClient, text: str | bytes, kind: str = "text/csv") -> Any:
    return client.post("/api/machines/import", data=text, content_type=kind)


def faults(answer: Any) -> list[tuple[int, str]]:
    assert code(answer) == (422, "invalid"), answer.text
    return [(each["line"], each["pointer"]) for each in answer.json["errors"]]


def test_a_table_is_taken_in(as_: As) -> None:
    olga = as_("olga")
    assert answered(sent(olga, CSV)) == {"created": 2, "changed": 0}
    first, second = answered(olga.get("/api/machines"))["data"]
    assert first["ips"] == ["192.0.2.1", "2001:db8::1"]
    assert first["labels"] == {"env": "prod", "role": "web"}
    assert (first["group"], first["port"], first["notes"]) == ("green", 9200, "in the cellar, left")
    assert (second["group"], second["port"], second["labels"]) == ("green", 9100, {})


def test_a_yaml_list_is_taken_in_and_changes_who_is_there(as_: As) -> None:
    olga = as_("olga")
    added(olga, "web-1", notes="stays", labels={"old": "gone"})
    assert answered(sent(olga, YAML, "application/yaml")) == {"created": 1, "changed": 1}
    first, second = answered(olga.get("/api/machines"))["data"]
    assert (first["notes"], first["labels"]) == ("stays", {"env": "prod"})
    assert (second["port"], second["group"]) == (9200, "green")


@pytest.mark.parametrize(("form", "kind"), [("csv", "text/csv"), ("yaml", "application/yaml")])
def test_what_is_exported_comes_in_again(as_: As, form: str, kind: str) -> None:
    ada, eve = as_("ada"), as_("eve")
    added(ada, **{**WEB, "notes": "=1+1, \u00e9\nsecond line"})
    added(ada, "bare")
    exported = ada.get(f"/api/machines/export?form={form}")
    assert exported.mimetype == kind
    assert answered(sent(eve, exported.data, kind)) == {"created": 2, "changed": 0}
    kept = ("name", "hostname", "ips", "macs", "port", "labels", "notes", "ssh_user")
    theirs, ours = (
        [{name: each[name] for name in kept} for each in answered(who.get("/api/machines"))["data"]]
        for who in (eve, ada)
    )
    assert theirs == ours


def test_a_spreadsheet_finds_no_formula(as_: As) -> None:
    olga = as_("olga")
    added(olga, "web-1", notes="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in olga.get("/api/machines/export?form=csv").text


def test_two_machines_change_addresses_with_each_other(as_: As) -> None:
    olga = as_("olga")
    added(olga, "web-1", ips=["192.0.2.1"])
    added(olga, "web-2", ips=["192.0.2.2"])
    swapped = "name,ips\nweb-1,192.0.2.2\nweb-2,192.0.2.1\n"
    assert answered(sent(olga, swapped)) == {"created": 0, "changed": 2}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name,port\nweb-1,9100\nweb-2,99999\nweb 3,9100\n", [(3, "/port"), (4, "/name")]),
        ("name,size\nweb-1,3\n", [(1, "")]),
        ("name,port\nweb-1\n", [(2, "")]),
        ("name,port\nweb-1,1,2\n", [(2, "")]),
        ("name,labels\nweb-1,env\n", [(2, "")]),
        ('name,notes\nweb-1,"open\n', [(2, "")]),
        ("port\n9100\n", [(2, "/name")]),
        ("name\nweb-1\nweb-1\n", [(3, "")]),
        ("name,ips\nweb-1,192.0.2.1\nweb-2,192.0.2.1\n", [(3, "")]),
        ("name,owner_id\nweb-1,usr_none\n", [(2, "")]),
        (b"name\n\xff\n", [(1, "")]),
    ],
)
def test_a_fault_of_a_table_is_told_with_its_line_and_nothing_is_taken(
    as_: As, text: str | bytes, found: list[tuple[int, str]]
) -> None:
    olga = as_("olga")
    assert faults(sent(olga, text)) == found
    assert names(olga) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- name: web-1\n- name: web-2\n  port: x\n", [(2, "/port")]),
        ("- name: web-1\n- just text\n", [(2, "")]),
        ("name: web-1\nports: 1\n", [(1, "/ports")]),
        ("- name: [\n", [(2, "")]),
        ("- name: &a web-1\n  notes: *a\n", [(2, "")]),
        ("- !!python/object/apply:os.system [id]\n", [(1, "")]),
        ("- name: !!python/name:os.system x\n", [(1, "")]),
        ("[" * 200_000, [(1, "")]),
        ("- name: 2026-11-21\n", [(1, "/name")]),
        ("", [(1, "")]),
        ("\x01", [(1, "")]),
    ],
)
def test_a_fault_of_yaml_is_told_with_its_line_and_nothing_is_taken(
    as_: As, text: str, found: list[tuple[int, str]]
) -> None:
    olga = as_("olga")
    assert faults(sent(olga, text, "application/yaml")) == found
    assert names(olga) == []


def test_too_many_machines_are_refused(as_: As) -> None:
    text = "name\n" + "".join(f"m{number}\n" for number in range(MOST + 1))
    assert faults(sent(as_("olga"), text)) == [(MOST + 2, "")]


def test_another_type_of_file_is_refused(as_: As) -> None:
    assert sent(as_("olga"), "{}", "application/json").status_code == 415


def test_an_observer_takes_out_and_brings_nothing_in(as_: As) -> None:
    otto = as_("otto")
    assert otto.get("/api/machines/export").status_code == 200
    assert code(sent(otto, CSV)) == (403, "forbidden")


def test_a_token_takes_in_only_what_its_selector_selects(
    app: Flask, as_: As, parts: Parts, people: People
) -> None:
    olga, script = as_("olga"), by_token(app, parts, people, "env=test")
    added(olga, "prod-1", labels={"env": "prod"})
    text = "name,labels\ntest-1,env=test\ntest-2,env=prod\nprod-1,env=test\n"
    assert faults(sent(script, text)) == [(3, ""), (4, "")]
    assert names(olga) == ["prod-1"]
    assert answered(sent(script, "name,labels\ntest-1,env=test\n"))["created"] == 1
    assert "prod-1" not in script.get("/api/machines/export").text
