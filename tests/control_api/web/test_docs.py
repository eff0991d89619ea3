"""/docs: every operation of the API, with who may and how."""

from flask import Flask
from flask.testing import FlaskClient

from hyperion_control.border.context import Access
from hyperion_control.domain.roles import Role
from hyperion_control.web.docs import sentence
from lab.markup import faults, read


def test_every_operation_is_there_with_its_curl_line(app: Flask, client: FlaskClient) -> None:
    page = client.get("/docs").text
    found = read(page).ids()
    described = client.get("/openapi.json").json
    assert described
    for path, item in described["paths"].items():
        for method in item:
            words = f"{method} {path}".lower().replace("_", "-")
            anchor = "-".join("".join(c if c.isalnum() else " " for c in words).split())
            assert found[anchor] == 1
            assert f"{method.upper()}</span> {path}</code>" in page
    assert page.count("curl ") > len(described["paths"])
    assert faults(page) == []


def test_it_runs_no_script_and_asks_nobody_else(client: FlaskClient) -> None:
    answer = client.get("/docs")
    assert "<script" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_it_is_open_to_all_and_knows_who_looks(client: FlaskClient) -> None:
    assert client.get("/docs").status_code == 200
    assert ">Sign in</a>" in client.get("/docs").text


def test_who_may_is_said_in_words(app: Flask) -> None:
    with app.test_request_context("/docs"):
        app.preprocess_request()
        assert sentence(Access(open=True)) == "Everyone, signed in or not."
        assert sentence(Access()) == "Everyone who is signed in. Not with a token."
        assert sentence(Access(platform=True)) == "Who runs the platform. Not with a token."
        assert sentence(Access(role=Role.ADMIN, scope="users:write", step_up=True)) == (
            "Admins of the organisation. A token needs the scope users:write."
            " Asks for a code not older than five minutes."
        )
