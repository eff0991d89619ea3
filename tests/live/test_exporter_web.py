"""The exporter behind TLS and passwords, as curl, openssl and Prometheus meet it."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from lab.certificates import Issued, issue
from lab.ours import BIN
from lab.programs import program
from lab.servers import Program, free_port, prometheus, running
from lab.wait import wait_for

# Of "analytical", at the cost that htpasswd -C 10 gives.
ADA = "$2y$10$TNlL9iDsrWTrLegHB.jt0OiwCX9x0XvSHukE1owiLnPQw8WjWYI/y"
USERS = f"basic_auth_users:\n  ada: {ADA}\n"
TLS = "tls_server_config:\n  cert_file: server.cert.pem\n  key_file: server.key.pem\n"
Curl = Callable[..., str]


@pytest.fixture
def own(tmp_path: Path) -> Issued:
    return issue(tmp_path, "server", "127.0.0.1")


@pytest.fixture
def file(tmp_path: Path, own: Issued) -> Path:
    file = tmp_path / "web.yml"
    file.write_text(TLS + USERS)
    return file


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def exporter(tmp_path: Path, file: Path, port: int) -> Iterator[Program]:
    log = tmp_path / "exporter.log"
    with running(argv(port, file), log, lambda: "listening" in log.read_text()) as started:
        yield started


@pytest.fixture
def curl(port: int, own: Issued) -> Curl:
    """What curl prints: the body, and the status in a line of its own."""

    def curl(path: str, *more: str) -> str:
        argv: list[str | Path] = [program("curl"), "--silent", "--show-error"]
        argv += ["--cacert", own.cert, "--write-out", "\n%{http_code}", *more]
        done = run([*argv, f"https://127.0.0.1:{port}{path}"])
        return done.stdout + done.stderr

    return curl


def argv(port: int, file: Path) -> list[str | Path]:
    address = f"--web.listen-address=127.0.0.1:{port}"
    return [BIN / "hyperion-exporter", address, f"--web.config.file={file}"]


def run(argv: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
    )


def test_curl_comes_in_with_name_and_password(exporter: Program, curl: Curl) -> None:
    assert curl("/healthz", "--user", "ada:analytical") == "ok\n\n200"
    assert "node_uname_info" in curl("/metrics", "--user", "ada:analytical")
    for more in ((), ("--user", "ada:wrong"), ("--user", "eve:analytical")):
        assert curl("/metrics", *more).endswith("\n401")
    assert exporter.process.poll() is None
    assert "analytical" not in exporter.log.read_text()
    assert ADA not in exporter.log.read_text()


def test_openssl_sees_tls_from_1_2_on_and_the_new_certificate_at_once(
    exporter: Program, tmp_path: Path, port: int, own: Issued
) -> None:
    def handshake(*more: str) -> str:
        argv: list[str | Path] = [
            program("openssl"),
            "s_client",
            "-brief",
            "-connect",
            f"127.0.0.1:{port}",
        ]
        done = run([*argv, "-CAfile", own.cert, *more])
        return done.stdout + done.stderr

    for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        assert f"Protocol version: {name}\n" in handshake(version)
    old = handshake("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "CONNECTION ESTABLISHED" not in old
    assert "CN = second" not in handshake().replace("CN=", "CN = ")
    second = issue(tmp_path, "second", "127.0.0.1")
    second.cert.replace(own.cert)
    second.key.replace(own.key)
    assert "CN = second" in handshake().replace("CN=", "CN = ")
    assert "Verification: OK" in handshake()


def test_prometheus_scrapes_with_a_certificate_and_a_password(
    exporter: Program, file: Path, tmp_path: Path, port: int, own: Issued
) -> None:
    clients = issue(tmp_path, "clients")
    client = issue(tmp_path, "prometheus", "spiffe://fleet/prometheus", signer=clients)
    file.write_text(f"""{TLS}  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: {clients.cert.name}
  client_allowed_sans: [spiffe://fleet/prometheus]
{USERS}""")
    job = {
        "job_name": "node",
        "scheme": "https",
        "scrape_interval": "1s",
        "tls_config": {
            "ca_file": str(own.cert),
            "cert_file": str(client.cert),
            "key_file": str(client.key),
        },
        "basic_auth": {"username": "ada", "password": "analytical"},
        "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
    }
    config = tmp_path / "prometheus.yml"
    config.write_text(yaml.safe_dump({"scrape_configs": [job]}))
    with prometheus(config, tmp_path) as store:

        def up() -> bool:
            answer = run([program("curl"), "--silent", f"{store.url}/api/v1/query?query=up"]).stdout
            return '"1"' in answer

        wait_for(up, 30, "a scrape that went well")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("basic_auth_user:\n", "basic_auth_user is no key of this file; "
                               "did you mean basic_auth_users?"),
        (TLS.replace("server.key", "nowhere"), "tls_server_config.key_file: "
                                               "{folder}/nowhere.pem: No such file or directory"),
    ],
)  # fmt: skip
def test_a_wrong_file_refuses_to_start_in_one_sentence(
    file: Path, port: int, text: str, sentence: str
) -> None:
    file.write_text(text)
    done = run(argv(port, file))
    said = sentence.format(folder=file.parent)
    assert done.stderr == f"hyperion-exporter: --web.config.file: {file}: {said}\n"
    assert (done.returncode, done.stdout) == (2, "")


def test_a_key_with_a_passphrase_does_not_wait_for_anyone_to_type_it(
    file: Path, port: int, tmp_path: Path
) -> None:
    issue(tmp_path, "server", "127.0.0.1", passphrase=b"opened")
    done = run(argv(port, file))
    assert done.stderr.startswith("hyperion-exporter: "), "and not with a question"
    assert "unencrypted key" in done.stderr
    assert done.returncode == 2
