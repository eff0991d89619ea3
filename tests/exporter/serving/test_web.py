"""The web configuration file: what it may say, who may come in by it, and how it changes."""

import base64
import logging
import shutil
import threading
from pathlib import Path

import pytest

from hyperion_exporter.serving.gate import Gate
from hyperion_exporter.serving.passwords import MAX_REMEMBERED, Busy, Passwords
from hyperion_exporter.serving.web import Rate, WebError, read
from hyperion_exporter.sources.bcrypt import Bcrypt
from lab.certificates import issue
from lab.serving import ask, serving
from lab.wait import wait_for

FILES = Path(__file__).parent / "web"
ADA = "$2b$04$x3j7.u7qolK5HWVwBd7xQukRZ4ICjsL5Gr1w477QQo5GIBVdDnDlG"  # analytical
OTTO = ADA.replace("$04$", "$05$")
USERS = "basic_auth_users:\n  ada: {}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of tests/exporter/web, and the certificates that they name."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    for name in ("server", "clients"):
        issue(folder, name)
    issue(folder, "locked", passphrase=b"opened")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.yml"


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.glob("*.good.yml")))
def test_a_good_file_is_obeyed(folder: Path, name: str) -> None:
    Gate(folder / name)


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.glob("*.bad.yml")))
def test_a_bad_file_is_refused_in_one_sentence(folder: Path, name: str) -> None:
    """Which one stands in its first line."""
    first = (folder / name).read_text().splitlines()[0]
    expected = first.removeprefix("# ").replace("FOLDER", str(folder))
    with pytest.raises(WebError) as refused:
        Gate(folder / name)
    assert str(refused.value) == f"{folder / name}: {expected}"


def test_every_file_is_good_or_bad() -> None:
    assert {path.suffixes[-2] for path in FILES.iterdir()} == {".good", ".bad"}


def test_what_a_file_says_is_taken_as_it_stands(folder: Path) -> None:
    tls = read(folder / "tls_everything.good.yml").tls
    assert tls and tls.cert == folder / "server.cert.pem", "beside the file that names it"
    assert tls.client_allowed_sans == ("spiffe://fleet/prometheus", "2001:db8::1")
    assert read(folder / "rate_limit.good.yml").rate == Rate(90.5, 3)
    assert read(folder / "rate_limit_off.good.yml").rate is None
    assert read(folder / "headers_blank.good.yml").headers == {}


def test_a_file_that_cannot_be_read_is_refused(file: Path) -> None:
    with pytest.raises(WebError, match=r"web.yml: cannot be read: No such file or directory$"):
        Gate(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WebError, match=r"is no text in UTF-8$"):
        Gate(file)


def test_no_sentence_quotes_a_secret(file: Path) -> None:
    for wrong in (f"ada: {ADA}: x", f"ada: [{ADA}", f"ada: *{ADA}", f"ada:\n\t{ADA}"):
        file.write_text(f"basic_auth_users:\n  {wrong}\n")
        with pytest.raises(WebError) as refused:
            Gate(file)
        assert "$2b$" not in str(refused.value)


def test_the_system_checks_passwords() -> None:
    bcrypt = Bcrypt()
    for form in ("2a", "2b", "2y"):
        hashed = ADA.replace("2b", form).encode()
        assert bcrypt.matches(b"analytical", hashed)
        assert not bcrypt.matches(b"Analytical", hashed)
    assert not bcrypt.matches(b"analytical\0and more", ADA.encode())


def test_who_knows_the_password_comes_in_everywhere_else_is_nobody(file: Path) -> None:
    file.write_text(USERS.format(ADA))
    with serving(Gate(file)) as server:
        for path in ("/metrics", "/healthz", "/", "/missing"):
            refused = ask(server, path)
            assert refused.status == 401
            assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
            assert "lamp" not in refused.body
            assert ask(server, path, {"Authorization": basic("ada", "analytical")}).status != 401


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !",
        "Basic YWRh",  # no colon
        "Bearer " + basic("ada", "analytical").split()[1],
        basic("ada", ""),
        basic("ada", "analytical "),
        basic("ada", "analytical\0"),
        basic("Ada", "analytical"),
        basic("eve", "analytical"),
        basic("", "analytical"),
        basic("ada:analytical", ""),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    ],
)
def test_who_does_not_is_refused(authorization: str) -> None:
    assert not Passwords({"ada": ADA}, Bcrypt().matches).right(authorization)


def test_a_right_password_is_checked_once_and_a_wrong_one_always() -> None:
    checked: list[bytes] = []

    def matches(password: bytes, hashed: bytes) -> bool:
        checked.append(password)
        return password == b"right"

    passwords = Passwords({"ada": ADA}, matches)
    for password in ("right", "wrong", "right", "wrong"):
        assert passwords.right(basic("ada", password)) is (password == "right")
    assert checked == [b"right", b"wrong", b"wrong"]


def test_an_unknown_name_costs_what_the_dearest_known_one_costs() -> None:
    hashes: list[bytes] = []

    def matches(password: bytes, hashed: bytes) -> bool:
        hashes.append(hashed)
        return True  # and even then the unknown stays out

    passwords = Passwords({"ada": ADA, "otto": OTTO}, matches)
    assert not passwords.right(basic("eve", "any"))
    assert hashes[0][:7] == OTTO[:7].encode()
    assert len(hashes[0]) == len(OTTO)


def test_only_so_many_passwords_are_remembered() -> None:
    checked: list[bytes] = []

    def matches(password: bytes, hashed: bytes) -> bool:
        checked.append(password)
        return True

    passwords = Passwords({"ada": ADA}, matches)
    for number in [*range(MAX_REMEMBERED + 1), MAX_REMEMBERED, 0]:
        passwords.right(basic("ada", str(number)))
    assert len(checked) == MAX_REMEMBERED + 2, "the last is remembered, the first no longer"


def test_many_at_once_wait_for_one_check_but_not_for_ever() -> None:
    release, begun = threading.Event(), threading.Event()
    checked: list[bytes] = []

    def matches(password: bytes, hashed: bytes) -> bool:
        checked.append(password)
        begun.set()
        return release.wait(10)

    patient = Passwords({"ada": ADA}, matches)
    answers: list[bool] = []
    same = [
        threading.Thread(target=lambda: answers.append(patient.right(basic("ada", "right"))))
        for _ in range(5)
    ]
    for thread in same:
        thread.start()
    assert begun.wait(10)
    release.set()
    for thread in same:
        thread.join()
    assert (answers, checked) == ([True] * 5, [b"right"])

    release.clear()
    begun.clear()
    hurried = Passwords({"ada": ADA}, matches, patience=0.01)
    first = threading.Thread(target=hurried.right, args=(basic("ada", "right"),))
    first.start()
    assert begun.wait(10)
    with pytest.raises(Busy):
        hurried.right(basic("ada", "right"))
    release.set()
    first.join()


def test_users_change_while_it_runs(file: Path) -> None:
    file.write_text(USERS.format(ADA))
    gate = Gate(file)
    assert gate.refusal(basic("ada", "analytical")) is None
    file.write_text(USERS.format(ADA).replace("ada", "olga"))
    refused = gate.refusal(basic("ada", "analytical"))
    assert refused and refused.status == 401, "what was remembered is forgotten"
    assert gate.refusal(basic("olga", "analytical")) is None
    file.write_text("")
    assert gate.refusal("") is None


def test_a_broken_file_leaves_the_old_one_in_force_and_is_told_once(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hyperion_exporter")
    file.write_text(USERS.format(ADA))
    gate = Gate(file)
    for broken in ("basic_auth_user:\n", "basic_auth_user:\n# and again\n", None):
        file.write_text(broken) if broken else file.unlink()
        for _ in range(3):
            assert gate.refusal("") is not None
            assert gate.refusal(basic("ada", "analytical")) is None
    file.write_text("")
    assert gate.refusal("") is None
    assert [record.message.removeprefix(f"{file}: ") for record in caplog.records] == [
        "basic_auth_user is no key of this file; did you mean basic_auth_users?; "
        "what was read before stays in force",
        "cannot be read: No such file or directory; what was read before stays in force",
        f"read {file} anew",
    ]


def test_requests_past_the_limit_are_refused_until_the_interval_is_over(file: Path) -> None:
    now = 0.0
    file.write_text("rate_limit:\n  interval: 10s\n  burst: 2\n")
    gate = Gate(file, lambda: now)
    with serving(gate) as server:
        assert [ask(server, "/healthz").status for _ in range(4)] == [200, 200, 429, 429]
        now = 10.0
        assert [ask(server, "/healthz").status for _ in range(2)] == [200, 429]
        now = 1000.0
        assert [ask(server, "/healthz").status for _ in range(3)] == [200, 200, 429]
        file.write_text("")
        assert ask(server, "/healthz").status == 200


def test_the_headers_of_the_file_are_on_every_answer(file: Path) -> None:
    file.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n" + USERS.format(ADA))
    with serving(Gate(file)) as server:
        for headers in ({}, {"Authorization": basic("ada", "analytical")}):
            assert ask(server, "/healthz", headers).headers["X-Frame-Options"] == "deny"


def test_a_crowd_with_wrong_passwords_does_not_keep_out_who_is_known() -> None:
    passwords = Passwords({"ada": ADA}, slow := Slow())
    assert passwords.right(basic("ada", "right"))
    slow.hold.clear()
    crowd = [
        threading.Thread(target=passwords.right, args=(basic("eve", str(number)),))
        for number in range(20)
    ]
    for thread in crowd:
        thread.start()
    wait_for(slow.begun.is_set, 10, "the first of the crowd")
    assert passwords.right(basic("ada", "right")), "at once, while the crowd still waits"
    slow.hold.set()
    for thread in crowd:
        thread.join()


class Slow:
    """A check that can be held up."""

    def __init__(self) -> None:
        self.hold, self.begun = threading.Event(), threading.Event()
        self.hold.set()

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        if not self.hold.is_set():
            self.begun.set()
        self.hold.wait(10)
        return password == b"right"
